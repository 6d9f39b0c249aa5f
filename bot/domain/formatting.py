"""Text used in several replies, and the safe way to put untrusted text into Markdown or a terminal."""

import re

MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~@:&$])")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
BLANKS = re.compile(r"\s+")


def clip(text: str, limit: int = 120) -> str:
    """One line of a text, for places that show text as it is (table cells, labels)."""
    line = BLANKS.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def escape_markdown(text: str, limit: int = 120) -> str:
    """One line of untrusted text, safe inside the bot's Markdown: no character keeps a special meaning."""
    return MARKUP.sub(r"\\\1", clip(text, limit))


def strip_controls(text: str) -> str:
    """Text that cannot drive a terminal or reorder its lines; line feeds and tabs stay."""
    return CONTROLS.sub("", text)


def join_names(names: list[str], last: str = "or") -> str:
    """`a`, `b` or `c`."""
    shown = [f"`{name}`" for name in names]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def money(usd: float) -> str:
    """A price people can read: cents where there are some, more digits below."""
    return f"${usd:.2f}" if usd >= 0.1 else f"${usd:.4f}"


def compact_number(number: int) -> str:
    """1,234 as 1.2k; for token counts."""
    if number < 1_000:
        return str(number)
    if number < 1_000_000:
        return f"{number / 1_000:.3g}k"
    return f"{number / 1_000_000:.3g}M"
