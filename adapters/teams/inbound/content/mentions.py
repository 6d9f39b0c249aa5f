"""Who is mentioned in a message. Names are not unique, so only ids tell whether it is the bot.

Source: Microsoft Learn, Teams platform, "Channel and group chat conversations with a bot"; that a mention may be split over
several elements, and have no text in Microsoft 365 Copilot, is reported.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.teams.inbound.activity import IncomingActivity
from bot.files.entities import decode_entities

ELEMENT = re.compile(r"<at(?:\s[^<>]*)?>([^<>]*)</at>", re.IGNORECASE)
ID = re.compile(r"""\sid=["']?(\d{1,4})["'\s>]""", re.IGNORECASE)
EXACT = 20  # mentions of the bot that are no elements; each costs a pass over the text


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One mention: the words that show it, each element's apart. `exact` is how it stands in the text, "" if unknown."""

    account: str
    names: tuple[str, ...]
    exact: str = ""
    elements: int = 1


def mentions_of(incoming: IncomingActivity) -> tuple[Mention, ...]:
    return tuple(_mention(entity) for entity in incoming.of_kind("mention"))


def graph_mentions(message: Mapping[str, Any]) -> tuple[Mention, ...]:
    """The mentions of a message of Microsoft Graph; a bot's account is the id of its application."""
    given = message.get("mentions")
    found = (one for one in (given if isinstance(given, list) else []) if isinstance(one, Mapping))
    return tuple(
        Mention(account=_graph_account(one.get("mentioned")), names=(_name(one.get("mentionText")),))
        for one in found
    )


class MentionElements:
    """The elements of one text that show mentions, told apart in the order in which they stand there.

    `others` is whether one of them is not the bot's.
    """

    def __init__(self, mentions: Iterable[Mention], bot: str) -> None:
        self._bot = bot
        self._mentions = list(mentions)
        self._left = [one.elements for one in self._mentions]
        self._by_name: dict[str, list[int]] = defaultdict(list)
        for number in reversed(range(len(self._mentions))):
            for name in self._mentions[number].names:
                self._by_name[name] += [number] * self._left[number]
        self.others = False

    def ours(self, words: str, id: str = "") -> bool:
        """Whether the next element with these words mentions the bot. Each mention counts once."""
        number = self._next(_name(words), id)
        ours = number is not None and self._mentions[number].account == self._bot
        self.others |= not ours
        return ours

    def _next(self, name: str, id: str) -> int | None:
        number = int(id) if id.isascii() and id.isdigit() and len(id) < 5 else -1
        if 0 <= number < len(self._left) and self._left[number] and name in self._mentions[number].names:
            self._left[number] -= 1
            return number
        waiting = self._by_name.get(name, [])
        while waiting:
            number = waiting.pop()
            if self._left[number]:
                self._left[number] -= 1
                return number
        return None


def without_mentions(text: str, mentions: Iterable[Mention], bot: str) -> tuple[str, bool]:
    """The text without the bot's mentions, other people's as their names; and whether there are others'."""
    ours = [one.exact for one in mentions if one.account == bot and one.exact]
    for exact in [one for one in ours if not ELEMENT.fullmatch(one)][:EXACT]:
        text = text.replace(exact, "", 1)
    elements = MentionElements(mentions, bot)

    def shown(found: re.Match[str]) -> str:
        id = ID.search(found[0].partition(">")[0] + ">")
        return "" if elements.ours(found[1], id[1] if id else "") else found[1]

    return ELEMENT.sub(shown, text), elements.others


def _mention(entity: Mapping[str, Any]) -> Mention:
    given, exact = entity.get("mentioned"), entity.get("text")
    who = given if isinstance(given, dict) else {}
    exact = exact if isinstance(exact, str) else ""
    parts = ELEMENT.findall(exact)
    names = [_name(name) for name in (*parts, who.get("name"), exact) if isinstance(name, str) and name]
    return Mention(
        account=str(who.get("id") or ""),
        names=tuple(dict.fromkeys(names)),
        exact=exact,
        elements=max(1, len(parts)),
    )


def _graph_account(mentioned: object) -> str:
    kinds = mentioned.values() if isinstance(mentioned, Mapping) else ()
    return next((str(one.get("id") or "") for one in kinds if isinstance(one, Mapping)), "")


def _name(name: object) -> str:
    return " ".join(decode_entities(name).split()) if isinstance(name, str) else ""
