"""A renderer at home for a server elsewhere: it survives a line that is cut, and the server's restart."""

import shutil
import signal
import subprocess
import sys

import pytest
from conftest import DATA, SMALL, RunningServer, free_pair
from live_server import ROOT
from remote import key_for
from waiting import until

from bench.relay import Relay


@pytest.fixture
def both(tmp_path):
    shutil.copytree(SMALL, tmp_path / "models" / "gansynth" / "magenta_small")
    shutil.copytree(DATA / "biggan_small", tmp_path / "models" / "biggan" / "biggan_small")
    return tmp_path / "models"


class Line:
    """Two ports in a row for those of a server: what a renderer connects to."""

    def __init__(self, port):
        for _ in range(50):
            self.relays = [Relay(port)]
            try:
                self.relays.append(Relay(port + 1, listen=self.relays[0].port + 1))
                break
            except OSError:
                self.relays[0].close()
        self.port = self.relays[0].port

    def cut(self):
        for relay in self.relays:
            relay.cut()

    def mend(self):
        for relay in self.relays:
            relay.mend()

    def close(self):
        for relay in self.relays:
            relay.close()


def is_painted(server, target):
    reply = server.send("/image/status")[0]
    return reply.address == "/image/status.reply" and reply.args[5] == target


def play(server, target):
    assert server.send("/sound/hallucinate", target, 3, 2, 0.1, 0, 0.1, 0.1, 0.1)[-1].address == "/done"
    server.send("/sound/play", target, 0)


def test_a_renderer_at_home_finds_its_server_again(tmp_path, both):
    port = free_pair()
    flags = ("--no-image", "--image-port", port, "--load", SMALL.name)
    server, line = RunningServer(tmp_path, both, *flags), Line(port)
    command = [sys.executable, "-m", "renderer", "--stay", "--server", f"tcp://127.0.0.1:{line.port}"]
    command += ["--key", key_for(tmp_path / "keys", tmp_path), "--models", both, "--out", tmp_path / "out"]
    command += ["--settings", tmp_path / "settings.json", "--page-port", 0]
    renderer = subprocess.Popen([str(word) for word in command], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        until(lambda: is_painted(server, "-"))
        line.cut()
        until(lambda: server.send("/image/status")[0].address == "/fail")
        line.mend()
        until(lambda: is_painted(server, "-"))
        play(server, "trip")
        until(lambda: is_painted(server, "trip"))
        assert server.stop(signal.SIGTERM) == 0
        server = RunningServer(tmp_path, both, *flags)
        until(lambda: is_painted(server, "-") or is_painted(server, "trip"))
        play(server, "again")
        until(lambda: is_painted(server, "again"))
        assert renderer.poll() is None
    finally:
        renderer.kill()
        renderer.wait()
        server.kill()
        line.close()
