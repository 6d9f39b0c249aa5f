"""Looks for words in everything that Redis holds: every key, every value as its type shows it, and its raw bytes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.storage.connection import Database, open_database
from bot.storage.scripts import Word

SHOWN: dict[str, tuple[Word, ...]] = {
    "string": ("GET", "{key}"),
    "hash": ("HGETALL", "{key}"),
    "list": ("LRANGE", "{key}", 0, -1),
    "set": ("SMEMBERS", "{key}"),
    "zset": ("ZRANGE", "{key}", 0, -1, "WITHSCORES"),
    "stream": ("XRANGE", "{key}", "-", "+"),
}


async def everything(database: Database, prefix: str = "sb") -> dict[str, str]:
    """Every key with what is in it. DUMP packs texts, so that both ways of looking are needed."""
    found: dict[str, str] = {}
    cursor: Word = 0
    while True:
        ((cursor, keys),) = await database.ask(("SCAN", cursor, "MATCH", f"{prefix}:*", "COUNT", 1000))
        for key in keys:
            (kind,) = await database.ask(("TYPE", key))
            if kind == b"none":
                continue
            words = tuple(key if word == "{key}" else word for word in SHOWN[kind.decode()])
            shown, dumped = await database.ask(words, ("DUMP", key))
            found[key.decode()] = f"{shown!r} {dumped!r}"
        if not int(cursor):
            return found


async def residue(database: Database, *words: str, prefix: str = "sb") -> dict[str, list[str]]:
    """Which of these words are where."""
    held = await everything(database, prefix)
    places = {
        key: [word for word in words if word in key or word in content] for key, content in held.items()
    }
    return {key: found for key, found in places.items() if found}


@asynccontextmanager
async def looking_at(url: str) -> AsyncIterator[Database]:
    async with open_database(url) as database:
        yield database
