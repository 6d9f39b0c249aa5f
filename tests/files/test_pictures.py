"""Whatever picture somebody attaches, vendors get one that they take, and nobody learns where it was made."""

import io
import struct
import zlib

import pytest
from PIL import Image

from bot.domain.file_text import FileText
from bot.files.limits import PICTURE_BYTES, PICTURE_SIDE
from bot.files.reader import FileReader
from tests.files.made import pdf, photo, screenshot

READER = FileReader()


async def made_of(data: bytes) -> Image.Image:
    made = await READER.picture(data)
    assert isinstance(made, bytes), made
    assert len(made) <= PICTURE_BYTES
    image = Image.open(io.BytesIO(made))
    assert image.format in {"PNG", "JPEG"}
    assert image.mode in {"RGB", "RGBA"}
    assert max(image.size) <= PICTURE_SIDE
    assert not image.getexif()
    assert b"Camera works" not in made
    image.load()
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
async def test_a_photograph_of_any_kind_becomes_one_that_is_taken(kind: str) -> None:
    image = await made_of(photo((300, 200), kind))

    assert image.size == (300, 200)


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "CMYK"), ("JPEG", "L"), ("BMP", "RGB"), ("GIF", "P"), ("PNG", "LA")]
)
async def test_colours_of_any_kind_are_red_green_and_blue(kind: str, mode: str) -> None:
    assert (await made_of(photo((60, 40), kind, mode))).size == (60, 40)


async def test_a_large_one_is_shrunk_and_stands_upright() -> None:
    image = await made_of(photo((4_000, 3_000), turned=True, quality=95))

    assert image.size == (1_500, 2_000)


async def test_the_smallest_is_a_picture_too() -> None:
    assert (await made_of(photo((1, 1)))).size == (1, 1)


async def test_sixteen_bits_are_not_all_white() -> None:
    file = io.BytesIO()
    Image.new("I;16", (20, 20), 0x8000).save(file, "PNG")
    pixel = (await made_of(file.getvalue())).getpixel((5, 5))

    assert pixel == (128, 128, 128)


async def test_what_shines_through_still_does() -> None:
    assert (await made_of(photo((3_000, 30), "PNG", "RGBA"))).mode == "RGBA"


async def test_one_that_is_fine_is_sent_as_it_is() -> None:
    for fine in (screenshot((800, 600)), await READER.picture(photo((300, 200)))):
        assert await READER.picture(fine) is fine  # type: ignore[arg-type]  # a reason would fail here


@pytest.mark.parametrize(
    "more",
    [photo((30, 20)), b"Exif\0\0 somewhere \xff\xd9", b"48.2 N \xff\xd9"],
    ids=["a picture", "words", "a place"],
)
async def test_what_stands_behind_a_picture_is_not_sent(more: bytes) -> None:
    plain = await READER.picture(photo((300, 200)))
    assert isinstance(plain, bytes)
    for fine in (plain, screenshot((80, 60))):
        assert await READER.picture(fine) is fine
        made = await READER.picture(fine + more)

        assert isinstance(made, bytes)
        assert not made.endswith(more)
        assert b"Exif" not in made


async def test_a_camera_that_writes_its_turn_as_text_is_read_all_the_same() -> None:
    entry = struct.pack(">HHI4s", 0x0112, 2, 2, b"6")
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    file = io.BytesIO()
    Image.effect_noise((300, 200), 80).convert("RGB").save(file, "JPEG", exif=exif)

    assert (await made_of(file.getvalue())).size == (300, 200)


async def test_the_same_picture_becomes_the_same_bytes() -> None:
    data = photo((2_500, 1_000))

    assert await READER.picture(data) == await FileReader().picture(data)


async def test_heic_is_read_where_its_library_is(monkeypatch: pytest.MonkeyPatch) -> None:
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    file = io.BytesIO()
    heif.from_pillow(Image.effect_noise((300, 200), 50).convert("RGB")).save(file)

    assert (await made_of(file.getvalue())).size == (300, 200)


def bomb() -> bytes:
    """A PNG that says it has ten billion pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
        + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bomb(), "more pixels than can be read"),
        (b"not a picture at all", "of a kind that no model here sees"),
        (photo((300, 200))[:900], "damaged"),
        (b"\0\0\0\x18ftypheic" + bytes(60), ""),
    ],
    ids=["bomb", "text", "truncated", "broken heic"],
)
async def test_what_cannot_be_read_has_a_reason(data: bytes, why: str) -> None:
    made = await READER.picture(data)

    assert isinstance(made, FileText)
    assert made.reason
    assert why in made.reason


async def test_a_pdf_that_vendors_refuse_is_known_before_it_is_sent() -> None:
    assert await READER.sendable(pdf("one page"))
    assert not await READER.sendable(pdf("secret", password="x"))
    assert not await READER.sendable(pdf(*["page"] * 101))
