"""Reads one file in a process of its own, which may be killed: `python -m bot.files`.

Stdin: a line of JSON, {"name", "media_type", "as"}, and the bytes. Stdout: a FileText as JSON, or where it is read "as" a
picture and could be, that picture's bytes. What the process may use is limited before it reads anything; it inherits no
environment, and nothing it prints about a file reaches a log.
"""

import json
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module

from bot.domain.file_text import FileText
from bot.files.kinds import read_file
from bot.files.limits import DAMAGED, TOO_LARGE, Unreadable

MEMORY = 768 << 20  # bytes, of addresses
CPU = 9  # seconds
LIMITS = (
    (resource.RLIMIT_AS, MEMORY),
    (resource.RLIMIT_CPU, CPU),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NOFILE, 64),
)


def read_stdin() -> None:
    for what, most in LIMITS:
        with suppress(ValueError, OSError):  # macOS has no limit of addresses
            # At the first limit of time it is told, and killed at the second.
            resource.setrlimit(what, (most, most + 1))
    head = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    made = _made(data, head)
    sys.stdout.buffer.write(made if isinstance(made, bytes) else json.dumps(asdict(made)).encode())


def _made(data: bytes, head: Mapping[str, str]) -> FileText | bytes:
    try:
        match head["as"]:
            case "picture":
                picture: bytes = import_module("bot.files.pictures").redrawn(data)
                return picture
            case "document":
                import_module("bot.files.pdfs").expect_whole(data)
                return FileText()
            case _:
                return read_file(data, head["name"], head["media_type"])
    except Unreadable as error:
        return FileText(reason=str(error))
    except MemoryError:
        return FileText(reason=TOO_LARGE)
    except Exception:  # readers meet files that nobody has foreseen, and raise whatever they like
        return FileText(reason=DAMAGED)


if __name__ == "__main__":
    read_stdin()
