"""How names are read that people spell in their own way. Pure."""

import re


def spelt(text: str) -> str:
    """Lower case, with one sign between words: Sonnet 4.5 reads like claude-sonnet-4-5."""
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")


def letters_of(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
