"""The package an administrator uploads is one that Teams takes."""

import io
import itertools
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from adapters.teams.install.manifest import APP_ID, HOST, package
from bot.domain.command_table import COMMANDS
from bot.domain.errors import SettingsError

ID, DOMAIN = "07338883-af76-47b3-86e4-2603c50be638", "bot.contoso.com"
INSTALLED = Path("node_modules/@microsoft/app-manifest/build/json-schemas/teams")


@pytest.fixture
def parts() -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package(ID, DOMAIN))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def manifest(parts: Mapping[str, bytes]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(parts["manifest.json"])
    return loaded


def published_schema(version: str) -> dict[str, Any]:
    """Microsoft's own schema, from the npm package beside or above the repository."""
    for folder in Path(__file__).resolve().parents:
        for home in (folder, folder / "npm"):
            path = home / INSTALLED / f"v{version}" / "MicrosoftTeams.schema.json"
            if path.is_file():
                schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
                return schema
    pytest.skip(
        "npm install @microsoft/app-manifest above this repository to check against Microsoft's schema"
    )


def test_the_manifest_is_valid_by_microsofts_schema(manifest: dict[str, Any]) -> None:
    schema = published_schema(manifest["manifestVersion"])
    faults = [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(manifest)]

    assert faults == []


def test_the_schema_would_catch_a_fault(manifest: dict[str, Any]) -> None:
    schema = published_schema(manifest["manifestVersion"])
    manifest["name"]["short"] = "x" * 31
    manifest["bots"][0]["scopes"] = ["groupchat"]

    assert len(list(jsonschema.Draft7Validator(schema).iter_errors(manifest))) == 2


def test_nothing_of_the_template_is_left(parts: Mapping[str, bytes], manifest: dict[str, Any]) -> None:
    text = parts["manifest.json"].decode()

    assert APP_ID not in text
    assert HOST not in text
    assert manifest["id"] == manifest["bots"][0]["botId"] == ID
    assert manifest["copilotAgents"]["customEngineAgents"][0]["id"] == ID
    assert manifest["validDomains"] == [DOMAIN]


def test_what_the_schema_does_not_catch_is_right_too(manifest: dict[str, Any]) -> None:
    bot = manifest["bots"][0]
    lists = bot["commandLists"]
    commands = [command for one in lists for command in one["commands"]]

    assert all(urlsplit(url).scheme == "https" for url in strings_named(manifest, "Url"))
    assert len(manifest["version"].split(".")) == 3
    assert manifest["manifestVersion"] in manifest["$schema"]
    assert "personal" in bot["scopes"]
    assert all(command.get("prompt") for command in commands if command.get("type") == "prompt")
    assert all(len(one["commands"]) <= 10 for one in lists)
    assert all(len(command["title"]) <= 32 for command in commands)


def test_the_listed_commands_are_the_ones_there_are(manifest: dict[str, Any]) -> None:
    """Teams shows ten at most: a person's list, which holds prompts too, may leave some out, the other may not."""
    says = {row.name: (row.does, row.usage) for row in COMMANDS}
    listed = [
        [one for one in entry["commands"] if one.get("type") != "prompt"]
        for entry in manifest["bots"][0]["commandLists"]
    ]
    for one in itertools.chain(*listed):
        does, usage = says[one["title"].removeprefix("/")]
        assert one["description"] == (f"{does}: {one['title']} {usage}" if usage else does)
    personal, shared = ([one["title"].removeprefix("/") for one in names] for names in listed)

    assert shared == list(says)
    assert personal == [name for name in says if name in personal]


def strings_named(value: Any, ending: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key.endswith(ending) and isinstance(item, str):
                yield item
            yield from strings_named(item, ending)
    elif isinstance(value, list):
        for item in value:
            yield from strings_named(item, ending)


def pixels(png: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, channels and the unfiltered image data of a PNG; raises for a damaged one."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, head = 8, b"", b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0]
        data += body if kind == b"IDAT" else b""
        head = body if kind == b"IHDR" else head
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", head[:10])
    assert depth == 8
    return width, height, {2: 3, 6: 4}[colour], zlib.decompress(data)


def test_the_icons_have_the_sizes_teams_asks_for(parts: Mapping[str, bytes]) -> None:
    assert pixels(parts["color.png"])[:2] == (192, 192)
    assert pixels(parts["outline.png"])[:2] == (32, 32)


def test_the_outline_is_white_on_nothing(parts: Mapping[str, bytes]) -> None:
    width, height, channels, data = pixels(parts["outline.png"])
    rows = [data[1 + row * (1 + 4 * width) :][: 4 * width] for row in range(height)]
    filters = {data[row * (1 + 4 * width)] for row in range(height)}
    alphas = [row[at + 3] for row in rows for at in range(0, 4 * width, 4)]

    assert (channels, filters) == (4, {0})
    assert all(row[at : at + 3] == b"\xff\xff\xff" for row in rows for at in range(0, 4 * width, 4))
    assert (min(alphas), max(alphas)) == (0, 255)


def test_the_same_input_gives_the_same_package() -> None:
    assert package(ID, DOMAIN) == package(ID.upper(), f"https://{DOMAIN.upper()}/")


@pytest.mark.parametrize("app_id", ["", "x", APP_ID, ID[:-1], ID.replace("-", ""), f"{ID} "])
def test_an_id_that_is_none_is_refused(app_id: str) -> None:
    with pytest.raises(SettingsError, match="--app-id"):
        package(app_id, DOMAIN)


@pytest.mark.parametrize(
    "host", ["", "localhost", "127.0.0.1", "http://bot.contoso.com", "bot.contoso.com/x", "bot.contoso.com:3978", 'a"b.com', "-a.com"]
)  # fmt: skip
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="--host"):
        package(ID, host)
