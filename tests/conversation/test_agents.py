"""Agents made in chat: who may make, see, ask and change them, as people read it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.agents import Agent, Audience
from bot.domain.auto_entry import AutoEntry
from bot.domain.catalog import Model
from bot.domain.events import Author, FormFilled
from bot.domain.replies import Action, Reply
from bot.settings.config_file import Policy, read_config
from tests.conversation.stage import ANN, CLAUDE, GPT, GROK, THREAD, Heard, Stage
from tests.tools.ledger import LedgerServer, tool, toolbox

ABLE, OTHER = replace(GROK, tools=True), replace(CLAUDE, tools=True)
BOB = Author(id="U2", name="Bob")
ROOT = Author(id="U9", name="Root")
CANARY = "You are CANARY, a lawyer."
VALUES = {
    "name": "counsel",
    "model": "grok",
    "description": "Reviews contracts",
    "instructions": CANARY,
    "starters": "Review this clause:\nWhat is usual?",
    "audience": "me",
}
BOSSED = Policy(admins=(ROOT.id,))


def stage(**more: Any) -> Stage:
    return Stage(models=(GROK, CLAUDE, GPT), **({"policy": BOSSED} | more))


async def fills(at: Stage, form: str = "agent new", *, author: Author = ANN, **values: Any) -> Reply:
    event = FormFilled(
        id=f"f{len(at.outcomes)}",
        thread=THREAD,
        author=author,
        at=1.0,
        form=form,
        values=VALUES | values,
        message="m-form",
        threaded=True,
    )
    return said(await at.plays(event))


def said(heard: Heard) -> Reply:
    (reply,) = heard.replies
    return reply


def only(at: Stage) -> Agent:
    ((agent, _),) = at.agents.kept.values()
    return agent


async def test_a_form_makes_an_agent_that_is_asked_like_any_model() -> None:
    at = stage()
    form = said(await at.says("/agent new")).form
    made = await fills(at)
    await at.says("counsel: may I?")
    model, prompt = at.one.asked[-1]

    assert form is not None
    assert [one.id for one in form.fields] == [
        "name", "model", "description", "instructions", "starters", "audience",
    ]  # fmt: skip
    assert "**counsel** is made" in made.text
    assert (model.name, model.model) == ("counsel", GROK.model)
    assert CANARY in prompt.system
    closing = (await at.says("counsel: again?")).closing
    assert closing is not None
    assert closing.footer.startswith("counsel")


async def test_it_is_picked_listed_and_found_by_who_sees_it_and_nobody_else_learns_its_name() -> None:
    at = stage()
    await fills(at)
    mine = [
        str((await at.says(text)).replies)
        for text in ("/model", "/model search contracts", "/agents", "/model counse", "/agent counse")
    ]
    theirs = [
        str((await at.says(text, author=BOB)).replies)
        for text in (
            "/model", "/model search contracts", "/agents", "/model why", "/help", "/tools", "/agent counse", "/ask counse hi",
        )
    ]  # fmt: skip
    unknown = said(await at.says("/model counsel", author=BOB)).text
    other = said(await at.says("/agent counsel", author=BOB)).text
    as_if_none = said(await at.says("/agent zzz", author=BOB)).text

    assert all("counsel" in text for text in mine)
    assert not [text for text in theirs if "counsel" in text or "CANARY" in text]
    assert "is not a model I know" in unknown
    assert "Did you mean" not in unknown
    assert other == as_if_none.replace("zzz", "counsel")


async def test_what_its_maker_picked_for_a_thread_says_nothing_to_others_there() -> None:
    at = stage()
    await fills(at)
    await at.says("/model counsel --thread")
    mine, theirs = await at.says("hello"), await at.says("hello", author=BOB)
    why = said(await at.says("/model why", author=BOB))
    refused = said(await at.says("/model counsel --channel")).text

    assert mine.closing is not None
    assert theirs.closing is not None
    assert mine.closing.footer.startswith("counsel")
    assert theirs.closing.footer.startswith("grok")
    assert "counsel" not in theirs.closing.footer
    assert "counsel" not in str(why)
    assert "Only you see counsel" in refused


async def test_an_agent_for_a_channel_is_seen_there_and_not_elsewhere() -> None:
    at = stage()
    await fills(at, audience="channel")
    elsewhere = replace(THREAD, channel="C2")
    await at.says("counsel: may I?", author=BOB)
    shown = said(await at.says("/agent counsel", author=BOB))
    hidden = said(await at.says("/agent counsel", author=BOB, thread=elsewhere))

    assert at.one.asked[-1][0].name == "counsel"
    assert CANARY in shown.text
    assert shown.private
    assert shown.secret
    assert [one.label for one in shown.buttons] == []
    assert "is not an agent I know" in hidden.text


async def test_the_workspace_sees_what_an_administrator_has_approved() -> None:
    at = stage()
    made = await fills(at, audience="workspace")
    before = said(await at.says("/agent counsel", author=BOB))
    listed = said(await at.says("/agents", author=ROOT))
    (waiting,) = listed.sections
    approve, decline = waiting.buttons
    by_bob = said(await at.presses(approve.action, approve.value, author=BOB))
    by_ann = said(await at.presses(approve.action, approve.value, author=ANN))
    assert only(at).approved is None
    approved = said(await at.presses(approve.action, approve.value, author=ROOT))
    after = said(await at.says("/agent counsel", author=BOB))

    assert "Administrators decide" in made.text
    assert "is not an agent I know" in before.text
    assert (approve.label, decline.label) == ("Approve", "Decline")
    assert CANARY in waiting.text
    assert "is not an agent I know" in by_bob.text
    assert "Only who made it or an administrator" in by_ann.text
    assert "Seen by everybody in this workspace" in approved.text
    assert CANARY in after.text
    assert said(await at.says("/agents", author=ROOT)).sections == ()


async def test_a_change_to_what_everybody_sees_waits_again_and_what_is_approved_is_what_was_read() -> None:
    at = stage()
    await fills(at, audience="workspace")
    agent = only(at)
    await at.presses(Action.RUN, f"/agent approve {agent.id} {agent.revision}", author=ROOT)
    (old,) = said(await at.says("/agents", author=ROOT)).sections or [None]
    await fills(at, f"agent change {agent.id}", audience="workspace", instructions="SECOND")
    bobs = said(await at.says("/agent counsel", author=BOB)).text
    anns = said(await at.says("/agent counsel")).text
    (waiting,) = said(await at.says("/agents", author=ROOT)).sections
    await fills(at, f"agent change {agent.id}", audience="workspace", instructions="THIRD")
    stale = said(await at.presses(Action.RUN, waiting.buttons[0].value, author=ROOT))

    assert old is None
    assert CANARY in bobs
    assert "SECOND" not in bobs
    assert "SECOND" in anns
    assert "Somebody else changed it" in stale.text
    assert "THIRD" not in said(await at.says("/agent counsel", author=BOB)).text


async def test_a_declined_one_works_on_for_its_maker_alone() -> None:
    at = stage()
    await fills(at, audience="workspace")
    await at.presses(Action.RUN, f"/agent decline {only(at).id}", author=ROOT)
    assert "it was declined" in str(said(await at.says("/agent counsel")).table)
    assert said(await at.says("/agents", author=ROOT)).sections == ()
    await at.says("counsel: may I?")
    assert at.one.asked[-1][0].name == "counsel"


async def test_it_uses_the_tools_it_was_given_and_no_others() -> None:
    at = Stage(
        models=(ABLE,), toolbox=toolbox(LedgerServer(), LedgerServer("files", [tool("read", server="files")]))
    )
    form = said(await at.says("/agent new")).form
    values: dict[str, Any] = {"model": ABLE.name, "name": "clerk", "tools": "files"}
    await fills(at, **values)
    await fills(at, **(values | {"name": "bare", "tools": ""}))
    offered = []
    for name in (ABLE.name, "clerk", "bare"):
        await at.says(f"{name}: hello")
        offered.append(sorted({tool.name.partition("__")[0] for tool in at.one.asked[-1][1].tools}))

    assert form is not None
    (tools,) = [one for one in form.fields if one.id == "tools"]
    assert tools.value == "desk\nfiles"
    assert offered == [["desk", "files"], ["files"], []]


async def test_a_tool_of_some_models_is_not_had_by_a_name_that_looks_like_one() -> None:
    at = Stage(models=(ABLE, OTHER), toolbox=toolbox(LedgerServer(), models=("ops-*", OTHER.name)))
    await fills(at, model=ABLE.name, name="ops-x", tools="desk")
    await at.says("ops-x: hello")
    assert at.one.asked[-1][1].tools == ()


async def test_without_administrators_it_is_said_who_can_change_that() -> None:
    made = await fills(stage(policy=Policy()), audience="workspace")
    assert "[policy] admins" in made.text


async def test_what_an_administrator_makes_is_approved() -> None:
    at = stage()
    await fills(at, author=ROOT, audience="workspace")
    assert CANARY in said(await at.says("/agent counsel", author=BOB)).text


async def test_a_change_can_be_undone_and_says_who_and_when() -> None:
    at = stage()
    await fills(at)
    await fills(at, f"agent change {only(at).id}", instructions="SECOND", model="gpt")
    second = said(await at.says("/agent counsel"))
    undo = next(one for one in second.buttons if one.label == "Undo")
    await at.presses(undo.action, undo.value)
    first = said(await at.says("/agent counsel"))
    again = said(await at.presses(undo.action, undo.value))

    assert "SECOND" in second.text
    assert ("model", "gpt") in (second.table.rows if second.table else ())
    assert ("made by", "you") in (second.table.rows if second.table else ())
    assert CANARY in first.text
    assert "Undo" not in [one.label for one in first.buttons]
    assert "Somebody else changed it" in again.text


async def test_it_is_made_and_changed_by_typing_too() -> None:
    at = stage()
    made = said(await at.says(f"/agent new counsel grok: {CANARY}"))
    await at.says("/agent counsel starters: What is usual? | Is this fair?")
    await at.says("/agent counsel audience: channel")

    assert "is made" in made.text
    assert only(at).now.prompts == ("What is usual?", "Is this fair?")
    assert only(at).now.audience is Audience.CHANNEL
    assert only(at).now.instructions == CANARY
    nobody = said(await at.says("/agent counsel instructions: mine now", author=BOB))
    assert "Only who made it" in nobody.text
    assert only(at).now.instructions == CANARY


FAULTS = {
    "of a model": ({"name": "grok"}, "is a model's name"),
    "of an alias": ({"name": "G"}, "is a model's name"),
    "of a vendor's id": ({"name": "grok-4.7"}, "is a model's name"),
    "that only looks like a model": ({"name": "grok4.7"}, "is a model's name"),
    "of a command": ({"name": "forget"}, "is a command"),
    "of a verb": ({"name": "undo"}, "is a part of the command"),
    "with a blank": ({"name": "my counsel"}, "must be one word"),
    "with markup": ({"name": "<!channel>"}, "must be one word"),
    "none": ({"name": " "}, "Give it a name"),
    "a model nobody knows": ({"model": "gpt-99"}, "is not a model I know"),
    "no instructions": ({"instructions": " "}, "Write what it is to do"),
    "too long": ({"instructions": "x" * 3_001}, "3,001 characters, and 3,000 fit"),
    "a command as a starter": ({"starters": "forget me"}, "is a command"),
    "a slash as a starter": ({"starters": "/zzz"}, "is a command"),
    "five starters": ({"starters": "a1\nb2\nc3\nd4\ne5"}, "There may be 4"),
    "a server nobody knows": ({"tools": "jira"}, "There is no jira"),
    "for everybody everywhere": ({"audience": "world"}, "me, channel or workspace"),
}


@pytest.mark.parametrize(("values", "words"), FAULTS.values(), ids=FAULTS)
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(values: dict[str, Any], words: str) -> None:
    at = stage()
    reply = await fills(at, **values)
    (field, typed), *_ = values.items()

    assert at.agents.kept == {}
    assert "It is not saved yet" in reply.text
    assert reply.form is not None
    faulty = [one for one in reply.form.fields if one.id == field]
    assert not faulty or (words in faulty[0].fault and faulty[0].value == typed)
    kept = await at.forms.opened(
        FormFilled(id="x", thread=THREAD, author=ANN, at=1.0, form=""), reply.form.opens
    )
    foreign = await at.forms.opened(
        FormFilled(id="x", thread=THREAD, author=BOB, at=1.0, form=""), reply.form.opens
    )
    assert kept is not None
    assert foreign is not None
    assert (VALUES | values)["instructions"] in [one.value for one in kept.fields]
    assert CANARY not in [one.value for one in foreign.fields]
    assert words in str([one.fault for one in kept.fields]) or field == "tools"


async def test_a_name_that_one_sees_already_is_refused_and_one_of_a_stranger_is_free() -> None:
    at = stage()
    await fills(at)
    again = await fills(at, name="Counsel")
    await fills(at, author=BOB, instructions="BOBS")
    assert "An agent that you can see has this name" in again.text
    assert "BOBS" in said(await at.says("/agent counsel", author=BOB)).text
    assert CANARY in said(await at.says("/agent counsel")).text


async def test_a_model_of_the_operators_is_never_shadowed() -> None:
    at = stage()
    await fills(at)
    at.catalog.replace([GROK, CLAUDE, replace(GPT, name="counsel", model="counsel-1")], default="grok")
    await at.says("counsel: hello")
    assert at.one.asked[-1][0].model == "counsel-1"
    assert "has the name of a model now" in str(said(await at.says("/agents")))


async def test_one_whose_model_is_gone_or_not_allowed_says_so() -> None:
    at = stage()
    await fills(at)
    at.catalog.replace([CLAUDE, GPT], default="claude")
    shown = said(await at.says("/agent counsel"))
    picked = said(await at.says("/model counsel"))
    answered = (await at.says("counsel: hello")).closing

    assert "rests on grok, which is not in the catalogue any more" in shown.text.replace("\\", "")
    assert "rests on grok" in picked.text
    assert answered is not None
    assert "rests on grok" in answered.footer
    strict = stage(policy=Policy(allow=("claude", "counsel")))
    strict.agents = at.agents
    refused = await fills(stage(policy=Policy(allow=("claude", "counsel"))))
    assert "This model is not allowed here" in refused.text


async def test_an_allow_list_judges_an_agent_by_its_model() -> None:
    at = stage(policy=Policy(allow=("claude", "counsel")))
    await fills(at, model="claude")
    agent = only(at)
    sneaky = replace(agent, now=replace(agent.now, model="grok"))
    at.agents.kept[agent.id] = sneaky, ()
    answered = (await at.says("counsel: hello")).closing

    assert [model.name for model, _ in at.one.asked] == []
    assert answered is not None
    assert "rests on grok, which is not allowed here" in answered.footer


async def test_an_export_is_an_entry_of_the_operators_file() -> None:
    at = stage()
    nasty = 'Say "x" \\ and ```stop```\n[[agents]]\nname = "two"'
    await fills(at, instructions=nasty, audience="channel")
    export = next(one for one in said(await at.says("/agent counsel")).buttons if one.label == "Export")
    text = said(await at.presses(export.action, export.value)).text
    fence = text[text.index("`") :].split("toml")[0]
    (entry,) = read_config(text.split(f"{fence}toml\n")[1].rsplit(f"\n{fence}")[0]).agents

    assert (entry.name, entry.model, entry.description) == ("counsel", "grok", "Reviews contracts")
    assert entry.instructions == nasty
    assert entry.prompts == ("Review this clause:", "What is usual?")
    assert entry.tools is None


async def test_nobody_changes_an_agent_of_somebody_else_by_its_id() -> None:
    at = stage()
    await fills(at, audience="channel")
    agent = only(at)
    replies = [
        said(await at.presses(Action.RUN, f"/agent {verb} {agent.id}", author=BOB)).text
        for verb in ("change", "undo", "export", "delete", "approve", "decline")
    ]
    replies.append((await fills(at, f"agent change {agent.id}", author=BOB, instructions="MINE")).text)
    assert all("Only who made it or an administrator" in text for text in replies)

    private = replace(agent, now=replace(agent.now, audience=Audience.ME, channel=""))
    at.agents.kept[agent.id] = private, ()
    for author in (BOB, ROOT):
        hidden = [
            said(await at.presses(Action.RUN, f"/agent {verb} {agent.id}", author=author)).text
            for verb in ("change", "undo", "export", "delete", "approve", "decline")
        ]
        hidden.append((await fills(at, f"agent change {agent.id}", author=author)).text)
        assert all("is not an agent I know" in text for text in hidden)
    assert only(at) == private


async def test_an_agent_of_another_workspace_is_nobodys_here() -> None:
    at = stage()
    await fills(at)
    foreign = replace(only(at), workspace="test:W2")
    at.agents.kept[foreign.id] = foreign, ()
    text = (await fills(at, f"agent change {foreign.id}", instructions="MINE")).text
    assert "is not an agent I know" in text
    assert only(at) == foreign


async def test_people_of_other_organisations_make_none_and_see_those_of_the_channel() -> None:
    at = stage()
    await fills(at, author=ROOT, audience="workspace", name="house")
    await fills(at, audience="channel")
    guest = Author(id="X1", name="Eve", external=True)
    assert "Only people of this workspace" in (await fills(at, author=guest, name="evil")).text
    assert "is not an agent I know" in said(await at.says("/agent house", author=guest)).text
    assert CANARY in said(await at.says("/agent counsel", author=guest)).text


async def test_forget_me_erases_private_agents_and_a_name_on_others() -> None:
    at = stage()
    await fills(at)
    await fills(at, audience="channel", name="house")
    await fills(at, author=ROOT, audience="workspace", name="public")
    await at.says("/forget me")

    left = {agent.now.name: agent for agent, _ in at.agents.kept.values()}
    assert set(left) == {"house", "public"}
    assert left["house"].owner == ""
    assert "Ann" not in str(at.agents.kept)
    assert ANN.id not in str(at.agents.kept)
    assert left["public"].owner == ROOT.id
    hers = said(await at.says("/agent delete house"))
    assert "Only who made it or an administrator" in hers.text
    assert "Deleted" in said(await at.says("/agent delete house", author=ROOT)).text


async def test_an_agent_and_one_of_the_operators_stand_side_by_side() -> None:
    configured = Model(name="legal", provider="one", model="x", instructions="OPERATORS", description="Ours")
    at = Stage(models=(GROK, CLAUDE, GPT, configured), policy=BOSSED)
    await fills(at)
    listed = said(await at.says("/agents"))
    shown = said(await at.says("/agent legal"))
    assert listed.table is not None
    assert [row[0] for row in listed.table.rows] == ["counsel", "legal"]
    assert "not changeable" in listed.table.rows[1][2]
    assert "cannot be changed here" in shown.text
    assert "OPERATORS" not in str(shown)


async def test_hostile_words_stay_words() -> None:
    at = stage()
    await fills(
        at,
        audience="channel",
        description="<!channel> [x](https://evil.example) @everyone",
        instructions="``` </code> <at>all</at>\n# Title ```` [x](https://evil.example)",
        starters="Say <!channel> please",
    )
    text = said(await at.says("/agent counsel", author=BOB)).text
    outside = text.replace(
        "`````\n``` </code> <at>all</at>\n# Title ```` [x](https://evil.example)\n`````", ""
    )
    assert outside != text
    assert "<!channel>" not in outside
    assert "[x](" not in outside


async def test_in_a_chat_of_two_one_for_the_channel_is_its_makers() -> None:
    at = stage()
    event = FormFilled(
        id="d",
        thread=THREAD,
        author=ANN,
        at=1.0,
        form="agent new",
        values=VALUES | {"audience": "channel"},
        direct=True,
    )
    await at.plays(event)
    assert only(at).now.audience is Audience.ME


async def test_a_second_attempt_at_a_turn_makes_nothing_twice() -> None:
    at = stage()
    event = FormFilled(id="d", thread=THREAD, author=ANN, at=1.0, form="agent new", values=VALUES)
    await at.plays(event)
    number = len(at.outcomes)
    at.outcomes.pop()  # as if nothing had been committed: the same turn again
    again = said(await at.plays(event, attempt=2))
    assert len(at.outcomes) == number
    assert "counsel" in again.text
    assert len(at.agents.kept) == 1


# --- where agents meet what else there is to choose ---------------------------------------------------------


@pytest.mark.parametrize("auto", [None, AutoEntry()])
@pytest.mark.parametrize("name", ["auto", "AUTO", "\uff47\uff52\uff4f\uff4b"])
async def test_no_agent_is_called_like_auto_or_looks_like_a_model(name: str, auto: AutoEntry | None) -> None:
    at = stage(auto=auto)
    told = await fills(at, name=name)

    assert "call it something else" in told.text
    assert at.agents.kept == {}


async def test_a_set_for_everybody_here_names_nobodys_own_agent() -> None:
    at = stage()
    await fills(at)
    refused = said(await at.says("/compare set mine counsel grok"))
    listed = said(await at.says("/compare sets", author=BOB))

    assert "Only you see counsel" in refused.text
    assert "counsel" not in repr(listed)


async def test_a_set_with_an_agent_that_became_private_is_hidden_from_others_and_kept() -> None:
    at = stage()
    await fills(at, audience="channel")
    await at.says("/compare set mine counsel grok")
    await at.says("/agent counsel audience: me")
    theirs = said(await at.says("/compare sets", author=BOB))
    picker = await at.says("/compare", author=BOB)
    await at.says("/compare set other gpt grok", author=BOB)
    dropped = said(await at.says("/compare drop mine", author=BOB))
    own = said(await at.says("/compare sets"))

    assert "no saved sets" in theirs.text
    assert "counsel" not in repr(picker)
    assert "There is no set" in dropped.text
    assert "`counsel`" in own.text
    assert "`other`" in own.text


async def test_what_waits_for_approval_answers_for_nobody_but_its_maker() -> None:
    at = stage()
    await fills(at, audience="workspace")
    before = said(await at.says("/model counsel --channel"))
    approve = said(await at.says("/agents", author=ROOT)).sections[0].buttons[0]
    await at.presses(approve.action, approve.value, author=ROOT)
    after = said(await at.says("/model counsel --channel"))

    assert "Only you see counsel" in before.text
    assert "counsel** answers for everybody in this channel" in after.text


async def test_what_counts_for_somebodys_agent_is_not_read_with_another_of_its_name() -> None:
    at = stage()
    await fills(at)
    for _ in range(6):
        await at.says("counsel: hi")
    await fills(at, author=BOB)
    board = said(await at.says("/scoreboard", author=BOB))

    assert len(at.agents.kept) == 2
    assert "counsel" not in repr(board)
    assert "6 answers" not in board.text


async def approves(at: Stage) -> None:
    approve = said(await at.says("/agents", author=ROOT)).sections[0].buttons[0]
    await at.presses(approve.action, approve.value, author=ROOT)


async def test_no_undo_gives_back_to_everybody_what_an_administrator_took_from_them() -> None:
    at = stage()
    await fills(at, audience="workspace")
    await approves(at)
    await at.says("/agent counsel description: mine", author=ROOT)
    await at.says("/agent counsel audience: me", author=ROOT)
    undone = said(await at.says("/agent undo counsel"))
    theirs = said(await at.says("/agent counsel", author=BOB))
    waiting = said(await at.says("/agents", author=ROOT)).sections
    await approves(at)

    assert "Administrators decide" in undone.text
    assert "is not an agent I know" in theirs.text
    assert len(waiting) == 1
    assert CANARY in said(await at.says("/agent counsel", author=BOB)).text


async def test_an_administrator_takes_such_a_change_back_at_once() -> None:
    at = stage()
    await fills(at, author=ROOT, audience="workspace")
    await at.says("/agent counsel audience: me", author=ROOT)
    await at.says("/agent undo counsel", author=ROOT)

    assert CANARY in said(await at.says("/agent counsel", author=BOB)).text


async def test_who_sees_it_is_typed_in_any_case() -> None:
    at = stage()
    await fills(at)
    told = said(await at.says("/agent counsel Audience: Channel"))

    assert "Seen by everybody here" in told.text
