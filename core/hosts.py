"""Addresses that a server listens on."""

import ipaddress


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
