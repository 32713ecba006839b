"""Commands that load the foley model, and make a sound for what the renderer shows."""

import math
import threading
import time

import numpy as np

from core.progress import Progress, ignore
from server.catalog import Catalog
from server.engine.request import Request
from server.link.shown_frames import ShownFrames
from server.osc.packet import Message
from server.session import Session
from server.sounds.rendered import RenderedSound
from server.sounds.result import Context, Result

# Frames in a second that models get; those of a screen, more or less.
FPS = 24.0
# A first picture is waited for so long, and so much of the past is enough to begin with.
_WAIT_S, _LEAST_S = 5.0, 1.0
_POLL_S, _AGAIN_S = 0.01, 0.1
# Of sounds that follow no path: no key points.
NO_KEYS = np.zeros((0, 1), np.float32)
_ANY = "-"


def load_foley(context: Context, request: Request) -> Result:
    """Load a foley model in place of the one before."""
    session = with_foley_loaded(context.session, context.catalog, request.command.values["name"], request.progress)
    foley = session.need_foley()
    level = Message("/sound/level", (foley.model.name, foley.gain_db, foley.gain_db, 1.0))
    return Result(session, [*foley_of(session), level])


def with_foley_loaded(session: Session, catalog: Catalog, name: str, progress: Progress = ignore) -> Session:
    """The session with a foley model in place of the one before.

    Raises:
        FileNotFoundError: the models folders have none of this name.
        OSError: it cannot be read.
        ValueError: it is not a foley model.
    """
    return session.with_foley(catalog.load_foley(name, progress))


def foley_of(session: Session) -> list[Message]:
    """The replies that describe the loaded foley model.

    Raises:
        ValueError: there is none.
    """
    model = session.need_foley().model
    return [Message("/sound/foley", (model.name, float(model.seconds))), Message("/sound/foley_classes", model.classes)]


def from_image(context: Context, request: Request) -> Result:
    """Make a sound for what has been shown in the last seconds."""
    values, foley = request.command.values, context.session.need_foley()
    seconds = values["seconds"] or foley.model.seconds
    sort = wanted_class(foley.model.classes, values["class"])
    frames = shown(context, request, seconds).at_rate(FPS, seconds)
    session, seed = drawn_seed(context.session)
    wave = foley.model.generate(
        frames,
        FPS,
        seconds=seconds,
        classes=sort,
        temperature=values["temperature"],
        seed=seed,
        progress=request.progress,
    )
    sound = RenderedSound(values["target"], wave, foley.model.sample_rate, 0, NO_KEYS, (), foley.gain_db)
    return Result(session, sounds=[sound])


def wanted_class(classes: tuple[str, ...], name: str) -> str | None:
    """The class that a command names; None: the pictures decide.

    Raises:
        ValueError: the model has no such class.
    """
    if name == _ANY:
        return None
    if name not in classes:
        known = f"its classes are {', '.join(classes)}" if classes else "it has no classes"
        raise ValueError(f"class must be one of the foley model's, not {name!r:.40}; {known}")
    return name


def drawn_seed(session: Session) -> tuple[Session, int]:
    """A random seed, and the session after it."""
    session, numbers = session.draw(1)
    return session, int(numbers.view(np.uint32)[0])


def shown(context: Context, request: Request, seconds: float, patience_s: float = math.inf) -> ShownFrames:
    """What the renderer has shown in the last seconds; the first picture, and a second of them, are waited for.

    Args:
        context: of the request.
        request: which may be cancelled.
        seconds: of pictures.
        patience_s: how long all of it may take.

    Raises:
        ValueError: there is no renderer, it does not answer in time, or it shows nothing.
        Cancelled: the request was cancelled meanwhile.
    """
    begun_s = time.monotonic()
    while True:
        found = _asked(context, request, seconds, begun_s + patience_s)
        enough = len(found.frames) and found.ages_s[0] >= min(seconds, _LEAST_S)
        longest_s = min(patience_s, _LEAST_S if len(found.frames) else _WAIT_S)
        if enough or time.monotonic() - begun_s > longest_s:
            return found
        _pause(request, _AGAIN_S)


def _asked(context: Context, request: Request, seconds: float, end_s: float) -> ShownFrames:
    if context.ask_frames is None:
        raise ValueError("no renderer is connected; this server runs without pictures")
    answered, found, reason = threading.Event(), list[ShownFrames](), [""]

    def answer(frames: ShownFrames | None, error: str) -> None:
        reason[0] = error
        if frames is not None:
            found.append(frames)
        answered.set()

    context.ask_frames(seconds, answer)
    while not answered.wait(_POLL_S):
        request.give_way()
        request.check_cancelled()
        if time.monotonic() > end_s:
            raise ValueError("the renderer does not say in time what it shows")
    if not found:
        raise ValueError(reason[0])
    return found[0]


def _pause(request: Request, seconds: float) -> None:
    """Let time pass, and whoever may interrupt go first."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        request.give_way()
        request.check_cancelled()
        time.sleep(_POLL_S)
