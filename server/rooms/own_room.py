"""Which client is which, and the room of one that has joined none."""

import re
from collections.abc import Callable, Hashable
from hashlib import sha256
from typing import Literal

from server.osc.clients import Address
from server.remote.peer import client_of
from server.rooms.names import LONGEST, MAIN

# Who shares a room without joining one: all programs of a machine, or nobody.
By = Literal["host", "client"]

# A system has more loopback addresses, which stand for other machines where somebody tries rooms on one.
_HERE = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_DIGITS = 8
_NOT_PLAIN = re.compile(r"[^\w.+-]")


def own(client: Address, by: By, name_of_key: Callable[[str], str]) -> str:
    """The room of a client that has joined none.

    Args:
        client: its address.
        by: "host": clients of one machine share a room, and those of the server's machine are in MAIN; "client": each
            client has a room to itself.
        name_of_key: returns what the key of a bridge is called.
    """
    remote = client_of(client)
    words = [] if remote is None else [name_of_key(remote.key)]
    host = str(client[0] if remote is None else remote.host)
    if by == "client":
        words += [host, str(client[1])]
    elif host not in _HERE:
        words.append(host)
    elif remote is None:
        return MAIN
    name = ("at-" + "-".join(_NOT_PLAIN.sub("-", word) for word in words).lower()).rstrip(".")
    if len(name) <= LONGEST:
        return name
    # What is cut off may be the end that tells clients apart.
    return f"{name[: LONGEST - _DIGITS - 1]}-{sha256(name.encode()).hexdigest()[:_DIGITS]}"


def lasting(client: Address) -> Hashable:
    """A client, as it is found again after a restart of the server, or of its bridge."""
    remote = client_of(client)
    return (str(client[0]), client[1]) if remote is None else (*remote.client, client[1])
