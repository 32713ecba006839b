"""Addresses: which are this machine alone, and how a server on one of them is reached."""

import pytest

from core.hosts import is_loopback, plain, reachable
from server.remote.settings import BridgeSettings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_this_machine_alone(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "localhost.example.org", "127.example.org", "::12", ""]
)
def test_others_can_reach_it(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("localhost", "127.0.0.1"), ("::1", "::1"), ("box", "box")],
)
def test_a_server_is_reached(host, address):
    assert reachable(host) == address


@pytest.mark.parametrize("host", ["bad host", "a*b", "a;b", "a..b", "", "x" * 300, "fe80::g"])
def test_what_no_machine_can_be_called(host):
    with pytest.raises(ValueError, match=r"."):
        plain(host)


@pytest.mark.parametrize(
    ("server", "found"),
    [
        ("box", "box:7774"),
        ("Box.example.:80", "box.example.:80"),
        ("[::1]", "[::1]:7774"),
        ("[::1]:80", "[::1]:80"),
        ("b\u00fccher.example", "xn--bcher-kva.example:7774"),
    ],
)
def test_the_server_of_a_bridge(server, found):
    assert BridgeSettings.of(server).server == found


@pytest.mark.parametrize("server", ["bad host", "x:0", "x:99999", "a*b", "a;b", "x?y", "x#y", "x/y", "me@x", "::1"])
def test_what_the_server_of_a_bridge_cannot_be(server):
    with pytest.raises(ValueError, match="a server must be HOST or HOST:PORT"):
        BridgeSettings.of(server)
