"""The two replies that end every command."""

from core.commands.limits import MAX_REASON
from server.osc.packet import Message


def done(address: str, targets: tuple[str, ...] = ()) -> Message:
    """The reply that ends a command which succeeded."""
    return Message("/done", (address, *targets))


def fail(address: str, target: str, reason: str) -> Message:
    """The reply that ends a command which failed; the reason becomes one line of at most MAX_REASON characters."""
    line = " ".join(reason.split()) or "no reason given"
    if len(line) > MAX_REASON:
        line = line[: MAX_REASON - 3] + "..."
    return Message("/fail", (address, target or "-", line))
