"""Says under an answer that nobody typed its question just now: a schedule asked it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from bot.domain.events import MessageReceived
from bot.domain.stream_parts import Remark, StreamPart
from bot.interceptor import Ask, Interceptor, ModelRequest


class DueMark(Interceptor):
    """Adds the schedule's words to the quiet line of whatever model answers."""

    def ask(self, request: ModelRequest, proceed: Ask) -> AsyncGenerator[StreamPart, None]:
        event = request.context.event
        due = event.due if isinstance(event, MessageReceived) else None
        return _marked(proceed(request), due.words) if due else proceed(request)


async def _marked(parts: AsyncGenerator[StreamPart, None], words: str) -> AsyncGenerator[StreamPart, None]:
    said = False
    async with aclosing(parts) as stream:
        async for part in stream:
            yield part
            if not said:  # behind the first part, which tells how late the model is
                said = True
                yield Remark(words)
