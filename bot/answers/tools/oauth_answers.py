"""What comes back from a sign-in, read with care. Source: RFC 6749 "The OAuth 2.0 Authorization Framework", sections 5.1, 5.2."""

import json
import re
from dataclasses import dataclass, field

TOKEN = 16_384  # characters of a token at most
ASKS = frozenset(
    {"interaction_required", "consent_required", "login_required", "basic_action", "additional_action"}
)
LONGEST = 10 * 365 * 86_400.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """Tokens as they were given; "" and 0 for what was not said."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    seconds: float
    scope: str

    @classmethod
    def read(cls, body: bytes) -> "TokenAnswer | None":
        """None for what is none. The type is not looked at: Slack calls a token of a person "user"."""
        told = json_object(body)
        access, refresh = told.get("access_token"), told.get("refresh_token") or ""
        seconds, scope = told.get("expires_in") or 0, told.get("scope") or ""
        texts = (access, refresh, scope)
        if (
            not all(isinstance(one, str) and len(one) <= TOKEN and one.isascii() for one in texts)
            or not access
        ):
            return None
        if not all(str(one).isprintable() for one in texts):
            return None
        try:
            lasts = min(max(0.0, float(str(seconds))), LONGEST)  # 0 for what is no number
        except ValueError:
            lasts = 0.0
        return cls(access=str(access), refresh=str(refresh), seconds=lasts, scope=str(scope))


def challenge_parameter(header: str, name: str) -> str:
    """One parameter of a WWW-Authenticate header, "" where it is not there. `name` is ours."""
    found = re.search(rf'(?:^|[\s,]){name}=(?:"([^"]*)"|([^\s,"]+))', header[:8_192], re.IGNORECASE)
    return (found[1] or found[2] or "") if found else ""


def json_object(body: bytes) -> dict[str, object]:
    """{} for anything else."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def wants_the_person(body: bytes) -> bool:
    """Whether a refusal means that the person has to be asked, or to prove who they are. Source: Microsoft Learn, identity
    platform, "OAuth 2.0 On-Behalf-Of flow", error response; suberrors of MSAL.
    """
    code, more = refusal_code(body), json_object(body).get("suberror")
    return code in ASKS or (code == "invalid_grant" and isinstance(more, str) and more in ASKS)


def refusal_code(body: bytes) -> str:
    """The code of a refusal, as far as it is one."""
    code = json_object(body).get("error")
    return code if isinstance(code, str) and code.replace("_", "").isalnum() and len(code) <= 60 else ""
