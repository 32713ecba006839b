"""The engine's work: the commands of server/sound.py and server/directions.py on one studio."""

from collections.abc import Callable

from server import directions, sound
from server.engine import Request
from server.handlers import HANDLERS, Replies
from server.studio import Studio

# Importing them has filled HANDLERS.
ROOMS = (sound, directions)


class SoundWork:
    """All that waits for the engine."""

    def __init__(self, studio: Studio, prepare: Callable[[], None]) -> None:
        """Let `prepare` do what takes long at the start, such as importing TensorFlow."""
        self._studio = studio
        self.prepare = prepare
        self.idle = studio.delivery.clean

    def perform(self, request: Request) -> Replies:
        """Do a request; if it fails or is cancelled, nothing has changed."""
        with self._studio.all_or_nothing():
            request.check()
            replies = HANDLERS[request.command.address](self._studio, request)
            request.commit()
        return replies
