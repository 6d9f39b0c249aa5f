"""The same conversation in Slack, in Teams and on the page: people see the same, whatever platform they have."""

from pathlib import Path

from tests.e2e.conversation import CONVERSATION, PLACES, held

SEEN = {
    "ask": ("", "gpt"),
    "switch the channel": ("grok answers for everybody in this channel from now on", ""),
    "ask whom the channel has": ("", "grok"),
    "take it back": ("The choice for everybody in this channel is gone. gpt answers now", ""),
    "ask as before": ("", "gpt"),
    "why": ("gpt answers here: it is the default", ""),
    "leave it to auto": ("auto chooses who answers in this thread from now on", ""),
    "ask about code": ("", "claude"),
    "go on": ("", "claude"),
    "why auto": ("Here it chose claude last: it answered here before.", ""),
    "ask auto once": ("", "claude"),
    "make it anew": ("", "claude"),
    "compare with auto": ("Auto is no model to compare", ""),
}
REASONS = {"ask about code": "auto: code", "go on": "auto: as before", "make it anew": "auto: as before"}


async def test_it_is_the_same_conversation_everywhere(tmp_path: Path) -> None:
    shown = {}
    for name, place in PLACES.items():
        folder = tmp_path / name
        folder.mkdir()
        async with place(folder) as at:
            shown[name] = await held(at)

    for name, steps in shown.items():
        for title, (words, footer) in SEEN.items():
            assert words in " ".join(steps[title].words.split()), (name, title, steps[title])
            assert steps[title].footer.startswith(footer), (name, title, steps[title])
        for title, reason in REASONS.items():
            assert steps[title].footer.endswith(f" · {reason}"), (name, title, steps[title])
        assert [one.split(" ")[0] for one in steps["offer others"].options][:3] == ["auto", "gpt", "grok"], (
            name
        )
    for step in CONVERSATION:
        for name in ("Teams", "page"):
            other = shown[name][step.title].alike
            assert other == shown["Slack"][step.title].alike, (name, step.title)
