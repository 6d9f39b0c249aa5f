"""Whether a request looks as if a program on this machine had made it, for this machine.

It is never proof: a reverse proxy on this machine that adds no header looks exactly the same. What has to be
proved is proved by a secret; this keeps out what gives itself away, and websites whose name was pointed at
this machine (DNS rebinding).
"""

import ipaddress
import re
from collections.abc import Iterable

from bot.settings.environment import loopback

HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::[0-9]{1,5})?", re.IGNORECASE)
PASSED_ON = (
    *("forwarded", "x-forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-"),
    *("true-client-ip", "cdn-loop", "cf-", "fly-", "fastly-", "x-envoy-", "x-amzn-", "x-azure-", "x-arr-"),
    *("tailscale-", "ngrok-", "x-tunnel"),
)
"""How the headers begin that proxies and tunnels add."""


def addressed_here(host: str) -> bool:
    """Whether a Host header names this machine. "localhost:1@evil" does not."""
    parts = HOST.fullmatch(host)
    return parts is not None and loopback(parts[1].lower())


def from_here(address: str) -> bool:
    """Whether a connection comes from this machine; IPv4 may be written as IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return bool((mapped or ip).is_loopback)


def passed_on(headers: Iterable[str]) -> bool:
    """Whether one of these names of headers is that of a proxy or a tunnel."""
    return any(name.lower().startswith(PASSED_ON) for name in headers)
