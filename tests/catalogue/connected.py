"""Endpoints as a process plugs them in, and one question asked of any of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

from pydantic import SecretStr

from bot.domain.catalog import Model
from bot.domain.prompt import Message, Prompt, TextPart
from bot.domain.stream_parts import Finish, Text
from bot.ports import Provider
from bot.settings import config_file, settings
from providers.connecting import Connection, Connections, Switchboard
from providers.entra import Credential, Identity
from providers.transport import Transport
from providers.vendors import VENDORS, Vendor

HELLO = Prompt(system="s", messages=(Message(role="user", parts=(TextPart(text="hello"),)),))


@asynccontextmanager
async def plugged(
    environ: Mapping[str, str],
    toml: str = "",
    *,
    table: Sequence[Vendor] = VENDORS,
    vendors: Mapping[str, settings.Vendor] | None = None,
    credential: Credential | None = None,
) -> AsyncIterator[Connections]:
    """What an environment and a file come to. `vendors` overrides what the environment says about vendors."""
    read = settings.read(dict(environ))
    file = config_file.read(toml)
    async with Transport() as transport:
        yield Switchboard(
            transport=transport,
            identity=Identity(credential=credential),
            vendors=vendors or read.vendors,
            foundry=read.foundry,
            keys={
                entry.api_key_env: SecretStr(environ[entry.api_key_env])
                for entry in file.providers.values()
                if entry.api_key_env in environ
            },
            table=table,
        ).connect(file)


def connection(connections: Connections, name: str) -> Connection:
    return next(each for each in connections.all if each.source.name == name)


def provider(connections: Connections, name: str) -> Provider:
    return connections.providers[name]


async def answer(provider: Provider, model: str, **about: Any) -> tuple[str, str]:
    """The answer's text and the model that gave it."""
    asked = Model(name="it", provider="p", model=model, **about)
    text, served = "", ""
    async with aclosing(provider.stream(asked, HELLO)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Text):
                text += piece.text
            if isinstance(piece, Finish):
                served = piece.model
    return text, served
