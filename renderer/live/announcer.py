"""Announce the page and the server's OSC on the local network, once the server has said where it is."""

import logging
import threading

from core import discovery, errors, hosts
from core.discovery import OSC, OSCQUERY, Announcement, Service
from renderer.live.server_end import ServerEnd, ServerState

log = logging.getLogger(__name__)

_POLL_S = 0.2


def services(state: ServerState, page_host: str, page_port: int) -> list[Service]:
    """The page as an OSCQuery server, and the server's OSC if it is on this machine.

    Raises:
        MissingPackageError: zeroconf is not installed.
        OSError: a host is unknown.
    """
    osc_hosts = discovery.addresses_of(state.osc_host or "0.0.0.0")
    found = [Service(OSCQUERY, state.name, discovery.addresses_of(page_host), page_port)]
    local = all(host in discovery.local_addresses() for host in osc_hosts)
    # What is on this machine only is announced to it only.
    outward = local and hosts.is_loopback(osc_hosts[0]) == hosts.is_loopback(found[0].hosts[0])
    return [*found, *([Service(OSC, state.name, osc_hosts, state.osc_port)] if outward else [])]


class Announcer:
    """Announces from a thread, until it is closed."""

    def __init__(self, server_end: ServerEnd, page_host: str, page_port: int) -> None:
        """Announce a page at an address of this machine."""
        self._server_end, self._page = server_end, (page_host, page_port)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="announce", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Say goodbye to the network."""
        self._ended.set()
        self._thread.join(3.0)

    def _run(self) -> None:
        while not self._server_end.state.osc_port:
            if self._ended.wait(_POLL_S):
                return
        try:
            announced = services(self._server_end.state, *self._page)
            announcement = Announcement(announced)
        except (OSError, errors.MissingPackageError) as error:
            log.warning("the server is not announced: %s", errors.sentence(error))
            return
        log.info("announced as %s", announced[0].name)
        self._ended.wait()
        announcement.close()
