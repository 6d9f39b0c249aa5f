"""How long something takes."""

import gc
import time
from collections.abc import Callable


def processor_seconds(act: Callable[[], object]) -> float:
    """Processor time of one call. What earlier tests left to be collected is not collected in it."""
    gc.disable()
    try:
        began = time.process_time()
        act()
        return time.process_time() - began
    finally:
        gc.enable()
