"""visuals.pd or another patch in a real Pd and a server in the test's hand, for the tests of what steers pictures."""

import time
from contextlib import closing, contextmanager

from fake_server import PATIENCE_S, FakeServer

from pd import PD, pd_running


def shown(pd, name):
    """The label that a text gets next."""
    while True:
        message = pd.wait()
        if str(message[0]).endswith(f"-{name}") and message[1:2] == ["label"]:
            return message[2]


class Visuals:
    """The patch, and the server that it speaks to. Names are those in the patch, without their $0."""

    def __init__(self, pd, server, number):
        self.pd, self.server = pd, server
        self.number = number
        # The abstractions in it have the numbers after it.
        self.numbers = range(self.number, self.number + 60)
        pd.listen(f"{self.number}-answer")
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        # It asks once the server has answered.
        self.asked("/image/status")

    def do(self, name, message="bang"):
        """A message to this name, in the patch and in the abstractions within."""
        for number in self.numbers:
            self.pd.to(f"{number}-{name}", message)

    def listen(self, name):
        for number in self.numbers:
            self.pd.listen(f"{number}-{name}")

    def shown(self, name):
        return shown(self.pd, name)

    def asked(self, *address):
        """The next command for pictures, or the next with this address: (address, arguments).

        A status is answered; it counts changes only if settings are waited for.
        """
        changes = (1,) if address == ("/image/settings",) else ()
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            asked, args, self.sender = self.server.receive()
            if asked == "/image/status" and address != (asked,):
                received = ("patterns", "free", 29.96, 3, "http://here:1/", "trip", "-", *changes)
                self.answer("/image/status.reply", *received)
                self.answer("/done", asked)
            elif address in ((), (asked,)):
                return asked, args
        raise AssertionError(f"Pd did not send {address or 'anything'}")

    def answer(self, address, *args):
        self.server.send(self.sender, address, *args)

    def heard(self, *words):
        return self.pd.wait(f"{self.number}-answer", "image", *words)


@contextmanager
def opened(folder, patch="visuals.pd"):
    """The patch open, and connected; at the end it must not have complained."""
    with closing(FakeServer()) as server, pd_running(folder, PD / patch, paths=()) as pd:
        # Without an array there is nothing to find it by; a patch that is opened first has one of the first numbers.
        yield Visuals(pd, server, pd.number_of("picture-edits") if patch == "visuals.pd" else 1001)
        assert [line for line in pd.errors() if "couldn't find named array" not in line] == []
