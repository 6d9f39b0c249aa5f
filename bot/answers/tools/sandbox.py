"""Runs one piece of Python that a model wrote: started by python_tool.py as a program of its own, never imported.

The interpreter is already a process apart. This one stands between, because taking a value over and writing it down can take
longer and more memory than making it did. Reads one line of JSON (`code`), writes one (`printed`, `value`, `error`).
"""

import json
import resource
import sys

import pydantic_monty

SIGNS = 20_000  # of what is printed, and of the value
MEMORY = 512 * 1024 * 1024  # of this process, beside its shared parts
LIMITS = pydantic_monty.ResourceLimits(
    max_feed_duration_secs=2.0,
    max_memory=64 * 1024 * 1024,
    max_recursion_depth=200,
    max_total_sleep_secs=1.0,
)


def answer(code: str) -> dict[str, str]:
    """What it printed, its last value, and what went wrong."""
    printed: list[str] = []
    kept = 0

    def listen(_stream: str, text: str) -> None:
        nonlocal kept
        if kept <= SIGNS:
            printed.append(text)
        kept += len(text)

    value = error = ""
    try:
        with (
            pydantic_monty.Monty(min_processes=1, max_processes=1, request_timeout=5.0) as pool,
            pool.checkout(limits=LIMITS) as session,
        ):
            found = session.feed_run(code, print_callback=listen)
            value = "" if found is None else repr(found)
    except (pydantic_monty.MontyRuntimeError, pydantic_monty.MontySyntaxError) as failed:
        error = failed.display()
    except (pydantic_monty.MontyError, MemoryError, RecursionError, ValueError) as failed:
        error = f"{type(failed).__name__}: {failed}"
    return {"printed": cut("".join(printed), kept), "value": cut(value), "error": cut(error)}


def cut(text: str, signs: int = 0) -> str:
    signs = max(signs, len(text))
    return text if signs <= SIGNS else f"{text[:SIGNS]}\n[cut here: {signs:,} characters are too many]"


if __name__ == "__main__":
    sys.set_int_max_str_digits(100_000)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    sys.stdout.write(json.dumps(answer(json.loads(sys.stdin.readline())["code"])) + "\n")
