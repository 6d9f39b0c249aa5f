"""Vertex AI with Google's own credentials: where models are asked, and how tokens are got, kept and exchanged."""

import asyncio
import sys
from pathlib import Path

import pytest
from pytest_aiohttp.plugin import AiohttpServer

from bot.domain.catalog import Model
from bot.domain.errors import Auth
from bot.domain.prompt import CallPart, Prompt, PromptMessage, ResultPart, TextPart
from providers import google_identity
from providers.gemini import Gemini
from providers.vertex import VERTEX, place_of
from tests.catalogue.connected import answer, connection, plugged, provider
from tests.catalogue.google import HERE, FakeGoogle
from tests.ops.product import command

ENTRY = '[providers.vertex]\ndialect = "{dialect}"\nbase_url = "{base}"\nauth = "google"\n'
MODEL = '[[models]]\nname = "flash"\nprovider = "vertex"\nmodel = "gemini-2.5-flash"\n'
KEYED = 'api_key_env = "VERTEX_KEY_FILE"\n'
NOBODY = {"NO_GCE_CHECK": "true"}


@pytest.fixture
async def google(aiohttp_server: AiohttpServer) -> FakeGoogle:
    fake = FakeGoogle()
    server = await aiohttp_server(fake.app())
    fake.url = str(server.make_url("/")).rstrip("/")
    return fake


def entry(google: FakeGoogle, dialect: str = "gemini", end: str = "") -> str:
    return ENTRY.format(dialect=dialect, base=google.url + HERE + end)


@pytest.mark.parametrize("end", ["", "/endpoints/openapi", "/publishers/google", "/publishers/google/models"])
@pytest.mark.parametrize(
    ("dialect", "model", "path"),
    [
        (
            "gemini",
            "gemini-2.5-flash",
            "/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        ),
        ("openai-chat", "google/gemini-2.5-flash", "/endpoints/openapi/chat/completions"),
        ("openai-chat", "meta/llama-3.3-70b-instruct-maas", "/endpoints/openapi/chat/completions"),
        (
            "gemini",
            "claude-sonnet-4-5@20250929",
            "/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict",
        ),
    ],
)
async def test_a_model_is_asked_in_its_publishers_dialect_whatever_end_the_address_has(
    *, dialect: str, model: str, path: str, end: str, google: FakeGoogle, tmp_path: Path
) -> None:
    environ = {"VERTEX_KEY_FILE": str(google.key_file(tmp_path))}

    async with plugged(environ, entry(google, dialect, end) + KEYED) as connections:
        said = await answer(provider(connections, "vertex"), model)

    assert said == ("hello", model)
    assert [asked for asked, _ in google.asked] == [HERE + path]


@pytest.mark.parametrize(("lasts", "tokens"), [(3599, 1), (200, 2)])
async def test_a_token_is_kept_and_exchanged_minutes_before_its_end(
    lasts: int, tokens: int, google: FakeGoogle, tmp_path: Path
) -> None:
    google.lasts = lasts
    environ = {"VERTEX_KEY_FILE": str(google.key_file(tmp_path))}

    async with plugged(environ, entry(google) + KEYED) as connections:
        for _ in range(2):
            assert await answer(provider(connections, "vertex"), "gemini-2.5-flash") == (
                "hello",
                "gemini-2.5-flash",
            )

    assert len(google.given) == tokens
    assert google.refused == []


async def test_a_token_that_is_refused_is_exchanged_once_for_all_questions_and_they_are_answered(
    google: FakeGoogle, tmp_path: Path
) -> None:
    environ = {"VERTEX_KEY_FILE": str(google.key_file(tmp_path))}

    async with plugged(environ, entry(google) + KEYED) as connections:
        vertex = provider(connections, "vertex")
        await answer(vertex, "gemini-2.5-flash")
        google.revoke()
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(answer(vertex, "gemini-2.5-flash")) for _ in range(5)]

    assert [each.result()[0] for each in asking] == ["hello"] * 5
    assert google.given == ["token-1", "token-2"]


async def test_whoever_is_refused_with_every_token_is_told_and_gets_no_token_for_each_question(
    google: FakeGoogle, tmp_path: Path
) -> None:
    google.accepts = False
    environ = {"VERTEX_KEY_FILE": str(google.key_file(tmp_path))}

    async with plugged(environ, entry(google) + KEYED) as connections:
        for _ in range(3):
            with pytest.raises(Auth) as told:
                await answer(provider(connections, "vertex"), "gemini-2.5-flash")

    assert told.value.status == 401
    assert google.refused == ["token-1", "token-2", "token-2", "token-2"]


async def test_without_a_key_file_googles_own_variable_counts(google: FakeGoogle, tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text(entry(google) + MODEL, encoding="utf-8")
    account = {"GOOGLE_APPLICATION_CREDENTIALS": str(google.key_file(tmp_path))}

    checked = await command(tmp_path, "check", **account)
    asked = await command(tmp_path, "chat", stdin="flash: Are you there?", **account)

    assert checked.code == 0
    assert "vertex" in checked.out
    assert "hello" in asked.out


async def test_on_googles_machines_the_metadata_server_gives_the_token(
    google: FakeGoogle, tmp_path: Path
) -> None:
    (tmp_path / "switchboard.toml").write_text(entry(google) + MODEL, encoding="utf-8")
    host = google.url.removeprefix("http://")
    machine = {"GCE_METADATA_HOST": host, "GCE_METADATA_IP": host, "HOME": str(tmp_path)}

    asked = await command(tmp_path, "chat", stdin="flash: Are you there?", **machine)

    assert "hello" in asked.out
    assert google.given == ["token-1"]


async def test_check_says_what_to_type_where_nobody_is_signed_in(google: FakeGoogle, tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text(entry(google) + MODEL, encoding="utf-8")

    checked = await command(tmp_path, "check", HOME=str(tmp_path), **NOBODY)

    assert checked.code != 0
    assert google_identity.NOBODY in " ".join(checked.out.split())


@pytest.mark.parametrize("wrong", ["refused", "missing", "broken"])
async def test_a_key_file_that_is_no_good_is_told(wrong: str, google: FakeGoogle, tmp_path: Path) -> None:
    path = google.key_file(tmp_path, **({"client_email": "else@x.test"} if wrong == "refused" else {}))
    if wrong == "missing":
        path.unlink()
    if wrong == "broken":
        path.write_text("{", encoding="utf-8")

    async with plugged({"VERTEX_KEY_FILE": str(path)}, entry(google) + KEYED) as connections:
        with pytest.raises(Auth, match="check the service account's key file") as told:
            await answer(provider(connections, "vertex"), "gemini-2.5-flash")

    assert "PRIVATE" not in str(told.value)


async def test_without_the_library_or_the_variable_it_says_what_to_do(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with plugged({}, entry(google) + KEYED) as connections:
        assert connection(connections, "vertex").source.off == "set VERTEX_KEY_FILE"
    monkeypatch.setitem(sys.modules, "google.auth", None)
    async with plugged({}, entry(google)) as connections:
        off = connection(connections, "vertex").source.off

    assert off == "install google-auth (pip install google-auth requests)"


CALLED = Prompt(
    system="",
    messages=(
        PromptMessage(role="user", parts=(TextPart(text="q"),)),
        PromptMessage(role="assistant", parts=(CallPart(id="c1", name="f", args="{}"),)),
        PromptMessage(role="user", parts=(ResultPart(id="c1", name="f", text="r"),)),
    ),
)


@pytest.mark.parametrize(("model", "named"), [("gemini-2.5-flash", False), ("gemini-3.5-flash", True)])
def test_older_models_get_calls_without_the_ids_that_they_refuse(model: str, named: bool) -> None:
    asked = Model(name="m", provider="p", model=model)
    body = Gemini().request(asked, CALLED, VERTEX["gemini"]).body
    call, result = (body["contents"][at]["parts"][0] for at in (1, 2))

    assert ("id" in call["functionCall"], "id" in result["functionResponse"]) == (named, named)


def test_only_a_location_of_a_project_is_vertex() -> None:
    assert place_of("https://us-east5-aiplatform.googleapis.com/v1/projects/P/locations/us-east5").endswith(
        "/us-east5"
    )
    assert place_of("https://generativelanguage.googleapis.com") == ""
    assert place_of("https://r.services.ai.azure.com/api/projects/P") == ""
