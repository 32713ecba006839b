"""A room in memory: its session, and what else belongs to it alone."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from core import errors
from server import state_file
from server.catalog import Catalog
from server.engine.lanes import Lane
from server.engine.request import Request
from server.rooms.folders import RoomFolders
from server.rooms.names import ELSEWHERE
from server.session import Session
from server.session_folders import SessionFolders
from server.sinks.wav_spool import WavSpool
from server.sounds.foley import with_foley_loaded
from server.sounds.models import with_loaded
from server.sounds.note_cache import NoteCache
from server.sounds.open_streams import Streams
from server.sounds.result import AskFrames, AskRenderer, Context
from server.state_keeper import StateKeeper

log = logging.getLogger(__name__)

# Of notes of a room, while there may be many rooms: a minute.
NOTES_BYTES = 4 << 20
# Thirty rooms that are synchronised every second keep a disk so busy that saving, before /done, waits for it.
ROOM_SYNC_S = 10.0


@dataclass
class Room:
    """One room. Used by the engine's thread alone, but `session` and `unsaved` may be read from any thread.

    Attributes:
        catalog: the models that can be loaded, which all rooms share, and the sound files that its clients may name.
        keeper: its state file.
        sessions: its saved sessions.
        session: its session; it is never changed but replaced.
        ask_renderer: see `Context`.
        ask_frames: see `Context`.
        notes: its notes in memory.
        streams: its streams.
        unfinished: requests of which a part has been done.
    """

    catalog: Catalog
    keeper: StateKeeper
    sessions: SessionFolders
    session: Session
    ask_renderer: AskRenderer | None = None
    ask_frames: AskFrames | None = None
    notes: NoteCache = field(default_factory=NoteCache)
    streams: Streams = field(default_factory=Streams)
    unfinished: list[Request] = field(default_factory=list)

    @property
    def unsaved(self) -> str:
        """Why the session cannot be saved at present; "": it is saved."""
        return self.keeper.problem

    @property
    def context(self) -> Context:
        """What a command's function may read."""
        self.unfinished = [request for request in self.unfinished if request.rest is not None and not request.closed]
        notes = sum(request.lane is Lane.NOTE for request in self.unfinished)
        tools = (self.catalog, self.notes, self.streams, notes, self.sessions, self.ask_renderer)
        return Context(self.session, *tools, self.ask_frames)

    def uses(self, loaded: object) -> bool:
        """Whether this is its model, its directions or its foley model."""
        session = self.session
        return any(loaded is own for own in (session.model, session.components, session.foley and session.foley.model))

    def put(self, session: Session) -> None:
        """Save a session, as far as that is possible, and take it for the present one."""
        if state_file.differs(self.session, session):
            self.keeper.save(session)
        self.session = session

    def reload(self, name: str | None) -> None:
        """Load a checkpoint, or the one in the state file; a failure is logged, not raised.

        Conditions, components and edits in the state file are set again if it names the same checkpoint.
        """
        wanted, foley = name or self.session.waiting.model, self.session.waiting_foley
        if wanted is not None:
            self.put(_logged(lambda: with_loaded(self.session, self.catalog, wanted), "model") or self.session)
        if foley is not None:
            self.put(
                _logged(lambda: with_foley_loaded(self.session, self.catalog, foley), "foley model") or self.session
            )

    def begin(self, name: str) -> None:
        """Load the first checkpoint of a new room, which leaves nothing on disk unless somebody plays."""
        self.session = _logged(lambda: with_loaded(self.session, self.catalog, name), "model") or self.session


def _logged(load: Callable[[], Session], without: str) -> Session | None:
    """The session after a model was loaded; None: it could not be, and the log says why."""
    try:
        return load()
    except (OSError, ValueError) as error:
        log.warning("starting without a %s: %s", without, errors.sentence(error))
        return None


def open_room(catalog: Catalog, keeper: StateKeeper, sessions: SessionFolders, **more: object) -> Room:
    """A room as its state file has it, or an empty one; the model that it names is loaded by `reload`."""
    restored = keeper.restored
    session = restored.session() if restored else Session.seeded(secrets.randbelow(2**31))
    return Room(catalog, keeper, sessions, session, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class RoomStore:
    """Opens rooms other than MAIN, whose pictures they do not have.

    Attributes:
        folders: where they are kept.
        spool: where their sounds go.
    """

    folders: RoomFolders
    spool: WavSpool

    def open(self, name: str, catalog: Catalog, load: str | None) -> Room:
        """A room with its model loaded: that of its state file, or of a new room, `load`."""
        if catalog.sounds is not None:
            catalog = replace(catalog, sounds=(self.spool.room(name).folder,))
        sessions = SessionFolders(self.folders.sessions(name))
        keeper = StateKeeper(self.folders.state(name), ROOM_SYNC_S)
        room = open_room(catalog, keeper, sessions, ask_frames=_elsewhere)
        room.notes = NoteCache(NOTES_BYTES)
        if room.keeper.restored:
            room.reload(None)
        elif load is not None:
            room.begin(load)
        return room


def _elsewhere(seconds: float, answer: Callable[[None, str], None]) -> None:
    answer(None, ELSEWHERE)
