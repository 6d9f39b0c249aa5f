"""A hostile file costs a little time and a little memory of a process that knows no secret, and nothing else."""

import asyncio
import io
import os
import re
import time
import zipfile
from pathlib import Path

import pytest

from bot.files.__main__ import CPU, MEMORY
from bot.files.archive import PART
from bot.files.kinds import file_kind
from bot.files.limits import Pieces
from bot.files.reader import FileReader
from tests.files.made import R, W, archive, docx, paragraph, pdf, xlsx

WATCHED = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are watched in /proc")
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ZEROS = b"<w:p/>" * (PART // 6 + 1)


def document(beginning: str, text: str) -> bytes:
    body = f"{beginning}<w:document {W} {R}><w:body>{paragraph(text)}</w:body></w:document>"
    return archive({"word/document.xml": body})


def lying_bomb() -> bytes:
    """Says that it is small where it is unpacked."""
    data = bytearray(archive({"word/document.xml": ZEROS}))
    size = len(ZEROS).to_bytes(4, "little")
    while (place := data.find(size)) >= 0:
        data[place : place + 4] = (100).to_bytes(4, "little")
    return bytes(data)


def many_entries() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for number in range(20_000):
            made.writestr(f"word/{number}", b"")
        made.writestr("word/document.xml", b"")
    return file.getvalue()


def sheet_with(prolog: str) -> bytes:
    """A workbook whose cell's text is an entity."""
    parts = {}
    with zipfile.ZipFile(io.BytesIO(xlsx({"A": [["hello"]]}))) as made:
        for name in made.namelist():
            parts[name] = made.read(name)
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = prolog.encode() + parts[sheet].replace(b"hello", b"&l9;").rpartition(b"?>")[2]
    return archive(parts)


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        pytest.param(archive({"word/document.xml": ZEROS}), "a.docx", "too large", id="zip bomb"),
        pytest.param(lying_bomb(), "a.docx", "damaged", id="zip bomb that lies"),
        pytest.param(many_entries(), "a.docx", "too large", id="many entries"),
        pytest.param(
            document(f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>', "&l9;"),
            "a.docx",
            "document type",
            id="laughs",
        ),
        pytest.param(
            document('<!DOCTYPE x [<!ENTITY l SYSTEM "file:///etc/passwd">]>', "&l;"),
            "a.docx",
            "document type",
            id="external entity",
        ),
        pytest.param(
            sheet_with(f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'),
            "a.xlsx",
            "document type",
            id="sheet's laughs",
        ),
        pytest.param(docx("<w:sdt>" * 50_000 + "</w:sdt>" * 50_000), "a.docx", "damaged", id="deep nesting"),
    ],
)
async def test_a_bomb_is_refused_with_a_reason(data: bytes, name: str, reason: str) -> None:
    began = time.monotonic()
    read = await FileReader().read(data, name, "")

    assert reason in read.reason
    assert time.monotonic() - began < 10


@WATCHED
async def test_what_never_ends_is_ended() -> None:
    """A file that takes longer than it may is given up, and its process is gone."""
    read = await FileReader(seconds=0.01).read(pdf("Hello"), "a.pdf", "")

    assert "too long" in read.reason
    assert children() == []


def test_a_reader_whose_time_is_up_ends_with_what_it_has() -> None:
    pieces = Pieces(room=10**9, until=time.monotonic() + 0.05)
    while pieces.add("words"):
        pass

    assert pieces.read("pages 1-2 of 9").text.startswith("words\nwords")


@WATCHED
async def test_whoever_stops_the_question_ends_its_process() -> None:
    pages = pdf(*["word " * 900] * 200)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(FileReader().read(pages, "a.pdf", ""))
        while not task.done():
            await asyncio.sleep(0.01)
            if children():
                task.cancel()

    assert task.cancelled()
    assert children() == []


@WATCHED
async def test_no_more_than_two_are_read_at_once() -> None:
    reader, most = FileReader(), 0
    page = pdf("Hello")
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        tasks = [group.create_task(reader.read(page, "a.pdf", "")) for _ in range(5)]
        while not all(task.done() for task in tasks):
            most = max(most, len(children()))
            await asyncio.sleep(0.01)

    assert most == 2
    assert {task.result().text for task in tasks} == {"## Page 1\nHello\n"}


@WATCHED
async def test_a_reader_inherits_no_secret_and_has_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this process's environment is in that of the child."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    seen: set[bytes] = set()
    limits = b""
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        task = group.create_task(FileReader().read(pdf("Hello"), "a.pdf", ""))
        while not task.done():
            for child in children():
                if command(child).endswith(b"bot.files\0"):
                    seen.add(environment(child))
                    limits = read(Path(f"/proc/{child}/limits")) or limits
            await asyncio.sleep(0.005)

    assert seen == {b""}
    assert re.search(rf"Max address space +{MEMORY} ".encode(), limits)
    assert re.search(rf"Max cpu time +{CPU} ".encode(), limits)
    assert re.search(rb"Max file size +0 ", limits)


async def test_the_event_loop_goes_on_meanwhile() -> None:
    pages = pdf(*["word " * 300] * 30)
    longest, last = 0.0, time.monotonic()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        task = group.create_task(FileReader().read(pages, "a.pdf", ""))
        while not task.done():
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()

    assert task.result().text.startswith("## Page 1\nword")
    assert longest < 0.5


@pytest.mark.parametrize(
    ("data", "name", "media_type", "kind"),
    [
        (b"%PDF-1.7", "a.docx", "text/plain", "pdf"),
        (b"a,b", "a.csv", "text/html", "csv"),
        (b"a,b", "export", "text/csv; charset=utf-8", "csv"),
        (b"<html>", "a.csv", "text/csv", "html"),
        (b"words", "a.docx", "", "office"),
    ],
)
def test_bytes_are_believed_before_the_name_and_that_before_the_platform(
    data: bytes, name: str, media_type: str, kind: str
) -> None:
    assert file_kind(data, name, media_type) == kind


def children() -> list[int]:
    """The processes that read files for this one; other tests have children, too."""
    found = [
        int(pid)
        for task in Path(f"/proc/{os.getpid()}/task").iterdir()
        for pid in read(task / "children").split()
    ]
    return [pid for pid in found if b"bot.files" in command(pid)]


def environment(pid: int) -> bytes:
    return read(Path(f"/proc/{pid}/environ"))


def command(pid: int) -> bytes:
    return read(Path(f"/proc/{pid}/cmdline"))


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended meanwhile
        return b""
