"""Everything a person can type and press, in Slack, against the product as it is run."""

import signal
from pathlib import Path

from tests.ops.product import running
from tests.slack.fake import events, reading
from tests.slack.fake.world import Message
from tests.slack.office import Office, office

AGENTS = """
[[agents]]
name = "tutor"
model = "demo"
instructions = "You teach."

[[agents]]
name = "editor"
model = "demo"
instructions = "You edit."
"""


def toml(folder: Path) -> Path:
    (folder / "switchboard.toml").write_text(AGENTS)
    return folder


async def said(at: Office, text: str, thread: str) -> Message:
    """What the bot says next in a thread besides answers."""
    before = {one.ts for one in at.ours()}
    await at.say(text, thread=thread)
    await at.until(lambda: any(one.ts not in before for one in at.ours()))
    return next(one for one in at.ours() if one.ts not in before)


async def test_a_thread_from_mention_to_forget(tmp_path: Path) -> None:
    async with office(toml(tmp_path), agent=False, limits=False) as at:
        root = (await at.say(f"<@{at.team.bot_user}> what is a relay?")).ts
        await at.answered(root)
        await at.say("editor: and a switch?", thread=root)
        answers = await at.answered(root, count=2)
        assert reading.footer(answers[1]).startswith("editor")

        picker = await said(at, f"<@{at.team.bot_user}> /model", root)
        assert {"demo", "tutor", "editor"} <= set(reading.options(picker))
        switched = await said(at, "model tutor", root)
        assert "tutor" in reading.text(switched)
        why = await said(at, "model why", root)
        assert "this thread" in reading.text(why)
        await at.say("who are you now?", thread=root)
        answers = await at.answered(root, count=3)
        assert reading.footer(answers[2]).startswith("tutor")

        memory = await said(at, "memory", root)
        assert "3 questions" in reading.text(memory)
        near = await said(at, "/model tuter", root)
        assert "tutor" in reading.text(near)
        receipt = await said(at, "forget", root)
        assert "Erased 3 questions" in reading.text(receipt)
        usage = await said(at, "usage", root)
        assert "today" in reading.text(usage)
        assert [line for one in at.ours() for line in reading.live(one)] == []


async def test_a_comparison_and_keeping_one_of_it(tmp_path: Path) -> None:
    async with office(toml(tmp_path), agent=False, limits=False) as at:
        root = (await at.say(f"<@{at.team.bot_user}> compare tutor editor: what is ink?")).ts
        await at.until(lambda: any("Keep editor" in reading.buttons(one) for one in at.ours()))
        (comparison,) = at.ours()
        await at.press(comparison, "Keep editor")
        await at.until(lambda: len(at.ours()) == 2)
        await at.say("go on", thread=root)
        await at.until(lambda: any("go on" in reading.text(one) and reading.footer(one) for one in at.ours()))

        assert reading.footer(at.ours()[-1]).startswith("editor")


async def test_buttons_under_an_answer(tmp_path: Path) -> None:
    async with office(toml(tmp_path), agent=False, limits=False) as at:
        root = (await at.say(f"<@{at.team.bot_user}> hello")).ts
        (answer,) = await at.answered(root)
        await at.press(answer, "Regenerate")
        await at.answered(root, count=2)
        await at.press(answer, "Ask another model")
        await at.until(lambda: any("tutor" in reading.options(one) for one in at.ours()))

        assert "Regenerate" in reading.buttons(answer)


async def test_a_slash_command_with_any_words_in_it(tmp_path: Path) -> None:
    async with office(tmp_path, agent=False, limits=False) as at:
        channel = at.slack.channels["C1"]
        fields = events.command(
            at.slack, at.team, channel, "U1", command="/ask", text="demo what is a payload? 🦭"
        )
        await at.deliver("slash_commands", dict(fields))
        await at.until(
            lambda: any("🦭" in reading.text(one) for one in channel.messages.values() if one.seen_by)
        )

        assert at.ours() == [] or all(one.seen_by for one in at.ours())


async def test_an_edit_reaches_memory_and_other_bots_are_not_heard(tmp_path: Path) -> None:
    async with office(tmp_path, agent=False, limits=False) as at:
        asked = await at.say(f"<@{at.team.bot_user}> my cat is called Tom")
        await at.answered(asked.ts)
        edited = events.edited(at.slack, asked, "my cat is called Kit")
        await at.deliver("events_api", events.envelope(at.slack, at.team, edited))
        memory = await said(at, "memory", asked.ts)

        assert "Kit" in reading.text(memory)
        assert "Tom" not in reading.text(memory)


async def test_two_replicas_share_the_work_and_one_takes_over(tmp_path: Path) -> None:
    async with office(tmp_path, agent=False, limits=False) as at:
        url = f"unix://{(tmp_path / 'data' / 'valkey.sock').resolve()}"
        second = tmp_path / "second"
        second.mkdir()
        settings = {
            "REDIS_URL": url,
            "SLACK_API_URL": at.fake.api_url,
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_SIGNING_SECRET": "signing-secret",
        }
        async with running(second, **settings):
            asked = await at.say(f"<@{at.team.bot_user}> hello")
            await at.answered(asked.ts)
            asked = await at.say(f"<@{at.team.bot_user}> show me some code and think")
            await at.until(lambda: len(at.ours()) == 2)
            at.product.signal(signal.SIGKILL)
            await at.product.ended()
            (answer,) = await at.answered(asked.ts)

            assert len(at.ours()) == 2
            assert "Stop" not in reading.buttons(answer)
