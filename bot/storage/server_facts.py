"""What a server says of itself in INFO, and what of it would lose events that were acknowledged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.readiness import Trouble

NEARLY_FULL = 0.9
UNSEEN = Trouble(
    what="Whether Redis keeps what it is told could not be seen: the user in REDIS_URL may not ask INFO",
    remedy="Allow it (ACL SETUSER NAME +info), or make sure of maxmemory-policy noeviction and appendonly yes",
    stops=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """The fields of INFO that decide what a promise is worth. "": it did not say."""

    run_id: str = ""
    role: str = ""
    mode: str = ""
    loading: str = ""
    policy: str = ""
    appends: str = ""
    append_status: str = ""
    snapshot_status: str = ""
    used: float = 0
    most: float = 0

    @property
    def full(self) -> bool:
        return bool(self.most) and self.used > self.most * NEARLY_FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    wrong: Callable[[ServerFacts], bool]
    what: str
    remedy: str
    stops: bool = True


CHECKS = (
    _Check(
        wrong=lambda facts: facts.loading == "1",
        what="Redis is still loading its data",
        remedy="Wait; its log says how far it is",
    ),
    _Check(
        wrong=lambda facts: facts.policy not in {"", "noeviction"},
        what="Redis throws keys away when its memory is full (maxmemory-policy {policy}), accepted events among them",
        remedy="Set it: redis-cli CONFIG SET maxmemory-policy noeviction, and the same in its configuration file or at "
        "your provider",
    ),
    _Check(
        wrong=lambda facts: facts.append_status not in {"", "ok"},
        what="Redis could not write its append-only file (aof_last_write_status {append_status})",
        remedy="Look for a full disk or missing rights in its log",
    ),
    _Check(
        wrong=lambda facts: facts.snapshot_status not in {"", "ok"},
        what="Redis could not write its last snapshot (rdb_last_bgsave_status {snapshot_status})",
        remedy="Look for a full disk or too little memory in its log; it may refuse every write until one succeeds",
        stops=False,
    ),
    _Check(
        wrong=lambda facts: facts.full,
        what="Redis' memory is nearly full: {used:,.0f} of {most:,.0f} bytes",
        remedy="Raise maxmemory; at the limit no event is taken in any more",
        stops=False,
    ),
)
FORGETS = Trouble(
    what="Redis has no append-only file, so a restart of it loses events that were acknowledged",
    remedy="Set it: redis-cli CONFIG SET appendonly yes, and the same in its configuration file or at your provider; or "
    "accept it with SWITCHBOARD_ACCEPT_NO_PERSISTENCE=1",
    stops=False,
)


def troubles_in(facts: ServerFacts, *, forgetting: bool) -> list[Trouble]:
    """What is wrong with one server's settings. `forgetting` is accepted: a restart may lose everything."""
    values = {name: getattr(facts, name) for name in ServerFacts.__slots__}
    found = [
        Trouble(what=check.what.format(**values), remedy=check.remedy, stops=check.stops)
        for check in CHECKS
        if check.wrong(facts)
    ]
    return [*found, FORGETS] if facts.appends == "0" and not forgetting else found


def read_facts(said: Any) -> ServerFacts:
    """Reads the text of INFO, or redis-py's reading of it."""
    fields: Mapping[str, Any] = said if isinstance(said, dict) else _fields(said)

    def field(name: str) -> str:
        return str(fields.get(name, ""))

    return ServerFacts(
        run_id=field("run_id"),
        role=field("role"),
        mode=field("redis_mode") or field("server_mode"),
        loading=field("loading"),
        policy=field("maxmemory_policy"),
        appends=field("aof_enabled"),
        append_status=field("aof_last_write_status"),
        snapshot_status=field("rdb_last_bgsave_status"),
        used=float(fields.get("used_memory", 0)),
        most=float(fields.get("maxmemory", 0)),
    )


def _fields(text: bytes | str) -> dict[str, str]:
    whole = text.decode(errors="replace") if isinstance(text, bytes) else text
    lines = (line.partition(":") for line in whole.splitlines())
    return {name: value for name, colon, value in lines if colon}
