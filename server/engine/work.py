"""The engine's work: rooms, each with one session, which a command replaces whole or leaves as it is."""

import queue
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core import memory
from server.catalog import Catalog
from server.engine.request import Request
from server.osc.packet import Message
from server.osc.queries import RoomFacts
from server.rooms.names import MAIN
from server.rooms.room import Room, RoomStore, open_room
from server.session import Session
from server.session_folders import SessionFolders
from server.sounds.live_notes import render_missing
from server.sounds.rendered import RenderedSound
from server.sounds.result import AskFrames, AskRenderer, Result
from server.state_keeper import StateKeeper

if TYPE_CHECKING:
    from gansynth.model import Model

_NONE = object()


class Listener(Protocol):
    """Whoever follows what happens; see server/link/publisher.py."""

    def loaded(self, name: str, latent_size: int, sample_rate: int) -> None:
        """Another model is loaded; "": none."""

    def busy(self, busy: bool) -> None:
        """A request begins or has ended."""

    def rendered(self, sound: RenderedSound) -> None:
        """A sound was delivered."""

    def play(self, target: str, position_s: float) -> None:
        """A client plays a sound from this position on."""

    def watch_frames(self) -> None:
        """Sounds may be made for what is shown, from now on."""


class EngineWork:
    """All commands that wait for the engine, of all its rooms."""

    def __init__(
        self,
        catalog: Catalog,
        state: Path | None,
        listener: Listener,
        *,
        load: str | None = None,
        idle: Callable[[], None],
        sessions: SessionFolders | None = None,
        ask_renderer: AskRenderer | None = None,
        ask_frames: AskFrames | None = None,
        store: RoomStore | None = None,
    ) -> None:
        """Open MAIN from the state file if there is one; the model that it names is loaded by `prepare`.

        Args:
            catalog: what can be loaded.
            state: the state file of MAIN; None: MAIN is in another process.
            listener: gets a report of what happens there.
            load: the checkpoint to start with, in place of the one in the state file; other rooms that are new have it.
            idle: cleans up now and then.
            sessions: where sessions of MAIN are kept; None: beside the state file, without images.
            ask_renderer: see `Context`.
            ask_frames: see `Context`.
            store: opens other rooms; None: there are none.
        """
        self._clean = idle
        self._catalog = catalog = replace(catalog, in_use=self._in_use)
        self._listener = listener
        self._load = load
        self._store = store
        self._rooms: dict[str, Room] = {}
        if state is not None:
            sessions = sessions or SessionFolders(state.parent / "sessions")
            tools = {"ask_renderer": ask_renderer, "ask_frames": ask_frames}
            self._rooms[MAIN] = open_room(catalog, StateKeeper(state), sessions, **tools)
        # Rooms to open (True) or to close, in the order in which somebody asked for it.
        self._asked: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()
        self._warmed: weakref.WeakSet[Model] = weakref.WeakSet()
        self._heads: Iterator[None] = iter(())

    @property
    def session(self) -> Session:
        """The session of MAIN. May be read from any thread."""
        return self._rooms[MAIN].session

    @property
    def unsaved(self) -> str:
        """Why MAIN cannot be saved at present; "": it is saved. May be read from any thread."""
        return self._rooms[MAIN].unsaved

    def facts(self, room: str) -> RoomFacts:
        """What is set in a room. May be called from any thread."""
        found = self._rooms.get(room)
        return RoomFacts.of(found.session, found.unsaved) if found else RoomFacts()

    def want(self, room: str) -> None:
        """Open a room when nothing else is to do. May be called from any thread."""
        self._asked.put((room, True))

    def leave(self, room: str) -> None:
        """Close a room: it is on disk. May be called from any thread."""
        self._asked.put((room, False))

    def prepare(self) -> None:
        """Load the model to start with."""
        if MAIN in self._rooms:
            empty = self.session
            self.reload(self._load)
            self._notify(self._rooms[MAIN], empty, ())

    def reload(self, name: str | None) -> None:
        """Load a checkpoint in MAIN; see `Room.reload`."""
        self._rooms[MAIN].reload(name)

    def idle(self) -> None:
        """See `server.engine.queue.Work`."""
        for room in self._rooms.values():
            room.keeper.retry(room.session)
        self._clean()
        memory.give_back()

    def spare(self) -> bool:
        """See `server.engine.queue.Work`."""
        self._open_and_close()
        if next(self._heads, _NONE) is not _NONE:
            return True
        for room in self._rooms.values():
            model = room.session.model
            if model is not None and model not in self._warmed:
                self._warmed.add(model)
                self._heads = iter(model.warm_up_heads())
                return True
        return any(render_missing(room.session, room.notes) for room in self._rooms.values())

    def perform(self, request: Request) -> Sequence[Message]:
        """Do a request or its next part; if that fails or is cancelled, the session stays as it is."""
        room = self._room(request.room)
        before = room.session
        with self._reported_busy(request):
            request.check_cancelled()
            handler = request.rest or request.handler
            request.rest = None
            result = handler(room.context, request)
            replies = [*result.replies, *request.sink.deliver(result.sounds)]
            if result.rest is None:
                self._commit(request, result, replies)
            else:
                room.unfinished.append(request)
            room.put(result.session.after(before, room.session))
            request.rest = result.rest
        whole = [sound for sound in result.sounds if isinstance(sound, RenderedSound)]
        self._notify(room, before, [*whole, *result.followed])
        if result.plays is not None and room is self._rooms.get(MAIN):
            self._listener.play(*result.plays)
        return replies

    def _in_use(self, loaded: object) -> bool:
        return any(room.uses(loaded) for room in self._rooms.values())

    def _room(self, name: str) -> Room:
        self._open_and_close()
        return self._rooms.get(name) or self._opened(name)

    def _opened(self, name: str) -> Room:
        if self._store is None:
            raise ValueError(f"there is no room {name!r:.80}")
        room = self._rooms[name] = self._store.open(name, self._catalog, self._load)
        return room

    def _open_and_close(self) -> None:
        while not self._asked.empty():
            name, wanted = self._asked.get()
            if wanted and name not in self._rooms:
                self._opened(name)
            elif not wanted and name in self._rooms:
                room = self._rooms[name]
                room.keeper.retry(room.session)
                del self._rooms[name]

    @contextmanager
    def _reported_busy(self, request: Request) -> Iterator[None]:
        """Report that the engine works, unless it does so for a moment only, or has to keep up with what plays."""
        if request.lane.live or request.rest is not None:
            yield
            return
        self._listener.busy(True)
        try:
            yield
        finally:
            self._listener.busy(False)

    def _commit(self, request: Request, result: Result, replies: Sequence[Message]) -> None:
        try:
            request.commit()
        except BaseException:
            # Files of notes that are kept in memory may be those of other clients too.
            if not any(isinstance(sound, RenderedSound) and sound.pieces for sound in result.sounds):
                request.sink.withdraw(replies)
            raise

    def _notify(self, room: Room, before: Session, sounds: Sequence[RenderedSound]) -> None:
        if room is not self._rooms.get(MAIN):
            return
        model = room.session.model
        if model is not before.model:
            self._listener.loaded(*((model.name, model.latent_size, model.sample_rate) if model else ("", 0, 0)))
        if room.session.foley is not before.foley:
            self._listener.watch_frames()
        for sound in sounds:
            self._listener.rendered(sound)
