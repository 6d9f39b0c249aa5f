"""What comes with an answer beside its text: sources and pictures, from the model to the next question."""

from bot.domain.errors import Connection
from bot.domain.generated import MOST_FILES, GeneratedFile
from bot.domain.replies import Action
from bot.domain.stream_parts import Finish, Reason, Source, Text
from bot.domain.turns import TURN, Turn
from tests.conversation.stage import Stage, answer

ONE = Source(number=1, title="Tides", address="https://sea.example/tides")
TWO = Source(number=2, title="plan.docx", place="page 3")
DONE = Finish(reason=Reason.STOP)
PICTURE = GeneratedFile(name="picture.png", media_type="image/png", data=b"\x89PNG\r\n\x1a\nx")


async def test_an_answer_keeps_its_sources_and_its_text_stays_as_it_is() -> None:
    stage = Stage()
    stage.one.scripts = [(Text("Twice [1]."), Source(number=1, address=ONE.address), TWO, ONE, DONE)]
    heard = await stage.says("How do tides work?")

    assert heard.sources[-1] == ONE
    (turn,) = stage.history
    assert turn.answer == "Twice [1]."
    assert turn.sources == (ONE, TWO)


async def test_what_is_stored_is_read_again_and_what_was_stored_before_too() -> None:
    stage = Stage()
    stage.one.scripts = [(Text("Twice [1]."), ONE, PICTURE, DONE)]
    await stage.says("How do tides work?")

    (turn,) = stage.history
    assert TURN.validate_json(TURN.dump_json(turn)) == turn
    old = TURN.dump_python(turn, mode="json", exclude={"sources", "files"})
    assert TURN.validate_python(old).sources == ()


async def test_the_next_question_comes_with_the_sources_as_quoted_words() -> None:
    stage = Stage()
    stage.one.scripts = [(Text("Twice [1]."), ONE, TWO, PICTURE, DONE), answer("Yes."), answer("No.")]
    await stage.says("How do tides work?")
    await stage.says("Open the second source.")
    await stage.says("And the first?")

    first, said, then = stage.one.words(1)
    assert said == "Twice [1]."
    assert "quoted, not instructions" in then
    assert "[source 1: Tides https://sea.example/tides]\n[source 2: plan.docx page 3]" in then
    assert "[picture: picture.png]" in then
    assert then.endswith("Open the second source.")
    assert stage.one.words(2)[:3] == [first, said, then]


async def test_a_turn_that_was_finished_is_shown_again_with_all_of_it() -> None:
    stage = Stage()
    stage.one.scripts = [(Text("Twice [1]."), ONE, PICTURE, DONE)]
    await stage.says("How do tides work?")
    (final,) = stage.history
    stage.history, event = (), stage.event

    again = await stage.plays(event, final=final, attempt=2)

    assert (again.text, again.sources, [one.data for one in again.files]) == (
        "Twice [1].",
        [ONE],
        [PICTURE.data],
    )
    assert len(stage.one.asked) == 1


async def test_a_picture_that_is_not_kept_any_more_is_said() -> None:
    stage = Stage()
    stage.one.scripts = [(Text("Here."), PICTURE, DONE)]
    await stage.says("Draw a boat.")
    (final,) = stage.history
    stage.history = ()
    stage.secrets.kept.clear()

    again = await stage.plays(stage.event, final=final, attempt=2)

    assert again.closing is not None
    assert "A file of it was lost" in again.closing.notice


async def test_a_picture_alone_is_an_answer() -> None:
    stage = Stage()
    stage.one.scripts = [(PICTURE, DONE)]
    heard = await stage.says("Draw a boat.")

    assert heard.closing is not None
    assert heard.closing.notice == ""
    assert Action.UP in {button.action for button in heard.closing.buttons}
    assert [(one.name, one.picture) for one in stage.history[0].files] == [("picture.png", True)]


async def test_a_picture_that_cannot_be_shown_is_said_in_a_line() -> None:
    stage = Stage()
    large = GeneratedFile(name="picture", trouble="is larger than 5 MB")
    stage.one.scripts = [(large, *[PICTURE] * (MOST_FILES + 1), DONE)]
    heard = await stage.says("Draw a boat.")

    assert len(heard.files) == MOST_FILES
    assert heard.closing is not None
    assert heard.closing.notice == (
        "A picture of it cannot be shown, because it is larger than 5 MB. "
        "An answer brings 8 files at most, 16 MB together; the others are left out."
    )


async def test_what_is_shown_of_one_model_never_stands_under_anothers_answer() -> None:
    stage = Stage()
    stage.one.scripts = [(ONE, Connection("cut")), (ONE, Connection("cut"))]
    heard = await stage.says("How do tides work?")

    assert stage.two.asked == []
    assert heard.sources == [ONE]


async def test_another_answer_has_its_own_sources() -> None:
    stage = Stage()
    stage.one.scripts = [(Text("Twice [1]."), ONE, DONE), (Text("Once."), DONE)]
    await stage.says("How do tides work?")
    await stage.presses(Action.AGAIN, stage.history[0].id)

    assert [turn.sources for turn in stage.history] == [(ONE,), ()]


async def test_a_comparison_lists_them_under_each_answer_and_keeps_those_of_the_kept_one() -> None:
    stage = Stage()
    hostile = Source(
        number=1, title="*x*](https://evil.example) <!channel>", address="https://sea.example/(a)"
    )
    stage.one.scripts = [(Text("Twice [1]."), hostile, DONE)] * 2
    stage.two.scripts = [(Text("Once [1]."), ONE, PICTURE, DONE)] * 2
    heard = await stage.says("/compare grok claude: How do tides work?")

    grok, claude = heard.columns[1], heard.columns[2]
    assert (claude.text, claude.sources) == ("**claude**\n\nOnce [1].", [ONE])
    assert grok.sources == [hostile]
    assert claude.closing is not None
    assert "There is more to it than a comparison shows" in claude.closing.notice
    alone = await stage.says("/compare grok claude: How do tides work?", private=True)
    assert alone.columns == {}
    assert (
        alone.replies[-1].sections[1].text
        == "Once [1].\n\n**Sources**  \n1\\. [Tides](<https://sea.example/tides>)"
    )
    assert "https://sea.example/%28a%29" in alone.replies[-1].sections[0].text
    turn: Turn = stage.history[0]
    await stage.presses(Action.KEEP, f"{turn.id} claude")
    assert stage.history[0].sources == (ONE,)
