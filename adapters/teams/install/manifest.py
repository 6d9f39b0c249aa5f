"""The package a Teams administrator uploads: the manifest with this bot's ids in it, and the icons."""

import io
import re
import uuid
import zipfile
from importlib.resources import files

from bot.domain.errors import SettingsError

APP_ID = "00000000-0000-0000-0000-000000000000"
HOST = "bot.example.com"
"""The placeholders in the template for the bot's id and its public host."""
PARTS = ("manifest.json", "color.png", "outline.png")
DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})+", re.IGNORECASE)
WRITTEN = (2026, 1, 1, 0, 0, 0)
"""The time of every file in the package, so that the same input gives the same bytes."""


def package(app_id: str, host: str) -> bytes:
    """The zip. Raises SettingsError for an id that is no GUID or a host without a public name."""
    ids = {APP_ID: _guid(app_id), HOST: _domain(host)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in PARTS:
            data = (files("manifests") / "teams" / name).read_bytes()
            if name.endswith(".json"):
                text = data.decode()
                for placeholder, value in ids.items():
                    text = text.replace(placeholder, value)
                data = text.encode()
            archive.writestr(zipfile.ZipInfo(name, WRITTEN), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _guid(app_id: str) -> str:
    try:
        guid = uuid.UUID(app_id)
    except ValueError:
        guid = uuid.UUID(int=0)
    if not guid.int or "-" not in app_id:
        raise SettingsError(
            f"--app-id {app_id!r} is no Microsoft App ID. Copy it from Azure Bot > Configuration; it looks like "
            "07338883-af76-47b3-86e4-2603c50be638."
        )
    return str(guid)


def _domain(host: str) -> str:
    name = host.strip().removeprefix("https://").rstrip("/")
    if not DOMAIN.fullmatch(name) or name.replace(".", "").isdigit():
        raise SettingsError(
            f"--host {host!r} is no public name. Write the host of the bot's https address, such as bot.example.com."
        )
    return name.lower()
