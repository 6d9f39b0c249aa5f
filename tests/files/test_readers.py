"""What is in a file of each kind reaches a model as text, and where it cannot, there is a reason in plain words."""

import re
from datetime import datetime

import pytest

from bot.files.limits import CHARACTERS
from bot.files.reader import FileReader
from tests.files import made
from tests.files.made import COMPOUND, archive, docx, mail, paragraph, pdf, pptx, xlsx

TABLE = "<w:tbl>{}</w:tbl>".format(
    "".join(
        f"<w:tr><w:tc>{paragraph(a)}</w:tc><w:tc>{paragraph(b)}</w:tc></w:tr>"
        for a, b in [("Who", "What"), ("Ann", "a|b")]
    )
)
CONTRACT = docx(
    paragraph("Costs", '<w:pStyle w:val="berschrift2"/>')
    + paragraph("Ten &amp; more")
    + paragraph("first", "<w:numPr/>")
    + TABLE
    + '<w:p><w:hyperlink r:id="r1"><w:r><w:t>plan</w:t></w:r></w:hyperlink><w:del><w:r><w:delText>old</w:delText></w:r></w:del></w:p>',
    comments=f'<w:comments {made.W}><w:comment w:id="1">{paragraph("too dear")}</w:comment></w:comments>',
)
CONTRACT_SHOWN = """## Costs
Ten & more
- first
| Who | What |
| --- | --- |
| Ann | a\\|b |
plan (https://example.com/plan)
## Comments
too dear"""
SHEET = xlsx({"Q3": [["Month", "EUR"], [datetime(2026, 7, 1), 12.5], [None, "x|y"]], "Q4": [["later"]]})  # noqa: DTZ001 - Excel knows no zones
CSV = "Größe;Menge\r\nMüller;5\r\n"
CSV_SHOWN = "| Größe | Menge |\n| --- | --- |\n| Müller | 5 |"
PAGE = """<!DOCTYPE html><title>x</title><script>alert(1)</script><h2>Plan &amp; costs</h2><ul><li>one</li><li>two</li></ul>
<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2|3</td></tr></table><p>see <a href="https://example.com/">here</a></p>"""


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        pytest.param(
            CONTRACT,
            "a.docx",
            CONTRACT_SHOWN,
            id="docx",
        ),
        pytest.param(CONTRACT, "nameless", CONTRACT_SHOWN, id="docx by its bytes"),
        pytest.param(CONTRACT, "wrong.pdf", CONTRACT_SHOWN, id="docx with a wrong name"),
        pytest.param(
            pptx("Why", "How", notes="breathe"),
            "a.pptx",
            "## Slide 1\nWhy\nNotes: breathe\n\n## Slide 2\nHow\n",
            id="pptx",
        ),
        pytest.param(
            SHEET,
            "a.xlsx",
            "## Sheet Q3\n| Month | EUR |\n| --- | --- |\n| 2026-07-01 | 12.5 |\n|  | x\\|y |\n## Sheet Q4\n| later |\n| --- |",
            id="xlsx",
        ),
        pytest.param(pdf("Hello", "World"), "a.pdf", "## Page 1\nHello\n\n## Page 2\nWorld\n", id="pdf"),
        pytest.param(
            pdf("Hello", password=""), "a.pdf", "## Page 1\nHello\n", id="pdf that is locked for nobody"
        ),
        pytest.param(CSV.encode("cp1252"), "a.csv", CSV_SHOWN, id="csv of an old Excel"),
        pytest.param(CSV.encode("utf-8-sig"), "a.csv", CSV_SHOWN, id="csv of a new Excel"),
        pytest.param(
            CSV.replace(";", "\t").encode("utf-16"), "a.txt.csv", CSV_SHOWN, id="Unicode text of Excel"
        ),
        pytest.param(
            mail("Gruß", attached="x.pdf"),
            "a.eml",
            "From: Änn <ann@example.com>\nTo: bob@example.com\nSubject: Die Zahlen für März\n\nGruß\n\nAttached, not shown: x.pdf",
            id="mail",
        ),
        pytest.param(
            mail("<p>Hi<p>there", html=True),
            "a.eml",
            "From: Änn <ann@example.com>\nTo: bob@example.com\nSubject: Die Zahlen für März\n\nHi\nthere",
            id="mail in HTML",
        ),
        pytest.param(
            PAGE.encode(),
            "canvas",
            "## Plan & costs\n\n- one\n- two\n\n\n| A | B |\n| --- | --- |\n| 1 | 2\\|3 |\n\nsee here (https://example.com/)",
            id="html",
        ),
        pytest.param(
            b'<p>?id=1&region=eu &lt;b&gt; &copy 5 &#38;amp;<p><a href="https://x.example/?a=1&copy=2">it</a>',
            "a.html",
            "?id=1&region=eu <b> &copy 5 &amp;\nit (https://x.example/?a=1&copy=2)",
            id="html with what only looks like an entity",
        ),
        pytest.param("größer".encode("utf-16-le"), "log", "größer", id="text without a mark of its encoding"),
        pytest.param("Привет, как дела?".encode("cp1251"), "a.txt", "Привет, как дела?", id="Cyrillic"),
        pytest.param(
            "季度销售报告第三季度总结".encode("gb18030"), "a.txt", "季度销售报告第三季度总结", id="Chinese"
        ),
        pytest.param(b"x = 1\n", "a.py", "x = 1\n", id="code"),
    ],
)
async def test_what_a_file_says(data: bytes, name: str, expected: str) -> None:
    read = await FileReader().read(data, name, "")

    assert read.reason == ""
    assert read.part == ""
    assert read.text == expected


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (pdf("Hello", password="x"), "a.pdf", "password"),
        (COMPOUND + "EncryptedPackage".encode("utf-16-le"), "a.docx", "password"),
        (COMPOUND, "a.doc", "before 2007"),
        (archive({"a.txt": "x"}), "a.zip", "archives are not opened"),
        (archive({"a.txt": "x"}), "a.docx", "damaged"),
        (archive({"content.xml": "x"}), "a.odt", "OpenDocument"),
        (CONTRACT[:300], "a.docx", "damaged or cut off"),
        (pdf("Hello")[:200], "a.pdf", "damaged or cut off"),
        (pdf("", ""), "scan.pdf", "pictures of pages"),
        (docx(""), "a.docx", "no text"),
        (b"", "a.txt", "empty"),
        (bytes(range(256)) * 9, "a.exe", "kind that cannot be read"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(99), "a.heic", "kind that cannot be read"),
    ],
)
async def test_why_a_file_says_nothing(data: bytes, name: str, reason: str) -> None:
    read = await FileReader().read(data, name, "")

    assert reason in read.reason
    assert read.text == ""


@pytest.mark.parametrize(
    ("data", "name", "part", "start"),
    [
        (
            xlsx({"Q3": [["a" * 50, n] for n in range(12_000)]}),
            "a.xlsx",
            r"rows 1-3,\d+ of 12,000",
            "## Sheet Q3",
        ),
        (
            xlsx({"A": [[1]], "B": [["b" * 99, n] for n in range(9_000)], "C": [[1]]}),
            "a.xlsx",
            r"of 3 sheets 2, rows 1-1,\d+ of 9,000",
            "## Sheet A",
        ),
        (
            "\n".join(f"{n},{'x' * 90}" for n in range(9_000)).encode(),
            "a.csv",
            r"rows 1-\d,\d+ of about 9,000",
            "| 0",
        ),
        (pdf(*["word " * 900] * 60), "a.pdf", r"pages 1-4\d of 60", "## Page 1"),
        (b"x" * 300_000, "a.txt", "only its first 200,000 characters", "xxx"),
        (docx(paragraph("word " * 100) * 900), "a.docx", r"only its first 19\d,\d+ characters", "word"),
    ],
)
async def test_of_a_long_file_the_beginning_is_read_and_how_much_that_is(
    data: bytes, name: str, part: str, start: str
) -> None:
    read = await FileReader().read(data, name, "")

    assert re.fullmatch(part, read.part)
    assert read.text.startswith(start)
    assert len(read.text) <= CHARACTERS
