"""The package an administrator uploads is one that Teams takes."""

import io
import itertools
import json
import shutil
import site
import struct
import subprocess
import sys
import venv
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
from tests.ops.product import ROOT

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


def written(**arguments: str) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(package(ID, DOMAIN, **arguments))) as archive:
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
        return manifest


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
    assert {"personal", "copilot"} <= set(bot["scopes"])
    assert all(set(one["scopes"]) <= set(bot["scopes"]) for one in lists)
    assert all(command.get("prompt") for command in commands if command.get("type") == "prompt")
    assert len(lists) <= 3
    assert all(len(one["commands"]) <= 12 for one in lists)  # the schema's limit
    assert all(len(command["title"]) <= 32 for command in commands)


def test_the_listed_commands_are_the_ones_there_are(manifest: dict[str, Any]) -> None:
    """Teams takes twelve at most, prompts included: somebody has to choose."""
    says = {row.name: (row.does, row.usage) for row in COMMANDS}
    listed = {
        tuple(entry["scopes"]): [one for one in entry["commands"] if one.get("type") != "prompt"]
        for entry in manifest["bots"][0]["commandLists"]
    }
    for one in itertools.chain(*listed.values()):
        does, usage = says[one["title"].removeprefix("/")]
        assert one["description"] == (f"{does}: {one['title']} {usage}" if usage else does)
    names = {
        scopes: [one["title"].removeprefix("/") for one in commands] for scopes, commands in listed.items()
    }

    for shown in names.values():
        assert shown == [name for name in says if name in shown]
        assert {"model", "ask", "help"} <= set(shown)
    assert all(len(entry["commands"]) <= 12 for entry in manifest["bots"][0]["commandLists"])


def test_copilot_shows_the_same_starters_as_the_personal_chat(manifest: dict[str, Any]) -> None:
    """What depends on threads or on edits of a message has no place there."""
    starters = {
        tuple(entry["scopes"]): [one for one in entry["commands"] if one.get("type") == "prompt"]
        for entry in manifest["bots"][0]["commandLists"]
    }
    (there,) = [one for one in manifest["bots"][0]["commandLists"] if one["scopes"] == ["copilot"]]
    titles = {one["title"].removeprefix("/") for one in there["commands"]}

    assert starters["copilot",] == starters["personal",]
    assert starters["copilot",]
    assert not titles & {"compare", "mute", "unmute"}


def test_a_message_has_an_action_that_asks_about_it(manifest: dict[str, Any]) -> None:
    (extension,) = manifest["composeExtensions"]
    (command,) = extension["commands"]

    assert extension["botId"] == manifest["bots"][0]["botId"]
    assert (command["id"], command["type"], command["fetchTask"]) == ("askAboutMessage", "action", True)
    assert command["context"] == ["message"]


def test_the_version_is_the_operators(parts: Mapping[str, bytes]) -> None:
    raised, default = (written(version="1.20.3"), json.loads(parts["manifest.json"]))

    assert raised["version"] == "1.20.3"
    assert default == {**raised, "version": default["version"]}


@pytest.mark.parametrize(
    "version",
    ["1", "1.2", "1.2.3.4", "v1.2.3", "1.2.x", "1.2.3-beta", "01.2.3", "1.2.3 ", "-1.2.3", "1.2.\u0663"],
)
def test_a_version_that_is_none_is_refused(version: str) -> None:
    with pytest.raises(SettingsError, match=r"--version .* Write three numbers"):
        written(version=version)


def test_the_pages_administrators_open_are_the_bots_own(manifest: dict[str, Any]) -> None:
    assert manifest["developer"]["privacyUrl"] == f"https://{DOMAIN}/privacy"
    assert manifest["developer"]["termsOfUseUrl"] == f"https://{DOMAIN}/terms"
    assert manifest["developer"]["websiteUrl"] == f"https://{DOMAIN}/terms"


def test_a_company_has_pages_of_its_own() -> None:
    pages = written(privacy='https://www.contoso.com/a"b?x=1', terms="https://legal.contoso.com/")[
        "developer"
    ]

    assert pages["privacyUrl"] == "https://www.contoso.com/a%22b?x=1"
    assert pages["termsOfUseUrl"] == pages["websiteUrl"] == "https://legal.contoso.com/"


def test_the_application_id_uri_is_the_operators() -> None:
    own = f"api://botid-{ID}"

    assert written()["webApplicationInfo"] == {"id": ID, "resource": f"api://{DOMAIN}/{ID}"}
    assert written(sso=own)["webApplicationInfo"] == {"id": ID, "resource": own}


@pytest.mark.parametrize("uri", ["https://x.example/app", "api://", "api://a b", "api://" + "a" * 100])
def test_what_is_no_application_id_uri_is_refused(uri: str) -> None:
    with pytest.raises(SettingsError, match=r"--sso .* Expose an API"):
        written(sso=uri)


@pytest.mark.parametrize("flag", ["privacy", "terms"])
@pytest.mark.parametrize(
    "address",
    [
        "http://www.contoso.com/x", "www.contoso.com", "https://", "https://localhost/x", "https://10.0.0.1/x",
        "https://[::1]/x", "https://me:secret@www.contoso.com/x", "https://www.contoso.com/a b", "javascript:alert(1)",
        "https://www.contoso.com/" + "x" * 2048,
    ],
)  # fmt: skip
def test_a_page_that_nobody_can_open_is_refused(flag: str, address: str) -> None:
    with pytest.raises(SettingsError, match=f"--{flag}"):
        written(**{flag: address})


def test_the_installed_command_writes_the_package(tmp_path: Path) -> None:
    """As the README installs it. A folder that is no package cannot be read in an editable install."""
    copy, home = tmp_path / "checkout", tmp_path / "venv"
    for name in ("bot", "adapters", "providers", "manifests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    venv.create(home, symlinks=True)
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    install = ["install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--editable"]
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python")]
    subprocess.run([*pip, *install, str(copy)], check=True, capture_output=True)
    command = [str(home / "bin" / "switchboard"), "manifest", "teams", "--app-id", ID, "--host", DOMAIN]
    subprocess.run([*command, "--version", "7.8.9"], cwd=tmp_path, check=True, capture_output=True)

    with zipfile.ZipFile(tmp_path / "switchboard-teams.zip") as archive:
        assert set(archive.namelist()) == {"manifest.json", "color.png", "outline.png"}
        assert json.loads(archive.read("manifest.json")) == written(version="7.8.9")


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
