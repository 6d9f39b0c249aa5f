"""What a request proves itself with: a key, or tokens of an identity. A token that is refused is exchanged once."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

from bot.domain.catalog import Deadlines
from bot.domain.errors import ModelError, SettingsError
from providers.scrubbing import withhold_credentials
from providers.transport import EventStream, Transport

REFUSED = 401
PAUSE = 60.0  # seconds in which a token is exchanged once: whoever lacks a role is refused with any token


class Authentication(Protocol):
    """Authenticates requests. Implemented by `ApiKey`, and by `BearerToken` for Entra ID and Google."""

    @property
    def variable(self) -> str:
        """The variable that holds the key, for messages; "" where there is none."""

    async def headers(self) -> Mapping[str, str]:
        """Raises bot.domain.errors.Auth when there are no credentials."""
        ...

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """Those headers were answered with 401. Whether there are others by now, with which to ask again. Raises as above."""
        ...


class TokenIssuer(Protocol):
    """Gives tokens. Implemented by Identity (Entra ID) and GoogleIdentity; they keep a token until it nearly expires."""

    async def token(self, scope: str) -> str:
        """Raises Auth with the remedy when no token can be obtained."""
        ...

    async def renew(self) -> None:
        """Forgets the tokens, so that the next one is new."""
        ...


class ApiKey:
    """A key in a header. `scheme` is bearer, api-key, x-api-key, x-goog-api-key or none."""

    def __init__(self, *, scheme: str, secret: str = "", variable: str = "") -> None:
        if scheme not in {"bearer", "api-key", "x-api-key", "x-goog-api-key", "none"}:
            raise SettingsError(
                f'auth = "{scheme}" is not known; write bearer, api-key, x-api-key, x-goog-api-key, entra, google or none'
            )
        self.variable = variable
        self._headers: dict[str, str] = {}
        if secret and scheme == "bearer":
            self._headers = {"authorization": f"Bearer {secret}"}
        elif secret and scheme != "none":
            self._headers = {scheme: secret}

    async def headers(self) -> Mapping[str, str]:
        return self._headers

    async def refused(self, headers: Mapping[str, str]) -> bool:
        return False


class BearerToken:
    """Implements Authentication with an issuer's tokens for one audience: an endpoint refuses those for another one."""

    variable = ""

    def __init__(self, *, issuer: TokenIssuer, scope: str) -> None:
        self._issuer = issuer
        self._scope = scope
        self._renewed = -math.inf
        self._one_at_a_time = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {await self._issuer.token(self._scope)}"}

    async def refused(self, headers: Mapping[str, str]) -> bool:
        async with self._one_at_a_time:
            if headers != await self.headers():  # another question has exchanged it
                return True
            if time.monotonic() - self._renewed < PAUSE:
                return False
            self._renewed = time.monotonic()
            await self._issuer.renew()
            return headers != await self.headers()


@asynccontextmanager
async def authenticated_post(
    transport: Transport,
    url: str,
    *,
    auth: Authentication,
    headers: Mapping[str, str],
    body: Mapping[str, Any],
    deadlines: Deadlines,
) -> AsyncIterator[EventStream]:
    """`Transport.post` with credentials. Nothing of an answer has come when they are refused, so asking again is safe."""
    proof = await auth.headers()
    async with AsyncExitStack() as stack:
        try:
            opening = transport.post(url, headers={**headers, **proof}, body=body, deadlines=deadlines)
            answer = await stack.enter_async_context(opening)
        except ModelError as error:
            proof = await _another(auth, proof, error)
            opening = transport.post(url, headers={**headers, **proof}, body=body, deadlines=deadlines)
            answer = await stack.enter_async_context(opening)
        try:
            yield answer
        except ModelError as error:  # some quote the key in the middle of an answer
            withhold_credentials(error, proof)
            raise


async def authenticated_get(
    transport: Transport, url: str, *, auth: Authentication, headers: Mapping[str, str]
) -> Any:
    """`Transport.get` with credentials."""
    proof = await auth.headers()
    try:
        try:
            return await transport.get(url, headers={**headers, **proof})
        except ModelError as error:
            proof = await _another(auth, proof, error)
            return await transport.get(url, headers={**headers, **proof})
    except ModelError as error:
        withhold_credentials(error, proof)
        raise


async def _another(auth: Authentication, proof: Mapping[str, str], error: ModelError) -> Mapping[str, str]:
    """Credentials in place of those that were refused. Raises the refusal where there are none."""
    if error.status != REFUSED or not await auth.refused(proof):
        raise error
    return await auth.headers()
