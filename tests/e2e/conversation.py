"""One conversation as data, and the places in which it is held: a thread in Slack, one in a channel of Teams, the page.

A step is typed or pressed; what the bot then shows is noted in the same form everywhere. What is new in the product is one
more line in CONVERSATION, and `below` names the step under whose message a button stands: not the last one, which may not be stored yet when it is read.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from tests.e2e.company import MODELS, Vendors, addresses, company
from tests.e2e.company import Company as Slack
from tests.e2e.test_page import CHAT, Page, done
from tests.ops.product import PATIENCE, running
from tests.ops.test_running import posts, send
from tests.providers.fake import fake_vendor
from tests.slack.fake import reading
from tests.slack.fake.world import Message as SlackMessage
from tests.teams import test_product as teams_product
from tests.teams.eyes import see, seen_in
from tests.teams.rooms import Message as TeamsMessage
from tests.teams.rooms import Room

THIRD = "A cloud that lies down."  # what grok says
CODE = "Why does this Python function raise an exception?"
RULES = '\n[auto]\ncode = ["claude"]\nexplore = 0\n'
GO_ON = "Go on from this one"
OWN = frozenset(
    {"Good answer", "Bad answer", "Save as file", "👍", "👎", "Ask this model"}
)  # of one platform
TENANT = re.compile(r"\b(workspace|team|organi[sz]ation)\b")
SECONDS = re.compile(r"\b\d+\.\d\b")
WHO = re.compile(r"^\s*\w+ (switched|took the switch back): ", re.MULTILINE)
LETTER = re.compile(r"\b[ABC] is \w+")
MARKS = re.compile(r"\*\*|`|\\(?=[!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Says:
    """Somebody writes. `answered`: by a model, and not by Switchboard itself; `beside`: so many answers stand beside it."""

    title: str
    text: str
    answered: bool = True
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Presses:
    """Somebody presses what has this label. `rewrites`: the step whose message says then what came of it. `saying`: the label
    ends with the letter of the answer that says so.
    """

    title: str
    label: str
    below: str
    answered: bool = True
    beside: int = 0
    rewrites: str = ""
    saying: str = ""


@dataclass(frozen=True, slots=True)
class Picks:
    """Somebody picks an entry of a menu."""

    title: str
    name: str
    below: str
    answered: bool = True
    beside: int = 0


Step = Says | Presses | Picks
CONVERSATION: Sequence[Step] = (
    Says("ask", "What is ink?"),
    Says("switch the channel", "/model grok --channel", answered=False),
    Says("ask whom the channel has", "And what is rain?"),
    Says("take it back", "/model default --channel", answered=False),
    Says("ask as before", "And what is mist?"),
    Says("why", "/model why", answered=False),
    Says("leave it to auto", "/model auto", answered=False),
    Says("ask about code", CODE),
    Says("go on", "And who wrote it?"),
    Says("why auto", "/model why", answered=False),
    Says("ask auto once", "auto: What is dew?"),
    Presses("offer others", "Ask another model", below="go on", answered=False),
    Presses("make it anew", "Regenerate", below="go on"),
    Says("compare with auto", "/compare auto grok: why?", answered=False),
)
CHOOSING: Sequence[Step] = (
    Says("ask", "What is ink?"),
    Says("compare three", "/compare gpt grok claude: What is rain?", answered=False, beside=3),
    Says("compare blind", "/compare --blind gpt grok: What is fog?", answered=False, beside=2),
    Presses(
        "keep blind", "Keep", below="compare blind", answered=False, rewrites="compare blind", saying=THIRD
    ),
    Says("leave the kept one", "/model default", answered=False),
    Presses("offer others", "Ask another model", below="ask", answered=False),
    Picks("second opinion", "grok", below="offer others"),
    Presses("branch", "Go on from this one", below="second opinion", answered=False),
    Says("go on from it", "And what is mist?"),
    Says("council", "/council What is snow?", beside=3),
    Says("switch the channel", "/model grok --channel", answered=False),
    Presses("undo", "Undo", below="switch the channel", answered=False, rewrites="switch the channel"),
    Says("why", "/model why", answered=False),
    Says("scoreboard", "/scoreboard", answered=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message as a person sees it: words without markup, the quiet line, what can be pressed and picked."""

    words: str
    footer: str = ""
    buttons: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    beside: tuple["Shown", ...] = ()

    @property
    def alike(self) -> tuple[Any, ...]:
        """What is the same everywhere: platforms have words of their own for a workspace, show a table's cells in another
        order and an option's hint elsewhere, and have thumbs, files and what is kept in other places. Times differ.
        """
        words = sorted(re.findall(r"\w+", _still(TENANT.sub("workspace", self.words))))
        names = tuple(option.partition(" ")[0] for option in self.options)
        own = OWN if not self.beside else OWN | {one for one in self.buttons if one.startswith("Keep ")}
        columns = sorted(
            (_still(one.words).split()[len(one.footer) == 1 :], _still(one.footer) if one.footer[1:] else "")
            for one in self.beside
        )  # without the letters, which are dealt anew
        return words, _still(self.footer), set(self.buttons) - own, names, columns


def _still(text: str) -> str:
    """The same without what depends on the clock, on which letter a model was hidden behind, and on whether the platform tells
    who wrote.
    """
    text = WHO.sub("", SECONDS.sub("#", text))
    return (LETTER.sub("letter is model", text) if "chair of" in text or "Kept" in text else text).casefold()


class Place(Protocol):
    """Where it is held. Returns what the bot shows after a step, finished."""

    @property
    def vendors(self) -> Vendors: ...

    async def does(self, step: Step) -> Shown: ...


async def held(place: Place, steps: Sequence[Step] = CONVERSATION) -> Mapping[str, Shown]:
    """The whole conversation: what was shown after each step."""
    shown: dict[str, Shown] = {}
    for step in steps:
        if isinstance(step, Presses) and step.saying:
            letter = next(one.words[0] for one in shown[step.below].beside if step.saying in one.words)
            step = replace(step, label=f"{step.label} {letter}")  # noqa: PLW2901 - the same step, as people do it
        shown[step.title] = await place.does(step)
    return shown


def arrived(new: Sequence[tuple[str, Shown]], step: Step) -> tuple[str, Shown] | None:
    """The message that a step brings, with the answers beside it, once all of them are there; by its id."""
    answers = [one for one in new if one[1].footer]
    if not step.beside:
        return next((one for one in new if bool(one[1].footer) == step.answered), None)
    above = [one for one in new if not one[1].footer]
    if step.answered:
        above = [one for one in answers if "chair of" in one[1].footer]
    columns = [one for _, one in answers if "chair of" not in one.footer]
    if not above or len(columns) < step.beside:
        return None
    return above[0][0], replace(above[0][1], beside=tuple(columns))


@dataclass
class InSlack:
    """A thread in a channel, by mentions."""

    co: Slack
    thread: str = ""
    known: set[str] = field(default_factory=set)
    told: dict[str, str] = field(default_factory=dict)

    @property
    def vendors(self) -> Vendors:
        return self.co.vendors

    async def does(self, step: Step) -> Shown:
        match step:
            case Says():
                said = await self.co.at.say(f"{self.co.bot} {step.text}", thread=self.thread)
                self.thread = self.thread or said.ts
            case Presses():
                was = reading.text(self._message(step.rewrites)) if step.rewrites else ""
                await self.co.at.press(self._message(step.below), step.label)
                if step.rewrites:
                    self.told[step.title] = self.told[step.rewrites]
                    await self.co.at.until(lambda: reading.text(self._message(step.rewrites)) != was)
                    return self._shown(self._message(step.rewrites))
            case Picks():
                options = reading.options(self._message(step.below))
                label = next(one for one in options if one.split()[0] == step.name)
                await self.co.at.choose(self._message(step.below), label)
        await self.co.at.until(lambda: arrived(self._new(), step) is not None)
        found = arrived(self._new(), step)
        assert found is not None
        self.known |= {ts for ts, _ in self._new()}
        self.told[step.title] = found[0]
        return found[1]

    def _message(self, title: str) -> SlackMessage:
        return self.co.at.slack.channels["C1"].messages[self.told[title]]

    def _new(self) -> list[tuple[str, Shown]]:
        messages = self.co.at.slack.channels["C1"].messages.values()
        ours = [one for one in messages if (one.bot_id or one.seen_by) and one.ts not in self.known]
        return [(one.ts, self._shown(one)) for one in ours if _whole(one)]

    def _shown(self, message: SlackMessage) -> Shown:
        return Shown(
            words=MARKS.sub("", reading.text(message)),
            footer=reading.footer(message),
            buttons=tuple(reading.buttons(message)),
            options=tuple(reading.options(message)),
        )


def _whole(message: SlackMessage) -> bool:
    return bool(reading.text(message).strip() or reading.options(message)) and "Stop" not in reading.buttons(
        message
    )


@dataclass
class InTeams:
    """A thread in a channel, by mentions."""

    at: teams_product.Office
    room: Room
    vendors: Vendors
    known: set[str] = field(default_factory=set)
    told: dict[str, str] = field(default_factory=dict)

    async def does(self, step: Step) -> Shown:
        match step:
            case Says():
                root = "100" if self.told else ""
                name: dict[str, Any] = {} if root else {"id": "100"}
                delivered = await self.at.teams.say(self.room, step.text, root=root, **name)
                assert delivered.status == 200
            case Presses():
                was = self._seen(self.told[step.rewrites]).text if step.rewrites else ""
                await self._press(step.below, step.label)
                if step.rewrites:
                    self.told[step.title] = self.told[step.rewrites]
                    await self.at.until(lambda: self._seen(self.told[step.rewrites]).text != was)
                    return self._shown(self.told[step.rewrites])
            case Picks():
                menu = self.room.messages[self.told[step.below]]
                choices = [
                    one for element in teams_product.card(menu) for one in element.get("choices") or ()
                ]
                value = next(one["value"] for one in choices if one["value"].split()[-1] == step.name)
                await self._press(step.below, "Ask this model", choice0=value)
        await self.at.until(lambda: arrived(self._new(), step))
        found = arrived(self._new(), step)
        assert found is not None
        self.known |= {id for id, _ in self._new()}
        self.told[step.title] = found[0]
        if step.answered and not step.beside:
            await self.at.until(lambda: self._seen(found[0]).buttons)
            return self._shown(found[0])
        if step.answered:  # its buttons stand below the answers beside it
            await self.at.until(lambda: "Regenerate" in self._last())
            return replace(found[1], buttons=self._last())
        return found[1]

    def _last(self) -> tuple[str, ...]:
        return tuple(one for one in see(self.room.said()[-1]).buttons if not one.startswith("Keep "))

    async def _press(self, below: str, label: str, **chosen: str) -> None:
        at, above = self.at.teams, self.told[below]
        later = [one for one in self.room.said() if int(one.id) >= int(above)]
        held, action = next(
            (one, action) for one in later for action in _actions(one) if action.get("title") == label
        )
        pressed = at.people.pressed(
            f"{self.room.id};messageid=100",
            self.room.kind,
            {"type": "Action.Execute", "data": {**action["data"], **chosen}},
            held.id,
            id=at.rooms.new_id(),
        )
        assert (await at.deliver(pressed)).status == 200

    def _new(self) -> list[tuple[str, Shown]]:
        ours = [one for one in teams_product.talk(self.room) if one.id not in self.known]
        whole = [one for one in ours if teams_product.finished(one) and "Stop" not in see(one).buttons]
        return [(one.id, self._shown(one.id)) for one in whole]

    def _shown(self, id: str) -> Shown:
        shown = self._seen(id)
        return Shown(
            words=MARKS.sub("", shown.text),
            footer=shown.footer,
            buttons=shown.buttons,
            options=tuple(one.partition(": ")[2] or one for one in shown.options),  # behind the vendor's name
        )

    def _seen(self, id: str) -> Any:
        return next(one for one in seen_in(self.room.said()) if one.id == id)


def _actions(message: TeamsMessage) -> list[dict[str, Any]]:
    if not message.activity.get("attachments"):
        return []
    return [one for one in teams_product.card(message) if one["type"] == "Action.Execute"]


@dataclass
class OnThePage:
    """A conversation there, over the page's HTTP."""

    page: Page
    known: set[str] = field(default_factory=set)
    told: dict[str, str] = field(default_factory=dict)

    @property
    def vendors(self) -> Vendors:
        return self.page.vendors

    async def does(self, step: Step) -> Shown:
        before = await self._posts()
        match step:
            case Says():
                await send(self.page.http, CHAT, step.text)
            case Presses():
                above = before[self.told[step.below]]
                await self._press(above, step.label)
                if step.rewrites:
                    self.told[step.title] = self.told[step.rewrites]
                    id, was = self.told[step.rewrites], before[self.told[step.rewrites]]
                    rewritten: Shown = await self._until(
                        lambda found: _shown(found[id], found) if found[id] != was else None
                    )
                    return rewritten
            case Picks():
                (choice,) = before[self.told[step.below]]["reply"]["choices"]
                value = next(one["value"] for one in choice["options"] if one["label"] == step.name)
                await self.page.sends(
                    "buttons", action=choice["action"], value=value, message=self.told[step.below]
                )
        id, shown = await self._until(lambda found: arrived(self._new(found), step))
        assert isinstance(shown, Shown)
        self.known |= {id for id, _ in self._new(await self._posts())}
        self.told[step.title] = id
        return shown

    async def _press(self, above: dict[str, Any], label: str) -> None:
        offered = (above.get("closing") or above.get("reply") or {}).get("buttons", ())
        control = next((one for one in offered if one["label"] == label), None)
        if control is None:  # the page's own, beside the way to the other answers
            assert (label, above["place"].get("current", True)) == (GO_ON, False)
            control = {"action": "go_on", "value": above["place"]["turn"]}
        await self.page.sends(
            "buttons", action=control["action"], value=control["value"], message=above["id"]
        )

    async def _until(self, seen: Callable[[dict[str, dict[str, Any]]], Any]) -> Any:
        async with asyncio.timeout(PATIENCE):
            while not (found := seen(await self._posts())):  # noqa: ASYNC110 - another process answers
                await asyncio.sleep(0.02)
        return found

    async def _posts(self) -> dict[str, dict[str, Any]]:
        return {one["id"]: one for one in await posts(self.page.http, CHAT)}

    def _new(self, found: dict[str, dict[str, Any]]) -> list[tuple[str, Shown]]:
        ours = [one for one in found.values() if one["id"] not in self.known and not one.get("person")]
        return [(one["id"], _shown(one, found)) for one in ours if done(one)]


def _shown(post: dict[str, Any], all_of_them: dict[str, dict[str, Any]]) -> Shown:
    """A post as the page draws it: which of several answers it is stands in the way to the others."""
    said, closing, place = post.get("reply", {}), post.get("closing", {}), post.get("place") or {}
    cells = said["table"] if said.get("table") else {"header": (), "rows": ()}
    words = [post.get("text", ""), said.get("title", ""), said.get("text", ""), closing.get("notice", "")]
    words += [cell for row in (cells["header"], *cells["rows"]) for cell in row]
    parts, labels = (
        [str(closing.get("footer", ""))],
        [one["label"] for one in (closing or said).get("buttons", ())],
    )
    places = [one["place"] for one in all_of_them.values() if one.get("place")]
    beside = list(dict.fromkeys(one["turn"] for one in places if one["parent"] == place.get("parent")))
    parts += [f"{beside.index(place['turn']) + 1}/{len(beside)}"] if len(beside) > 1 else []
    if place and not place.get("current", True):
        parts.append("the conversation goes on from another answer")
        labels.append(GO_ON)
    return Shown(
        words=MARKS.sub("", "\n".join(words)),
        footer=" · ".join(filter(None, parts)),
        buttons=tuple(labels),
        options=tuple(option["label"] for choice in said.get("choices", ()) for option in choice["options"]),
    )


@asynccontextmanager
async def in_slack(folder: Path) -> AsyncGenerator[Place, None]:
    async with company(folder, RULES) as co:
        yield InSlack(co)
        assert co.nothing_is_live()


@asynccontextmanager
async def in_teams(folder: Path) -> AsyncGenerator[Place, None]:
    vendors = Vendors()
    async with (
        fake_vendor(vendors),
        teams_product.office(folder, MODELS + RULES, **addresses(vendors)) as at,
    ):
        at.teams.connector.quota = False  # people write more slowly than this
        yield InTeams(at, at.teams.channel(), vendors)


@asynccontextmanager
async def on_the_page(folder: Path) -> AsyncGenerator[Place, None]:
    vendors = Vendors()
    (folder / "switchboard.toml").write_text(MODELS + RULES, encoding="utf-8")
    async with (
        fake_vendor(vendors),
        running(folder, **addresses(vendors)) as product,
        product.visitor() as client,
    ):
        yield OnThePage(Page(client, vendors))


PLACES: Mapping[str, Callable[[Path], Any]] = {"Slack": in_slack, "Teams": in_teams, "page": on_the_page}
