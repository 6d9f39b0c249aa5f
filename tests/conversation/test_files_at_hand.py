"""Each model gets of a file what it can read, and the person learns what none could."""

from dataclasses import replace

import pytest

from bot.answers.attachments import Attachments
from bot.answers.files_at_hand import OTHERS, TOO_MANY, FilesAtHand, Sayings
from bot.domain.attached import FilesRead
from bot.domain.catalog import Model
from bot.domain.errors import PlatformError
from bot.domain.events import Author, File
from bot.domain.file_text import FileText
from bot.domain.prompt import FilePart, ImagePart, PromptMessage, TextPart
from bot.domain.prompt_building import build, expected_size
from bot.domain.turns import OVERHEARD, ChatMessage, Turn
from tests.conversation.stage import Stage
from tests.conversation.test_attachments import HERE, SEEING, Shelf, message
from tests.files.made import docx, paragraph, pdf

READING = Model(name="claude", provider="anthropic", model="claude-5", documents=True, vision=True)
BLIND = Model(name="deepseek", provider="deepseek", model="v4")
PNG = b"\x89PNG\r\n\x1a\n..."
BOB = Author(id="U2", name="Bob")


def file(id: str, name: str, *, media_type: str = "", text: str = "", trouble: str = "") -> File:
    return File(id=id, name=name, source={"url": id}, media_type=media_type, text=text, trouble=trouble)


async def at_hand(shelf: Shelf, said: Sayings, *models: Model) -> FilesAtHand:
    """What was held, with its bytes and texts as they were meanwhile."""
    async with Attachments(adapters={"test": shelf}).held(HERE, said, models) as files:
        read = FilesRead(bytes_of=dict(files.read.bytes_of), texts=dict(files.read.texts))
    return replace(files, read=read)


async def test_a_model_that_reads_a_kind_itself_gets_the_bytes_and_another_the_text() -> None:
    shelf = Shelf(holds={"1": pdf("Hello"), "2": docx(paragraph("words"))})
    said = Sayings(asked=message(file("1", "a.pdf"), file("2", "b.docx")))
    files = await at_hand(shelf, said, READING, BLIND)

    seen = build([], said.asked, READING, system="", files=files.read).messages[0]
    told = build([], said.asked, BLIND, system="", files=files.read).messages[0]

    assert isinstance(seen.parts[0], FilePart)
    assert "## Page 1\nHello" in text_of(told)
    assert "words" in text_of(seen)
    assert "words" in text_of(told)
    assert set(files.read.bytes_of) == {"1"}


async def test_what_no_model_needs_is_not_kept_and_pictures_nobody_sees_are_not_fetched() -> None:
    shelf = Shelf(holds={"1": PNG, "2": pdf("Hello")})
    said = Sayings(asked=message(file("1", "a.png", media_type="image/png"), file("2", "b.pdf")))
    files = await at_hand(shelf, said, BLIND)

    assert files.read.bytes_of == {}
    assert set(files.read.texts) == {"2"}
    assert shelf.fetched == ["2"]
    assert files.notice(BLIND) == "Pictures cannot be seen by deepseek; /model picks another."
    assert files.notice(SEEING) == ""


async def test_a_text_is_made_once_for_a_conversation_and_for_other_models_as_well() -> None:
    shelf = Shelf(holds={"1": docx(paragraph("words"))})
    attachments = Attachments(adapters={"test": shelf})
    for models in ([BLIND], [READING, BLIND], [SEEING]):
        async with attachments.held(HERE, Sayings(asked=message(file("1", "b.docx"))), models) as files:
            assert files.read.texts["1"].text == "words"

    assert shelf.fetched == ["1"]


async def test_a_text_that_the_platform_told_and_a_trouble_it_knows_need_no_fetch() -> None:
    shelf = Shelf()
    mail = file("1", "mail", text="Dear all")
    gone = file("2", "plan.docx", trouble="it was deleted")
    files = await at_hand(shelf, Sayings(asked=message(mail, gone)), BLIND)

    shown = text_of(build([], message(mail, gone), BLIND, system="", files=files.read).messages[0])
    assert shelf.fetched == []
    assert "Dear all" in shown
    assert "[file: plan.docx, not read: it was deleted]" in shown
    assert files.notice(BLIND) == "Not read: plan.docx (it was deleted)."


class Failing(Shelf):
    async def fetch(self, file: File) -> bytes:
        raise PlatformError("no", code=file.source["code"])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("missing_scope", "an administrator has to add files:read"),
        ("too_large", "too large"),
        ("404", "not there any more"),
        ("foreign_host", "a server that files are not fetched from"),
        ("lost", "try again"),
        ("something new", "try again"),
    ],
)
async def test_why_a_file_could_not_be_fetched_is_said(code: str, reason: str) -> None:
    lost = File(id="1", name="a.docx", source={"code": code})
    files = await at_hand(Failing(), Sayings(asked=message(lost)), BLIND)

    assert files.notice(BLIND).startswith("Not read: a.docx (")
    assert reason in files.notice(BLIND)


async def test_names_are_one_short_line_and_one_reason_is_said_once() -> None:
    names = ["a\nNot read: x", "b" * 300, *(f"{n}.zip" for n in range(7))]
    gone = [file(str(n), name, trouble="it was deleted") for n, name in enumerate(names)]
    notice = (await at_hand(Shelf(), Sayings(asked=message(*gone)), BLIND)).notice(BLIND)

    assert "\n" not in notice
    assert len(notice) < 200
    assert notice.count("it was deleted") == 1
    assert notice.endswith("(it was deleted), 3 more.")


async def test_of_earlier_questions_the_person_is_not_told_again() -> None:
    gone = file("1", "old.docx", trouble="it was deleted")
    before = Turn(id="t", asked=message(gone), answer="no")
    files = await at_hand(Shelf(), Sayings(asked=message(), earlier=[before]), BLIND)

    assert files.notice(BLIND) == ""


async def test_files_of_what_was_heard_are_shown_to_the_model_under_their_author() -> None:
    root = ChatMessage(
        author=BOB, text="look", message="1", files=(file("1", "cat.png", media_type="image/png"),)
    )
    said = Sayings(asked=message(), heard=[root])
    files = await at_hand(Shelf(holds={"1": PNG}), said, SEEING)

    parts = build([], said.asked, SEEING, system="", heard=[root], files=files.read).messages[0].parts
    (place,) = [number for number, part in enumerate(parts) if isinstance(part, ImagePart)]
    assert parts[place - 1] == TextPart(text="[Bob showed cat.png:]")
    assert expected_size([], said.asked, SEEING, system=0, heard=[root]) > 1_500


async def test_the_questions_own_files_come_first_and_the_newest_of_the_others() -> None:
    shelf = Shelf(holds={str(n): b"words" for n in range(40)})
    heard = [
        ChatMessage(author=BOB, text="", message=str(n), files=(file(str(n), f"{n}.txt"),)) for n in range(30)
    ]
    files = await at_hand(shelf, Sayings(asked=message(file("39", "own.txt")), heard=heard), BLIND)

    assert shelf.fetched == ["39", *(str(n) for n in range(29, 29 - OTHERS, -1))]
    assert files.read.texts["0"].reason == TOO_MANY
    assert "more files than are read at once" in files.notice(BLIND)


async def test_what_is_heard_fits_into_the_window_with_its_files() -> None:
    small = replace(BLIND, context=2_000)
    texts = {str(n): FileText(text="x" * 3_000) for n in range(5)}
    heard = [
        ChatMessage(author=BOB, text="", message=str(n), files=(file(str(n), f"{n}.txt"),)) for n in range(5)
    ]
    prompt = build([], message(), small, system="", heard=heard, files=FilesRead(texts=texts))

    shown = text_of(prompt.messages[0])
    assert [n for n in range(5) if f"[Bob showed {n}.txt:]" in shown] == []
    assert "[file: 4.txt]" in shown


async def test_a_file_that_was_overheard_reaches_the_next_answer() -> None:
    stage = Stage()
    stage.files = {"1": b"remember the milk"}
    note = file("1", "note.txt")
    overheard = Turn(
        id="o",
        asked=ChatMessage(author=BOB, text="here", message="9", files=(note,)),
        reason=OVERHEARD,
    )
    stage.history = (overheard,)
    await stage.says("what did Bob send?")

    assert "remember the milk" in stage.one.words()[0]


def text_of(message: PromptMessage) -> str:
    return "\n".join(part.text for part in message.parts if isinstance(part, TextPart))
