"""Answers as files: what people type and press, and what they get. No model is asked for it."""

import asyncio
import csv
import io
from dataclasses import replace

import pytest

from bot.document.csv_table import harmless
from bot.domain.events import Author, MessageDeleted, ThreadKey
from bot.domain.generated import GeneratedFile, file_name
from bot.domain.replies import Action
from bot.domain.stream_parts import Finish, Reason, Source, Text
from tests.conversation.stage import ANN, THREAD, Heard, Stage, answer

TABLE = 'Here:\n\n| city | change |\n| :-- | --: |\n| Oslo | -5 |\n| =HYPERLINK("http://evil") | [site](https://a.example/x) |\n'
TWO = f"{TABLE}\n- and\n\n  | a |\n  | - |\n  | **b**, `c` |\n"
BO = Author(id="U2", name="Bo")


def rows(file: GeneratedFile) -> list[list[str]]:
    assert file.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"))))


def labels(heard: Heard) -> list[str]:
    assert heard.closing
    return [one.label for one in heard.closing.buttons]


def spreading() -> Stage:
    """A stage on a platform where people take files when they like."""
    stage = Stage()
    stage.capabilities = replace(stage.capabilities, hands_over=True)
    return stage


async def test_a_table_of_an_answer_comes_as_csv_at_a_press_and_no_model_is_asked() -> None:
    stage = Stage()
    stage.one.scripts = [answer(TABLE)]
    heard = await stage.says("Cities?")
    assert labels(heard) == ["Ask another model", "Regenerate", "Table as CSV", "👍", "👎"]
    pressed = await stage.presses(Action.FILE, heard.closing.buttons[2].value if heard.closing else "")

    (file,) = pressed.files
    assert (file.name, file.media_type) == ("table.csv", "text/csv")
    assert rows(file) == [
        ["city", "change"],
        ["Oslo", "-5"],
        ['\'=HYPERLINK("http://evil")', "site https://a.example/x"],
    ]
    assert pressed.text == "The table as CSV."
    assert len(stage.one.asked) == 1
    assert len(stage.history) == 1


@pytest.mark.parametrize("typed", ["/file csv", "file csv", "/File CSV."])
async def test_every_table_is_a_file_of_its_own(typed: str) -> None:
    stage = Stage()
    stage.one.scripts = [answer(TWO)]
    assert "Tables as CSV" in labels(await stage.says("Cities?"))
    heard = await stage.says(typed)

    assert [one.name for one in heard.files] == ["table-1.csv", "table-2.csv"]
    assert rows(heard.files[1]) == [["a"], ["b, c"]]
    assert heard.text == "The 2 tables as CSV."


async def test_more_tables_than_an_answer_may_bring_are_said() -> None:
    stage = Stage()
    stage.one.scripts = [answer("\n\n".join(["| a |\n| - |\n| b |"] * 30))]
    await stage.says("Cities?")
    heard = await stage.says("/file csv")

    assert len(heard.files) == 8
    assert heard.text == "The first 8 tables as CSV."


@pytest.mark.parametrize("typed", ["/file", "file", "!file"])
async def test_the_latest_answer_comes_as_a_file_with_its_sources(typed: str) -> None:
    stage = Stage()
    source = Source(number=1, title="Tides", address="https://sea.example/tides")
    stage.one.scripts = [
        answer("Older."),
        (Text("# Tides\n\nTwice [1]."), source, Finish(reason=Reason.STOP)),
    ]
    await stage.says("Before?")
    await stage.says("Tides?")
    await stage.says("/mute")
    heard = await stage.says(typed)

    (file,) = heard.files
    assert (file.name, file.media_type) == ("answer.md", "text/markdown")
    text = file.data.decode()
    assert text.startswith("# Tides\n\nTwice [1].\n\n")
    assert "https://sea.example/tides" in text
    assert heard.closing
    assert (heard.closing.footer, heard.closing.buttons) == ("", ())


async def test_all_answers_of_a_comparison_are_in_the_file() -> None:
    stage = Stage()
    stage.one.scripts, stage.two.scripts = [answer("Twice.")], [answer("Two times.")]
    await stage.says("/compare grok claude: Tides?")
    heard = await stage.says("/file")

    assert [one.data for one in heard.files] == [b"## grok\n\nTwice.\n\n## claude\n\nTwo times.\n"]


async def test_where_there_is_nothing_people_learn_what_to_type() -> None:
    stage = Stage()
    assert (await stage.says("/file")).replies[0].text == "There is no answer here yet to make a file of."
    slashed = (await stage.says("/file", private=True, threaded=False)).replies[0].text
    assert "`@Switchboard file`" in slashed
    stage.one.scripts = [answer("Twice | a day.")]
    assert "Table as CSV" not in labels(await stage.says("Tides?"))
    assert "has no table" in (await stage.says("/file csv")).replies[0].text
    assert "`file csv`" in (await stage.says("/file pdf")).replies[0].text
    assert "- `/file`" in (await stage.says("/help")).replies[0].text


async def test_a_sentence_about_files_is_a_question() -> None:
    stage = Stage()
    await stage.says("file a report on Oslo")

    assert len(stage.one.asked) == 1


async def test_a_file_that_waits_is_taken_by_people_of_its_conversation_alone() -> None:
    stage = spreading()
    stage.one.scripts = [answer(TABLE)]
    await stage.says("Cities?")
    (file,) = (await stage.says("/file csv")).files
    assert file.lasts == 86_400
    (mine,) = (await stage.presses(Action.TAKE, file.key, author=BO)).files

    assert (mine.data, mine.name) == (file.data, file.name)
    assert mine.key not in {"", file.key}
    elsewhere = ThreadKey(platform="test", workspace="W", channel="D2")
    (got,) = (
        await stage.presses(Action.TAKE, mine.key, thread=elsewhere, author=BO, reply={"upload": "x"})
    ).files
    assert got.data == file.data
    for key, author in ((file.key, BO), (mine.key, Author(id="U3")), ("", BO), ("files-of", BO)):
        refused = await stage.presses(
            Action.TAKE, key, thread=elsewhere, author=author, reply={"upload": "x"}
        )
        assert refused.files == []
        assert "not kept any more" in refused.replies[0].text


async def test_what_is_asked_for_again_and_again_waits_once() -> None:
    stage = spreading()
    stage.one.scripts = [answer(TABLE)]
    await stage.says("Cities?")
    for _ in range(3):
        (file,) = (await stage.says("/file csv")).files
        await stage.presses(Action.TAKE, file.key, author=BO)

    assert len([name for name in stage.secrets.kept if name.startswith("file:")]) == 2


async def test_while_a_large_file_is_kept_and_read_others_are_answered() -> None:
    stage, turns = spreading(), 0
    large = GeneratedFile(name="a.bin", data=bytes(range(256)) * 32_768)
    stage.one.scripts = [(Text("Here."), large, Finish(reason=Reason.STOP))]

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.create_task(others())
    (file,) = (await stage.says("A large one?")).files
    kept, turns = turns, 0
    (mine,) = (await stage.presses(Action.TAKE, file.key, author=BO)).files
    other.cancel()

    assert mine.data == large.data
    assert min(kept, turns) > 10


async def test_when_there_is_no_room_a_file_waits_for_an_hour() -> None:
    stage = spreading()
    stage.one.scripts = [answer(TABLE)]
    await stage.says("Cities?")
    stage.taken = 100
    (file,) = (await stage.says("/file csv")).files
    assert file.lasts == 3_600
    stage.taken = 10_000
    (file,) = (await stage.says("/file csv", author=BO)).files

    assert (file.key, file.lasts) == ("", 0)
    assert rows(file)


async def test_what_is_erased_takes_its_files_along() -> None:
    stage = spreading()
    stage.one.scripts = [answer(TABLE)]
    await stage.says("Cities?")
    (file,) = (await stage.says("/file csv")).files
    (mine,) = (await stage.presses(Action.TAKE, file.key, author=BO)).files
    await stage.says("/forget")

    for key in (file.key, mine.key):
        assert "not kept" in (await stage.presses(Action.TAKE, key, author=BO)).replies[0].text
    assert not [name for name in stage.secrets.kept if "file" in name]


async def test_what_one_person_has_erased_takes_along_what_was_made_of_it() -> None:
    stage = spreading()
    report = GeneratedFile(name="report.pdf", data=b"%PDF-1.7", media_type="application/pdf")
    stage.one.scripts = [(Text(TABLE), report, Finish(reason=Reason.STOP)), answer(TABLE), answer(TABLE)]
    await stage.says("Tides?", author=BO)
    await stage.presses(Action.AGAIN, stage.history[0].id, author=BO)
    (others,) = (await stage.says("/file csv")).files
    stage.one.scripts = [(Text(TABLE), report, Finish(reason=Reason.STOP)), answer(TABLE)]
    (made,) = (await stage.says("Cities?")).files
    await stage.presses(Action.AGAIN, stage.history[2].id)
    (file,) = (await stage.says("/file csv")).files
    for key in (made.key, file.key):
        await stage.presses(Action.TAKE, key, author=BO)
    await stage.says("/forget me")

    kept = [name for name in stage.secrets.kept if name.startswith("file:")]
    assert [turn.asked.author.id for turn in stage.history if turn.is_question] == [BO.id] * 2
    assert len(kept) == 2
    assert f"file:{others.key}" in kept


async def test_an_answer_that_somebody_deletes_takes_its_files_along() -> None:
    stage = spreading()
    stage.one.scripts = [answer(TABLE)]
    await stage.says("Cities?")
    await stage.says("/file csv")
    deletion = MessageDeleted(id="d", thread=THREAD, author=ANN, at=2.0, message=stage.history[0].shown[0])
    await stage.plays(deletion)

    assert not [name for name in stage.secrets.kept if name.startswith("file:")]


async def test_who_does_not_want_a_file_is_told_so_in_its_place() -> None:
    stage = spreading()
    heard = await stage.presses(Action.LEAVE, "key", message="m7")

    assert (heard.replies[0].text, heard.replies[0].replaces) == ("Not saved.", "m7")


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        (' "=1', "' \"=1"),
        ("\uff1d1", "'\uff1d1"),
        ("-5", "-5"),
        ("+1,234.50 €", "+1,234.50 €"),
        ("-1e9", "-1e9"),
        ("-", "-"),
        ("a=b", "a=b"),
        ("Sep=a", "'Sep=a"),
        ("a;=1+1", "a;'=1+1"),
        ('a; "@SUM(A1);b', "a;' \"@SUM(A1);b"),
        ("5;-3; -4 %;+cmd|x", "5;-3; -4 %;'+cmd|x"),
        ("", ""),
    ],
)
def test_no_cell_is_run_by_a_spreadsheet(cell: str, safe: str) -> None:
    assert harmless(cell) == safe


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.txt", "x.txt"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a\x00\n\tb.txt", "a b.txt"),
        ("...", "file"),
        (".bashrc", "bashrc"),
        ("", "file"),
        ("-rf", "_-rf"),
        ("CON.txt", "_CON.txt"),
        ('a<b>:"|?*`.md', "a_b_______.md"),
        ("Übersicht (Mai).csv", "Übersicht (Mai).csv"),
        ("x" * 300 + ".csv", "x" * 75 + "….csv"),
    ],
)
def test_a_name_is_fit_for_a_folder(given: str, name: str) -> None:
    assert file_name(given) == name
    assert len(file_name(given)) <= 80
