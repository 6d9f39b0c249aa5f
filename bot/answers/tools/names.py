"""What a tool is called in prompts: every dialect takes it, and no two tools share it."""

import hashlib
import re
from typing import Final

LONGEST: Final = 64
HASH: Final = 6


def called_in_prompts(full_name: str) -> str:
    """`[A-Za-z_][A-Za-z0-9_-]{0,63}` for `server.tool`. Always the same one, so a call of the past is shown alike by every
    replica; where two tools could meet in one name, a hash of what they are really called tells them apart.
    """
    server, _, tool = full_name.partition(".")
    plain = f"{_legal(server)}__{_legal(tool)}"
    plain = plain if re.match(r"[A-Za-z_]", plain) else f"_{plain}"
    if (
        plain == f"{server}__{tool}"
        and plain.count("__") == 1
        and len(plain) <= LONGEST
        and "___" not in plain
    ):
        return plain
    digest = hashlib.sha256(full_name.encode()).hexdigest()[:HASH]
    return f"{plain[: LONGEST - HASH - 1]}_{digest}"


def _legal(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)
