"""What this process does with its memory: how many answers at once fit into it, and how seldom it is searched."""

import gc
import os
from pathlib import Path

PER_ANSWER = 1 << 20  # bytes; its attachments have a limit of their own
SHARE = 0.5  # of the memory, at most
YOUNG = (10_000, 20, 20)  # Python's thresholds: hundreds of answers that grow are no rubbish
LIMITS = ("memory.max", "memory/memory.limit_in_bytes")  # of a container: cgroup 2, cgroup 1


def answers_that_fit(wanted: int, *, memory: int | None = None) -> int:
    """`wanted`, or fewer where the memory (in bytes; this process's by default) is too small for them."""
    room = int((memory or available()) * SHARE) // PER_ANSWER
    return max(1, min(wanted, room))


def available(folder: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that this process may use."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in LIMITS:
        path = folder / name
        if path.is_file() and (text := path.read_text().strip()).isdecimal():
            found.append(int(text))
    return min(found)


def spare_the_collector() -> None:
    """Called when everything has started: modules and settings stay for ever, and looking through them again and again holds
    the event loop for a tenth of a second each time.
    """
    gc.freeze()
    gc.set_threshold(*YOUNG)
