"""Events as adapters make them, and turns as conversations remember them, with the parts a test cares about."""

from itertools import count

from bot.domain.events import Author, MessageReceived, StopRequested, ThreadKey
from bot.domain.stream_parts import Usage
from bot.domain.turns import ChatMessage, Turn

ANN = Author(id="U1", name="Ann")
BOB = Author(id="U2", name="Bob")
numbers = count(1)


def thread(name: str = "1", *, workspace: str = "T", channel: str = "C") -> ThreadKey:
    return ThreadKey(platform="test", workspace=workspace, channel=channel, thread=name)


def message(
    text: str = "hello",
    *,
    id: str = "",
    where: ThreadKey | None = None,
    author: Author = ANN,
    addressed: bool = True,
) -> MessageReceived:
    """A new message every time, unless it is given an id."""
    name = id or f"e{next(numbers)}"
    return MessageReceived(
        id=name, thread=where or thread(), author=author, at=1.0, text=text, message=name, addressed=addressed
    )


def stop(*, turn: str = "", where: ThreadKey | None = None, author: Author = ANN) -> StopRequested:
    return StopRequested(id=f"e{next(numbers)}", thread=where or thread(), author=author, at=1.0, turn=turn)


def turn(
    question: str = "hello", answer: str = "hi", *, cost: float | None = None, author: Author = ANN
) -> Turn:
    return Turn(
        id=f"t{next(numbers)}",
        asked=ChatMessage(author=author, text=question),
        answer=answer,
        model="demo",
        cost=cost,
        usage=Usage(input=10, cache_read=6, cache_write=3, output=5),
    )
