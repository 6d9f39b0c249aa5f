"""How far a text that is still being written can no longer change its meaning: what was shown that far is never taken
back. Linear in the text's length.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.document import formulas
from bot.document.source import FLANK, MARKED, with_flanks, with_names
from bot.document.unfinished import FENCE, code_end, code_spans

_UNDECIDED = re.compile(r"^[\s\-=#*+>_~`|:.\d)(\[\]]*$")
"""A last line of only such characters may still become a rule, a heading, a list, a fence or a table."""
_MARKER = r"(?:[-*+]|\d{1,9}[.)])"
_BEGUN = re.compile(rf"^[\s>]*+(?:{_MARKER}\s*+)*+(?:\[[ xX]?\]?|#{{1,6}})?\s*$")
_BEGINS = re.compile(r"^[\s>]*+(?:[-*+]|1[.)])[ \t]|^#{1,6} ")
_ANY_ITEM = re.compile(rf"^[\s>]*+{_MARKER}[ \t]")
_DELIMITERS = re.compile(r"^[\s>]*+(?=.*-)[|:\- \t]+$")
_DEFINES = re.compile(r"^[\s>]{0,8}\[[^\]\n]*\]:")
_ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")
_DOLLAR = re.compile(r"(?<![\w$\\])\$(?=[^\s$\d])[^$\n]*\Z")
_AUTOLINK = re.compile(r"<(?:https?://|mailto:)[^\s<>]*>", re.IGNORECASE)
_BRACKET = re.compile(r"!?\[|\]")
_TARGET = re.compile(
    r"\(\s*+(?:<[^<>\n]*+>|(?:[^\s()]|\([^\s()]*+\))*+)(?:\s++(?:\"[^\"]*+\"|'[^']*+'|\([^()]*+\)))?\s*+\)"
)
_TARGET_BEGUN = re.compile(r"\(\s*+(?:<[^<>\n]*|\S*+)(?:\s++[\"'(][^\n]*+)?\s*$")
_LABEL = re.compile(r"\[[^\[\]]*\]")
_TAG = re.compile(r"<(/?)(b|strong|i|em|s|del|strike|code|kbd|tt|sub|sup)[ \t]*/?>", re.IGNORECASE)
_TAG_BEGUN = re.compile(r"</?[a-z]{0,6}[ \t]*/?$", re.IGNORECASE)
_RUN = re.compile(r"\*+|_+|~~")
_FAR = re.compile(r"[$|<]")  # what two parts of a paragraph would be read differently for
_WORD = "".join(map(chr, range(0x21, 0x7F)))  # half a word may still become an address, an entity, a mark
_NEAR = 8  # open marks that are looked at, so that the time stays linear

Span = tuple[int, int]


def steady(text: str) -> str:
    """The text without the end whose meaning may still change."""
    lines = text.split("\n")
    fence, start = code_end(lines)
    if fence:  # only a fence may change: half a language, or the first closing marks
        undecided = FENCE.match(lines[-1]) or not lines[-1].strip(" >`~")
        return "\n".join(lines[:-1] if undecided else lines)
    if start == len(lines):  # it closes nothing when more follows in its line
        return "\n".join(lines[:-1])
    whole = _UNDECIDED.match(lines[-1]) is not None
    if whole:
        lines.pop()
    start = max(start, _last_block(lines))
    return "\n".join([*lines[:start], *_kept(lines[start:], whole=whole)])


def closed_until(text: str) -> int:
    """A blank in a paragraph before which nothing is open, so that both sides can be read by themselves; 0 for none."""
    special = _FAR.search(text)
    part = text[: special.start()] if special else text
    cut, pairs, words = _examined(part, whole=False)
    end = words.rfind(" ", 0, max(0, cut - 1))
    for (
        start,
        stop,
    ) in pairs:  # a line feed after emphasis ends what is decided behind it, so look before it, too
        if start < end < stop:
            end = words.rfind(" ", 0, start)
    return end if end > 0 and text[end - 1] not in " \n" and text[end + 1] not in " \n" else 0


def _kept(block: list[str], *, whole: bool) -> list[str]:
    """The lines of a last block, as far as they are decided. `whole`: the last one is complete."""
    rows = next((at for at in range(1, len(block)) if _DELIMITERS.match(block[at]) and _bars(block, at)), 0)
    if rows:
        return block if whole else block[:-1]
    if block and _DEFINES.match(block[0]):
        return []
    text = "\n".join(block)
    kept = text[: _decided(text, whole=whole)].rstrip().split("\n")
    if _BEGUN.match(kept[-1]):
        kept.pop()
    elif (len(kept[-1]) - len(kept[-1].rstrip("\\"))) % 2:
        kept[-1] = kept[-1][:-1]
    return kept


def _bars(block: Sequence[str], at: int) -> bool:
    return "|" in block[at - 1] or "|" in block[at]


def _last_block(lines: Sequence[str]) -> int:
    """The line in which the last paragraph, item or heading begins."""
    for at in range(len(lines) - 1, -1, -1):
        if not lines[at].strip():
            return at + 1
        if _BEGINS.match(lines[at]) or (
            _ANY_ITEM.match(lines[at]) and (at == 0 or _ANY_ITEM.match(lines[at - 1]))
        ):
            return at
    return 0


@dataclass(slots=True)
class _Scan:
    """A paragraph in which all that is complete was made one word, and where something is open."""

    text: str
    end: int

    def blank(self, spans: Sequence[Span]) -> None:
        pieces, at = [], 0
        for start, end in spans:
            if start < at:
                continue
            pieces += [self.text[at : start + 1], "x" * (end - start - 2), self.text[end - 1 : end]]
            at = end
        self.text = "".join([*pieces, self.text[at:]])

    def opens(self, at: int) -> None:
        self.end = min(self.end, at)


def _decided(text: str, *, whole: bool) -> int:
    """How much of a paragraph can no longer change its meaning. `whole`: its last line is complete."""
    return _examined(text, whole=whole)[0]


def _examined(text: str, *, whole: bool) -> tuple[int, Sequence[Span], str]:
    """That, the pairs of emphasis, the last first, and the text in which what is complete was made one word."""
    scan = _Scan(text, formulas.undecided(text))
    scan.blank([span for span in formulas.spans(text) if span[1] - span[0] > 1])
    spans, first = code_spans(scan.text)
    scan.opens(first)
    scan.blank(spans)
    if dollar := _DOLLAR.search(scan.text, text.rfind("\n") + 1):
        scan.opens(dollar.start())
    scan.text = MARKED.sub("x", _ESCAPED.sub("..", with_names(scan.text)))
    scan.blank([found.span() for found in _AUTOLINK.finditer(scan.text)])
    _brackets(scan)
    if (bar := scan.text.find("|", scan.text.rfind("\n") + 1)) >= 0:  # the next line may make it a table
        scan.opens(bar)
    pairs = [*_tags(scan), *_marks(scan)]
    cut = scan.end if whole else min(scan.end, len(scan.text.rstrip(_WORD)))
    pairs.sort(reverse=True)
    for start, end in pairs:  # nothing ends in the midst of emphasis
        if start < cut < end:
            cut = start
    return cut, pairs, scan.text


def _brackets(scan: _Scan) -> None:
    """Whole links become words; a label or target that is open ends what is decided."""
    text, at = scan.text, 0
    waiting: list[int] = []
    links: list[Span] = []
    for found in _BRACKET.finditer(text):
        if found.start() < at:
            continue
        if found[0] != "]":
            waiting.append(found.start())
        elif waiting:
            start, at = waiting.pop(), _after_label(text, found.end())
            if at < 0:
                waiting.append(start)
                break
            if at > found.end():
                links = [one for one in links[-9:] if one[0] < start] if not waiting else links
                links.append((start, at))
    if waiting:
        scan.opens(waiting[0])
    scan.blank(sorted(links))


def _after_label(text: str, at: int) -> int:
    """Where a link ends whose label ends there; that same place when it is none, -1 while that is not known."""
    match text[at : at + 1]:
        case "":
            return -1
        case "(":
            found = _TARGET.match(text, at)
            if found:
                return found.end()
            return -1 if _TARGET_BEGUN.match(text, at) else at
        case "[":
            label = _LABEL.match(text, at)
            return label.end() if label else -1 if "]" not in text[at:] else at
    return at


def _tags(scan: _Scan) -> Iterator[Span]:
    """The pairs of tags that have a meaning. One that is open ends what is decided."""
    waiting: list[tuple[str, int]] = []
    for found in _TAG.finditer(scan.text):
        name = found[2].lower()
        if not found[1]:
            waiting.append((name, found.start()))
            continue
        near = range(len(waiting) - 1, max(-1, len(waiting) - 1 - _NEAR), -1)
        depth = next((at for at in near if waiting[at][0] == name), None)
        if depth is not None:
            yield waiting[depth][1], found.end()
            del waiting[depth:]
    begun = _TAG_BEGUN.search(scan.text, max(0, len(scan.text) - 40))
    scan.opens(min([at for _, at in waiting[:1]] + ([begun.start()] if begun else [len(scan.text)])))


@dataclass(slots=True)
class _Run:
    """Marks that may begin emphasis. `size` of them are left of `written`."""

    sign: str
    at: int
    size: int
    written: int
    closes: bool


def _marks(scan: _Scan) -> Iterator[Span]:
    """The pairs of emphasis, by CommonMark's rules. The first mark that is open ends what is decided."""
    text = with_flanks(scan.text)
    waiting: list[_Run] = []
    shift, last = 0, 0
    for found in _RUN.finditer(text):
        shift += text.count(FLANK, last, found.start())
        last = found.start()
        run, opens = _run(text, found, found.start() - shift)
        while run.closes and run.size and (place := _partner(waiting, run, both=opens)) is not None:
            opener = waiting[place]
            size = min(run.size, opener.size)
            run.size -= size
            opener.size -= size
            yield opener.at, run.at + run.written
            del waiting[place + bool(opener.size) :]
        if run.size and opens:
            waiting.append(run)
    if waiting:
        scan.opens(min(one.at for one in waiting))


def _run(text: str, found: re.Match[str], at: int) -> tuple[_Run, bool]:
    before, after = text[found.start() - 1 : found.start()] or " ", text[found.end() : found.end() + 1] or " "
    marks = not before.isalnum() and before != FLANK, not after.isalnum() and after != FLANK
    left = not after.isspace() and (not marks[1] or before.isspace() or marks[0])
    right = not before.isspace() and (not marks[0] or after.isspace() or marks[1])
    opens, closes = left, right
    if found[0][0] == "_":
        opens, closes = left and (not right or marks[0]), right and (not left or marks[1])
    return _Run(found[0][0], at, len(found[0]), len(found[0]), closes), opens


def _partner(waiting: Sequence[_Run], run: _Run, *, both: bool) -> int | None:
    """The mark that a closing one belongs to; only the last few are looked at."""
    for place in range(len(waiting) - 1, max(-1, len(waiting) - 1 - _NEAR), -1):
        one = waiting[place]
        odd = (both or one.closes) and (one.written + run.written) % 3 == 0 and run.written % 3
        if one.sign == run.sign and not odd:
            return place
    return None
