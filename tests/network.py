"""No test talks to anything but this machine: every connection that Python opens is looked at before it is made."""

import ipaddress
import socket
import sys
from typing import Any, Final

_LOCAL_NAMES: Final = frozenset({None, "", "localhost", "0.0.0.0", "::"})


class OutsideNetwork(Exception):
    """A test tried to reach an address that is not loopback."""


def close_network() -> None:
    """Refuse every other connection and name look-up of this process, for good: an audit hook cannot be taken back."""
    sys.addaudithook(_look_at)


def _look_at(event: str, arguments: tuple[Any, ...]) -> None:  # whatever the event carries
    if event in {"socket.connect", "socket.sendto"}:
        _, address = arguments
        if isinstance(address, tuple) and not _is_local(address[0]):
            raise OutsideNetwork(f"A test connects to {address[0]}; only loopback is open to tests.")
    elif event == "socket.getaddrinfo":
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        if _is_name(host):
            if host.endswith(".invalid"):  # such names exist nowhere (RFC 6761), which is what a test of them wants
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            raise OutsideNetwork(f"A test looks up {host}; only loopback is open to tests.")


def _is_local(host: str) -> bool:
    if _is_name(host):
        return False
    return host in _LOCAL_NAMES or ipaddress.ip_address(host.partition("%")[0]).is_loopback


def _is_name(host: str | None) -> bool:
    if host is None or host in _LOCAL_NAMES or host.endswith(".localhost"):
        return False
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True
    return False
