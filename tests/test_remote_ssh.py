"""A server behind ssh, as docs/remote.md says: sshd is real, and so is the tunnel."""

import pytest
from conftest import RunningServer
from remote import RunningBridge, free_tcp_port, key_for, remote_port, the_same
from ssh import Sshd


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    running = Sshd(tmp_path_factory.mktemp("ssh") / "sshd")
    yield running
    running.close()


@pytest.mark.parametrize("keys", [False, True], ids=["no keys", "keys"])
def test_pd_at_home_plays_through_a_tunnel(sshd, tmp_path, band, keys):
    server = RunningServer(tmp_path, band, "--load", "band", "--remote", "0", *(() if keys else ("--no-keys",)))
    here = free_tcp_port()
    tunnel = sshd.tunnel(here, remote_port(server))
    secret = ("--key", key_for(tmp_path / "keys", tmp_path)) if keys else ("--no-key",)
    bridge = RunningBridge(tmp_path / "home", here, *secret)
    try:
        bridge.until("found")
        assert bridge.send("/sound/randomize_z", "z")[-1].address == "/done"
        replies = bridge.send("/sound/hallucinate", "trip", 3, 2, 0.1, 0, 0.1, 0.1, 0.1)
        assert the_same(replies[-2].args[1], server.spool)
        if keys:
            return
        # A tunnel that breaks is one that can be started again.
        tunnel.kill()
        tunnel.wait()
        bridge.until("cut")
        tunnel = sshd.tunnel(here, remote_port(server))
        bridge.until("found")
        assert bridge.send("/sound/note", "n", "z", 60)[-1].address == "/done"
    finally:
        tunnel.kill()
        bridge.kill()
        server.kill()
