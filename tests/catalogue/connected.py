"""Endpoints as a process plugs them in, and one question asked of any of them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

from pydantic import SecretStr

from bot.app import read_settings
from bot.domain.catalog import Model
from bot.domain.prompt import Prompt, PromptMessage, TextPart
from bot.domain.stream_parts import Finish, Text
from bot.ports import Provider
from bot.settings import config_file, vendor_settings
from providers.connecting import ConnectedEndpoint, ConnectedEndpoints, EndpointBuilder
from providers.entra import Credential, Identity
from providers.transport import Transport
from providers.vendors import VENDORS, Vendor

HELLO = Prompt(system="s", messages=(PromptMessage(role="user", parts=(TextPart(text="hello"),)),))


@asynccontextmanager
async def plugged(
    environ: Mapping[str, str],
    toml: str = "",
    *,
    table: Sequence[Vendor] = VENDORS,
    vendors: Mapping[str, vendor_settings.VendorSettings] | None = None,
    credential: Credential | None = None,
    make: Callable[[], Credential] | None = None,
) -> AsyncIterator[ConnectedEndpoints]:
    """What an environment and a file come to. `vendors` overrides what the environment says about vendors."""
    read = read_settings(dict(environ))
    file = config_file.read_config(toml)
    async with Transport() as transport:
        yield EndpointBuilder(
            transport=transport,
            identity=Identity(make=(lambda: credential) if credential else make),
            vendors=vendors or read.vendors,
            foundry=read.foundry,
            keys={
                entry.api_key_env: SecretStr(environ[entry.api_key_env])
                for entry in file.providers.values()
                if entry.api_key_env in environ
            },
            table=table,
        ).connect(file)


def connection(connections: ConnectedEndpoints, name: str) -> ConnectedEndpoint:
    return next(each for each in connections.all if each.source.name == name)


def provider(connections: ConnectedEndpoints, name: str) -> Provider:
    return connections.providers[name]


async def answer(provider: Provider, model: str, **about: Any) -> tuple[str, str]:
    """The answer's text and the model that gave it."""
    asked = Model(name="it", provider="p", model=model, **about)
    text, served = "", ""
    async with aclosing(provider.stream(asked, HELLO)) as parts:
        async for part in parts:
            if isinstance(part, Text):
                text += part.text
            if isinstance(part, Finish):
                served = part.model
    return text, served
