"""The seams to where people's sign-ins are kept, and from where people are signed in already."""

from collections.abc import Mapping
from typing import Protocol

from bot.domain.sign_ins import Caller, ExchangedSignIn, Grant, StoredGrant


class SignInStore(Protocol):
    """What people allowed at tool servers, sealed. Implemented by bot.storage.sign_ins. All raise StorageUnavailable."""

    async def find(self, caller: Caller, server: str) -> StoredGrant | None:
        """One round trip. What nobody asks for in 90 days is erased."""

    async def put(self, caller: Caller, server: str, grant: Grant) -> None: ...

    async def exchange(self, caller: Caller, server: str, before: StoredGrant, grant: Grant | None) -> bool:
        """Puts the renewed grant in the other's place, None for nothing; False when that is not there any more."""

    async def renewing(self, caller: Caller, server: str, *, seconds: int) -> bool:
        """Whether the caller of this may renew it now: a token to renew by often works once. Of several, one may."""

    async def renewed(self, caller: Caller, server: str) -> None:
        """The end of it."""

    async def drop(self, caller: Caller, server: str) -> Grant | None: ...

    async def drop_of_person(self, caller: Caller) -> Mapping[str, Grant]:
        """All of this person's, by server; also of servers that are not set up any more."""


class SignInExchange(Protocol):
    """Signs people in with what their chat platform knows of them. Implemented by bot.sign_in.desk."""

    async def exchange(self, ticket: str, assertion: str, caller: Caller) -> ExchangedSignIn:
        """`ticket` is a SignInOffer's, `assertion` the platform's word for `caller`, a token for its resource. The platform may
        bring the same again. Raises StorageUnavailable.
        """
