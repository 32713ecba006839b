"""Addresses that a server listens on."""

import ipaddress
import re
import socket

_NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.?", re.ASCII)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone: a name that only begins like one of its own is not.

    >>> is_loopback("localhost"), is_loopback("127.evil.example")
    (True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def reachable(host: str) -> str:
    """The address at which this machine reaches a server that listens on `host`: loopback where it is on all."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"


def everywhere() -> str:
    """The address of a TCP server to which everybody who reaches this machine can connect, by IPv6 too if there is."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
        return "::" if socket.has_dualstack_ipv6() else "0.0.0.0"
    except OSError:
        return "0.0.0.0"


def is_unspecified(host: str) -> bool:
    """Whether a host is all addresses of this machine.

    >>> is_unspecified("0.0.0.0"), is_unspecified("127.0.0.1")
    (True, False)
    """
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host


def plain(host: str) -> str:
    """The name or address of a machine in ASCII, as DNS has it (IDNA).

    Raises:
        ValueError: it can be neither.

    >>> plain("bücher.example"), plain("fe80::1%eth0")
    ('xn--bcher-kva.example', 'fe80::1%eth0')
    """
    if ":" in host:
        ipaddress.ip_address(host)
        return host
    name = host.encode("idna").decode("ascii")
    if not _NAME.fullmatch(name):
        raise ValueError(f"a machine's name is of letters, digits, '-' and '.', not {host!r:.80}")
    return name
