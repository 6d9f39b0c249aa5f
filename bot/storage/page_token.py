"""The secret in the page's address. It is kept beside the embedded server's data, for every process on this
machine and for the next start: a tab that is open goes on working.

Not in Redis, which other machines may share: whoever may read a file of this user may see the page.
"""

import logging
import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from bot.domain.errors import SettingsError
from bot.storage.data_folder import private_directory

log = logging.getLogger(__name__)

NAME = "page.token"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def page_token(data_dir: Path) -> str:
    """The kept token, or a new one. Where nothing can be kept it is good until this process ends."""
    try:
        private_directory(data_dir)
        return _kept(data_dir / NAME) or _keep(data_dir / NAME)
    except (OSError, SettingsError) as error:
        log.warning("the page's address is new at every start", extra={"why": str(error)})
        return secrets.token_urlsafe(32)


def _kept(path: Path) -> str:
    """The token in the file; "" where there is none, or where others could have read or written it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as file:
        found = os.fstat(file.fileno())
        token = file.read(100).strip()
    private = found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
    return token if private and TOKEN.fullmatch(token) else ""


def _keep(path: Path) -> str:
    """Writes a new token. Of processes that start together, the first one's is everybody's."""
    token = secrets.token_urlsafe(32)
    draft = path.with_name(f"{NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{token}\n")
        with suppress(FileExistsError):
            path.hardlink_to(draft)
            return token
        if first := _kept(path):
            return first
        draft.replace(path)  # what is there is of no use
        return token
    finally:
        draft.unlink(missing_ok=True)
