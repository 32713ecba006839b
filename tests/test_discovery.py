"""Announcing a server on the network and finding it: real multicast DNS on loopback, with python-oscquery as peer."""

import shutil
import subprocess
import sys
import time

import pytest
from conftest import SMALL, RunningServer
from live_server import ROOT
from pythonoscquery.osc_query_browser import OSCQueryBrowser
from waiting import PATIENCE_S, until

from core import discovery
from core.discovery import OSC, OSCQUERY, Announcement, Service
from renderer.live import announcer
from renderer.live.server_end import ServerState
from scripts import hallu_servers

HERE = "127.0.0.1"


def found(name, kind=OSCQUERY):
    """The service of this name, once it is there."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        for service in discovery.find(1.0, [HERE]):
            if (service.name, service.kind) == (name, kind):
                return service
    raise AssertionError(f"{name} was not found")


def test_what_is_announced_is_found_and_leaves_when_it_is_closed():
    name = "stage 1.5 of hallu"
    announcement = Announcement([Service(OSCQUERY, name, (HERE,), 7773), Service(OSC, name, (HERE,), 7770)])
    plain = "stage 1 5 of hallu"
    assert found(plain) == Service(OSCQUERY, plain, (HERE,), 7773)
    assert found(plain, OSC).port == 7770
    announcement.close()
    assert plain not in [service.name for service in discovery.find(1.0, [HERE])]


def test_osc_on_this_machine_only_is_not_announced_to_others(monkeypatch):
    monkeypatch.setattr(discovery, "local_addresses", lambda: [HERE, "192.0.2.7"])
    state = ServerState("hallu", HERE, 7770)
    assert [one.kind for one in announcer.services(state, "0.0.0.0", 7773)] == [OSCQUERY]
    assert [one.kind for one in announcer.services(state, HERE, 7773)] == [OSCQUERY, OSC]
    everywhere = announcer.services(ServerState("hallu", "", 7770), "0.0.0.0", 7773)
    assert [one.hosts for one in everywhere] == [("192.0.2.7",)] * 2


def test_osc_of_another_machine_is_not_announced_from_here(monkeypatch):
    monkeypatch.setattr(discovery, "local_addresses", lambda: [HERE, "192.0.2.7"])
    state = ServerState("hallu", "192.0.2.9", 7770)
    assert [one.kind for one in announcer.services(state, "192.0.2.7", 7773)] == [OSCQUERY]


def test_without_zeroconf_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(discovery, "available", lambda: False)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'hallu\[discovery\]'"):
        discovery.find(0.1)


def test_the_command_says_so_without_a_name_of_pythons(monkeypatch, capsys):
    monkeypatch.setattr(discovery, "available", lambda: False)
    assert hallu_servers.main([]) == 1
    assert capsys.readouterr().err.startswith("hallu servers: finding servers needs zeroconf: pip install")


@pytest.fixture
def announced(tmp_path):
    shutil.copytree(SMALL, tmp_path / "models" / "gansynth" / SMALL.name)
    flags = ("--image-port", "0", "--no-image", "--announce", "--load", SMALL.name)
    server = RunningServer(tmp_path, tmp_path / "models", *flags)
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.fixture
def browser():
    browser = OSCQueryBrowser()
    yield browser
    browser.zc.close()


def test_python_oscquery_finds_a_server_reads_it_and_sees_it_go(announced, browser):
    def seed():
        found = browser.find_nodes_by_endpoint_address("/sound/seed")
        return [(host.name, node.value) for _, host, node in found if host.osc_port == announced.port]

    ((name, _),) = until(seed, "the server is found")
    assert name.endswith(f" {announced.port}")
    announced.send("/sound/seed", 77)
    until(lambda: seed() == [(name, [77])], "its seed has changed")
    command = [sys.executable, "-m", "scripts.hallu_servers", "--seconds", "2"]
    listed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert f"osc udp {HERE}:{announced.port}" in listed.stdout
    announced.stop()
    gone = lambda: not [one for one in browser.get_discovered_osc() if one.port == announced.port]  # noqa: E731
    until(gone, "it is not listed any more")
