"""The embedded server's folder, and the one of its socket where the path would be too long."""

import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from bot.domain.errors import SettingsError

LONGEST_SOCKET = 107 if sys.platform == "linux" else 103  # bytes, from the size of sockaddr_un.sun_path


def private_directory(path: Path) -> None:
    """Makes `path` private to this user. Raises SettingsError where that is impossible or not advisable."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
        if found.st_uid != os.getuid() or found.st_mode & stat.S_ISVTX:
            raise SettingsError(
                f"SWITCHBOARD_DATA_DIR is {path}, a directory shared with others. Choose one of your own."
            )
        if stat.S_IMODE(found.st_mode) != 0o700:
            path.chmod(0o700)
    except OSError as error:
        raise SettingsError(
            f"SWITCHBOARD_DATA_DIR is {path}, which cannot be used ({error.strerror}). Choose a directory that can be written."
        ) from error


def socket_path(data_dir: Path) -> Path:
    """The socket's path: in the data directory or, if that path is too long for a socket, in a short private
    directory that `valkey.socket-dir` names.
    """
    inside = data_dir / "valkey.sock"
    if fits(inside):
        return inside
    pointer = data_dir / "valkey.socket-dir"
    with suppress(OSError):
        known = Path(pointer.read_text())
        found = known.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
            return known / "valkey.sock"
    made = Path(tempfile.mkdtemp(prefix="sb-"))
    if not fits(made / "valkey.sock"):
        made.rmdir()
        raise SettingsError(
            f"SWITCHBOARD_DATA_DIR is {data_dir}, too long a path for a unix socket, and so is {made.parent}. "
            "Choose a shorter one."
        )
    # Written aside and renamed: another process never reads half a path.
    draft = pointer.with_suffix(".new")
    draft.write_text(str(made))
    draft.replace(pointer)
    return made / "valkey.sock"


def fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET
