"""How long something takes, told as a multiple of what this machine takes for a fixed piece of work: a limit in
seconds would measure the machine and its other guests.
"""

import gc
import time
from collections.abc import Callable

QUICK = 100  # yardsticks: one or two seconds of a slow machine, and a power of a text's length takes minutes
TRIES = 3  # another guest of the machine may have taken its processor's time meanwhile


def processor_seconds(act: Callable[[], object]) -> float:
    """Processor time of one call. What earlier tests left to be collected is not collected in it."""
    gc.disable()
    try:
        began = time.process_time()
        act()
        return time.process_time() - began
    finally:
        gc.enable()


def assert_quick(act: Callable[[], object], most: float = QUICK) -> None:
    """One call takes at most `most` yardsticks of processor time; the best of several tries counts."""
    tries: list[float] = []
    while not tries or min(tries) > most:
        assert len(tries) < TRIES, f"{min(tries):.0f} yardsticks, and {most:.0f} are the most"
        tries.append(processor_seconds(act) / processor_seconds(_yardstick))


def _yardstick() -> None:
    total = 0
    for number in range(100_000):
        total += number * number
