"""Commands that are answered at once, so that no client waits for the engine."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from core.commands.limits import MAX_REASON
from core.commands.reading import Command
from core.text import one_line
from server.engine.queue import EngineStatus
from server.osc.clients import ClientPreferences, Clients
from server.osc.origin import Origin
from server.osc.packet import Message
from server.rooms.names import MAIN
from server.session import Session


class EngineControl(Protocol):
    """What queries need of the engine."""

    def status(self, room: str) -> EngineStatus:
        """What waits and what runs of a room."""

    def cancel(self, target: str, room: str) -> bool:
        """Stop all requests of a room that have this target; False if there are none."""


class PlaybackListener(Protocol):
    """Whoever follows what clients play; see server/link/publisher.py."""

    def play(self, target: str, position_s: float) -> None:
        """A client plays a sound from this position on."""

    def stop_playing(self, target: str) -> None:
        """A client has stopped a sound; "": whatever plays."""


class Membership(Protocol):
    """Who is in which room; see server/rooms/registry.py."""

    def join(self, client: Any, name: str | None) -> str:
        """Put a client into a room; returns its name."""


@dataclass(frozen=True)
class RoomFacts:
    """What is set in a room.

    Attributes:
        model: the loaded model's name.
        components: the name of the file of its directions.
        unsaved: why the room cannot be saved at present; "": it is saved.
        session: all of it; None: nothing is set.
    """

    model: str = "-"
    components: str = "-"
    unsaved: str = ""
    session: Session | None = None

    @classmethod
    def of(cls, session: Session, unsaved: str) -> "RoomFacts":
        """The facts of a session."""
        file = session.components_file
        return cls(session.model.name if session.model else "-", Path(file).name if file else "-", unsaved, session)


@dataclass(frozen=True)
class RoomContext:
    """What queries about a room may read and steer.

    Attributes:
        room: its name.
        engine: its status, and its requests to cancel.
        facts: what is set.
        uptime_s: since when the server runs, in seconds.
    """

    room: str
    engine: EngineControl
    facts: RoomFacts
    uptime_s: float


@dataclass(frozen=True)
class DoorContext:
    """What queries may use that are answered before a room's engine has anything to do with them.

    Attributes:
        listener: gets a report of what clients play.
        clients: what clients asked for by /notify.
        rooms: who is in which room.
    """

    listener: PlaybackListener
    clients: Clients
    rooms: Membership


# Return the replies before /done; ValueError becomes /fail.
RoomQuery = Callable[[RoomContext, Command], list[Message]]
DoorQuery = Callable[[DoorContext, Command, Origin], list[Message]]


def status(context: RoomContext, command: Command) -> list[Message]:
    """What is loaded, what waits, what runs, for how long, in which version."""
    engine, facts = context.engine.status(context.room), context.facts
    values = (facts.model, facts.components, engine.waiting, engine.busy_target, context.uptime_s, program_version())
    unsaved = one_line(facts.unsaved, MAX_REASON)
    return [Message("/status.reply", values), *([Message("/status.unsaved", (unsaved,))] if unsaved else [])]


def notify(context: DoorContext, command: Command, origin: Origin) -> list[Message]:
    """Store the client's preferences."""
    values = command.values
    wishes = bool(values["level"]), bool(values["gains"])
    preferences = ClientPreferences(values["port"], values["rate"], *wishes)
    if preferences.rate and preferences.rate < 1000:
        raise ValueError(f"rate must be 0 or in 1000..192000 Hz, not {preferences.rate}")
    context.clients.notify(origin.client, preferences)
    return []


def room(context: DoorContext, command: Command, origin: Origin) -> list[Message]:
    """Put the client into a room."""
    return [Message("/room/joined", (context.rooms.join(origin.client, command.values["name"]),))]


def cancel(context: RoomContext, command: Command) -> list[Message]:
    """Stop requests by their target."""
    target = command.targets[0]
    if not context.engine.cancel(target, context.room):
        raise ValueError(f"nothing with the target {target[:60]!r} is queued or running")
    return []


def play(context: DoorContext, command: Command, origin: Origin) -> list[Message]:
    """Report what the client plays; pictures follow MAIN alone."""
    if origin.room == MAIN:
        context.listener.play(command.targets[0], command.values["position"])
    return []


def stop(context: DoorContext, command: Command, origin: Origin) -> list[Message]:
    """Report that the client has stopped a sound."""
    if origin.room == MAIN:
        context.listener.stop_playing(command.values["target"] or "")
    return []


def program_version() -> str:
    """The installed version, "unknown" without an installation."""
    try:
        return version("hallu")
    except PackageNotFoundError:
        return "unknown"
