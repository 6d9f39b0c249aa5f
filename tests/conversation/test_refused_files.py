"""A file that a model refuses costs one more request, and is then left out for this model; the conversation goes on."""

from dataclasses import replace

import pytest

from bot.domain.errors import (
    ContextTooLong,
    DocumentsRefused,
    Filtered,
    ModelError,
    Overloaded,
    PicturesRefused,
    PicturesUnseen,
    Rejected,
)
from bot.domain.events import File
from bot.domain.prompt import FilePart, ImagePart
from bot.domain.replies import Action
from bot.domain.stream_parts import Text
from tests.conversation.stage import CLAUDE, GPT, GROK, ScriptedProvider, Stage, answer

PNG, PDF = b"\x89PNG\r\n\x1a\nrest", b"%PDF-1.7 rest"
PHOTO = File(id="F1", name="photo.png", media_type="image/png", source={"url": "F1"})
PAPER = File(id="F2", name="paper.pdf", media_type="application/pdf", source={"url": "F2"})


def a_stage() -> Stage:
    seeing = [replace(one, vision=True, documents=True) for one in (GROK, CLAUDE, GPT)]
    return Stage(models=seeing, files={"F1": PNG, "F2": PDF})


def shown(provider: ScriptedProvider) -> list[list[str]]:
    """The files of every request."""
    return [
        [
            part.name
            for message in prompt.messages
            for part in message.parts
            if isinstance(part, ImagePart | FilePart)
        ]
        for _, prompt in provider.asked
    ]


@pytest.mark.parametrize(
    "error",
    [
        Rejected(status=400),
        Rejected(status=422),
        Rejected(),
        ContextTooLong(status=413),
        PicturesRefused(status=400),
        PicturesUnseen(status=404),
    ],
)
async def test_a_refused_picture_is_left_out_told_and_not_sent_to_this_model_again(error: ModelError) -> None:
    stage = a_stage()
    stage.one.scripts = [(error,), answer("Without it."), answer("Still here.")]

    heard = await stage.says("what is this?", files=(PHOTO,))
    later = await stage.says("and now?")

    assert (heard.text, later.text) == ("Without it.", "Still here.")
    assert shown(stage.one) == [["photo.png"], [], []]
    assert stage.two.asked == []
    assert heard.closing
    assert "grok" in heard.closing.notice
    assert "photo.png" in heard.closing.notice
    assert later.closing
    assert later.closing.notice == ""
    assert [why for _, why in stage.reports] == [None, None]
    # What a vendor keeps of a prompt is only of use where the next one begins with the same.
    assert stage.one.asked[2][1].messages[0] == stage.one.asked[1][1].messages[0]


async def test_another_model_gets_the_picture_that_one_refused() -> None:
    stage = a_stage()
    stage.one.scripts = [(PicturesRefused(status=400),), answer("Without it.")]
    await stage.says("what is this?", files=(PHOTO,))
    stage.thread_model = "claude"

    await stage.says("and you?")

    assert shown(stage.two) == [["photo.png"]]


async def test_only_the_kind_that_is_blamed_is_left_out() -> None:
    stage = a_stage()
    stage.one.scripts = [(DocumentsRefused(status=400),), answer("Without it.")]

    heard = await stage.says("what are these?", files=(PHOTO, PAPER))

    assert shown(stage.one) == [["photo.png", "paper.pdf"], ["photo.png"]]
    assert heard.closing
    assert "paper.pdf" in heard.closing.notice
    assert "photo.png" not in heard.closing.notice


async def test_where_it_is_refused_without_them_too_the_files_were_not_the_reason() -> None:
    stage = a_stage()
    stage.one.scripts = [(Rejected(status=400),)] * 2
    stage.two.scripts = [answer("Seen.")]

    heard = await stage.says("what is this?", files=(PHOTO,))
    await stage.says("and now?")

    assert heard.text == "Seen."
    assert heard.closing
    assert heard.closing.footer.startswith("claude · because grok refused the request")
    assert heard.closing.notice == ""
    assert shown(stage.two) == [["photo.png"]]
    assert shown(stage.one) == [["photo.png"], [], ["photo.png"]]
    assert isinstance(stage.reports[0][1], Rejected)


@pytest.mark.parametrize("error", [Filtered(status=400), Rejected(status=405)])
async def test_what_is_not_about_files_is_not_asked_without_them(error: ModelError) -> None:
    stage = a_stage()
    stage.one.scripts = [(error,)]

    await stage.says("what is this?", files=(PHOTO,))

    assert shown(stage.one) == [["photo.png"]]


async def test_a_question_without_files_is_asked_once() -> None:
    stage = a_stage()
    stage.one.scripts = [(Rejected(status=400),)]

    await stage.says("hi")

    assert len(stage.one.asked) == 1


async def test_a_refusal_after_text_asks_nothing_again() -> None:
    stage = a_stage()
    stage.one.scripts = [(Text("Half"), PicturesRefused())]

    heard = await stage.says("what is this?", files=(PHOTO,))

    assert heard.text == "Half"
    assert len(stage.one.asked) == 1


async def test_a_busy_moment_after_the_refusal_does_not_bring_the_picture_back() -> None:
    stage = a_stage()
    stage.one.scripts = [(PicturesRefused(status=400),), (Overloaded(),), answer("Without it.")]

    heard = await stage.says("what is this?", files=(PHOTO,))

    assert heard.text == "Without it."
    assert shown(stage.one) == [["photo.png"], [], []]


async def test_a_model_that_sees_no_pictures_is_not_shown_the_next_one_either() -> None:
    stage = a_stage()
    stage.one.scripts = [(PicturesUnseen(status=404),), answer("Blind."), answer("Blind again.")]
    stage.files["F3"] = PNG
    await stage.says("what is this?", files=(PHOTO,))

    heard = await stage.says(
        "and this?", files=(replace(PHOTO, id="F3", name="b.png", source={"url": "F3"}),)
    )

    assert shown(stage.one) == [["photo.png"], [], []]
    assert heard.closing
    assert heard.closing.notice.startswith("grok would not take b.png: it cannot see pictures")


async def test_a_comparison_tells_and_remembers_it_too() -> None:
    stage = a_stage()
    stage.one.scripts = [(PicturesRefused(status=400),), answer("Without it."), answer("Still here.")]
    await stage.says("compare grok, claude: what is this?", files=(PHOTO,))

    await stage.says("and now?")

    assert shown(stage.one) == [["photo.png"], [], []]
    assert shown(stage.two) == [["photo.png"]]


async def test_another_answer_to_the_same_question_does_not_pay_for_the_refusal_again() -> None:
    stage = a_stage()
    stage.one.scripts = [(PicturesRefused(status=400),), *[answer("Without it.")] * 3]
    await stage.says("what is this?", files=(PHOTO,))

    await stage.presses(Action.AGAIN, stage.history[-1].id)
    await stage.says("and now?")

    assert shown(stage.one) == [["photo.png"], [], [], []]
