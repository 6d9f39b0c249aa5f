"""Whether a picture can be sent as it is, by its head alone: most can, and opening one takes a process and half a second."""

import re
import struct

from bot.files.limits import PICTURE_BYTES, PICTURE_SIDE

PNG = b"\x89PNG\r\n\x1a\n"
PLAIN_CHUNKS = frozenset(
    [
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"pHYs",
        b"bKGD",
        b"sBIT",
    ]
)
END_OF_IMAGE, SCAN = b"\xff\xd9", 0xDA
BESIDE = frozenset([0xE1, 0xED, 0xFE])  # EXIF, XMP, IPTC, remarks
TOLD = (
    b"Exif\0\0",
    b"ns.adobe.com/xap",
    b"Photoshop 3.0",
)  # the same, wherever it stands: behind the picture, in a second one
REMARKS = re.compile(rb"\xff[\xe0-\xef\xfe]")
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def is_ready(data: bytes) -> bool:
    """PNG or JPEG within the limits, upright, with nothing of a camera beside it. Of what is unclear, no."""
    if len(data) > PICTURE_BYTES or tells_more(data):
        return False
    try:
        return _plain_png(data) if data.startswith(PNG) else _plain_jpeg(data)
    except (struct.error, IndexError):
        return False


def tells_more(data: bytes) -> bool:
    """Whether a camera's words are in it: those must not be sent on."""
    return any(words in data for words in TOLD)


def _plain_png(data: bytes) -> bool:
    width, height, depth = struct.unpack_from(">IIB", data, 16)
    at = len(PNG)
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name not in PLAIN_CHUNKS:
            return False
        if name == b"IEND":
            return bool(max(width, height) <= PICTURE_SIDE and depth <= 8 and at + 12 == len(data))
        at += length + 12
    return False


def _plain_jpeg(data: bytes) -> bool:
    if not data.startswith(b"\xff\xd8"):
        return False
    at, fits = 2, False
    while data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == SCAN:
            # In what is drawn, no end and no remark can stand: whatever comes behind the first of them is not drawn.
            return fits and not REMARKS.search(data, at + 2) and data.find(END_OF_IMAGE, at) + 2 == len(data)
        if marker in BESIDE or length < 2:
            return False
        if marker in FRAMES:
            height, width, colours = struct.unpack_from(">HHB", data, at + 5)
            fits = 0 < max(width, height) <= PICTURE_SIDE and colours in {1, 3}
        at += length + 2
    return False
