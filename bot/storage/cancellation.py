"""A cancellation that asyncio may lose."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast


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
