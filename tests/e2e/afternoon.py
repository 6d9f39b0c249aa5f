"""A team's afternoon: everything that people show and do in Slack, in one story, and what came of it.

    python -m tests.e2e.afternoon          over HTTP
    python -m tests.e2e.afternoon socket   by Socket Mode

prints what happened, what the model was sent, and what each person saw.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.company import Company, company
from tests.slack.fake import events, reading, uploads
from tests.slack.fake.world import Json, Message
from tests.slack.test_content import ALERT, SHARE, TABLE

POLICY = """
[policy]
system = "You work for the harbour office."
apps = ["A7"]
"""
NAMES = {"U1": "Ada", "U2": "Bob", "U3": "Eve", "": "everybody"}
SHOWN = 900  # characters of a text in the printed story
STANDUP: Json = {
    "subtype": "bot_message",
    "bot_id": "B7",
    "bot_profile": {"name": "Standup", "app_id": "A7", "is_workflow_bot": True},
}
CI: Json = {"bot_id": "B8", "bot_profile": {"name": "CI", "app_id": "A8"}}
ALERTS: Json = {"subtype": "bot_message", "bot_id": "B9", "username": "Alertmanager"}


@dataclass
class Step:
    """One thing that happens. `asked`: what the model was sent for it. `seen`: who saw what."""

    title: str
    asked: list[str] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"\n## {self.title}"]
        lines += [f"-> the model is sent: {_short(text)}" for text in self.asked]
        lines += [f"<- {who} sees: {_short(text)}" for who, text in self.seen]
        return "\n".join(lines)


@dataclass
class Afternoon:
    """The story as far as it has been told."""

    co: Company
    steps: list[Step] = field(default_factory=list)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def step(self, title: str) -> Step:
        """The step with this title."""
        return next(step for step in self.steps if step.title == title)

    async def happens(
        self, title: str, what: Coroutine[Any, Any, object], *, until: Callable[[], bool] | None = None
    ) -> None:
        """Lets something happen, waits for what must come of it, and notes what came."""
        asked = len(self.co.vendors.asked)
        await what
        if until:
            await self.co.at.until(until)
        step = Step(title, [sent(each.body) for each in self.co.vendors.asked[asked:]])
        for channel in self.co.at.slack.channels.values():
            for message in channel.messages.values():
                text = "\n".join(
                    part
                    for part in (reading.text(message), *(f"[{label}]" for label in reading.buttons(message)))
                    if part
                )
                if message.bot_id.startswith("BBOT") and self.seen.get((channel.id, message.ts)) != text:
                    self.seen[channel.id, message.ts] = text
                    who = channel.user if channel.kind == "im" else message.seen_by
                    step.seen.append((NAMES.get(who, who), text))
        self.steps.append(step)

    async def answered(self, title: str, what: Coroutine[Any, Any, object]) -> None:
        """The same where an answer comes of it."""
        before = self.answers()
        await self.happens(title, what, until=lambda: self.answers() > before)

    async def told(self, title: str, what: Coroutine[Any, Any, object], words: str) -> None:
        """The same where somebody is told something."""
        await self.happens(title, what, until=lambda: self.shows(words))

    def answers(self) -> int:
        """How many answers have been finished since the beginning, those that replaced others too."""
        channels = self.co.at.slack.channels.values()
        done = [
            one
            for each in channels
            for one in each.messages.values()
            if reading.footer(one) and "Stop" not in reading.buttons(one)
        ]
        return sum(1 for one in done if one.bot_id.startswith("BBOT"))

    def shows(self, words: str) -> bool:
        channels = self.co.at.slack.channels.values()
        return any(
            words in reading.text(one) and self.seen.get((each.id, one.ts), "").find(words) < 0
            for each in channels
            for one in each.messages.values()
            if one.bot_id
        )

    async def posts(
        self,
        text: str,
        *,
        channel: str = "C1",
        thread: str = "",
        user: str = "U1",
        context: Json | None = None,
        **more: Any,
    ) -> Message:
        """Somebody, or an app, posts; Slack delivers it as it does."""
        slack = self.co.at.slack
        said = events.said(slack, slack.channels[channel], user, text, thread=thread, **more)
        event = events.message(slack, said) | ({"app_context": context} if context is not None else {})
        await self.co.happens(event)
        if self.co.bot in text and not channel.startswith("D"):
            await self.co.happens(events.mention(slack, said))
        return said


@asynccontextmanager
async def afternoon(folder: Path, *, socket: bool) -> AsyncGenerator[Afternoon, None]:
    """The whole story, told."""
    async with company(folder, POLICY, socket=socket) as co:
        slack = co.at.slack
        slack.channels["C1"].name = "incidents"
        slack.add_channel("C2", "T1", kind="group", name="board", bot_in=False)
        slack.people["U1"] |= {"tz": "Europe/Lisbon"}
        slack.add_person("U3", "T1", "Eve")
        story = Afternoon(co)
        thread = await morning(story)
        await middle(story, thread)
        await evening(story, thread)
        yield story


async def morning(story: Afternoon) -> str:
    """An alert, three people, and what they show."""
    co, bot = story.co, story.co.bot
    alert = events.said(co.at.slack, co.at.slack.channels["C1"], "", "", attachments=[ALERT], **ALERTS)
    await story.happens("an alert opens a thread", co.happens(events.message(co.at.slack, alert)))
    thread = alert.ts
    await story.answered("Ada: @bot investigate", story.posts(f"{bot} investigate", thread=thread))
    await story.happens(
        "Bob: @Ada can you check the pier?",
        story.posts("<@U1> can you check the pier?", thread=thread, user="U2"),
    )
    await story.happens("Bob: thanks!", story.posts("thanks!", thread=thread, user="U2"))
    await story.happens(
        "CI posts into the thread", story.posts("build 7 failed", thread=thread, user="U9", **CI)
    )
    await story.answered("Ada, without a mention: what failed?", story.posts("what failed?", thread=thread))
    await story.answered(
        "Bob: @bot who is on call, Eve?",
        story.posts(f"{bot} who is on call, <@U3>?", thread=thread, user="U2"),
    )
    await story.answered(
        "Ada forwards a message",
        story.posts(f"{bot} what does this mean?", thread=thread, attachments=[SHARE]),
    )
    pasted = [{"id": 1, "fallback": "[no preview available]", "blocks": [TABLE]}]
    table = events.said(
        co.at.slack, co.at.slack.channels["C1"], "U1", f"{bot} sum this up", thread=thread, attachments=pasted
    )
    await story.answered("Ada pastes a table", co.happens(events.message(co.at.slack, table)))
    tides = b"high tide at noon"
    co.at.slack.files["F9"] = {
        "id": "F9",
        "name": "tides.txt",
        "size": len(tides),
        "team": "T1",
        "data": tides,
        "mimetype": "text/plain",
    }
    await story.answered(
        "Bob attaches a file",
        story.posts(
            f"{bot} when?", thread=thread, user="U2", files=[uploads.public(co.at.slack.files["F9"])]
        ),
    )
    before = set(co.at.slack.channels["C1"].messages)
    await story.told(
        "Ada edits her question about the table",
        co.happens(events.edited(co.at.slack, table, f"{bot} sum this up in one word")),
        "You changed your question",
    )
    offer = next(
        one for ts, one in co.at.slack.channels["C1"].messages.items() if ts not in before and one.seen_by
    )
    await story.answered("Ada presses Answer again", co.at.press(offer, "Answer again"))
    return thread


async def middle(story: Afternoon, thread: str) -> None:
    """Deletions, private words, switching, silence, workflows."""
    co, bot, slack = story.co, story.co.bot, story.co.at.slack
    thanks = next(one for one in slack.channels["C1"].messages.values() if one.text == "thanks!")
    await story.happens("Bob deletes his thanks", co.happens(events.deleted(slack, thanks)))
    latest = [one for one in co.at.ours() if reading.footer(one) and not one.seen_by][-1]
    await story.happens(
        "an administrator deletes the bot's last answer", co.happens(events.deleted(slack, latest))
    )
    await story.told("Ada: @bot usage", story.posts(f"{bot} usage", thread=thread), "Your usage")
    await story.told(
        "Bob: @bot, model grok", story.posts(f"{bot}, model grok", thread=thread, user="U2"), "from now on"
    )
    await story.answered("Ada: and now?", story.posts("and now?", thread=thread))
    await story.told("Bob: @bot mute", story.posts(f"{bot} mute", thread=thread, user="U2"), "silent")
    await story.happens("Eve: what do we do?", story.posts("what do we do?", thread=thread, user="U3"))
    await story.answered("Ada: @bot sum it up", story.posts(f"{bot} sum it up", thread=thread))
    await story.answered(
        "a workflow that is listed asks", story.posts(f"{bot} what is on today?", user="", **STANDUP)
    )
    await story.happens("an app that is not listed asks", story.posts(f"{bot} and me?", user="U9", **CI))
    shown = [one for one in co.at.ours() if reading.footer(one) and one.thread_ts == thread][-1]
    await story.told(
        "Eve reacts with a crossed-out loudspeaker",
        co.happens(events.reaction(slack, "U3", shown, "mute")),
        "silent",
    )
    said = await story.posts("what is a pier?", user="U2")
    await story.answered(
        "Bob adds a mention by an edit", co.happens(events.edited(slack, said, f"{bot} what is a pier?"))
    )


async def evening(story: Afternoon, thread: str) -> None:
    """Elsewhere: a channel without the bot, direct messages, and erasing."""
    co, bot, slack = story.co, story.co.bot, story.co.at.slack
    secret = events.said(slack, slack.channels["C2"], "U2", "The budget is 7 million")
    await story.answered(
        "Ada asks about a message where the bot is not", shortcut(co, secret, "Is that much?")
    )
    view = {"entities": [{"type": "slack#/types/channel_id", "value": "C1", "team_id": "T1"}]}
    await story.answered(
        "Ada in a direct message: Summarize this channel",
        story.posts("Summarize this channel", channel="D1", context=view),
    )
    closed = {"entities": [{"type": "slack#/types/channel_id", "value": "C2", "team_id": "T1"}]}
    await story.told(
        "... of a channel without the bot",
        story.posts("Summarize this channel", channel="D1", context=closed),
        "/invite",
    )
    await story.answered(
        "What TV channel shows the match?",
        story.posts("What TV channel shows the match?", channel="D1", context=view),
    )
    clip: Json = {
        "id": "F8",
        "name": "voice.m4a",
        "subtype": "slack_audio",
        "transcription": {"status": "complete", "preview": {"content": "Close pier seven"}},
    }
    await story.answered("Ada sends a voice clip", story.posts("", channel="D1", files=[clip]))
    await story.told(
        "Ada types a slash command nobody knows", co.at.command("/kitty", "purr", channel="D1"), "/model"
    )
    before = set(slack.channels["D1"].messages)
    await story.told(
        "Ada: /ai-forget in the direct message", co.at.command("/ai-forget", channel="D1"), "Pick one"
    )
    offered = next(one for ts, one in slack.channels["D1"].messages.items() if ts not in before)
    await story.told(
        "Ada picks a thread", co.at.choose(offered, reading.options(offered)[0]), "Erased 1 question"
    )
    await story.told(
        "Ada: @bot forget", story.posts(f"{bot} forget", thread=thread), "do not follow this thread"
    )
    await story.answered(
        "Ada: @bot what do you know?", story.posts(f"{bot} what do you know?", thread=thread)
    )
    await story.told(
        "Ada: /forget me",
        co.at.command("/switchboard", "forget me", channel="D1"),
        "Erased in this workspace",
    )


async def shortcut(co: Company, on: Message, question: str) -> None:
    """Ask Switchboard, in the menu of a message."""
    at = co.at
    await at.deliver("interactive", events.shortcut(at.slack, at.team, "U1", on, "ask_about_message"))
    view = list(at.slack.views.values())[-1]
    values = {"text": ("text", {"type": "plain_text_input", "value": question})}
    await at.deliver("interactive", events.submitted(at.slack, at.team, "U1", view, values))


def sent(body: Json) -> str:
    """All text of the last message that a vendor was sent, whatever its dialect."""
    last = next(body[key] for key in ("messages", "input", "contents") if key in body)[-1]
    content = last.get("content") or last.get("parts")
    return (
        content
        if isinstance(content, str)
        else "\n\n".join(part.get("text") or f"({part['type']})" for part in content)
    )


def _short(text: str) -> str:
    text = text if len(text) <= SHOWN else f"{text[:SHOWN]} ..."
    return text.replace("\n", "\n     ")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with afternoon(Path(folder), socket="socket" in sys.argv[1:]) as story:
            for step in story.steps:
                print(step)  # noqa: T201 - a story is told


if __name__ == "__main__":
    asyncio.run(main())
