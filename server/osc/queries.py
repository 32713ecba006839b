"""Commands that the receive thread answers at once, so that no client waits for the engine."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from core.commands.limits import MAX_REASON
from core.commands.reading import Command
from core.text import one_line
from server.engine.queue import EngineStatus
from server.osc.clients import Address, ClientPreferences, Clients
from server.osc.packet import Message
from server.session import Session


class EngineControl(Protocol):
    """What queries need of the engine."""

    def status(self) -> EngineStatus:
        """What waits and what runs."""

    def cancel(self, target: str) -> bool:
        """Stop all requests that have this target; False if there are none."""


class PlaybackListener(Protocol):
    """Whoever follows what clients play; see server/link/publisher.py."""

    def play(self, target: str, position_s: float) -> None:
        """A client plays a sound from this position on."""

    def stop_playing(self, target: str) -> None:
        """A client has stopped a sound; "": whatever plays."""


@dataclass(frozen=True)
class QueryContext:
    """What queries may read and steer.

    Attributes:
        engine: its status, and its requests to cancel.
        listener: gets a report of what clients play.
        clients: what clients asked for by /notify.
        session: returns the present session.
        started_s: when the server started, on time.monotonic's clock.
        unsaved: returns why the session cannot be saved at present; "": it is saved.
    """

    engine: EngineControl
    listener: PlaybackListener
    clients: Clients
    session: Callable[[], Session]
    started_s: float
    unsaved: Callable[[], str] = str


# Returns the replies before /done; ValueError becomes /fail.
Query = Callable[[QueryContext, Command, Any], list[Message]]


def status(context: QueryContext, command: Command, sender: Address) -> list[Message]:
    """What is loaded, what waits, what runs, for how long, in which version."""
    engine, session = context.engine.status(), context.session()
    model = session.model.name if session.model else "-"
    components = Path(session.components_file).name if session.components_file else "-"
    uptime_s = time.monotonic() - context.started_s
    values = (model, components, engine.waiting, engine.busy_target, uptime_s, program_version())
    unsaved = one_line(context.unsaved(), MAX_REASON)
    return [Message("/status.reply", values), *([Message("/status.unsaved", (unsaved,))] if unsaved else [])]


def notify(context: QueryContext, command: Command, sender: Address) -> list[Message]:
    """Store the client's preferences."""
    values = command.values
    preferences = ClientPreferences(values["port"], values["rate"], bool(values["level"]))
    if preferences.rate and preferences.rate < 1000:
        raise ValueError(f"rate must be 0 or in 1000..192000 Hz, not {preferences.rate}")
    context.clients.notify(sender, preferences)
    return []


def cancel(context: QueryContext, command: Command, sender: Address) -> list[Message]:
    """Stop requests by their target."""
    target = command.targets[0]
    if not context.engine.cancel(target):
        raise ValueError(f"nothing with the target {target[:60]!r} is queued or running")
    return []


def play(context: QueryContext, command: Command, sender: Address) -> list[Message]:
    """Report what the client plays."""
    context.listener.play(command.targets[0], command.values["position"])
    return []


def stop(context: QueryContext, command: Command, sender: Address) -> list[Message]:
    """Report that the client has stopped a sound."""
    context.listener.stop_playing(command.values["target"] or "")
    return []


def program_version() -> str:
    """The installed version, "unknown" without an installation."""
    try:
        return version("hallu")
    except PackageNotFoundError:
        return "unknown"
