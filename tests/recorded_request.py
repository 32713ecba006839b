"""Requests for tests, which record their replies."""

import threading

from conftest import datagram

from server.engine.request import Request
from server.osc.dispatcher import parse
from server.rooms.names import MAIN
from server.table import FUNCTIONS

WAIT_S = 20


def command(address, *args):
    (item,) = parse(datagram(address, *args))
    return item


class RecordedRequest(Request):
    """A request that records its replies."""

    def __init__(self, *message, sink=None, client=None, room=MAIN):
        self.replies = []
        self.ended = threading.Event()
        function = FUNCTIONS[message[0]]
        super().__init__(command(*message), function.handler, sink, self._record, client, function.lane, room)

    def _record(self, message):
        self.replies.append(message)
        if message.address in ("/done", "/fail"):
            self.ended.set()

    @property
    def end(self):
        assert self.ended.wait(WAIT_S), f"no end; so far {self.replies}"
        return self.replies[-1]
