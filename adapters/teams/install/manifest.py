"""The package a Teams administrator uploads: the manifest with this bot's ids in it, and the icons."""

import io
import json
import re
import uuid
import zipfile
from importlib.resources import files
from typing import Any

from adapters.teams.clouds import absolute_url
from bot.domain.errors import SettingsError
from bot.settings.tool_entries import APP_ADDRESS

APP_ID = "00000000-0000-0000-0000-000000000000"
HOST = "bot.example.com"
"""The placeholders in the template for the bot's id and its public host."""
ICONS = ("color.png", "outline.png")
DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})+", re.IGNORECASE)
VERSION = re.compile(r"(?:(?:0|[1-9][0-9]{0,8})\.){2}(?:0|[1-9][0-9]{0,8})")
LONGEST = 2048
"""Characters of a page's address."""
WRITTEN = (2026, 1, 1, 0, 0, 0)
"""The time of every file in the package, so that the same input gives the same bytes."""


def package(
    app_id: str, host: str, *, version: str = "", privacy: str = "", terms: str = "", sso: str = ""
) -> bytes:
    """The zip. `version`, the addresses of pages that replace the bot's own, and `sso`, the Application ID URI, are the
    template's where they are "". Raises SettingsError for an id that is no GUID, a host without a public name, and the like.
    """
    manifest = _manifest(_guid(app_id), _domain(host), _version(version), privacy, terms)
    manifest["webApplicationInfo"] |= {"resource": _resource(sso)} if sso else {}
    parts = {"manifest.json": json.dumps(manifest, ensure_ascii=False, indent=2).encode()}
    parts |= {name: _template(name) for name in ICONS}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, WRITTEN), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _manifest(guid: str, domain: str, version: str, privacy: str, terms: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(
        _template("manifest.json").decode().replace(APP_ID, guid).replace(HOST, domain)
    )
    if version:
        manifest["version"] = version
    if privacy:
        manifest["developer"]["privacyUrl"] = _page("--privacy", privacy)
    if terms:
        page = _page("--terms", terms)
        manifest["developer"] |= {"termsOfUseUrl": page, "websiteUrl": page}
    return manifest


def _template(name: str) -> bytes:
    return (files("manifests") / "teams" / name).read_bytes()


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
    if not _public(name):
        raise SettingsError(
            f"--host {host!r} is no public name. Write the host of the bot's https address, such as bot.example.com."
        )
    return name.lower()


def _public(name: str) -> bool:
    return bool(DOMAIN.fullmatch(name)) and not name.replace(".", "").isdigit()


def _version(version: str) -> str:
    if version and not VERSION.fullmatch(version):
        raise SettingsError(
            f"--version {version!r} is no version. Write three numbers, higher than those of the package before: 1.2.0."
        )
    return version


def _resource(sso: str) -> str:
    if not re.fullmatch(APP_ADDRESS, sso) or len(sso) > 100:
        raise SettingsError(
            f"--sso {sso!r} is no Application ID URI. Copy it from the app registration > Expose an API; it looks like "
            "api://bot.example.com/07338883-af76-47b3-86e4-2603c50be638."
        )
    return sso


def _page(flag: str, address: str) -> str:
    url = absolute_url(address)
    if (
        url is None or url.scheme != "https" or url.user is not None or url.password is not None
        or not _public(url.raw_host or "") or len(str(url)) > LONGEST
    ):  # fmt: skip
        raise SettingsError(
            f"{flag} {address!r} is no public https address. Write one that administrators can open, such as "
            f"https://www.example.com/{flag.removeprefix('--')}."
        )
    return str(url)
