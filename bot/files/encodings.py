"""Text in whatever encoding it comes."""

import codecs

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, which is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LIKELY = [
    "cp1252",
    "cp1251",
    "shift_jis",
    "gb18030",
    "euc_kr",
    "big5",
    "cp1250",
    "cp1253",
    "cp1255",
    "koi8_r",
]
SAMPLE = 1 << 14  # bytes to guess by
BINARY = 1 << 12


def named_encoding(data: bytes) -> str:
    """The encoding that a text says or proves it has, "" where it can only be guessed."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return name
    try:
        data.decode()
    except UnicodeDecodeError:
        return ""
    return "utf-8"


def is_text(data: bytes) -> bool:
    """Whether it has none of the zero bytes that every binary file has."""
    return (
        data.startswith(tuple(mark for mark, _ in MARKS)) or b"\0" not in data[:BINARY] or bool(_wide(data))
    )


def decode(data: bytes) -> str:
    """Never fails: what cannot be told is read as Western Europe's, the most frequent by far."""
    encoding = _wide(data) or named_encoding(data) or _guess(data)
    return data.decode(encoding, "replace").replace("\r\n", "\n")


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: every other byte of mostly Latin text is zero."""
    head = data[:BINARY]
    if named := next((name for mark, name in MARKS if data.startswith(mark)), ""):
        return named
    if len(head) < 4 or b"\0" not in head:
        return ""
    for name, zeros, others in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if zeros.count(0) > 0.7 * len(zeros) and others.count(0) < 0.05 * len(others):
            return name
    return ""


def _guess(data: bytes) -> str:
    """The least odd, where several are alike the one more people use."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 2 MB, needed in the process that reads files

    found = from_bytes(data[:SAMPLE], cp_isolation=LIKELY)
    best = min(found, key=lambda one: (one.chaos, LIKELY.index(one.encoding)), default=None)
    return best.encoding if best else LIKELY[0]
