"""Addresses that a server listens on."""

import ipaddress
import socket


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
