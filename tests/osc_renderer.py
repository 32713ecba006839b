"""A live renderer that a Pd on this machine plays over OSC, without a server in between."""

import socket
import threading
import time

from conftest import datagram
from pythonosc.osc_message import OscMessage

from core.commands.reading import Refusal, read
from core.commands.table import COMMANDS
from renderer.live.dispatcher import RenderDispatcher


class OscRenderer:
    """Answers /status, and executes what it receives under /image."""

    def __init__(self, controller):
        self._dispatcher = RenderDispatcher(controller)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        # When each message came, and what failed.
        self.received, self.failed = [], []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            data, sender = self._socket.recvfrom(65536)
            message = OscMessage(data)
            self.received.append((time.monotonic(), message.address))
            if message.address == "/end":
                return
            for address, *args in self._answer(message):
                self._socket.sendto(datagram(address, *args), sender)

    def _answer(self, message):
        if message.address == "/status":
            return [["/status.reply", "-", "-", 0, "-", 1.0, "0"], ["/done", "/status"]]
        assert message.address in COMMANDS
        command = read(message.address, message.params)
        if isinstance(command, Refusal):
            replies, error = [], command.reason
        else:
            outcome = self._dispatcher.execute(command)
            replies, error = outcome.replies, outcome.error
        if error:
            self.failed.append((message.address, error))
        return [*replies, ["/fail", message.address, "-", error] if error else ["/done", message.address]]

    def close(self):
        self._socket.sendto(datagram("/end"), self._socket.getsockname())
        self._thread.join()
        self._socket.close()
