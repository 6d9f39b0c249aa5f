"""Who a tool runs as, and what a person allowed at a tool's server. Pure."""

from dataclasses import dataclass, field

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The person whose question it is. `workspace` is "platform:id"; `person` is unique in it."""

    workspace: str
    person: str
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """Switchboard as one sign-in knows it. `method`: how it shows its secret ("none" where it has none)."""

    id: str
    secret: str = field(default="", repr=False)
    method: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one person allowed at one server. `id` names this signing in, and stays when its tokens are renewed.

    `expires` is in unix seconds, 0 for a token that does not say. It is good for `resource` alone, the server's address, which
    the sign-in knows as `audience`.
    """

    id: str
    resource: str
    audience: str = ""
    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires: float = 0.0
    scope: str = ""
    client: OAuthClient
    issuer: str = ""
    token_url: str
    revocation_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangedSignIn:
    """What came of signing somebody in with what their chat platform knows of them. `word` is for them: why not, or that they
    are; "" where that shows by itself.
    """

    signed_in: bool
    word: str = ""


GRANT: TypeAdapter[Grant] = TypeAdapter(Grant)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrant:
    """A grant as it was read. `mark` tells whether it is still the same when it is to be replaced."""

    grant: Grant
    mark: bytes = field(repr=False)
