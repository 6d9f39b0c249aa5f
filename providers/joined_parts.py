"""What came together is passed on together: every part goes through all layers up to the chat, so ten words at once cost a
tenth of ten parts.
"""

from collections.abc import Iterable, Iterator

from bot.domain.errors import ModelError
from bot.domain.stream_parts import StreamPart, Text, Thinking


def together(parts: Iterable[StreamPart]) -> Iterator[StreamPart]:
    """The same parts with neighbouring texts as one. An error comes behind what was said before it."""
    kind: type[Text | Thinking] = Text
    said: list[str] = []
    try:
        for part in parts:
            if said and type(part) is not kind:
                yield kind("".join(said))
                said.clear()
            if isinstance(part, Text | Thinking):
                kind = type(part)
                said.append(part.text)
            else:
                yield part
    except ModelError:
        if said:
            yield kind("".join(said))
        raise
    if said:
        yield kind("".join(said))
