"""From an error of the Redis client to what is wrong and what to write instead."""

import re
from dataclasses import dataclass

from bot.domain.readiness import Trouble

SENTINELS = re.compile(r"\b\d{1,3} of \d{1,3} sentinels answer")
LONGEST = 200  # characters of an error nobody foresaw


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What an error means. `pattern` is looked for in the error's class, its text, and those of its causes."""

    pattern: str
    what: str
    remedy: str


CLUSTER_NODE = Trouble(
    what="REDIS_URL leads to one node of a Redis Cluster, which does not serve every key, or not for ever",
    remedy="Write redis+cluster://HOST:PORT,HOST:PORT; if it says so already, some of the cluster's slots have no master",
)
AT_SENTINELS = (
    Remedy(
        pattern=r"invalid username-password|WRONGPASS|HELLO must be called|Authentication required|NOAUTH|permissions",
        what="The sentinels in REDIS_URL want a password, or refuse the one given",
        remedy="Add ?sentinel_password=... (and &sentinel_username=...) to REDIS_URL; what stands before the @ is for "
        "Redis itself",
    ),
    Remedy(
        pattern=r"No such master|do not know",
        what="The sentinels in REDIS_URL do not know that service",
        remedy="Write the name of their `sentinel monitor` line: redis+sentinel://HOST:26379/NAME",
    ),
    Remedy(
        pattern=r"unknown command",
        what="What answers at REDIS_URL is no sentinel",
        remedy="Write the sentinels' addresses (port 26379 as a rule), or redis:// for a single server",
    ),
)
AT_SERVERS = (
    Remedy(
        pattern=r"HELLO must be called|Authentication required|NOAUTH",
        what="Redis wants a password",
        remedy="Write it into REDIS_URL: redis://:PASSWORD@HOST:6379/0, or redis://USER:PASSWORD@HOST:6379/0",
    ),
    Remedy(
        pattern=r"without any password configured",
        what="Redis has no password, but REDIS_URL gives one",
        remedy="Take it out of REDIS_URL, or set one in Redis",
    ),
    Remedy(
        pattern=r"invalid username-password|WRONGPASS|[Ii]nvalid password",
        what="Redis refuses the user or the password in REDIS_URL",
        remedy="Write the right ones; special letters are percent-encoded (@ is %40)",
    ),
    Remedy(
        pattern=r"permissions to access (?:a|the|one of the) key|can't access .*key",
        what="The user in REDIS_URL may not touch the keys that Switchboard writes",
        remedy="Allow them: ACL SETUSER NAME ~sb:*",
    ),
    Remedy(
        pattern=r"permissions to access .*channel|can't access .*channel",
        what="The user in REDIS_URL may not use the channels on which a Stop is told",
        remedy="Allow them: ACL SETUSER NAME &sb:*",
    ),
    Remedy(
        pattern=r"permissions to run the '(?P<command>eval|evalsha)'",
        what="The user in REDIS_URL may not run scripts, and every event is stored by one",
        remedy="Allow it: ACL SETUSER NAME +@scripting",
    ),
    Remedy(
        pattern=r"permissions to run the '(?P<command>[\w|]+)'|can't run this command|NOPERM",
        what="The user in REDIS_URL may not use a command that Switchboard needs",
        remedy="ACL SETUSER NAME +@all -@dangerous is enough",
    ),
    Remedy(
        pattern=r"Cluster mode is not enabled|cluster support disabled",
        what="REDIS_URL names a cluster, but what answers there is a single server",
        remedy="Write redis:// (or rediss://) instead of redis+cluster://",
    ),
    Remedy(
        pattern=r"DB index is out of range|SELECT is not allowed|Invalid Database",
        what="Redis has no database with the number in REDIS_URL",
        remedy="Write /0; a cluster has no other",
    ),
    Remedy(
        pattern=r"unknown command '?EVAL",
        what="What answers at REDIS_URL runs no scripts: a sentinel, perhaps",
        remedy="Write redis+sentinel://HOST:26379/SERVICE for sentinels; otherwise Redis or Valkey 6.2 or newer is wanted",
    ),
    Remedy(
        pattern=r"Protocol Error: b?['\"]?HTTP/|got \"H\" as reply",
        what="What answers at REDIS_URL speaks HTTP, not Redis",
        remedy="Write the port of Redis (6379 as a rule)",
    ),
    Remedy(
        pattern=r"Protocol Error|InvalidResponse",
        what="What answers at REDIS_URL does not speak Redis",
        remedy="Write the port of Redis (6379 as a rule); if it uses TLS, rediss://",
    ),
    Remedy(
        pattern=r"CERTIFICATE_VERIFY_FAILED",
        what="The certificate of Redis is not trusted, or is for another name",
        remedy="Use the name in the certificate, and ?ssl_ca_certs=PATH in REDIS_URL for an authority of your own",
    ),
    Remedy(
        pattern=r"WRONG_VERSION_NUMBER|SSLError|\[SSL|Timeout connecting to server.*\(TLS\)",
        what="Redis does not answer in TLS",
        remedy="Write redis:// instead of rediss:// if it has no TLS at this port, or the port that has",
    ),
    Remedy(
        pattern=r"MovedError|AskError|Hash slot not served|CLUSTERDOWN|CrossSlot|cluster is down",
        what=CLUSTER_NODE.what,
        remedy=CLUSTER_NODE.remedy,
    ),
    Remedy(
        pattern=r"This is a replica|ReadOnlyError|READONLY",
        what="REDIS_URL leads to a replica, which takes no writes",
        remedy="Write the address of the master, or redis+sentinel://HOST:26379/SERVICE to be led there",
    ),
    Remedy(
        pattern=r"no replica has copied it|NOREPLICAS|good replicas",
        what="No replica of Redis keeps up, so nothing is taken in that a failover would undo",
        remedy="Bring a replica back; a master that has none for long counts as a single server",
    ),
    Remedy(
        pattern=r"OutOfMemoryError|used memory > 'maxmemory'",
        what="Redis' memory is full (maxmemory)",
        remedy="Raise maxmemory; what was accepted is being worked off meanwhile",
    ),
    Remedy(
        pattern=r"MISCONF",
        what="Redis cannot write to its disk and therefore takes nothing",
        remedy="Look for a full disk or missing rights in its log",
    ),
    Remedy(
        pattern=r"BusyLoadingError|LOADING",
        what="Redis is still loading its data",
        remedy="Wait; its log says how far it is",
    ),
    Remedy(
        pattern=r"Name or service not known|nodename nor servname|name resolution|No address associated|gaierror",
        what="The host in REDIS_URL is not known",
        remedy="Write its right name; in Docker and Kubernetes the service's",
    ),
    Remedy(
        pattern=r"FileNotFoundError|No such file",
        what="There is no socket at the path in REDIS_URL",
        remedy="Start Redis there, or write its right path",
    ),
    Remedy(
        pattern=r"Connect call failed|Connection refused|ConnectionRefusedError|Errno 111|Errno 61",
        what="Nothing listens at the address in REDIS_URL",
        remedy="Start Redis, or write its right host and port",
    ),
    Remedy(
        pattern=r"(?:Connection closed by server|Connection reset|IncompleteRead).*\(plain\)",
        what="What answers at REDIS_URL ends the connection at once",
        remedy="Write rediss:// if it uses TLS, the right port if that is no Redis; otherwise its log says why",
    ),
    Remedy(
        pattern=r"a part of the cluster has no master|Slot .* not covered|reachable node",
        what="The cluster in REDIS_URL cannot be reached, or some of its slots have no master",
        remedy="Look at CLUSTER INFO on one of its nodes",
    ),
    Remedy(
        pattern=r"Timeout|no answer|TimeoutError",
        what="Redis does not answer in time",
        remedy="Look whether it is stopped or overloaded, and whether a firewall is in between",
    ),
)


def explain_error(error: BaseException, *, tls: bool) -> Trouble:
    """Why an event cannot be stored, and what to do about it."""
    text = f"{' < '.join(_chain(error))} ({'TLS' if tls else 'plain'})"
    asked = AT_SENTINELS if SENTINELS.search(text) else ()
    for row in (*asked, *AT_SERVERS):
        if re.search(row.pattern, text):
            return Trouble(what=row.what, remedy=row.remedy)
    return Trouble(
        what=f"Redis does not take events in ({str(error)[:LONGEST] or type(error).__name__})",
        remedy="Its log may say more",
    )


def _chain(error: BaseException | None) -> list[str]:
    found: list[str] = []
    while error is not None and len(found) < 6:
        found.append(f"{type(error).__name__}: {error}")
        error = error.__cause__
    return found
