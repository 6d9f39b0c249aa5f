"""Agents made in chat are seen by those they are for and by nobody else, whatever people type and press, on the real storage."""

import random
import re
from collections.abc import AsyncIterator

import pytest

from bot.domain.agents import Agent
from bot.domain.events import Author, ButtonPressed, Event, FormFilled, MessageReceived, ThreadKey
from bot.domain.replies import Action
from bot.storage.open import Storage
from tests.security.test_isolation import PEOPLE, PLACES, World

MARK = re.compile(r"canary-\d+-mark")
NAMES = ("counsel", "tutor")
AUDIENCES = ("me", "channel", "workspace")


class Marks:
    """Which marks stand for what: each version that is made says one of its own."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[ThreadKey, Author, str]] = {}

    def new(self, place: ThreadKey, person: Author, audience: str) -> str:
        mark = f"canary-{len(self.made)}-mark"
        self.made[mark] = (place, person, audience)
        return mark

    def may_see(self, mark: str, place: ThreadKey, person: Author) -> bool:
        """A workspace's is its maker's: there are no administrators in this world."""
        where, maker, audience = self.made[mark]
        if (where.platform, where.workspace) != (place.platform, place.workspace):
            return False
        return maker == person or (audience == "channel" and where.channel == place.channel)


async def happening(chance: random.Random, number: int, marks: Marks, world: World) -> Event:
    place, person = chance.choice(PLACES), chance.choice(PEOPLE)
    id, about = f"e{number}", {"thread": place, "author": person, "at": 1.0}
    name, audience = chance.choice(NAMES), chance.choice(AUDIENCES)
    there = [each async for each in everywhere(world)]
    agent = chance.choice(there).id if there else "0" * 12
    values = {"name": name, "model": "grok", "audience": audience}
    match chance.randrange(6):
        case 0 | 1:
            values["instructions"] = marks.new(place, person, audience)
            values["description"] = values["instructions"]
            return FormFilled(id=id, form="agent new", values=values, **about)  # type: ignore[arg-type]
        case 2:
            values["instructions"] = marks.new(place, person, audience)
            return FormFilled(id=id, form=f"agent change {agent}", values=values, **about)  # type: ignore[arg-type]
        case 3:
            verb = chance.choice(["change", "undo", "export", "approve", "decline", "show"])
            value = f"/agent {agent}" if verb == "show" else f"/agent {verb} {agent}"
            return ButtonPressed(id=id, action=Action.RUN, value=value, **about)  # type: ignore[arg-type]
    typed = [
        f"/agent {name}", "/agents", "/model", "/model search canary", f"/model {name} --me", "/model why", f"/agent export {name}",
        "/help", f"/model {name}", f"/agent {name[:-1]}", f"/compare {name} grok: hi", f"{name}: hello", "hello",
    ]  # fmt: skip
    return MessageReceived(id=id, text=chance.choice(typed), message=id, threaded=True, **about)  # type: ignore[arg-type]


async def everywhere(world: World) -> AsyncIterator[Agent]:
    for platform, workspace in {(place.platform, place.workspace) for place in PLACES}:
        where = ThreadKey(platform=platform, workspace=workspace, channel="C1")
        for agent in await world.agents.here.all_now(where, PEOPLE[0].id):
            yield agent


@pytest.mark.parametrize("seed", range(3))
async def test_nobody_reads_or_changes_an_agent_that_is_not_for_them(storage: Storage, seed: int) -> None:
    chance, marks, world = random.Random(seed), Marks(), World(storage=storage)  # noqa: S311 - the same every time
    seen = 0
    for number in range(150):
        event = await happening(chance, number, marks, world)
        before = {agent.id: agent async for agent in everywhere(world)}
        await world.play(event)
        after = {agent.id: agent async for agent in everywhere(world)}
        systems = [prompt.system for _, prompt in world.everywhere.prompts]
        shown = set(MARK.findall(" ".join([*world.everywhere.told, *systems])))
        seen += len(shown)

        own = str(getattr(event, "values", ""))  # what somebody typed may be shown to them again
        assert [
            one for one in shown if one not in own and not marks.may_see(one, event.thread, event.author)
        ] == []
        changed = [before[id] for id in before if after.get(id) != before[id]]
        assert [one for one in changed if one.owner != event.author.id] == []
        home = f"{event.thread.platform}:{event.thread.workspace}"
        assert [one for one in changed if one.workspace != home] == []
    assert seen > 20


async def test_who_is_forgotten_leaves_no_private_agent_and_no_name_in_any_version(storage: Storage) -> None:
    world, place, (ann, bob, _) = World(storage=storage), PLACES[0], PEOPLE
    base = {"model": "grok", "description": "", "starters": ""}

    async def fills(number: int, form: str, **values: str) -> None:
        event = FormFilled(id=f"f{number}", thread=place, author=ann, at=1.0, form=form, values=base | values)
        await world.play(event)

    async def there() -> dict[str, Agent]:
        return {one.now.name: one for one in await world.agents.here.all_now(place, bob.id)}

    await fills(0, "agent new", name="mine", instructions="secret", audience="me")
    await fills(1, "agent new", name="asked", instructions="secret", audience="workspace")
    await fills(2, "agent new", name="ours", instructions="first", audience="channel")
    await fills(
        3,
        f"agent change {(await there())['ours'].id}",
        name="ours",
        instructions="second",
        audience="channel",
    )
    await world.play(MessageReceived(id="m", thread=place, author=ann, at=2.0, text="/forget me"))
    left = await there()
    earlier = await storage.agents.earlier(left["ours"].workspace, left["ours"].id)

    assert list(left) == ["ours"]
    assert left["ours"].owner == ""
    assert [one.instructions for one in earlier] == ["first"]
    assert ann.id not in f"{left} {earlier}".replace(left["ours"].id, "")
    assert ann.name not in f"{left} {earlier}"
    await world.play(MessageReceived(id="q", thread=place, author=bob, at=3.0, text="ours: hello"))
    assert world.everywhere.prompts[-1][0].name == "ours"
