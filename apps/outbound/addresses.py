"""Which network addresses belong to the public, and how a name becomes addresses in bounded time."""

import re
import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Resolve = Callable[[str, int, float], Sequence[str]]
"""Host, port and seconds to a list of addresses. :raises OSError: no such host, or no answer in that time."""

# Not for us, whatever the standard library of this Python says of them, which changes between its releases: protocol
# assignments (RFC 6890), deprecated relays (RFC 7526), local NAT64 (RFC 8215), IPv4 inside IPv6 as nobody routes it,
# Teredo and the rest of 2001::/23, discard, site-local, documentation (RFC 9637), segment routing (RFC 9602).
_NEVER = tuple(
    ip_network(text)
    for text in (
        *("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "::/96", "2001::/23", "2001:db8::/32", "100::/64"),
        *("fec0::/10", "3fff::/20", "5f00::/16"),
    )
)
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is meant
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)


def is_public(address: str) -> bool:
    """Whether anyone on the internet reaches this address. An IPv6 address with an IPv4 one inside counts as that one.

    :raises ValueError: not an IP address.
    """
    ip = _meant(address)
    is_special = ip.is_multicast or ip.is_unspecified or ip.is_link_local
    return (
        ip.is_global
        and not is_special
        and not any(ip in network for network in _NEVER if network.version == ip.version)
    )


def is_reachable_here(address: str) -> bool:
    """Whether this address may be called where private ones are allowed: also loopback and the site's own networks,
    never link-local, where clouds keep the credentials of a machine.

    :raises ValueError: not an IP address.
    """
    ip = _meant(address)
    return ip.is_loopback or is_public(address) or (ip.is_private and not ip.is_link_local and not ip.is_unspecified)


def is_disguised(host: str) -> bool:
    """Whether a host is an IPv4 address in another dress (``2130706433``, ``0177.0.0.1``, ``0x7f.1``), as C reads them.

    Source: the WHATWG URL standard, «ends in a number».
    """
    last = host.rstrip(".").rpartition(".")[2]
    if not _NUMERIC.fullmatch(last):
        return False
    try:
        return str(IPv4Address(host)) != host
    except ValueError:
        return True


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Ask the system for the addresses of a host, for at most so many seconds.

    :raises OSError: no such host, or no answer in that time.
    """
    found: list[list[str] | OSError] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.append(list(dict.fromkeys(str(answer[4][0]) for answer in answers)))
        except OSError as error:
            found.append(error)
        except UnicodeError:  # a label longer than a name server takes
            found.append(OSError("not a host name"))

    asking = threading.Thread(target=ask, name="resolve", daemon=True)  # getaddrinfo has no time-out of its own
    asking.start()
    asking.join(seconds)
    if not found:
        raise TimeoutError("the name server did not answer in time")
    answer = found[0]
    if isinstance(answer, OSError):
        raise answer
    return answer


def _meant(address: str) -> IPv4Address | IPv6Address:
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
