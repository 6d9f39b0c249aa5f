"""What of a vendor's text may reach the log: one line of some length, and nothing that opens a door."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.domain.errors import ModelError
from bot.domain.formatting import cut_between_words

CAP = 500  # characters of a vendor's text that reach the log
CREDENTIALS = frozenset({"authorization", "api-key", "x-api-key", "x-goog-api-key"})
SHORTEST_KEY = 6  # characters: own servers take any, and people write "x" or "none"
SHORTEST = 8  # characters of what an operator adds to requests that may be a secret: shorter ones are words
LEFT_OUT = "[…]"
SECRET = re.compile(
    # What is masked with stars begins with its word: looked for from every letter of it, it would take long.
    r"(?<!\S)\S*\*{3,}\S*|\b(?:sk|pk|rk|xai|gsk|key|ghp|hf)[-_][\w*.-]{4,}|\bAIza[\w*-]{4,}|\bbearer\s+\S+"
    r"|\b(?=[a-z_-]{0,64}\d)[\w-]{32,}",
    re.IGNORECASE,
)


def scrubbed(message: str) -> str:
    """A vendor's text for the log: one line, capped, without anything that looks like a key."""
    return SECRET.sub(LEFT_OUT, " ".join(cut_between_words(message, 2 * CAP).split()))[:CAP]


def without_credentials(said: str, headers: Mapping[str, str]) -> str:
    """What a vendor said, without the key that was sent: some quote the one they refuse."""
    return _without(said, _keys(headers))


def withhold(error: ModelError, added: Iterable[str]) -> None:
    """Takes out of an error, wherever it came from, what the operator added to the request."""
    _withhold(error, [value for value in added if len(value) >= SHORTEST])


def withhold_credentials(error: ModelError, headers: Mapping[str, str]) -> None:
    """Takes out of an error the key that was sent."""
    _withhold(error, _keys(headers))


def _withhold(error: ModelError, secrets: Sequence[str]) -> None:
    error.args = (_without(str(error), secrets),)
    error.code, error.param = _without(error.code, secrets), _without(error.param, secrets)


def _keys(headers: Mapping[str, str]) -> Sequence[str]:
    keys = (value.removeprefix("Bearer ") for name, value in headers.items() if name.lower() in CREDENTIALS)
    return [key for key in keys if len(key) >= SHORTEST_KEY]


def _without(said: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        said = said.replace(secret, LEFT_OUT)
    return said
