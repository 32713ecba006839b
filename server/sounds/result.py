"""What a command's function gets and returns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from server.catalog import Catalog
from server.engine.request import Request
from server.link.shown_frames import Answer
from server.osc.packet import Message
from server.session import Session
from server.session_folders import SessionFolders
from server.sounds.note_cache import NoteCache
from server.sounds.open_streams import Streams
from server.sounds.rendered import Deliverable, RenderedSound

# Gets how far back, in seconds; see server/link/publisher.py.
AskFrames = Callable[[float, Answer], None]
AskRenderer = Callable[[str, Mapping[str, Any], Callable[[Any, str], None]], None]


@dataclass(frozen=True)
class Context:
    """What a function may read: the session as it is, and the models that can be loaded.

    Attributes:
        session: as it is.
        catalog: the models that can be loaded.
        notes: notes that have been rendered, and those that are to be.
        streams: the streams that play.
        unfinished: how many notes have a head, and wait for their rest.
        sessions: the saved ones.
        ask_renderer: sends the renderer a command, by address and values, and calls its last argument with replies and
            an error; None: there is no renderer.
        ask_frames: asks the renderer what it has shown; None: there is no renderer.
    """

    session: Session
    catalog: Catalog
    notes: NoteCache = field(default_factory=NoteCache)
    streams: Streams = field(default_factory=Streams)
    unfinished: int = 0
    sessions: SessionFolders = field(default_factory=lambda: SessionFolders(Path("sessions")))
    ask_renderer: AskRenderer | None = None
    ask_frames: AskFrames | None = None


class Rest(Protocol):
    """What is still to be done for a command, after a part of it: called as a `Handler` for its next part."""

    @property
    def ready_s(self) -> float:
        """From when on it can be done, on time.monotonic's clock; infinite: when something else has happened."""

    @property
    def due_s(self) -> float:
        """From when on it goes before notes that wait."""

    def __call__(self, context: Context, request: Request, /) -> "Result":
        """Do the next part."""


@dataclass(frozen=True)
class Result:
    """What a command leads to.

    Attributes:
        session: what the session becomes.
        replies: sent before /done.
        sounds: delivered by the client's sink, whose replies follow `replies`.
        rest: what is still to be done; None: the command ends.
        followed: what images follow besides `sounds`.
        plays: a target that the client plays, and its position, s; None: no news of that.
    """

    session: Session
    replies: Sequence[Message] = ()
    sounds: Sequence[Deliverable] = ()
    rest: Rest | None = None
    followed: Sequence[RenderedSound] = ()
    plays: tuple[str, float] | None = None


# Raises what /fail reports: ValueError or OSError. It changes nothing itself.
Handler = Callable[[Context, Request], Result]
