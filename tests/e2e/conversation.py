"""One conversation as data, and the places in which it is held: a thread in Slack, one in a channel of Teams, the page.

A step is typed or pressed; what the bot then shows is noted in the same form everywhere. What is new in the product is one
more line in CONVERSATION, and `below` names the step under whose message a button stands: not the last one, which may not be stored yet when it is read.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
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

CODE = "Why does this Python function raise an exception?"
RULES = '\n[auto]\ncode = ["claude"]\nexplore = 0\n'
OWN = frozenset(
    {"Good answer", "Bad answer", "Save as file", "👍", "👎", "Ask this model"}
)  # of one platform
TENANT = re.compile(r"\b(workspace|team|organi[sz]ation)\b")
MARKS = re.compile(r"\*\*|`|\\(?=[!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Says:
    """Somebody writes. `answered`: by a model, and not by Switchboard itself."""

    title: str
    text: str
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Presses:
    """Somebody presses what has this label."""

    title: str
    label: str
    below: str
    answered: bool = True


Step = Says | Presses
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message as a person sees it: words without markup, the quiet line, what can be pressed and picked."""

    words: str
    footer: str = ""
    buttons: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def alike(self) -> tuple[list[str], str, set[str], tuple[str, ...]]:
        """What is the same everywhere: platforms have words of their own for a workspace, show a table's cells in another
        order and an option's hint elsewhere, and have thumbs and files in other places.
        """
        words = sorted(re.findall(r"\w+", TENANT.sub("workspace", self.words)))
        names = tuple(option.partition(" ")[0] for option in self.options)
        return words, self.footer, set(self.buttons) - OWN, names


class Place(Protocol):
    """Where it is held. Both return what the bot shows then, finished."""

    async def says(self, step: Says) -> Shown: ...

    async def presses(self, step: Presses) -> Shown: ...


async def held(place: Place, steps: Sequence[Step] = CONVERSATION) -> Mapping[str, Shown]:
    """The whole conversation: what was shown after each step."""
    shown: dict[str, Shown] = {}
    for step in steps:
        shown[step.title] = await (place.says(step) if isinstance(step, Says) else place.presses(step))
    return shown


@dataclass
class InSlack:
    """A thread in a channel, by mentions."""

    co: Slack
    thread: str = ""
    known: set[str] = field(default_factory=set)
    told: dict[str, SlackMessage] = field(default_factory=dict)

    async def says(self, step: Says) -> Shown:
        said = await self.co.at.say(f"{self.co.bot} {step.text}", thread=self.thread)
        self.thread = self.thread or said.ts
        return await self._next(step)

    async def presses(self, step: Presses) -> Shown:
        await self.co.at.press(self.told[step.below], step.label)
        return await self._next(step)

    async def _next(self, step: Step) -> Shown:
        def new() -> list[SlackMessage]:
            messages = self.co.at.slack.channels["C1"].messages.values()
            ours = [one for one in messages if (one.bot_id or one.seen_by) and one.ts not in self.known]
            return [one for one in ours if bool(reading.footer(one)) == step.answered and _whole(one)]

        await self.co.at.until(lambda: bool(new()))
        message = self.told[step.title] = new()[0]
        self.known.add(message.ts)
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
    known: set[str] = field(default_factory=set)
    told: dict[str, TeamsMessage] = field(default_factory=dict)

    async def says(self, step: Says) -> Shown:
        root = "100" if self.told else ""
        name: dict[str, Any] = {} if root else {"id": "100"}
        delivered = await self.at.teams.say(self.room, step.text, root=root, **name)
        assert delivered.status == 200
        return await self._next(step)

    async def presses(self, step: Presses) -> Shown:
        at, above = self.at.teams, self.told[step.below]
        later = [one for one in self.room.said() if int(one.id) >= int(above.id)]
        held, action = next(
            (one, action) for one in later for action in _actions(one) if action.get("title") == step.label
        )
        pressed = at.people.pressed(
            f"{self.room.id};messageid=100",
            self.room.kind,
            {"type": "Action.Execute", "data": action["data"]},
            held.id,
            id=at.rooms.new_id(),
        )
        assert (await at.deliver(pressed)).status == 200
        return await self._next(step)

    async def _next(self, step: Step) -> Shown:
        def new() -> list[TeamsMessage]:
            ours = [one for one in teams_product.talk(self.room) if one.id not in self.known]
            return [
                one for one in ours if teams_product.finished(one) and bool(see(one).footer) == step.answered
            ]

        await self.at.until(new)
        message = self.told[step.title] = new()[0]
        self.known.add(message.id)
        if step.answered:
            await self.at.until(lambda: self._seen(message.id).buttons)
        shown = self._seen(message.id)
        return Shown(
            words=MARKS.sub("", shown.text), footer=shown.footer, buttons=shown.buttons, options=shown.options
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
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def says(self, step: Says) -> Shown:
        await send(self.page.http, CHAT, step.text)
        return await self._next(step)

    async def presses(self, step: Presses) -> Shown:
        above = self.told[step.below]
        control = next(one for one in above["closing"]["buttons"] if one["label"] == step.label)
        await self.page.sends(
            "buttons", action=control["action"], value=control["value"], message=above["id"]
        )
        return await self._next(step)

    async def _next(self, step: Step) -> Shown:
        async with asyncio.timeout(PATIENCE):
            while not (found := [one for one in await posts(self.page.http, CHAT) if self._new(one, step)]):  # noqa: ASYNC110 - another process answers
                await asyncio.sleep(0.02)
        post = self.told[step.title] = found[0]
        self.known.add(post["id"])
        said = post.get("reply", {})
        cells = said["table"] if said.get("table") else {"header": (), "rows": ()}
        closing = post.get("closing", {})
        words = [post.get("text", ""), said.get("title", ""), said.get("text", ""), closing.get("notice", "")]
        words += [cell for row in (cells["header"], *cells["rows"]) for cell in row]
        return Shown(
            words=MARKS.sub("", "\n".join(words)),
            footer=str(closing.get("footer", "")),
            buttons=tuple(one["label"] for one in (closing or said).get("buttons", ())),
            options=tuple(
                option["label"] for choice in said.get("choices", ()) for option in choice["options"]
            ),
        )

    def _new(self, post: dict[str, Any], step: Step) -> bool:
        return post["id"] not in self.known and done(post) and ("closing" in post) == step.answered


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
        yield InTeams(at, at.teams.channel())


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
