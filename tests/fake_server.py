"""A server for tests of what Pd sends."""

import socket
import time

from conftest import datagram
from pythonosc.osc_message import OscMessage
from waiting import PATIENCE_S


class FakeServer:
    """Receives messages, and sends only what the test says."""

    def __init__(self, port=0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.socket.settimeout(PATIENCE_S)
        self.port = self.socket.getsockname()[1]
        self.last: list[object] = []
        # What it says is loaded.
        self.model = "-"

    def receive(self):
        """The next message that is not a heartbeat: (address, args, sender). Heartbeats are answered.

        Raises:
            AssertionError: none came in time.
        """
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            data, sender = self.socket.recvfrom(65536)
            message = OscMessage(data)
            self.last = message.params
            if message.address != "/status":
                return message.address, message.params, sender
            self.send(sender, "/status.reply", self.model, "-", 0, "-", 1.0, "0")
            self.send(sender, "/done", "/status")
        raise AssertionError("Pd sent heartbeats only")

    def send(self, sender, address, *args):
        self.socket.sendto(datagram(address, *args), sender)

    def close(self):
        self.socket.close()
