"""Microsoft Entra ID in place of a key. The only module that imports azure-identity, and only when needed."""

import asyncio
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Protocol

from bot.domain.errors import Auth
from providers.credentials import BearerToken

AI = "https://ai.azure.com/.default"
EARLY = 300.0  # seconds before its end at which a token is renewed, as azure-identity does it
MISSING = "install azure-identity (pip install azure-identity) or set FOUNDRY_API_KEY"


class Credential(Protocol):
    """The credentials of azure.identity.aio. They cache a token until shortly before it expires."""

    async def get_token(self, *scopes: str) -> Any:
        """An object whose `token` is the bearer token, until `expires_on` in Unix seconds."""
        ...

    async def close(self) -> None: ...


class Identity:
    """The process's identity at Microsoft: from the environment, a managed identity, or the signed-in user.

    Implements TokenIssuer. One for all endpoints; close it. `make` replaces azure-identity's default.
    """

    def __init__(self, *, make: Callable[[], Credential] | None = None) -> None:
        self._make = make
        self._credential: Credential | None = None
        self._kept: dict[str, tuple[str, float]] = {}  # a token and its last moment, by scope
        self._one_at_a_time = asyncio.Lock()  # nobody closes what another one is asking

    @property
    def possible(self) -> bool:
        """Whether a token can be requested at all."""
        return self._make is not None or _installed()

    def scoped(self, scope: str = "") -> BearerToken:
        return BearerToken(issuer=self, scope=scope or AI)

    async def token(self, scope: str) -> str:
        """Raises Auth with the remedy when no token can be obtained."""
        token, until = self._kept.get(scope, ("", 0.0))
        if time.time() < until:  # without the lock: it lets one in at a time
            return token
        try:
            async with self._one_at_a_time:
                if self._credential is None:
                    self._credential = (self._make or _default)()
                found = await self._credential.get_token(scope)
                self._kept[scope] = found.token, found.expires_on - EARLY
                return str(found.token)
        except ImportError as error:
            raise Auth(f"Entra ID is not possible here: {MISSING}", code="entra_missing") from error
        except _failures() as error:
            raise Auth(f"Entra ID gave no token for {scope}: {type(error).__name__}", code="entra") from error

    async def renew(self) -> None:
        """With another credential: the tokens of this one are kept until they expire, whoever refuses them."""
        async with self._one_at_a_time:
            await self.aclose()

    async def aclose(self) -> None:
        credential, self._credential = self._credential, None
        self._kept.clear()
        if credential is not None:
            await credential.close()


def _installed() -> bool:
    try:
        return find_spec("azure.identity") is not None
    except ImportError:
        return False


def _default() -> Credential:
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - an extra, and slow to import

    credential: Credential = DefaultAzureCredential()
    return credential


def _failures() -> tuple[type[Exception], ...]:
    """The errors of azure-identity, from azure-core, which is installed with it."""
    try:
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - comes with the extra
    except ImportError:
        return ()
    return (AzureError,)
