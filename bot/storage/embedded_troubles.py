"""Why the embedded server is not there, in its own last words, and what to do about it."""

import re
import shutil
from pathlib import Path

from bot.domain.readiness import Trouble

STAMP = re.compile(r"^\d+:\S+ \d+ \w+ \d{4} [\d:.]+ [.*#-] ?")
LINES = 2  # of its log; the last one alone may say little

REMEDIES = (
    (
        r"No space left|[Ss]hort write|Disk quota",
        "The disk is full: free some space. It starts again by itself, with everything that was acknowledged",
    ),
    (
        r"Permission denied|Read-only file system|Not a directory|Operation not permitted",
        "Make {dir} and what is in it writable for this user, or choose another folder as SWITCHBOARD_DATA_DIR",
    ),
    (
        r"(?i)aof|append[- ]only|RDB|short read",
        "Move {dir} aside to begin with an empty one, or repair a copy of it: {check} --fix {file}",
    ),
)
OTHERWISE = "Its log may say more. {dir} can be moved aside to begin with an empty one"


def last_words(log: Path) -> str:
    """The last lines that say something, without their time."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    said = [STAMP.sub("", line).strip() for line in lines[-50:]]
    return " / ".join([line for line in said if line][-LINES:]) or "nothing"


def why_down(data_dir: Path, command: Path) -> Trouble:
    """What its log ends with, and the remedy for it."""
    log = data_dir / "valkey.log"
    words = last_words(log)
    remedy = next((remedy for pattern, remedy in REMEDIES if re.search(pattern, words)), OTHERWISE)
    # The newest file alone: the checker does not know what Valkey 9 writes as the first one.
    files = sorted((data_dir / "appendonlydir").glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)
    file = files[-1] if files else data_dir / "appendonlydir"
    return Trouble(
        what=f"The embedded server is down; {log} ends with: {words}",
        remedy=remedy.format(dir=data_dir, check=_checker(command), file=file),
    )


def _checker(command: Path) -> str:
    """The server's binary is the checker too, by its name."""
    return shutil.which("valkey-check-aof") or f"exec -a valkey-check-aof {command}"


def missing_manifest(data_dir: Path) -> bool:
    """Whether there is data that the server would pass over: it begins with nothing where the list of its files is
    gone.
    """
    folder = data_dir / "appendonlydir"
    if not folder.is_dir() or any(folder.glob("*.manifest")):
        return False
    return any(path.stat().st_size for path in folder.glob("*.aof*"))
