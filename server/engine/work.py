"""The engine's work: one session, which a command replaces whole or leaves as it is."""

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core import errors, memory
from server import state_file
from server.catalog import Catalog
from server.engine.lanes import Lane
from server.engine.request import Request
from server.osc.packet import Message
from server.session import Session
from server.session_folders import SessionFolders
from server.sounds.foley import with_foley_loaded
from server.sounds.live_notes import render_missing
from server.sounds.models import with_loaded
from server.sounds.note_cache import NoteCache
from server.sounds.open_streams import Streams
from server.sounds.rendered import RenderedSound
from server.sounds.result import AskFrames, AskRenderer, Context, Result
from server.state_keeper import StateKeeper

if TYPE_CHECKING:
    from gansynth.model import Model

log = logging.getLogger(__name__)

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
    """All commands that wait for the engine.

    Attributes:
        session: owned by the engine thread; other threads may read it, since it is never changed but replaced.
    """

    def __init__(
        self,
        catalog: Catalog,
        state: Path,
        listener: Listener,
        *,
        load: str | None = None,
        idle: Callable[[], None],
        sessions: SessionFolders | None = None,
        ask_renderer: AskRenderer | None = None,
        ask_frames: AskFrames | None = None,
    ) -> None:
        """Take the session from the state file if there is one; the model that it names is loaded by `prepare`.

        Args:
            catalog: what can be loaded.
            state: the state file.
            listener: gets a report of what happens.
            load: the checkpoint to start with, in place of the one in the state file.
            idle: cleans up now and then.
            sessions: where sessions are kept; None: beside the state file, without images.
            ask_renderer: see `Context`.
            ask_frames: see `Context`.
        """
        self._clean = idle
        self._sessions = sessions or SessionFolders(state.parent / "sessions")
        self._ask_renderer, self._ask_frames = ask_renderer, ask_frames
        self._catalog = catalog
        self._keeper = StateKeeper(state)
        self._listener = listener
        self._load = load
        self._notes = NoteCache()
        self._streams = Streams()
        self._open: list[Request] = []
        self._warmed: Model | None = None
        self._heads: Iterator[None] = iter(())
        restored = self._keeper.restored
        self.session = restored.session() if restored else Session.seeded(secrets.randbelow(2**31))

    @property
    def unsaved(self) -> str:
        """Why the session cannot be saved at present; "": it is saved. May be read from any thread."""
        return self._keeper.problem

    def prepare(self) -> None:
        """Load the model to start with."""
        empty = self.session
        self.reload(self._load)
        self._notify(empty, ())

    def idle(self) -> None:
        """See `server.engine.queue.Work`."""
        self._keeper.retry(self.session)
        self._clean()
        memory.give_back()

    def spare(self) -> bool:
        """See `server.engine.queue.Work`."""
        model = self.session.model
        if model is not self._warmed:
            self._warmed, self._heads = model, iter(model.warm_up_heads() if model else ())
        return next(self._heads, _NONE) is not _NONE or render_missing(self.session, self._notes)

    def perform(self, request: Request) -> Sequence[Message]:
        """Do a request or its next part; if that fails or is cancelled, the session stays as it is."""
        before = self.session
        with self._reported_busy(request):
            request.check_cancelled()
            handler = request.rest or request.handler
            request.rest = None
            result = handler(self._context(before), request)
            replies = [*result.replies, *request.sink.deliver(result.sounds)]
            if result.rest is None:
                self._commit(request, result, replies)
            else:
                self._open.append(request)
            self._replace(result.session.after(before, self.session))
            request.rest = result.rest
        whole = [sound for sound in result.sounds if isinstance(sound, RenderedSound)]
        self._notify(before, [*whole, *result.followed])
        if result.plays is not None:
            self._listener.play(*result.plays)
        return replies

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

    def _context(self, session: Session) -> Context:
        tools = (self._catalog, self._notes, self._streams, self._unfinished(), self._sessions, self._ask_renderer)
        return Context(session, *tools, self._ask_frames)

    def _unfinished(self) -> int:
        """How many notes wait for their rest."""
        self._open = [request for request in self._open if request.rest is not None and not request.closed]
        return sum(request.lane is Lane.NOTE for request in self._open)

    def _commit(self, request: Request, result: Result, replies: Sequence[Message]) -> None:
        try:
            request.commit()
        except BaseException:
            # Files of notes that are kept in memory may be those of other clients too.
            if not any(isinstance(sound, RenderedSound) and sound.pieces for sound in result.sounds):
                request.sink.withdraw(replies)
            raise

    def reload(self, name: str | None) -> None:
        """Load a checkpoint, or the one in the state file; a failure is logged, not raised.

        Conditions, components and edits in the state file are set again if it names the same checkpoint.
        """
        wanted, foley = name or self.session.waiting.model, self.session.waiting_foley
        try:
            if wanted is not None:
                self._replace(with_loaded(self.session, self._catalog, wanted))
        except (OSError, ValueError) as error:
            log.warning("starting without a model: %s", errors.sentence(error))
        try:
            if foley is not None:
                self._replace(with_foley_loaded(self.session, self._catalog, foley))
        except (OSError, ValueError) as error:
            log.warning("starting without a foley model: %s", errors.sentence(error))

    def _replace(self, session: Session) -> None:
        """Save the session, as far as that is possible, and take it for the present one."""
        if state_file.differs(self.session, session):
            self._keeper.save(session)
        self.session = session

    def _notify(self, before: Session, sounds: Sequence[RenderedSound]) -> None:
        model = self.session.model
        if model is not before.model:
            self._listener.loaded(*((model.name, model.latent_size, model.sample_rate) if model else ("", 0, 0)))
        if self.session.foley is not before.foley:
            self._listener.watch_frames()
        for sound in sounds:
            self._listener.rendered(sound)
