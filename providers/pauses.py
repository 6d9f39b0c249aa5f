"""A turn that its vendor pauses is no end: it is sent back as it is, and goes on, as one answer with one bill.

Source: docs.anthropic.com/en/api/handling-stop-reasons, `pause_turn`.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Protocol, runtime_checkable

from bot.domain.errors import ModelError
from bot.domain.stream_parts import Finish, Reason, StreamPart, Usage
from providers.dialect import Decoder
from providers.lenient_json import as_object, as_text, load_json

REQUESTS = 5  # for one answer: a vendor that pauses more often gets no further
MOST = 4_000_000  # characters of a turn that is kept to be sent back
GROWING = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}


@runtime_checkable
class Resumable(Protocol):
    """A decoder of a dialect whose vendors pause turns. Implemented by anthropic."""

    def resumed(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """The body of the request that goes on with the turn that was just read; None where there is nothing to."""

    def follow(self, earlier: Decoder) -> None:
        """It reads what goes on from there."""


class PausedTurn:
    """An assistant's turn, block by block as it came: what only the vendor understands goes back unread."""

    def __init__(self) -> None:
        self._blocks: dict[int, dict[str, Any]] = {}
        self._grown: dict[tuple[int, str], list[str]] = {}
        self._length = 0

    def started(self, index: int, block: Mapping[str, Any]) -> None:
        self._blocks[index] = dict(block)
        for field in GROWING.values():  # it may be a repetition
            self._grown.pop((index, field), None)

    def grew(self, index: int, delta: Mapping[str, Any]) -> None:
        field = GROWING.get(as_text(delta.get("type")), "")
        if field:
            said = as_text(delta.get(field))
            self._length += len(said)
            if self._length <= MOST:
                self._grown.setdefault((index, field), []).append(said)
        elif delta.get("citation"):
            block = self._blocks.setdefault(index, {})
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]

    def blocks(self) -> list[dict[str, Any]]:
        """The turn's content; [] when it is larger than any should be."""
        if self._length > MOST:
            return []
        whole = [self._whole(index) for index in sorted(self._blocks)]
        return [block for block in whole if block.get("type") != "text" or as_text(block.get("text")).strip()]

    def _whole(self, index: int) -> dict[str, Any]:
        block = dict(self._blocks[index])
        for field in GROWING.values():
            grown = "".join(self._grown.get((index, field), ()))
            if grown and field == "partial_json":
                block["input"] = _arguments(grown)
            elif grown:
                block[field] = as_text(block.get(field)) + grown
        return block


def _arguments(said: str) -> dict[str, Any]:
    try:
        return as_object(load_json(said))
    except ValueError:
        return {}


Ask = Callable[[dict[str, Any], Decoder], AsyncGenerator[StreamPart, None]]


async def one_turn(
    body: dict[str, Any], decoder: Callable[[], Decoder], ask: Ask
) -> AsyncGenerator[StreamPart, None]:
    """One answer to this body, of as many requests as it takes. What was counted is added up, also where one of them fails."""
    spent: Usage | None = None
    earlier: Decoder | None = None
    for left in reversed(range(REQUESTS)):
        reading, paused = _following(decoder(), earlier), False
        try:
            async with aclosing(ask(body, reading)) as parts:
                async for part in parts:
                    if isinstance(part, Usage):
                        spent = part if spent is None else _added(spent, part)
                        continue
                    if isinstance(part, Finish):
                        resumed = _resumed(part, reading, body) if left else None
                        if resumed is not None:
                            body, paused, earlier = resumed, True, reading
                            continue
                        if spent:
                            yield spent
                    yield part
        except ModelError:
            if spent:
                yield spent
            raise
        if not paused:
            return


def _following(reading: Decoder, earlier: Decoder | None) -> Decoder:
    if earlier and isinstance(reading, Resumable):
        reading.follow(earlier)
    return reading


def _resumed(finish: Finish, decoder: Decoder, body: Mapping[str, Any]) -> dict[str, Any] | None:
    if finish.reason is Reason.PAUSED and isinstance(decoder, Resumable):
        return decoder.resumed(body)
    return None


def _added(spent: Usage, more: Usage) -> Usage:
    return Usage(
        input=spent.input + more.input,
        cache_read=spent.cache_read + more.cache_read,
        cache_write=spent.cache_write + more.cache_write,
        cache_hour=spent.cache_hour + more.cache_hour,
        output=spent.output + more.output,
        reasoning=spent.reasoning + more.reasoning,
        requests=spent.requests + more.requests,
        searches=spent.searches + more.searches,
    )
