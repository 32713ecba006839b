"""A peer on a server's two sockets for renderers, and a server to try it with."""

import time

import numpy as np
import pytest
import zmq
from conftest import RunningServer, free_pair, running_with
from waiting import PATIENCE_S

from renderer.ipc import messages
from server.link.keyring import Keyring
from server.sounds.rendered import RenderedSound

PATIENCE_MS = 20_000


class Renderer:
    """A peer on the server's two sockets."""

    def __init__(self, port, keys=None, most_unread=1000):
        self.context = zmq.Context()
        self.receiver, self.sender = self.context.socket(zmq.SUB), self.context.socket(zmq.PUSH)
        self.receiver.rcvhwm = most_unread
        for socket in (self.receiver, self.sender) if keys else ():
            keys.secure(socket)
        self.receiver.connect(f"tcp://127.0.0.1:{port}")
        self.sender.connect(f"tcp://127.0.0.1:{port + 1}")
        self.receiver.subscribe(b"")

    def join(self):
        """Send hello until the server has received it; returns what the server sends then."""
        for _ in range(5 * round(PATIENCE_S)):
            self.send("hello", {"name": "test", "version": "0"})
            # A welcome that came before the subscription is lost, and what else is published must not be waited for.
            if self._next("welcome", 0.2):
                return self
        # A context that is left to the garbage collector together with its sockets waits for them for ever.
        self.close()
        raise AssertionError("no welcome")

    def send(self, topic, fields=None):
        self.sender.send_multipart(messages.encode(topic, fields))

    def receive(self, topic):
        """The next event with this topic; others are passed over."""
        if event := self._next(topic, PATIENCE_MS / 1000):
            return event
        raise AssertionError(f"nothing about {topic}")

    def _next(self, topic, patience_s):
        end_s = time.monotonic() + patience_s
        while self.receiver.poll(max(0, 1000 * (end_s - time.monotonic()))):
            event = messages.decode(self.receiver.recv_multipart())
            if event.topic == topic:
                return event
        return None

    def close(self):
        self.context.destroy(linger=0)


@pytest.fixture(scope="module", name="port")
def a_port():
    return free_pair()


@pytest.fixture(scope="module", name="folder")
def a_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module", name="keys")
def a_keyring(folder):
    return Keyring(folder / "keys").add("test")


@pytest.fixture(scope="module", name="running")
def a_server(folder, keys, models, port):
    flags = ("--no-page", "--image-port", port)
    yield from running_with(RunningServer(folder, models, *flags), "magenta_small")


@pytest.fixture(name="renderer")
def a_renderer(running, port, keys):
    peer = Renderer(port, keys).join()
    yield peer
    peer.close()


def a_wave(target, seconds):
    return RenderedSound(target, np.full(16_000 * seconds, 2.0, np.float32), 16_000, 32, np.zeros((1, 4)))


def answered(running, renderer, *message, **answer):
    """What the server replies to a command that the renderer answers so."""
    client = running.peer()
    renderer.send("heartbeat")
    client.send(*message)
    asked = renderer.receive("command")
    renderer.send("reply", {"id": asked.fields["id"], **answer})
    replies = client.receive_end()
    client.socket.close()
    return asked.fields, replies
