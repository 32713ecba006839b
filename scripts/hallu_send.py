"""`hallu send` and its list of commands."""

import re
import sys
from typing import TextIO

from core.commands.arguments import Value, number_name
from core.commands.table import TABLE
from server.osc.client import Client
from server.osc.packet import Message

_INT = re.compile(r"[+-]?\d{1,9}")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def send(client: Client, address: str, words: list[str], out: TextIO | None = None) -> int:
    """Send one message, print every reply; 1 when it ends in /fail.

    Raises:
        NoAnswerError: nothing comes back.
        ValueError: the address does not start with a slash.
    """
    if not address.startswith("/"):
        raise ValueError(f"an OSC address starts with '/', as in /status; not {address!r}")
    last = None
    for last in client.ask(address, *map(value, words)):
        print(line(last), file=out or sys.stdout, flush=True)
    return 0 if last is not None and last.address == "/done" else 1


def value(word: str) -> Value:
    """A word of the command line as OSC sends it: 5 an int, 0.5 a float, the rest a string."""
    if _INT.fullmatch(word):
        return int(word)
    return float(word) if _FLOAT.fullmatch(word) else word


def line(message: Message) -> str:
    """One reply as text, floats in as few digits as they need."""
    return " ".join([message.address, *(text if isinstance(text, str) else number(text) for text in message.args)])


def number(value: float) -> str:
    """A number in few digits, also where it is none that a name could have."""
    try:
        return number_name(value)
    except ValueError:
        return str(value)


def commands_list() -> str:
    """The command table as text."""
    lines = []
    for spec in TABLE:
        lines += [f"{spec.address} {spec.usage}".rstrip(), f"    {spec.help}"]
        for arg in [*spec.args, *spec.group]:
            lines.append(f"    {arg.name}: {describe(arg.kind, arg.range_text, arg.default_text)}; {arg.help}")
        lines += [f"    -> {reply}" for reply in spec.replies]
    return "\n".join(lines)


def describe(kind: str, range_text: str, default: str) -> str:
    """Kind, range and default of an argument in words."""
    words = " ".join(part for part in (kind, range_text) if part)
    return f"{words} (default {default})" if default else words
