"""Addresses: which are this machine alone, and how a server on one of them is reached."""

import pytest

from core.hosts import is_loopback, reachable


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
