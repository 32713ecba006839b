"""Send one OSC message and print the replies until /done or /fail.

Words that look like numbers are sent as numbers.

  hallu send /status
  hallu send /sound/load fluid
  hallu send /sound/hallucinate mine 5 5
"""

import argparse
import re
import sys
from collections.abc import Sequence
from typing import TextIO

from core.commands.arguments import Value, number_name
from core.commands.table import TABLE
from scripts import frame
from server.osc.client import Client
from server.osc.packet import Message

PROG = "hallu send"
_INT = re.compile(r"[+-]?\d{1,9}")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    add = flags.add_argument
    add("address", nargs="?", metavar="ADDRESS", help="such as /status")
    add("args", type=str, nargs="*", metavar="ARG", help="its arguments")
    add("--host", default="127.0.0.1", help="where the server is (default %(default)s)")
    add("--port", type=int, default=7770, help="its UDP port (default %(default)s)")
    add("--timeout", type=float, default=60.0, help="seconds to wait for the next reply (default %(default)s)")
    add("--list", action="store_true", help="print all commands with their arguments and replies")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    flags = parser()
    options = flags.parse_args(argv)
    if not options.list and options.address is None:
        flags.error("an ADDRESS is needed, such as /status (--list shows them all)")
    return frame.run(_list if options.list else _send, options, PROG)


def _list(options: argparse.Namespace) -> None:
    print(commands_list())


def _send(options: argparse.Namespace) -> int:
    with Client(options.host, options.port, options.timeout) as client:
        return send(client, options.address, options.args)


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


if __name__ == "__main__":
    sys.exit(main())
