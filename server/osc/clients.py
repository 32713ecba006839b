"""Clients by address and source port, and what each asked for by /notify."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

# What a socket calls an address: host, port, and more for IPv6.
Address = tuple[Any, ...]

MAX_CLIENTS = 256


@dataclass(frozen=True)
class ClientPreferences:
    """What a client asked for.

    Attributes:
        port: for replies; 0: the port that the client sends from.
        rate: of its WAVs in Hz; 0: the model's.
        level: its WAVs have the model's gain, and stay below -1 dBFS.
        gains: it gets the gain of each sound before the sound.
    """

    port: int = 0
    rate: int = 0
    level: bool = False
    gains: bool = False


class Clients:
    """The preferences of clients; beyond MAX_CLIENTS the oldest are forgotten."""

    def __init__(self) -> None:
        self._preferences: OrderedDict[Address, ClientPreferences] = OrderedDict()

    def notify(self, sender: Address, preferences: ClientPreferences) -> None:
        """Store preferences in place of the former ones."""
        self._preferences[sender] = preferences
        self._preferences.move_to_end(sender)
        if len(self._preferences) > MAX_CLIENTS:
            self._preferences.popitem(last=False)

    def preferences(self, sender: Address) -> ClientPreferences:
        """What a client asked for; the defaults if it asked for nothing."""
        return self._preferences.get(sender, ClientPreferences())

    def reply_address(self, sender: Address) -> Address:
        """Where a client's replies go."""
        port = self.preferences(sender).port
        return (sender[0], port, *sender[2:]) if port else sender
