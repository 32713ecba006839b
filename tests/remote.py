"""A server and a bridge, as processes, with a line between them."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

from conftest import PATIENCE_S, Peer, RunningServer
from waiting import until

from bench.relay import Relay


def free_tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def key_for(keys, folder, name="home"):
    """A key file that a server with these keys accepts."""
    from renderer.ipc import keys as files
    from server.link.keyring import Keyring

    files.write(folder / f"{name}.key", Keyring(keys).add(name))
    return folder / f"{name}.key"


def remote_port(server):
    """The port for bridges, as a server says."""
    found = until(lambda: [line for line in server.errors if "bridges connect to port" in line])
    return int(found[0].split("port ")[1].split(",")[0].split()[0])


class RunningBridge:
    """A `hallu bridge` process."""

    def __init__(self, folder, port, *flags, host="127.0.0.1"):
        folder.mkdir(exist_ok=True)
        self.spool, self.pictures = folder / "spool", folder / "pictures"
        self._page = free_tcp_port()
        command = [sys.executable, "-m", "server", "bridge", f"{host}:{port}", "--port", "0"]
        command += ["--page-port", self._page]
        command += ["--spool", self.spool, "--pictures", self.pictures, *flags]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
        )
        self.said = []
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()
        ready = self.process.stdout.readline()
        assert ready.startswith("ready "), "".join(self.said)
        self.port = int(ready.rpartition(":")[2])

    def page_port(self):
        """Where it listens for browsers."""
        return self._page

    def peer(self, timeout=PATIENCE_S):
        return Peer(self.port, timeout)

    def send(self, address, *args):
        peer = self.peer()
        try:
            return peer.ask(address, *args)
        finally:
            peer.socket.close()

    def state(self):
        """found, cut or searching."""
        return self.send("/status")[0].args[0]

    def until(self, state):
        """Wait for a state of the line."""
        until(lambda: self.state() == state, state)
        return self

    def until_said(self, words):
        """Wait for a line of the log; returns it."""
        return until(lambda: next((line for line in self.said if words in line), ""), words)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Home:
    """A server with a key for home, a relay to it, and a bridge behind that."""

    def __init__(self, folder, models, *flags, **line):
        folder.mkdir(exist_ok=True)
        self.folder, self.models, self.flags = folder, models, flags
        self.server = RunningServer(folder, models, "--remote", "0", *flags)
        self.key = key_for(folder / "keys", folder)
        self.relay = Relay(remote_port(self.server), **line)
        self.bridge = RunningBridge(folder / "home", self.relay.port, "--key", self.key).until("found")

    def close(self):
        self.bridge.kill()
        self.server.kill()
        self.relay.close()


def the_same(path, spool):
    """Whether a file that came home is that of the server, bit by bit."""
    return Path(path).read_bytes() == (spool / Path(path).name).read_bytes()
