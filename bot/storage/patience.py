"""What passes by itself, and how long it is waited for.

redis-py's own retries are off: they would repeat any command ten times, for a minute. Here a command is repeated
only until patience is over, and every command may safely run twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as TooSlow

from bot.domain.errors import StorageUnavailable

PASSING = (
    NotConnected,
    TooSlow,
    BusyLoadingError,
    ClusterDownError,
    ReadOnlyError,
    TryAgainError,
    RedisClusterException,
    OSError,
)
DROPPED = (AttributeError, TypeError)  # of a lost connection: redis-py's cluster, Python 3.12's streams

Answer = TypeVar("Answer")


@contextmanager
def heeding_cancellation() -> Iterator[None]:
    """On Python 3.11, asyncio.wait_for loses a cancellation that comes just when redis-py has sent. It is
    raised here again; otherwise a cancelled task would go on for ever.
    """
    task = cast("asyncio.Task[None]", asyncio.current_task())
    before = task.cancelling()
    try:
        yield
    finally:
        if task.cancelling() > before:
            raise asyncio.CancelledError


async def patiently(
    ask: Callable[[], Awaitable[Answer]], seconds: float, *, limit: float, again: bool
) -> Answer:
    """Asks again for `seconds`; whatever is under way then may take until `limit`."""
    trouble: BaseException | None = None
    pause = 0.02
    ends = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout(limit):
            while True:
                try:
                    with heeding_cancellation():
                        return await ask()
                except PASSING as error:
                    trouble = error  # says more than the TimeoutError that ends the loop
                if not again or asyncio.get_running_loop().time() + pause > ends:
                    break
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.3)
    except TimeoutError as error:
        trouble = trouble or error
    except RedisError as error:
        raise StorageUnavailable(str(error)) from error
    raise StorageUnavailable(str(trouble) or "no answer") from trouble
