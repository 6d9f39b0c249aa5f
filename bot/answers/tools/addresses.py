"""Which addresses a tool server may have, the company's own word being `private = true`.

A name is looked up once, what it means is judged, and the connection goes to what was judged: a name that means something else
a moment later leads nowhere.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

LOOK_UP = 10.0  # seconds
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
LookUp: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # "this machine" to many systems
        "169.254.0.0/16",  # link-local, and where clouds hand out credentials
        "224.0.0.0/4",
        "240.0.0.0/4",
        "100.100.100.200/32",  # metadata of one more cloud
        "fd00:ec2::254/128",
        "::/128",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by a provider's customers
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
    )
)
GLOBAL = ipaddress.ip_network("2000::/3")
NOT_GLOBAL = tuple(
    ipaddress.ip_network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
CARRIERS = (  # IPv6 that stands for an IPv4 address, and the bit at which that begins, from the right
    (ipaddress.ip_network("::ffff:0:0/96"), 0),
    (ipaddress.ip_network("::ffff:0:0:0/96"), 0),
    (ipaddress.ip_network("::/96"), 0),
    (ipaddress.ip_network("64:ff9b::/96"), 0),
    (ipaddress.ip_network("64:ff9b:1::/48"), 0),
    (ipaddress.ip_network("2002::/16"), 80),
)


class AddressRefused(Exception):
    """The name means no address that a tool server may have."""


class NameUnknown(Exception):
    """The name means no address at all."""


def may_connect(address: str, *, private: bool) -> bool:
    """Whether a tool server may be at this address (IPv4 or IPv6, as text)."""
    found = _plain(ipaddress.ip_address(address.partition("%")[0]))
    if any(found in network for network in NEVER):
        return False
    if private:
        return True
    if found.version == 6:
        return found in GLOBAL and not any(found in network for network in NOT_GLOBAL)
    return not any(found in network for network in PRIVATE)


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv6Address) and address not in (
        ipaddress.IPv6Address("::1"),
        ipaddress.IPv6Address("::"),
    ):
        for network, shift in CARRIERS:
            if address in network:
                return ipaddress.IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
    return address


def encrypted_enough(url: str, *, private: bool) -> bool:
    """Without TLS only where the operator says that the way is private."""
    return urlsplit(url).scheme == "https" or private


async def checked_addresses(host: str, port: int, *, private: bool, look_up: LookUp) -> Sequence[str]:
    """Where to connect to. Raises NameUnknown and AddressRefused."""
    try:
        async with asyncio.timeout(LOOK_UP):
            found = [host] if _is_address(host) else await look_up(host, port)
    except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
        raise NameUnknown(host) from error
    allowed = [address for address in found if may_connect(address, private=private)]
    if not allowed:
        raise AddressRefused(host) if found else NameUnknown(host)
    return allowed


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def look_up_name(host: str, port: int) -> Sequence[str]:
    """By the system's resolver. Raises OSError and UnicodeError."""
    rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))
