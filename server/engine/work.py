"""The engine's work: the commands of server/sounds/notes.py and server/sounds/directions.py on one studio."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from server.engine.queue import Request
from server.session import Session
from server.sounds import directions, notes
from server.sounds.handlers import HANDLERS, Replies
from server.sounds.rendered import RenderedSound

if TYPE_CHECKING:
    from gansynth.model import Model

# Importing them has filled HANDLERS.
ROOMS = (notes, directions)


class Listener(Protocol):
    """Who is told what happens; see server/link/publisher.py."""

    def loaded(self, name: str, latent_size: int, sample_rate: int) -> None:
        """Another model; "" for none."""

    def busy(self, busy: bool) -> None:
        """A request is being done."""

    def made(self, made: RenderedSound) -> None:
        """A sound was delivered."""


class EngineWork:
    """All that waits for the engine."""

    def __init__(self, studio: Session, prepare: Callable[[], None], audience: Listener) -> None:
        """Let `prepare` do what takes long at the start, such as importing TensorFlow; tell `audience` what happens."""
        self._studio = studio
        self._prepare = prepare
        self._audience = audience
        self.idle = studio.delivery.clean

    def prepare(self) -> None:
        """Do what takes long at the start."""
        self._prepare()
        self._tell(None, [])

    def perform(self, request: Request) -> Replies:
        """Do a request; if it fails or is cancelled, nothing has changed."""
        before, self._studio.made = self._studio.model, []
        self._audience.busy(True)
        try:
            with self._studio.all_or_nothing():
                request.check()
                replies = HANDLERS[request.command.address](self._studio, request)
                request.commit()
        finally:
            self._audience.busy(False)
        self._tell(before, self._studio.made)
        return replies

    def _tell(self, before: "Model | None", sounds: list[RenderedSound]) -> None:
        model = self._studio.model
        if model is not before:
            facts = (model.name, model.latent_size, model.sample_rate) if model else ("", 0, 0)
            self._audience.loaded(*facts)
        for made in sounds:
            self._audience.made(made)
