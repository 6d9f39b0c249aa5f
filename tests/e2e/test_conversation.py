"""The same conversation in Slack, in Teams and on the page: people see the same, whatever platform they have."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.e2e.conversation import CHOOSING, CONVERSATION, PLACES, THIRD, Shown, Step, held
from tests.providers.fake import Say

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


CHOSEN = {
    "ask": ("", "gpt"),
    "compare three": ("first word", ""),
    "compare blind": ("Names, times, costs and sources are shown once one is kept", ""),
    "keep blind": ("The conversation goes on from there", ""),
    "second opinion": ("", "grok"),
    "branch": ("", ""),
    "go on from it": ("", "gpt"),
    "council": ("", "gpt"),
    "switch the channel": ("grok answers for everybody in this channel from now on", ""),
    "undo": ("gpt answers here again", ""),
    "why": ("gpt answers here: it is the default", ""),
    "scoreboard": ("1 comparison (1 without names, which count double)", ""),
}


async def everywhere(
    folder: Path, script: Sequence[Step]
) -> tuple[dict[str, Mapping[str, Shown]], dict[str, str]]:
    """What is shown in each place, and what the last model but one that was asked saw there."""
    shown, saw = {}, {}
    for name, place in PLACES.items():
        (folder / name).mkdir()
        async with place(folder / name) as at:
            at.vendors.alone["grok"] = (Say(THIRD),)
            shown[name] = await held(at, script)
            saw[name] = next(str(one.body) for one in at.vendors.asked if one.question.endswith("mist?"))
    for step in script:
        for name in ("Teams", "page"):
            other = shown[name][step.title].alike
            assert other == shown["Slack"][step.title].alike, (name, step.title)
    return shown, saw


async def test_a_conversation_in_which_people_choose_is_the_same_everywhere(tmp_path: Path) -> None:
    shown, saw = await everywhere(tmp_path, CHOOSING)

    for name, steps in shown.items():
        for title, (words, footer) in CHOSEN.items():
            assert words.casefold() in " ".join(steps[title].words.split()).casefold(), (
                name,
                title,
                steps[title],
            )
            assert steps[title].footer.startswith(footer), (name, title, steps[title])
        assert {one.footer.split(" ")[0] for one in steps["compare three"].beside} == {
            "gpt",
            "grok",
            "claude",
        }
        assert {one.footer for one in steps["compare blind"].beside} == {"A", "B"}
        assert steps["second opinion"].footer.endswith("2/2 · the conversation goes on from another answer")
        assert "What is ink?" in saw[name]
        assert not any(word in saw[name] for word in ("What is rain?", "What is fog?"))


async def test_it_is_the_same_conversation_everywhere(tmp_path: Path) -> None:
    shown, _ = await everywhere(tmp_path, CONVERSATION)

    for name, steps in shown.items():
        for title, (words, footer) in SEEN.items():
            assert words.casefold() in " ".join(steps[title].words.split()).casefold(), (
                name,
                title,
                steps[title],
            )
            assert steps[title].footer.startswith(footer), (name, title, steps[title])
        for title, reason in REASONS.items():
            assert f" · {reason}" in steps[title].footer, (name, title, steps[title])
        names = [one.split(" ")[0] for one in steps["offer others"].options]
        assert names[:2] == ["auto", "gpt"], name
