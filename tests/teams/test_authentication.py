"""How the bot gets its token without a client secret: azure-identity, against an Entra ID that checks every proof."""

import asyncio
import base64
import logging
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapters.teams.clouds import CHINA, GOVERNMENT, PUBLIC, TokenEndpoint, token_endpoint
from adapters.teams.install.check import check_credentials
from bot.app import read_settings
from bot.domain.errors import PlatformBusy, PlatformRefused, SettingsError
from bot.domain.replies import Reply
from bot.settings.platform_settings import TeamsSettings
from tests.doubles import FakeTurnHandle
from tests.ops.product import PATIENCE, ROOT, command_anew, running
from tests.teams.fake import FakeTeams
from tests.teams.issuer import Trouble
from tests.teams.place import TeamsPlace, adapter_for
from tests.teams.proofs import (
    ACCOUNT,
    BEARER,
    CLUSTER,
    bots_pair,
    cluster_token,
    new_pair,
    print_of,
    servers_pair,
    serving,
    trusting,
)

IDENTITY = "0d1c8d54-0000-4000-8000-00000000aaaa"
Said = Mapping[str, str]


async def say(place: TeamsPlace) -> None:
    await place.sink(FakeTurnHandle()).say(Reply(text="hello"))


@dataclass(frozen=True, kw_only=True)
class Proven:
    """A bot's registration in the fake, and the settings that fit it."""

    teams: FakeTeams
    settings: Said
    folder: Path

    @asynccontextmanager
    async def running(self) -> AsyncIterator[TeamsPlace]:
        adapter = adapter_for(self.teams, None, False, trusting(), **self.settings)
        async with adapter.running():
            yield TeamsPlace(self.teams, adapter, "groupChat")

    async def answer(self) -> list[str]:
        """What the Connector takes from a bot that has just started. Raises PlatformError."""
        async with self.running() as place:
            await say(place)
        return [message.text for message in place.room.said()]

    @property
    def environment(self) -> dict[str, str]:
        every = {**self.teams.environment(), **self.settings}
        return {name: value for name, value in every.items() if value}

    async def check(self) -> str:
        teams = read_settings(self.environment, folder=self.folder).platform(TeamsSettings)
        assert teams
        return await check_credentials(teams, trust=trusting())


def certificate(teams: FakeTeams, folder: Path) -> Said:
    pair = bots_pair()
    teams.issuer.registration.certificates = [pair.certificate]
    (folder / "bot.pem").write_bytes(pair.pem())
    return {"TEAMS_AUTH": "certificate", "TEAMS_CERTIFICATE": str(folder / "bot.pem")}


def locked_certificate(teams: FakeTeams, folder: Path) -> Said:
    said = certificate(teams, folder)
    (folder / "bot.pem").write_bytes(bots_pair().pem("open sesame"))
    return {**said, "TEAMS_CERTIFICATE_PASSWORD": "open sesame"}


def cluster(teams: FakeTeams) -> rsa.RSAPrivateKey:
    key = new_pair().key
    teams.issuer.registration.federated[CLUSTER, ACCOUNT] = key.public_key()
    return key


def federated(teams: FakeTeams, folder: Path) -> Said:
    (folder / "token").write_text(cluster_token(cluster(teams)) + "\n")
    return {"TEAMS_AUTH": "federated", "TEAMS_FEDERATED_TOKEN_FILE": str(folder / "token")}


def in_kubernetes(teams: FakeTeams, folder: Path) -> Said:
    said = federated(teams, folder)
    return {"TEAMS_AUTH": "federated", "AZURE_FEDERATED_TOKEN_FILE": said["TEAMS_FEDERATED_TOKEN_FILE"]}


def by_identity(teams: FakeTeams, _folder: Path) -> Said:
    teams.machine.assigned.add(IDENTITY)
    teams.issuer.registration.federated[teams.machine.issuer_of(IDENTITY)] = (
        teams.issuer.key.private.public_key()
    )
    return {"TEAMS_AUTH": "federated", "TEAMS_MANAGED_IDENTITY_CLIENT_ID": IDENTITY}


def identity(teams: FakeTeams, _folder: Path) -> Said:
    teams.machine.assigned.add(teams.issuer.app_id)
    return {"TEAMS_AUTH": "managed-identity"}


Kind = Callable[[FakeTeams, Path], Said]
KINDS: Mapping[str, Kind] = {
    "certificate": certificate,
    "certificate with a password": locked_certificate,
    "token file": federated,
    "token file as Kubernetes names it": in_kubernetes,
    "federated managed identity": by_identity,
    "managed identity": identity,
}


@asynccontextmanager
async def proven(kind: str, folder: Path) -> AsyncIterator[Proven]:
    """A fake in which the client secret is worth nothing any more, on a machine of App Service."""
    async with FakeTeams() as teams:
        teams.issuer.registration.secret = uuid.uuid4().hex
        teams.issuer.secure_url = await teams.serve(teams.issuer.routes(), tls=serving(folder))
        said = {"TEAMS_APP_PASSWORD": "", "TEAMS_TOKEN_URL": teams.issuer.secure_token_url}
        with pytest.MonkeyPatch.context() as machine:
            for name, value in teams.machine.app_service.items():
                machine.setenv(name, value)
            yield Proven(teams=teams, settings={**said, **KINDS[kind](teams, folder)}, folder=folder)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_proof_gives_a_token_that_the_connector_takes(kind: str, tmp_path: Path) -> None:
    async with proven(kind, tmp_path) as at:
        assert await at.answer() == ["hello"]
        assert await at.check() == ""


@pytest.mark.parametrize("kind", ["federated managed identity", "managed identity"])
async def test_a_virtual_machine_is_asked_at_its_metadata_service(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proven(kind, tmp_path) as at:
        for name in at.teams.machine.app_service:
            monkeypatch.delenv(name)
        for name, value in at.teams.machine.metadata_service.items():
            monkeypatch.setenv(name, value)

        assert await at.answer() == ["hello"]


def unregistered(at: Proven) -> None:
    at.teams.issuer.registration.certificates.clear()
    at.teams.issuer.registration.federated.clear()
    at.teams.machine.assigned.discard(at.teams.issuer.app_id)


@pytest.mark.parametrize(
    ("kind", "remedy", "said"),
    [
        ("certificate", "upload the one that TEAMS_CERTIFICATE holds", "401 AADSTS700027"),
        ("token file", "Federated credentials, check TEAMS_FEDERATED_TOKEN_FILE", "401 AADSTS700213"),
        ("federated managed identity", "TEAMS_MANAGED_IDENTITY_CLIENT_ID", "401 AADSTS700213"),
        ("managed identity", "assign the identity whose client id is TEAMS_APP_ID", "400"),
    ],
)
async def test_a_refused_proof_is_told_with_what_mends_that_kind(
    kind: str, remedy: str, said: str, tmp_path: Path
) -> None:
    async with proven(kind, tmp_path) as at:
        unregistered(at)
        wrong = await at.check()
        with pytest.raises(PlatformRefused) as refused:
            await at.answer()

    assert remedy in wrong
    assert remedy in refused.value.remedy
    assert said in wrong
    assert said in refused.value.remedy
    assert "TEAMS_APP_PASSWORD" not in wrong + refused.value.remedy


async def test_a_machine_without_any_managed_identity_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proven("managed identity", tmp_path) as at:
        for name in at.teams.machine.app_service:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", at.teams.machine.url)
        at.teams.machine.assigned.clear()
        wrong = await at.check()

    assert "assign the identity whose client id is TEAMS_APP_ID" in wrong


async def test_a_renewed_certificate_needs_no_restart(tmp_path: Path) -> None:
    async with proven("certificate", tmp_path) as at, at.running() as place:
        await say(place)
        renewed = new_pair()
        (tmp_path / "bot.pem").write_bytes(renewed.pem())
        at.teams.issuer.registration.certificates = [renewed.certificate]
        at.teams.issuer.granted.clear()
        await say(place)

    assert len(place.room.said()) == 2


async def test_the_platforms_token_is_read_for_every_token(tmp_path: Path) -> None:
    async with proven("token file", tmp_path) as at, at.running() as place:
        await say(place)
        (tmp_path / "token").write_text(cluster_token(cluster(at.teams)))
        at.teams.issuer.granted.clear()
        await say(place)

    assert len(place.room.said()) == 2


async def test_a_token_file_that_is_gone_is_told(tmp_path: Path) -> None:
    async with proven("token file", tmp_path) as at:
        (tmp_path / "token").unlink()
        wrong = await at.check()

    assert "No such file" in wrong
    assert "check TEAMS_FEDERATED_TOKEN_FILE" in wrong


async def test_many_first_answers_ask_for_one_token(tmp_path: Path) -> None:
    async with proven("certificate", tmp_path) as at, at.running() as place, asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(say(place))

    assert at.teams.issuer.calls["token"] == 1


async def test_an_outage_of_entra_id_is_no_refusal(tmp_path: Path) -> None:
    async with proven("certificate", tmp_path) as at:
        at.teams.issuer.trouble["token"] = Trouble(status=503)
        with pytest.raises(PlatformBusy) as busy:
            await at.answer()
        wrong = await at.check()

    assert not isinstance(busy.value, PlatformRefused)
    assert "check the network" in wrong


@pytest.mark.parametrize("trouble", [Trouble(garbage=True), Trouble(status=204)], ids=["html", "nothing"])
async def test_an_answer_that_is_no_token_is_no_refusal(trouble: Trouble, tmp_path: Path) -> None:
    async with proven("certificate", tmp_path) as at:
        at.teams.issuer.trouble["token"] = trouble
        with pytest.raises(PlatformBusy) as busy:
            await at.answer()

    assert not isinstance(busy.value, PlatformRefused)


async def test_neither_a_key_nor_an_assertion_gets_into_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for kind in KINDS:
        async with proven(kind, tmp_path) as at:
            await at.answer()
            unregistered(at)
            await at.check()

    assert "eyJ" not in caplog.text
    assert "PRIVATE KEY" not in caplog.text


def curve() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
        curve(),
        bots_pair().pem("another"),
    ],
    ids=["empty", "garbage", "no RSA key", "locked"],
)
async def test_a_certificate_that_cannot_be_used_stops_the_start(content: bytes, tmp_path: Path) -> None:
    async with proven("certificate", tmp_path) as at:
        (tmp_path / "bot.pem").write_bytes(content)
        with pytest.raises(SettingsError, match=r"TEAMS_CERTIFICATE is .*bot\.pem"):
            adapter_for(at.teams, None, False, None, **at.settings)
        assert "TEAMS_CERTIFICATE" in await at.check()


async def test_a_certificate_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    async with proven("certificate", tmp_path) as at:
        (tmp_path / "bot.pem").unlink()
        with pytest.raises(SettingsError, match="which cannot be read"):
            adapter_for(at.teams, None, False, None, **at.settings)


async def test_without_the_extra_start_and_check_say_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['azure.identity'] = None\n")
    bare = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    async with proven("managed identity", tmp_path) as at:
        started = await command_anew(tmp_path, **at.environment, **bare)
        checked = await command_anew(tmp_path, "check", **at.environment, **bare)

    assert started.code == 2
    assert "pip install azure-identity" in started.err
    assert "✗ teams       TEAMS_AUTH=managed-identity needs azure-identity" in checked.out


async def test_check_as_an_operator_types_it_takes_a_certificate(tmp_path: Path) -> None:
    async with proven("certificate", tmp_path) as at:
        shown = servers_pair().certificate.public_bytes(serialization.Encoding.PEM)
        (tmp_path / "authority.pem").write_bytes(shown)
        trust = str(tmp_path / "authority.pem")
        said = await command_anew(tmp_path, "check", SSL_CERT_FILE=trust, **at.environment)

    assert "● teams" in said.out, said.out + said.err


async def test_a_managed_identity_answers_people(tmp_path: Path) -> None:
    async with (
        proven("managed identity", tmp_path) as at,
        running(tmp_path, **at.teams.machine.app_service, **at.environment) as product,
        asyncio.timeout(PATIENCE),
    ):
        at.teams.bot_url = product.public
        room = at.teams.personal()
        await at.teams.say(room, "what is a relay?")
        while not room.said():  # noqa: ASYNC110 - what it waits for happens in another process
            await asyncio.sleep(0.02)

    assert "what is a relay?" in room.said()[0].text


@pytest.mark.parametrize(
    ("made", "url"),
    [
        (token_endpoint(PUBLIC, tenant="T"), "https://login.microsoftonline.com/T/oauth2/v2.0/token"),
        (token_endpoint(PUBLIC, tenant=""), "https://login.microsoftonline.com/botframework.com/oauth2/v2.0/token"),
        (token_endpoint(GOVERNMENT, tenant="T"), "https://login.microsoftonline.us/T/oauth2/v2.0/token"),
        (token_endpoint(CHINA, tenant="T"), "https://login.partner.microsoftonline.cn/T/oauth2/v2.0/token"),
        (
            token_endpoint(PUBLIC, tenant="T", address="https://login.example/H/oauth2/v2.0/token"),
            "https://login.example/H/oauth2/v2.0/token",
        ),
        (token_endpoint(PUBLIC, tenant="T", address="http://127.0.0.1:1/x"), "http://127.0.0.1:1/x"),
    ],
)  # fmt: skip
def test_the_bots_own_token_is_from_its_home_tenant(made: TokenEndpoint, url: str) -> None:
    assert made.url() == url


def assertion(at: FakeTeams, **claims: Any) -> str:
    """What a careful forger would write."""
    pair = bots_pair()
    now = int(time.time())
    whole = {"iss": at.issuer.app_id, "sub": at.issuer.app_id, "aud": at.issuer.token_url, "exp": now + 600}
    key = claims.pop("key", pair.key)
    shown = claims.pop("shown", print_of(pair.certificate, "x5t#S256"))
    return jwt.encode({**whole, "jti": uuid.uuid4().hex, **claims}, key, "PS256", headers={"x5t#S256": shown})


FORGED: Mapping[str, Callable[[], dict[str, Any]]] = {
    "another key": lambda: {"key": new_pair().key},
    "a certificate that is not registered": lambda: {
        "shown": base64.urlsafe_b64encode(os.urandom(32)).decode()
    },
    "run out": lambda: {"exp": int(time.time()) - 600},
    "for another endpoint": lambda: {"aud": "https://login.microsoftonline.com/T/oauth2/v2.0/token"},
    "of another issuer": lambda: {"iss": "somebody"},
    "about another subject": lambda: {"sub": "somebody"},
}


@pytest.mark.parametrize("name", FORGED)
async def test_the_fake_refuses_forged_assertions(name: str) -> None:
    async with FakeTeams() as teams, aiohttp.ClientSession() as http:
        teams.issuer.registration.certificates = [bots_pair().certificate]

        async def ask(proof: str) -> int:
            form = {
                "grant_type": "client_credentials",
                "client_id": teams.issuer.app_id,
                "client_assertion_type": BEARER,
                "client_assertion": proof,
                "scope": "https://api.botframework.com/.default",
            }
            async with http.post(teams.issuer.token_url, data=form) as response:
                return response.status

        good = assertion(teams)
        first, again, forged = await ask(good), await ask(good), await ask(assertion(teams, **FORGED[name]()))

    assert (first, again, forged) == (200, 401, 401)
