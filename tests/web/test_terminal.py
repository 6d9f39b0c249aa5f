"""Talking in a terminal, with a scripted worker behind it."""

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.web.terminal.printing import Printer
from adapters.web.terminal.session import Terminal, zone_at
from bot.answers.closing import closing
from bot.domain.approvals import ToolRequest
from bot.domain.events import Author, ButtonPressed, Event, MessageReceived, StopRequested
from bot.domain.forms import Form, FormField
from bot.domain.generated import GeneratedFile
from bot.domain.replies import Action, Button, Choice, Option, Reply, Section, Table
from bot.domain.stream_parts import Closing, Reason, Source, Status, Text
from bot.domain.timeline import Growth, Post
from bot.domain.turns import ChatMessage, Turn
from tests.web.scripted import DONE, Line, Script, answer
from tests.web.served import desk

MENU = Reply(
    title="Models",
    text="**demo** answers here: it is the default\\.",
    table=Table(header=("name", "price"), rows=(("demo", "free"),)),
    sections=(Section(title="One", text="first", note="1 s"),),
    choices=(
        Choice(
            action=Action.PICK,
            label="Pick one",
            options=(Option(value="thread demo", label="demo"), Option(value="thread grok", label="grok")),
            selected="thread demo",
        ),
    ),
    buttons=(Button(action=Action.RUN, label="Help", value="/help"),),
)

REQUEST = ToolRequest(id="r1", server="github", tool="create_issue", args="{}")


async def session(
    script: Script, typed: Sequence[str], *, interrupt_at: str = "", styled: bool = False
) -> tuple[str, list[Event]]:
    """Types these lines, then Ctrl-D; presses Ctrl-C as soon as a text stands on the screen."""
    screen, interrupted, lines = io.StringIO(), asyncio.Event(), iter(typed)

    class Screen(io.StringIO):
        def write(self, text: str) -> int:
            if interrupt_at and interrupt_at in text:
                interrupted.set()
            return screen.write(text)

    async def ask(prompt: str) -> str | None:
        return next(lines, None)

    async with desk(script) as served, asyncio.timeout(10):
        terminal = Terminal(
            inbox=served.inbox,
            timeline=served.timeline,
            ask=ask,
            printer=Printer(Screen(), styled=styled),
            interrupted=interrupted,
        )
        await terminal.talk()
        return screen.getvalue(), served.inbox.events


async def test_answers_are_printed_in_order() -> None:
    def script(event: Event) -> Line:
        return answer(f"About {event.text}." if isinstance(event, MessageReceived) else "")

    screen, events = await session(script, ["the sea", "", "the sky"])

    assert screen.index("About the sea.\n") < screen.index("About the sky.\n")
    assert len(events) == 2


async def test_ctrl_c_stops_the_answer_and_the_talk_goes_on() -> None:
    waiting: list[Line] = [[Text("Some words"), asyncio.Event(), Text("never"), DONE], answer("Still here.")]

    screen, events = await session(lambda event: waiting.pop(0), ["go", "and?"], interrupt_at="Some words")

    assert "Stopped." in screen
    assert "never" not in screen
    assert "Still here." in screen
    assert any(isinstance(event, StopRequested) for event in events)


async def test_a_number_picks_what_was_offered() -> None:
    waiting: list[Line] = [MENU, Reply(text="grok it is.", replaces="pressed"), answer("2 is a number.")]

    screen, events = await session(lambda event: waiting.pop(0), ["/model", "2", "2"])

    assert "Models\ndemo answers here: it is the default.\n" in screen
    assert "  1  * demo\n  2    grok\n  3  Help\n" in screen
    assert "demo  free" in screen
    assert "grok it is." in screen
    picked, plain = events[1:]
    assert isinstance(picked, ButtonPressed)
    assert (picked.action, picked.value) == (Action.PICK, "thread grok")
    assert isinstance(plain, MessageReceived)


async def test_a_reply_that_can_still_be_stopped_is_not_the_end() -> None:
    """As a comparison does: what it says meanwhile is only passing."""
    stop = Button(action=Action.STOP, label="Stop", value="turn-1")
    screen = io.StringIO()
    printer = Printer(screen, styled=False)
    asking = Post(id="turn-1", at=1.0, reply=Reply(text="Asking `grok` ...", buttons=(stop,)))
    printer.post(asking)
    printer.post(Post(id="turn-1", at=1.0, reply=Reply(text="Both answered.")))

    assert asking.running
    assert screen.getvalue() == "Both answered.\n\n"


async def test_what_it_is_about_is_said_only_on_a_screen() -> None:
    line: Line = [Status("grok is thinking"), Text("Yes."), Closing(reason=Reason.STOP, footer="grok")]

    piped, _ = await session(lambda event: line, ["so?"])
    screen, _ = await session(lambda event: line, ["so?"], styled=True)

    assert "thinking" not in piped
    assert "\x1b" not in piped
    assert piped.endswith("Yes.\n")
    assert "grok\n" in screen


async def test_no_model_can_drive_the_terminal() -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\x08 fine \u202egnp"

    screen, _ = await session(lambda event: answer(hostile), ["so?"])

    assert "fine" in screen
    assert not {"\x1b", "\x07", "\x9b", "\r", "\x08", "\u202e"} & set(screen)


async def test_with_nowhere_to_put_it_the_person_is_told() -> None:
    screen = io.StringIO()
    async with desk() as served:
        served.inbox.down = True
        terminal = Terminal(
            inbox=served.inbox,
            timeline=served.timeline,
            ask=lambda prompt: asyncio.sleep(0, None),
            printer=Printer(screen, styled=False),
            interrupted=asyncio.Event(),
        )

        assert await terminal.say("hello") == 1
    assert "cannot reach its storage" in screen.getvalue()


@pytest.mark.parametrize("second", ["Begun anew.", "Begun and more."])
def test_an_answer_that_began_anew_is_printed_whole(second: str) -> None:
    screen = io.StringIO()
    printer = Printer(screen, styled=False)
    growing = Post(id="turn-1", at=1.0, growing=True)
    printer.post(growing)
    printer.grow(Growth(id="turn-1", text="Begun and"))
    printer.post(growing)
    printer.grow(Growth(id="turn-1", text=second[:5]))
    printer.post(Post(id="turn-1", at=1.0, text=second))

    assert screen.getvalue().split("\n\n")[-1] == f"{second}\n"


async def test_sources_are_listed_and_a_picture_is_said() -> None:
    line: Line = [
        Text("Twice a day [1]."),
        Source(number=1, title="Tides\x1b[31m", address="https://sea.example/tides"),
        Source(number=2, title="plan.docx", place="page 3"),
        GeneratedFile(name="p.png", media_type="image/png", data=b"\x89PNG\r\n\x1a\n"),
        DONE,
    ]
    screen, _ = await session(lambda event: line, ["go"])

    assert "Twice a day [1].\n\n[1] Tides[31m  https://sea.example/tides\n[2] plan.docx, page 3\n" in screen
    assert "A picture came with this answer" in screen


async def test_what_an_answer_waits_for_is_decided_by_a_number() -> None:
    turn = Turn(id="t1", asked=ChatMessage(author=Author(id="local"), text="x"), requests=(REQUEST,))
    lines: list[Line] = [[Text("Run it?"), closing(turn)], answer("Done.")]
    screen, events = await session(lambda event: lines.pop(0), ["go", "2"])

    assert "  1  Run it\n  2  Don't\n" in screen
    pressed = events[-1]
    assert isinstance(pressed, ButtonPressed)
    assert (pressed.action, pressed.value) == (Action.DECLINE, "t1")


@pytest.mark.parametrize(
    ("target", "zone"),
    [("zoneinfo/Europe/Berlin", "Europe/Berlin"), ("zoneinfo/Nowhere/City", ""), ("elsewhere", "")],
)
def test_the_zone_of_the_machine_is_the_person_s(tmp_path: Path, target: str, zone: str) -> None:
    (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / target).touch()
    (tmp_path / "localtime").symlink_to(tmp_path / target)

    assert zone_at(tmp_path / "localtime") == zone
    assert zone_at(tmp_path / "none") == ""


async def test_a_file_is_saved_when_it_is_asked_for_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.csv").symlink_to(tmp_path / "elsewhere.csv")
    line: Line = [
        Text("Here."),
        GeneratedFile(name="../report.csv", media_type="text/csv", data=b"a,b\r\n"),
        GeneratedFile(name="p.png", media_type="image/png", data=b"\x89PNG\r\n\x1a\n"),
        DONE,
    ]
    screen, events = await session(lambda event: line, ["go", "2", "2", "1", "9"], styled=True)

    assert "A picture, report.csv (5 bytes) came with this answer. The page has them" in screen
    assert "Save picture-1 here" in screen
    assert "Save report.csv here" in screen
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.is_symlink()}
    assert written == {
        "report (2).csv": b"a,b\r\n",
        "report (3).csv": b"a,b\r\n",
        "picture-1.png": b"\x89PNG\r\n\x1a\n",
    }
    assert f"Saved as {tmp_path}/report (2).csv (5 bytes)." in screen
    assert [event.text for event in events if isinstance(event, MessageReceived)] == ["go", "9"]


async def test_in_a_pipe_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line: Line = [Text("Here."), GeneratedFile(name="r.csv", media_type="text/csv", data=b"a"), DONE]
    screen, _ = await session(lambda event: line, ["go"])

    assert "r.csv (1 byte) came with this answer. The page has it, in this conversation." in screen
    assert "Save" not in screen
    assert list(tmp_path.iterdir()) == []


def test_a_form_is_said_with_the_way_to_type_it() -> None:
    out = io.StringIO()
    field = FormField(id="name", label="Name", value="coun\x1b[31msel", hint="One word")
    form = Form(id="f", title="New", submit="Make", opens="/x", fields=(field,), typed="Typed: `/agent new`.")
    Printer(out, styled=False).post(Post(id="p", at=1.0, reply=Reply(text="New agent", form=form)))

    assert "Name: coun[31msel" in out.getvalue()
    assert "Typed: /agent new." in out.getvalue()
