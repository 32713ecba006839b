"""Announce a server on the local network, and find those that others announce, where zeroconf is installed.

Two services: `_oscjson._tcp`, the OSCQuery server on the page's port, and `_osc._udp`, the server that takes OSC.
"""

import importlib.util
import ipaddress
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core import hosts
from core.errors import MissingPackageError

if TYPE_CHECKING:
    from zeroconf import ServiceInfo, Zeroconf

log = logging.getLogger(__name__)

OSCQUERY, OSC = "_oscjson._tcp.local.", "_osc._udp.local."
MISSING = "finding servers needs zeroconf: pip install 'hallu[discovery]'"
# A name in DNS has at most 63 bytes; zeroconf adds a number where the name is taken.
_LONGEST_NAME = 58
_PATIENCE_MS = 1500


@dataclass(frozen=True)
class Service:
    """A service on the network.

    Attributes:
        kind: OSCQUERY or OSC.
        name: for people.
        hosts: IPv4 addresses.
        port: TCP for OSCQUERY, UDP for OSC.
    """

    kind: str
    name: str
    hosts: tuple[str, ...]
    port: int


def available() -> bool:
    """Whether zeroconf is installed."""
    return importlib.util.find_spec("zeroconf") is not None


class Announcement:
    """Services that the network knows until `close`."""

    def __init__(self, services: Sequence[Service]) -> None:
        """Announce services; their names are changed where others have them.

        Raises:
            MissingPackageError: zeroconf is not installed.
            OSError: the network does not allow it.
        """
        if not available():
            raise MissingPackageError(MISSING)
        from zeroconf import Zeroconf

        interfaces = sorted({host for service in services for host in service.hosts})
        self._zeroconf: Zeroconf = Zeroconf(interfaces=interfaces)
        try:
            for service in services:
                self._zeroconf.register_service(_info(service), allow_name_change=True)
        except Exception as error:
            self._zeroconf.close()
            raise OSError(f"the network does not take the announcement: {error}") from error

    def close(self) -> None:
        """Say goodbye, so that nobody lists these services any longer."""
        with suppress(Exception):
            self._zeroconf.unregister_all_services()
        self._zeroconf.close()


def _info(service: Service) -> "ServiceInfo":
    from zeroconf import ServiceInfo

    name = _plain(service.name)
    machine = socket.gethostname().split(".")[0]
    addresses = [ipaddress.ip_address(host).packed for host in service.hosts]
    return ServiceInfo(
        service.kind, f"{name}.{service.kind}", service.port, addresses=addresses, server=f"{machine}.local."
    )


def _plain(name: str) -> str:
    """A name without dots, which zeroconf takes for the end of it, short enough for DNS."""
    return name.replace(".", " ").encode()[:_LONGEST_NAME].decode(errors="ignore") or "hallu"


def find(seconds: float, interfaces: Sequence[str] = ()) -> list[Service]:
    """The services on the network that answer within so many seconds, by kind and name.

    Args:
        seconds: how long to listen.
        interfaces: addresses of this machine to listen on; none: all of them, loopback included.

    Raises:
        MissingPackageError: zeroconf is not installed.
        OSError: there is no network.
    """
    if not available():
        raise MissingPackageError(MISSING)
    from zeroconf import DNSQuestionType, ServiceBrowser, ServiceListener, Zeroconf

    found: set[tuple[str, str]] = set()

    class Listener(ServiceListener):
        def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            found.add((type_, name))

        def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            found.add((type_, name))

        def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            found.discard((type_, name))

    client = Zeroconf(interfaces=list(interfaces) or local_addresses())
    try:
        # Of several programs on one machine, only one would get an answer that is not sent to all.
        ServiceBrowser(client, [OSCQUERY, OSC], Listener(), question_type=DNSQuestionType.QM)
        threading.Event().wait(seconds)
        return sorted(_resolved(client, found), key=lambda one: (one.kind, one.name))
    finally:
        client.close()


def _resolved(client: "Zeroconf", found: set[tuple[str, str]]) -> Iterator[Service]:
    from zeroconf import DNSQuestionType

    for kind, name in sorted(found):
        info = client.get_service_info(kind, name, timeout=_PATIENCE_MS, question_type=DNSQuestionType.QM)
        addresses = info.parsed_addresses() if info else []
        if info and addresses and info.port:
            yield Service(kind, name.removesuffix(f".{kind}"), tuple(addresses), info.port)


def local_addresses() -> list[str]:
    """All IPv4 addresses of this machine.

    Raises:
        MissingPackageError: zeroconf is not installed.
    """
    if not available():
        raise MissingPackageError(MISSING)
    import ifaddr

    return [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]


def addresses_of(host: str) -> tuple[str, ...]:
    """The IPv4 addresses at which others reach a server that listens on `host`; its own where that is loopback.

    Raises:
        MissingPackageError: zeroconf is not installed.
        OSError: the host is unknown.
    """
    if not hosts.is_unspecified(host):
        return (socket.gethostbyname(host),)
    return tuple(ip for ip in local_addresses() if not hosts.is_loopback(ip))
