"""What vendors say where their codes say too little: one line per family of words, and where it may decide.

A prompt may contain any of these words, and vendors echo prompts: so they count in an error's own message only, and only
under the statuses that the case really has. Sources: the vendors' API references, and bodies people met in their public
issue trackers. None among the statuses is an error inside a stream.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.errors import (
    Auth,
    ContextTooLong,
    DocumentsRefused,
    Filtered,
    ModelNotFound,
    Overloaded,
    PicturesRefused,
    PicturesUnseen,
    Quota,
    RateLimit,
    RegionBlocked,
    Rejected,
    Unavailable,
)
from providers.error_codes import Kind


@dataclass(frozen=True, slots=True)
class Wording:
    """Words that mean `kind` under these statuses."""

    kind: Kind
    statuses: frozenset[int | None]
    words: re.Pattern[str]


def _wording(kind: Kind, statuses: set[int | None], *words: str) -> Wording:
    return Wording(kind, frozenset(statuses), re.compile("|".join(words), re.IGNORECASE))


MODEL = r"\bmodels?[/:]? ?['\"`]?[^\s'\"`]{1,100}['\"`]?,? (?:is |was |does |has )?"

WORDINGS: Sequence[Wording] = (
    _wording(
        Filtered,
        {None, 400, 403, 422, 446, 451},
        r"content violates usage guidelines|failed check: safety_check|content filtering policy",
        r"content exists risk|inappropriate content|potentially violating our usage policy|safety system",
        r"prohibited_content|unsafe or sensitive content|不安全或敏感内容|content management policy",
        r"violates? (?:our|the) (?:usage|content) polic|considered high risk|blocked by (?:our )?content",
        r"blocked by [^.\n]{0,20}(?:content|safety) filter|for safety reasons|内容违规",
        r"content safety check|sensitive words|new_sensitive|blocked by model armor",
        r"violated guardrail|\b(?:violated|blocked|detected|denied) by (?:a )?guardrail",
        r"\bguardrails?\b.{0,40}\b(?:violat|block|interven|trigger|denied)",
    ),
    _wording(Filtered, {403}, r"moderation|flagged"),
    _wording(
        Quota,
        {None, 400, 401, 402, 403, 412, 429},
        r"credit balance is too low|insufficient (?:account )?(?:balance|credits?|funds)|requires more credits",
        r"specified api usage limits|credits are depleted|budget has been exceeded|key limit exceeded",
        r"used all available credits|monthly spending limit|doesn't have any credits|account is in good standing",
        r"usage limit reached|out of credits|balance is insufficient|overdue balance|billing hard limit",
        r"out of call volume quota|token quota is exceeded|余额不足|额度不足|已欠费",
    ),
    _wording(
        RateLimit,
        {None, 403},
        r"\brate[ -]?limit\b[^.\n]{0,40}\b(?:exceeded|reached)|too many requests|quota exceeded",
    ),
    _wording(
        RegionBlocked,
        {None, 400, 403, 451},
        r"user location is not supported|country, region, or territory not supported",
        r"not (?:available|supported) in your (?:country|region|location)|from your country|public (?:network )?access is disabled",
        r"^error code: 1009$|virtual network|firewall rules|\bip(?: address)? [^.]{0,60}not (?:allowed|authorized)",
    ),
    _wording(
        Auth,
        {None, 400, 401, 403, 422},
        r"incorrect api[ -]key|invalid (?:x-)?api[ -]key|api[ -]key (?:is )?(?:not valid|not found|invalid|expired)",
        r"invalid subscription key|no connected db|make sure your api key is valid|security token [^.]{0,60}(?:invalid|expired)",
        r"organization has been disabled|reported as leaked",
    ),
    _wording(
        PicturesUnseen,
        {None, 400, 404, 422, 500, 501},
        r"(?:not|n't) support (?:image|vision|picture|multi-?modal)s?\b|image inputs? (?:is|are) not (?:supported|enabled)",
        r"no endpoints found that support (?:image input|input image)|missing data required for image input",
        r"(?:is not a|not an?) multi-?modal model|does not have vision|content type image_url is not supported",
    ),
    _wording(
        PicturesRefused,
        {None, 400, 413, 422, 500},
        r"could not process (?:the )?(?:input )?image|image exceeds [^.\n]{0,20}\b[mk]i?b\b|image dimensions exceed",
        r"unsupported (?:mime|media|image|file)[ _]type[^.\n]{0,10}\bimage/|unsupported image|uploaded an (?:unsupported|invalid) image",
        r"invalid (?:base64 )?image(?:[ _](?:data|format|url|type))?\b|image data (?:you provided )?(?:does not|is not|could not)",
        r"(?:failed|unable|cannot) (?:to )?(?:decode|load|process|read|identify) (?:the |input |provided )?image|cannot identify image",
        r"too many images|at most \d+ images?\b|provided image is not valid|image (?:is |size )?(?:too large|exceed)",
        r"using the image/\w+ media type, but",
    ),
    _wording(
        DocumentsRefused,
        {None, 400, 413, 422},
        r"\bpdfs? (?:specified |file |document )?(?:was|is|were|are) (?:not valid|invalid|password|encrypted|too)",
        r"pdf pages? (?:may not|exceed)|maximum of \d+ pdf pages|password[- ]protected|could not process (?:the )?(?:pdf|document)",
        r"(?:failed|unable|cannot) (?:to )?(?:parse|read|process|open) (?:the )?(?:pdf|document)|document has no pages|document contains \d+ pages",
        r"(?:not|n't) support (?:pdf|document)s?\b|exceeds the (?:supported|maximum) page",
    ),
    _wording(
        ContextTooLong,
        {None, 400, 413, 422},
        # A length that is longer than, exceeds or is greater than what a window holds; and the other way round.
        r"(?:longer than|greater than|exceed(?:s|ed|ing)?)\b[^.\n]{0,60}?\b(?:context (?:length|window|size|limit)"
        r"|model length|token limit|input length|token length|max message tokens)",
        r"\bmax length exceeded|less than max_seq_len|maximum supported sequence length|request body too large for",
        r"maximum context length|context (?:length|window|size) (?:was |is )?exceed|context (?:the )?overflow",
        r"(?:input|prompt|message) tokens? (?:count )?(?:\(?[\d,]+\)? |of [\d,]+ )?exceed|input token count|too many tokens(?! per\b|,? please wait)",
        r"exceeds the maximum number of tokens|too large for model|(?:prompt|input)s? (?:is |are )?too long",
        r"reduce the length of|maximum prompt length is|prompt exceeds max|range of input length|\bnum_ctx\b",
        r"`inputs` tokens \+ `max_new_tokens` must be|prompt 超长",
        r"invalid '(?:messages|input)[^']*': string too long",
    ),
    _wording(
        ContextTooLong,
        {500},  # fewer words: what echoes a prompt here is an error of its own
        r"\bContextWindowExceededError\b|exceeds the available context size|\bmaximum context length is \d",
    ),
    _wording(
        ContextTooLong,
        {None, 400, 413, 429},  # more than a minute's tokens at once: it would not fit in any minute
        r"request too large|usage is required for long context",
    ),
    _wording(
        Rejected,
        {404, 501},
        r"no endpoints found that support tool use|(?:not|n't) support (?:tools|function)",
    ),
    _wording(
        ModelNotFound,
        {None, 400, 403, 404, 410, 422},
        MODEL + r"(?:not found|not exist|been (?:deprecated|decommissioned|retired|removed))",
        r"model identifier is invalid|on-demand throughput isn.t supported|isn.t supported on this route",
        r"is not a valid model|model not exist|invalid model\b|^model: \S+$|unavailable model",
        r"only supported in v1/responses|operation does not work with the specified model|not a chat model",
        r"unexpected endpoint or method|^missing authentication token$",
    ),
    _wording(Rejected, {500}, r"\braise_exception\b|jinja|roles must alternate|system role not supported"),
    _wording(
        Unavailable, {None, 500}, r"Exception - (?:connection error|cannot connect to host)"
    ),  # a gateway's upstream
    _wording(Overloaded, {None, 500, 503}, r"overloaded|\bbusy\b|high demand|at capacity"),
)

WINDOW = re.compile(
    r"(?:maximum (?:context|prompt|model|input|token) length(?: is| of)?|context (?:length|window|size)(?: of| is| limit)?(?: only)?"
    r"|max_seq_len|max (?:length|size)|token length of|sequence length is(?: just)?"
    r"|exceed(?:s|ed)? the (?:configured )?limit of|token limit|tokens allowed|model with|\[\d+| <=| >"
    r"|(?<![\w-])limit (?=\d))[ :,(]{0,3}(\d{3,9})\b",
    re.IGNORECASE,
)


LONG_CONTEXT = re.compile("long context requests", re.IGNORECASE)
ORDINARY = 200_000  # tokens; Anthropic names no number where it asks to be paid for more


def room_of(message: str) -> int | None:
    """How many tokens a refusal says there is room for; None when it does not say, or in a way not known here."""
    if LONG_CONTEXT.search(message):
        return ORDINARY
    found = WINDOW.search(message)
    return int(found.group(1)) if found else None
