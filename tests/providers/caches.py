"""Vendors' prompt caches, as far as money goes: what of a request is read from them, and what is kept in them.

A request is a list of blocks, and what counts is an exact beginning. Sources: the vendors' pages on prompt caching.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from bot.domain.stream_parts import Usage

LEAST = 1_024  # tokens; what is shorter is neither kept nor found
BACK = 20  # blocks before a mark, at which an earlier mark is looked for
CHARACTERS = 3.5  # of a token
MINUTES, HOUR = 300.0, 3_600.0


@dataclass(frozen=True, slots=True)
class Block:
    text: str
    lasts: float = 0.0  # seconds that its mark asks for; 0: it has none

    @property
    def marked(self) -> bool:
        return self.lasts > 0

    @property
    def tokens(self) -> float:
        return len(self.text) / CHARACTERS


def blocks(body: Mapping[str, Any]) -> list[Block]:
    """A body of anthropic or openai-responses in the order in which it is compared."""
    return [
        *_contents("system", body.get("system") or body.get("instructions") or []),
        *(
            block
            for message in body.get("messages") or body["input"]
            for block in _contents(message["role"], message["content"])
        ),
    ]


def _contents(role: str, content: str | list[dict[str, Any]]) -> Iterator[Block]:
    for part in [{"text": content}] if isinstance(content, str) else content:
        rest = {key: value for key, value in part.items() if key != "cache_control"}
        yield Block(json.dumps([role, rest]), _lasting(part.get("cache_control")))


def _lasting(mark: Any) -> float:
    return 0.0 if mark is None else {"5m": MINUTES, "1h": HOUR}[mark.get("ttl", "5m")]


@dataclass
class MarkedCache:
    """Keeps what stands before a mark for as long as it asks, and finds it again at a mark or shortly before one."""

    kept: dict[str, tuple[float, float]] = field(
        default_factory=dict
    )  # beginning -> until when, for how long
    now: float = 0.0

    def read(self, body: Mapping[str, Any]) -> Usage:
        self.kept = {text: life for text, life in self.kept.items() if life[0] >= self.now}
        sent = blocks(body)
        beginnings = list(accumulate(block.text for block in sent))
        sizes = list(accumulate(block.tokens for block in sent))
        marks = [at for at, block in enumerate(sent) if block.marked]
        looked = {at for mark in marks for at in range(max(0, mark - BACK), mark + 1)}
        found = max((sizes[at] for at in looked if beginnings[at] in self.kept), default=0.0)
        new = [at for at in marks if sizes[at] >= LEAST]
        for at in looked:
            if life := self.kept.get(beginnings[at]):
                self.kept[beginnings[at]] = self.now + life[1], life[1]  # what is read lives on
        self.kept |= {beginnings[at]: (self.now + sent[at].lasts, sent[at].lasts) for at in new}
        written = round(max((sizes[at] for at in new), default=found) - found)
        hour = written if new and sent[new[-1]].lasts == HOUR else 0
        return Usage(input=round(sizes[-1]), cache_read=round(found), cache_write=written, cache_hour=hour)


@dataclass
class KeyedCache:
    """Keeps every request, and finds the longest beginning again where a key says whose it is."""

    kept: set[tuple[str, str]] = field(default_factory=set)
    now: float = 0.0  # it keeps everything

    def read(self, body: Mapping[str, Any]) -> Usage:
        sent, key = blocks(body), body.get("prompt_cache_key", "")
        beginnings = list(accumulate(block.text for block in sent))
        sizes = list(accumulate(block.tokens for block in sent))
        pairs = zip(beginnings, sizes, strict=True)
        known = [size for text, size in pairs if size >= LEAST and key and (key, text) in self.kept]
        found = max(known, default=0.0)
        self.kept |= {(key, text) for text in beginnings}
        written = sizes[-1] - found if sizes[-1] >= LEAST else 0.0
        return Usage(input=round(sizes[-1]), cache_read=round(found), cache_write=round(written))
