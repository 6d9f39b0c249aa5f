"""Tells a key from what only looks long enough: a letter held down, a pattern, the words of an example.

It cannot tell whether a key was made at random. It refuses what nobody makes at random.
"""

import re
from collections import Counter
from itertools import pairwise
from math import log2

SHORTEST = 32  # characters
FEWEST_BITS = 80.0  # by how often each character occurs; 32 random hexadecimal digits have about 115
WORDS = (
    *(
        "changeme",
        "changethis",
        "replaceme",
        "replacethis",
        "placeholder",
        "example",
        "yourkey",
        "yoursecret",
    ),
    *("yourencryptionkey", "mysecret", "supersecret", "secretkey", "password", "qwerty", "opensslrand"),
)


def weakness(key: str) -> str:
    """What is wrong with the key, as the end of a sentence; "" when nothing is."""
    if len(key) < SHORTEST:
        return f"is too short to be a key: it needs {SHORTEST} characters or more"
    if _period(key) <= len(key) // 2:
        return "is no key: it repeats itself"
    if _bits(key) < FEWEST_BITS:
        return "is no key: it has too few different characters"
    if _in_steps(key):
        return "is no key: its characters follow each other in order"
    if word := next((word for word in WORDS if word in re.sub(r"[\W_]", "", key.lower())), ""):
        return f"is no key: it is a text with “{word}” in it"
    return ""


def _period(key: str) -> int:
    """After how many characters it begins again; its length when it does not."""
    return next(size for size in range(1, len(key) + 1) if key[size:] == key[: len(key) - size])


def _bits(key: str) -> float:
    counts = Counter(key)
    return -sum(count * log2(count / len(key)) for count in counts.values())


def _in_steps(key: str) -> bool:
    """Whether most characters are the one before, or its neighbour in the alphabet."""
    steps = sum(abs(ord(one) - ord(other)) <= 1 for one, other in pairwise(key))
    return steps > len(key) // 2
