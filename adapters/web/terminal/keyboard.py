"""Reads typed lines without blocking the event loop."""

import asyncio
import contextlib
import io
import signal
import sys
import threading
from collections.abc import Iterator

with contextlib.suppress(ImportError):
    import readline  # noqa: F401  # its presence gives input() line editing and history


def forgive() -> None:
    """From now on, invalid bytes are read as a replacement character instead of raising an error."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")


async def read_line(prompt: str) -> str | None:
    """One line, None at the end (Ctrl-D).

    The read has its own daemon thread: it cannot be cancelled, and must not keep the process alive.
    """
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str | None] = loop.create_future()

    def settle(text: str | None) -> None:
        if not typed.done():
            typed.set_result(text)

    def read() -> None:
        text: str | None = None
        with contextlib.suppress(EOFError):
            text = input(prompt)
        with contextlib.suppress(RuntimeError):  # the event loop is closed already
            loop.call_soon_threadsafe(settle, text)

    threading.Thread(target=read, daemon=True, name="keyboard").start()
    return await typed


async def read_all() -> str:
    """The whole input of a pipe."""
    return await asyncio.to_thread(sys.stdin.read)


@contextlib.contextmanager
def interruptions() -> Iterator[asyncio.Event]:
    """An event that every Ctrl-C sets while the context is open, instead of ending the process."""
    pressed = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, pressed.set)
    try:
        yield pressed
    finally:
        loop.remove_signal_handler(signal.SIGINT)
