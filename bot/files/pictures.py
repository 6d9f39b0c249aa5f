"""Pictures as every vendor takes them: upright, PNG or JPEG, not too large, and without what cameras write beside them.

Where a photograph was taken (EXIF, XMP) is nobody's business. Imported only in the child process: Pillow takes a while.
"""

import io
import warnings
from importlib import import_module

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.files.limits import PICTURE_BYTES, PICTURE_SIDE, STRANGE, TOO_LARGE, Unreadable

PIXELS = 80_000_000  # of what is opened: a telephone's largest photograph has 50 million
SHRINKING = 0.75  # of a side, as often as it takes
ORIENTATION = 0x0112  # EXIF's tag
QUALITIES = (85, 70, 55)
FLAT = frozenset({"PNG", "GIF", "BMP"})  # drawings and screenshots, which JPEG blurs
HEIF = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
NO_HEIC = "HEIC pictures are not read here: send it as JPEG, or whoever runs Switchboard installs pillow-heif beside it"
HUGE = "it has more pixels than can be read: send it smaller"


def redrawn(data: bytes) -> bytes:
    """PNG or JPEG within the limits, the same bytes every time. Raises Unreadable, and whatever Pillow raises."""
    if data[4:8] == b"ftyp" and data[8:12] in HEIF:
        _open_heif()
    Image.MAX_IMAGE_PIXELS = PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        raise Unreadable(STRANGE) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unreadable(HUGE) from None
    flat = image.format in FLAT
    image.draft("RGB", (PICTURE_SIDE, PICTURE_SIDE))  # a JPEG is decoded smaller at once
    upright = ImageOps.exif_transpose(_in_colours(image))
    upright.thumbnail((PICTURE_SIDE, PICTURE_SIDE), reducing_gap=2.0)
    upright.info = {}
    return _written(upright, flat=flat)


def _open_heif() -> None:
    try:
        heif = import_module("pillow_heif")  # an extra
    except ImportError:
        raise Unreadable(NO_HEIC) from None
    heif.register_heif_opener(thumbnails=False)


def _in_colours(image: Image.Image) -> Image.Image:
    """RGB or RGBA, and of EXIF how it is turned."""
    turned = image.getexif().get(ORIENTATION)
    if image.mode.startswith(("I", "F")):  # of more than eight bits
        image = image.convert("F").point(lambda value: value / 256).convert("L")
    clear = "A" in image.mode or "transparency" in image.info
    made = image.convert("RGBA" if clear else "RGB")
    exif = Image.Exif()
    if isinstance(turned, int):
        exif[ORIENTATION] = turned
    made.info["exif"] = exif.tobytes()
    return made


def _written(image: Image.Image, *, flat: bool) -> bytes:
    if flat or image.mode == "RGBA":
        written = _saved(image, "PNG")
        if len(written) <= PICTURE_BYTES:
            return written
    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    while True:
        for quality in QUALITIES:
            written = _saved(image, "JPEG", quality=quality)
            if len(written) <= PICTURE_BYTES:
                return written
        if max(image.size) == 1:
            raise Unreadable(TOO_LARGE)
        image = image.resize([max(1, int(side * SHRINKING)) for side in image.size])


def _saved(image: Image.Image, kind: str, **how: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()
