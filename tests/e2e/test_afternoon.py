"""A team's afternoon in Slack, over HTTP and by Socket Mode: what the model is sent, and what each person sees."""

from pathlib import Path

import pytest

from tests.e2e.afternoon import Afternoon, afternoon

SILENT = (
    "an alert opens a thread",
    "Bob: @Ada can you check the pier?",
    "Bob: thanks!",
    "CI posts into the thread",
    "Bob deletes his thanks",
    "an administrator deletes the bot's last answer",
    "Eve: what do we do?",
    "an app that is not listed asks",
)
SENT = [
    ("Ada: @bot investigate", "Alertmanager (an app): Alertmanager\n  [FIRING:1] TideTooHigh"),
    ("Ada: @bot investigate", "severity: page"),
    ("Ada, without a mention: what failed?", "Bob: @Ada can you check the pier?"),
    ("Ada, without a mention: what failed?", "CI (an app): build 7 failed"),
    ("Ada, without a mention: what failed?", "Ada: what failed?"),
    ("Bob: @bot who is on call, Eve?", "Bob: who is on call, @Eve?"),
    ("Ada forwards a message", "from Bob in #incidents"),
    ("Ada forwards a message", "The pier is #closed"),
    ("Ada pastes a table", "| pier | 42 |"),
    ("Bob attaches a file", "high tide at noon"),
    ("Ada presses Answer again", "Ada: sum this up in one word"),
    ("Ada presses Answer again", "| pier | 42 |"),
    ("Ada: @bot sum it up", "Eve: what do we do?"),
    ("a workflow that is listed asks", "what is on today?"),
    ("Bob adds a mention by an edit", "what is a pier?"),
    ("Ada asks about a message where the bot is not", "from Bob"),
    ("Ada asks about a message where the bot is not", "The budget is 7 million"),
    ("Ada in a direct message: Summarize this channel", "Bob: what is a pier?"),
    ("What TV channel shows the match?", "What TV channel shows the match?"),
    ("Ada sends a voice clip", "Close pier seven"),
]
NOT_SENT = [
    ("What TV channel shows the match?", "pier"),
    ("Ada: @bot what do you know?", "build 7"),
    ("Ada: @bot what do you know?", "TideTooHigh"),
]
SEEN = [
    ("Ada edits her question about the table", "Ada", "[Answer again]"),
    ("Ada: @bot usage", "Ada", "Your usage"),
    ("Bob: @bot, model grok", "everybody", "grok answers in this thread"),
    ("Bob: @bot mute", "everybody", "silent in this thread"),
    ("Eve reacts with a crossed-out loudspeaker", "Eve", "silent in this thread"),
    ("Ada asks about a message where the bot is not", "Ada", "/invite @Switchboard"),
    ("Ada asks about a message where the bot is not", "Ada", "Hello there"),
    ("... of a channel without the bot", "Ada", "I am not in #board"),
    ("Ada types a slash command nobody knows", "Ada", "/model"),
    ("Ada: /ai-forget in the direct message", "Ada", "Pick one"),
    ("Ada picks a thread", "Ada", "Erased 1 question"),
    ("Ada: @bot forget", "everybody", "Erased 8 questions"),
    ("Ada: /forget me", "Ada", "Erased in this workspace"),
]


@pytest.mark.parametrize("socket", [False, True], ids=["HTTP", "Socket Mode"])
async def test_an_afternoon(tmp_path: Path, socket: bool) -> None:
    async with afternoon(tmp_path, socket=socket) as story:
        assert len(story.steps) >= 30
        for title in SILENT:
            assert (title, story.step(title).asked, story.step(title).seen) == (title, [], [])
        for title, words in SENT:
            assert any(words in text for text in story.step(title).asked), (title, words)
        for title, words in NOT_SENT:
            assert not any(words in text for text in story.step(title).asked), (title, words)
        for title, who, words in SEEN:
            assert any(who == seen and words in text for seen, text in story.step(title).seen), (title, words)
        assert nothing_private_is_public(story)
        assert story.co.nothing_is_live()


def nothing_private_is_public(story: Afternoon) -> bool:
    """What is somebody's own business is seen by nobody else."""
    shown = [(who, text) for step in story.steps for who, text in step.seen]
    return not any(
        who == "everybody" and ("Your usage" in text or "7 million" in text) for who, text in shown
    )
