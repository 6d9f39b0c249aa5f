"""Google's Application Default Credentials in place of a key. The only module that imports google-auth, and only when
needed. All of that library blocks, so it runs in a thread.
"""

import asyncio
from importlib.util import find_spec
from typing import Any

from bot.domain.errors import Auth
from providers.credentials import BearerToken
from providers.scrubbing import scrubbed

CLOUD = "https://www.googleapis.com/auth/cloud-platform"
MISSING = "install google-auth (pip install google-auth requests)"
NOBODY = (
    "Google has no credentials here: set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, "
    "or type: gcloud auth application-default login"
)
PATIENCE = 30.0  # seconds for a token


class GoogleIdentity:
    """An identity at Google: that of a service account's key file, or else what Google's own tools find: the file in
    GOOGLE_APPLICATION_CREDENTIALS, the signed-in user, or the machine's metadata server. Implements TokenIssuer.
    """

    def __init__(self, *, key_file: str = "") -> None:
        self._key_file = key_file
        self._credentials: Any = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def possible(self) -> bool:
        """Whether a token can be requested at all."""
        try:
            return find_spec("google.auth") is not None
        except ImportError:
            return False

    def scoped(self, scope: str = "") -> BearerToken:
        return BearerToken(issuer=self, scope=scope or CLOUD)

    async def token(self, scope: str) -> str:
        """Raises Auth with the remedy when no token can be obtained."""
        if (
            self._credentials is not None and self._credentials.valid
        ):  # without the lock: it lets one in at a time
            return str(self._credentials.token)
        async with self._one_at_a_time:
            if self._credentials is None or not self._credentials.valid:  # it is not, minutes before its end
                self._credentials = await self._refreshed(scope)
            return str(self._credentials.token)

    async def renew(self) -> None:
        async with self._one_at_a_time:
            self._credentials = None

    async def _refreshed(self, scope: str) -> Any:
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.to_thread(_obtained, self._credentials, self._key_file, scope)
        except TimeoutError:
            raise Auth(f"Google gave no token within {PATIENCE:.0f} s", code="google") from None
        except ImportError as error:
            raise Auth(f"Google's tokens are not possible here: {MISSING}", code="google_missing") from error
        except _failures() as error:
            raise Auth(_told(error, self._key_file), code="google") from error


def _obtained(credentials: Any, key_file: str, scope: str) -> Any:
    """Credentials with a new token. Blocks, for the network and at first for an import."""
    import google.auth  # noqa: PLC0415 - an extra
    from google.auth.transport.requests import Request  # noqa: PLC0415
    from google.oauth2.service_account import Credentials  # noqa: PLC0415

    if credentials is None and key_file:
        credentials = Credentials.from_service_account_file(key_file, scopes=[scope])  # type: ignore[no-untyped-call]
    elif credentials is None:
        credentials, _ = google.auth.default(scopes=[scope])
    credentials.refresh(Request())
    return credentials


def _failures() -> tuple[type[Exception], ...]:
    try:
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - comes with the extra
    except ImportError:
        return ()
    return (GoogleAuthError, OSError, ValueError)  # the latter two for a file that is missing or is none


def _told(error: Exception, key_file: str) -> str:
    where = "the service account's key file" if key_file else "GOOGLE_APPLICATION_CREDENTIALS"
    if type(error).__name__ == "DefaultCredentialsError" and not key_file:
        return NOBODY
    said = error.args[0] if error.args and isinstance(error.args[0], str) else type(error).__name__
    return f"Google gave no token: check {where} ({scrubbed(said)[:150]})"
