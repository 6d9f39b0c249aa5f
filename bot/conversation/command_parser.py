"""What a message means: a command, a question for one model, or a question. Pure.

Slack's slash commands do not work inside threads, so every command is also understood as text, with or
without the slash. Without the slash only clear forms count: "model grok" is a command, and so is "model gork"
if there is a Grok; "model trains are fun" is not.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation.when.reading import Wish, parse_wish
from bot.domain.catalog import Catalog
from bot.domain.command_table import ALIASES, ALONE, ASKING, NAMES
from bot.domain.preferences import LEVELS

FLAGS = {
    "--thread": "thread",
    "--channel": "channel",
    "--me": "me",
    "--workspace": "workspace",
}
SLASHED = re.compile(r"^[/!]([a-z]+)\b\s*(.*)$", re.DOTALL | re.IGNORECASE)
BLANKS = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
LEFT_OVER = re.compile(r"^(?:[,;]\s*|:(?![a-z0-9_+'-]+:)\s*)+", re.IGNORECASE)
"""What a mention leaves in front of a text: `@Switchboard, help`. Not the colon of an emoji."""
DASHES = re.compile(r"^[-\u2013\u2014]+\s+")
WRAPPED = re.compile(r"^([`*_\"'\u201c\u2018]{1,3})([^`*\n]{1,200}?)[`*_\"'\u201d\u2019]{1,3}$")
BLIND = "--blind"
SMART_DASH = re.compile("[\u2013\u2014]")
SEARCH = re.compile(
    r"search(?:\s*:\s*(?P<question>\S.*)|\s+(?!(?:engine|algorithm|function|result|term|quer|bar|box|tree|part|warrant"
    r"|is|was|are|and|or|my|our|this|that|these|those|here|above|through|in|on)(?:y|ie)?s?\b)\S.*)",
    re.DOTALL | re.IGNORECASE,
)
"""`search: tides`, `search for tides`. Not `search engines are slow`, nor `search my notes`."""
SEARCH_CHOICE = re.compile(r"search ((?:on|off)(?: [-\u2013\u2014]+[a-z]+)?)[.!]?", re.IGNORECASE)
PAIRS = frozenset({("forget", "me"), ("file", "csv")})
AGENT_VERBS = frozenset({"new", "change", "undo", "export", "delete", "approve", "decline"})
INLINE = re.compile(r"^\s*([^\s:][^:\n]{0,60}?)\s*:\s*(?=\S)(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and the unparsed text after it."""

    name: str
    rest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question; `model` is the catalogue name in front of it, "" for the chosen model."""

    text: str
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Looks like a command but is not one; `near` holds the commands that may be meant."""

    typed: str
    near: Sequence[str] = ()


Meaning = Command | Ask | Unclear


def parse_message(text: str, catalog: Catalog) -> Meaning:
    """The meaning of a message, given without the mention of the bot."""
    question = LEFT_OVER.sub("", BLANKS.sub(" ", text).strip())
    command = WRAPPED.sub(r"\2", DASHES.sub("", question)).strip()
    return _slashed(command, catalog) or _bare(command, catalog) or _inline(question, catalog)


def _slashed(text: str, catalog: Catalog) -> Meaning | None:
    """A command with its slash. A model's name counts as one: administrators name commands after models."""
    if not (slashed := SLASHED.match(text)):
        return None
    word, rest = slashed[1].lower(), slashed[2].strip()
    name = ALIASES.get(word, word)
    if name in NAMES:
        return Command(name=name, rest=rest)
    if text[0] == "!":
        return None
    if rest and (model := catalog.entry(word)):
        return Ask(text=rest, model=model.name)
    near = difflib.get_close_matches(name, NAMES, cutoff=0.6)
    return Unclear(typed=f"/{word}", near=near) if near else None


def split_scope(rest: str) -> tuple[str, str]:
    """Splits "grok --channel" into the name and its scope, "" where none is given."""
    words, scope = [], ""
    for word in rest.split():
        flag = SMART_DASH.sub("--", word.lower())  # phones turn two hyphens into a dash
        if flag in FLAGS:
            scope = FLAGS[flag]
        else:
            words.append(word)
    return " ".join(words), scope


def split_model(rest: str, catalog: Catalog) -> tuple[str, str]:
    """Splits "grok what is it" or "grok: what is it" into catalogue name and question; "" if unknown."""
    head, _, tail = rest.partition(" ")
    model = catalog.entry(head.rstrip(":")) if head else None
    return (model.name, tail.strip()) if model else ("", rest)


def split_comparison(rest: str) -> tuple[list[str], str, bool]:
    """Splits "grok claude, gpt: question" into names, each once, and the question; True where names are to be hidden."""
    names, _, question = rest.partition(":")
    words = list(dict.fromkeys(name for name in re.split(r"[\s,]+", names) if name))
    plain = [word for word in words if SMART_DASH.sub("--", word.lower()) != BLIND]
    return plain, question.strip(), len(plain) < len(words)


def question_of(meaning: Meaning, catalog: Catalog) -> str:
    """What a model is asked by it, "" where that is not known."""
    match meaning:
        case Ask(text=question):
            return question
        case Command(name="ask", rest=rest):
            return split_model(rest, catalog)[1]
        case Command(name="compare", rest=rest):
            return split_comparison(rest)[1]
        case Command(name="council" | "search", rest=rest):
            return rest.lstrip(": ")
    return ""


def _bare(text: str, catalog: Catalog) -> Command | None:
    """A command without its slash. Only what is clearly one counts."""
    if chosen := SEARCH_CHOICE.fullmatch(text):
        return Command(name="search", rest=chosen[1])
    if searched := SEARCH.fullmatch(text):
        return Command(name="search", rest=searched["question"] or text)
    word, _, rest = text.partition(" ")
    name, rest = word.lower().rstrip(".!"), rest.strip()
    if name in ALONE and not rest:
        return Command(name=ALIASES.get(name, name))
    if name in ASKING:
        return Command(name=name, rest=rest) if _asks(name, rest, catalog) else None
    rest = rest.rstrip(".!")
    if name == "model":
        wanted, scope = split_scope(rest)
        nearly = " " not in wanted and bool(catalog.near(wanted))
        searches = bool(re.match(r"search \S", wanted, re.IGNORECASE))
        explains = wanted.lower().startswith("why ") and catalog.entry(wanted[4:])
        if (
            scope
            or nearly
            or searches
            or explains
            or wanted.lower() in {"why", "default"}
            or catalog.entry(wanted)
        ):
            return Command(name=name, rest=rest)
    if name == "every" and isinstance(wish := parse_wish(rest), Wish) and wish.apart:
        return Command(name=name, rest=rest)
    if name == "effort" and split_scope(rest)[0].lower() in {*LEVELS, "default"}:
        return Command(name=name, rest=rest)
    if name == "agent" and _of_agent(rest, catalog):
        return Command(name=name, rest=rest)
    return Command(name=name, rest=rest) if (name, rest.lower()) in PAIRS else None


def _of_agent(rest: str, catalog: Catalog) -> bool:
    """Whether what follows "agent" is one, or what is done with one."""
    verb, _, name = rest.partition(" ")
    if verb.lower() not in AGENT_VERBS:
        verb, name = "", rest
    model = catalog.find(name)
    return rest.lower() == "new" or bool(model and (model.instructions or model.agent or model.audience))


def _asks(name: str, rest: str, catalog: Catalog) -> bool:
    """Whether what follows "ask" or "compare" is models and a question, or what else follows that."""
    if name in {"search", "council"}:
        return False
    if name == "ask":
        return all(split_model(rest, catalog))
    if rest.lower() == "sets":
        return name == "compare"
    names, question, _ = split_comparison(rest)
    return bool(question) and len(names) > 1 and all(catalog.entry(one) for one in names)


def _inline(text: str, catalog: Catalog) -> Ask:
    if (prefix := INLINE.match(text)) and (model := catalog.entry(prefix[1])):
        return Ask(text=prefix[2].strip(), model=model.name)
    return Ask(text=text)
