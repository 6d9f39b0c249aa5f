"""Names that nobody reads and that were probably meant for Switchboard: "did you mean". Pure.

Only names close to one that is read, and not set, are told. All others belong to somebody else.
"""

import difflib
from collections.abc import Collection, Iterable, Iterator

CLOSE = 0.85
LONG = 8  # letters of a name that may be compared by likeness; HOST is like too many

ELSEWHERE = {
    "AZURE_OPENAI_API_KEY": "FOUNDRY_API_KEY",
    "AZURE_OPENAI_ENDPOINT": "FOUNDRY_ENDPOINT",
    "CLAUDE_API_KEY": "ANTHROPIC_API_KEY",
    "GOOGLE_API_KEY": "GEMINI_API_KEY",
    "GROK_API_KEY": "XAI_API_KEY",
    "OPENAI_API_BASE": "OPENAI_BASE_URL",
    "MICROSOFTAPPID": "TEAMS_APP_ID",
    "MICROSOFTAPPPASSWORD": "TEAMS_APP_PASSWORD",
    "MICROSOFTAPPTENANTID": "TEAMS_TENANT_ID",
}
"""What other programs call it."""


def probably_meant(given: Iterable[str], known: Collection[str], used: Collection[str]) -> Iterator[str]:
    """A sentence for each of the `given` names that is not among the `known` ones and was probably meant to be one that
    is not `used` yet.
    """
    free = sorted(set(known) - set(used))
    folded = {_folded(name): name for name in free}
    for name in sorted(set(given) - set(known)):
        if name.startswith("SWITCHBOARD_"):
            continue  # those are refused
        usual = ELSEWHERE.get(name.upper(), "")
        close = difflib.get_close_matches(name.upper(), free, n=1, cutoff=CLOSE) if len(name) >= LONG else []
        meant = (usual if usual in free else "") or folded.get(_folded(name), "") or next(iter(close), "")
        if meant:
            yield f"{name} is not read. Did you mean {meant}?"


def _folded(name: str) -> str:
    """XAI_KEY, XAI_APIKEY, XAI_API_TOKEN and xai_api_key are all XAI_API_KEY."""
    bare = name.upper().replace("_", "")
    for ending in ("APIKEY", "APITOKEN", "TOKEN"):
        if bare.endswith(ending) and "SLACK" not in bare:
            return f"{bare.removesuffix(ending)}KEY"
    return bare
