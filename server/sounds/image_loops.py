"""The loop of pictures and sounds: what is shown makes a sound, which moves what is shown."""

import logging
import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.commands.arguments import Arg
from core.commands.foley import IMAGE_LOOP
from server.engine.request import Request
from server.loaded_foley import LoadedFoley
from server.osc.packet import Message
from server.session import Session
from server.sounds.foley import FPS, NO_KEYS, drawn_seed, shown, wanted_class
from server.sounds.loop_bounds import LoopLevel, LoopState, motion
from server.sounds.playback import GONE_S, Playback
from server.sounds.rendered import RenderedSound, Segment
from server.sounds.result import Context, Result

# What a client has beyond its position, while nothing is generated.
LOOK_AHEAD_S = 0.75
_SEGMENT_S, _DUE_S = 0.5, 0.2
# The next part is begun so long before the end, and so many times as early as the last one took.
_MARGIN_S, _TIMES = 0.75, 1.5
# How long it goes on while nothing is known of the pictures.
_BLIND_S, _LEAST_WAIT_S = 60.0, 0.4
_LOG = logging.getLogger(__name__)
_SETTINGS: dict[str, Arg] = {name: IMAGE_LOOP.arg(name) for name in ("amount", "seconds")}


@dataclass
class ImageLoop(Playback):
    """A loop that plays; see `Playback` for the other attributes.

    Attributes:
        foley: what makes the sounds.
        settings: amount and seconds, by name.
        sort: the class that sounds are to be of; None: the pictures decide.
        state: what the next part is made with.
        part: its number.
        waiting: what is rendered, and not delivered yet.
        took_s: how long the last part took.
        stopping: whether it is to end.
        ended: whether all of it has been delivered.
        frames: the pictures of the last part.
        seen_s: when they were shown.
    """

    foley: LoadedFoley
    settings: dict[str, float]
    sort: str | None = None
    state: LoopState = field(default_factory=LoopState)
    part: int = 0
    waiting: deque[np.ndarray] = field(default_factory=deque)
    took_s: float = 1.0
    stopping: bool = False
    ended: bool = False
    frames: np.ndarray | None = None
    seen_s: float = 0.0

    def __post_init__(self) -> None:
        self.level = LoopLevel(self.foley.model.sample_rate, self.foley.gain_db)

    @property
    def finished(self) -> bool:
        """See `Playback`."""
        return self.ended

    @property
    def ahead_s(self) -> float:
        """How much is rendered beyond the client's position."""
        rate = self.foley.model.sample_rate
        return self.pieces.seconds + sum(map(len, self.waiting)) / rate - self.position_s

    @property
    def wanted(self) -> bool:
        """Whether the next part is to be made."""
        return self.ahead_s <= _MARGIN_S + _TIMES * self.took_s

    @property
    def ready_s(self) -> float:
        """Now if there is something to make or to deliver, else when the client will be gone."""
        deliverable = self.waiting and self.pieces.seconds - self.position_s <= LOOK_AHEAD_S
        return -math.inf if deliverable or self.wanted or self.stopping else self.reported_s + GONE_S

    @property
    def due_s(self) -> float:
        """When only _DUE_S will be left to play of what is rendered; what is not rendered yet waits for notes."""
        return self.reported_s + self.pieces.seconds - self.position_s - _DUE_S if self.waiting else math.inf

    def stop(self) -> None:
        """See `Playback`."""
        self.stopping = True

    def set(self, name: str, words: Sequence[str]) -> None:
        """See `Playback`."""
        if name not in _SETTINGS:
            raise ValueError(f"a loop of pictures has no setting {name[:60]!r}; it has {', '.join(_SETTINGS)}")
        if len(words) != 1:
            raise ValueError(f"{name} needs 1 value, not {len(words)}")
        try:
            value = float(words[0])
        except ValueError:
            raise ValueError(f"{name} must be a number, not {words[0]!r:.60}") from None
        self.settings[name] = float(_SETTINGS[name].read(value))

    def __call__(self, context: Context, request: Request) -> Result:
        """Make the next part, or deliver the next segment.

        Raises:
            ValueError: the client is gone, the renderer is, or nothing is shown.
        """
        if self.stopping:
            return self._end(context.session)
        if self.wanted:
            return self._round(context, request)
        if self.pieces.seconds - self.position_s > LOOK_AHEAD_S or not self.waiting:
            raise ValueError(f"no /sound/stream_position for {GONE_S:g} s; the loop has ended")
        return Result(context.session, sounds=[self._segment(self.waiting.popleft())], rest=self)

    def _round(self, context: Context, request: Request) -> Result:
        """Deliver what waits, and make the next part for what is shown now."""
        begun_s, seconds, model = time.monotonic(), self.settings["seconds"], self.foley.model
        frames = self.pictures(context, request)
        session, seed = drawn_seed(context.session)
        wave = model.generate(
            frames,
            FPS,
            seconds=seconds,
            classes=self.sort,
            temperature=self.state.temperature,
            seed=seed,
            progress=request.progress,
        )
        self.state = self.state.after(motion(frames, FPS), wave, model.sample_rate, self.settings["amount"])
        due = list(self.waiting)
        self._add(wave)
        self.took_s = time.monotonic() - begun_s
        sounds = [self._segment(block) for block in due]
        return Result(session, [self._report()], sounds, rest=self, followed=[self._followed(wave)])

    def pictures(self, context: Context, request: Request) -> np.ndarray:
        """What is shown; while the renderer starts again, or is too busy to answer, what was shown last.

        Raises:
            ValueError: nothing was shown so far, or for _BLIND_S.
        """
        seconds = self.settings["seconds"]
        # A part must not wait longer than it sounds, nor until what is rendered has ended.
        patience_s = math.inf if self.frames is None else max(_LEAST_WAIT_S, min(self.ahead_s, seconds) / 2)
        try:
            found = shown(context, request, seconds, patience_s)
            self.frames, self.seen_s = found.at_rate(FPS, seconds), time.monotonic()
        except ValueError as error:
            if self.frames is None or time.monotonic() - self.seen_s > _BLIND_S:
                raise
            _LOG.info("%s goes on with what was shown last: %s", self.target, error)
        return self.frames

    def _add(self, wave: np.ndarray) -> None:
        """Queue a part in place of what waits; images follow it from where it begins."""
        rate = self.foley.model.sample_rate
        self.begins_s[self.part] = self.position_s + self.ahead_s
        made, size = self.level.add(wave), round(_SEGMENT_S * rate)
        self.waiting = deque(made[begin : begin + size] for begin in range(0, len(made), size))

    def _followed(self, wave: np.ndarray) -> RenderedSound:
        rate, gain_db = self.foley.model.sample_rate, self.foley.gain_db
        self.part += 1
        return RenderedSound(
            self.target, wave, rate, 0, NO_KEYS, (), gain_db, part=self.part - 1, drive=self.state.drive
        )

    def _report(self) -> Message:
        state = self.state
        values = (self.target, self.part % 2**31, state.motion, state.drive, state.temperature)
        return Message("/sound/image_looped", values)

    def _end(self, session: Session) -> Result:
        """Deliver what waits and the end, faded out."""
        self.ended = True
        rest = np.concatenate([*self.waiting, self.level.finish()])
        self.waiting.clear()
        return Result(
            session, [Message("/sound/underruns", (self.target, self.underruns))], [self._segment(rest, True)]
        )

    def _segment(self, wave: np.ndarray, last: bool = False) -> Segment:
        rate, gain_db = self.foley.model.sample_rate, self.foley.gain_db
        return Segment(self.target, np.asarray(wave, np.float32), rate, self.pieces, last, gain_db)


def image_loop(context: Context, request: Request) -> Result:
    """Begin a loop."""
    values, foley = request.command.values, context.session.need_foley()
    settings = {name: values[name] for name in _SETTINGS}
    begun = ImageLoop(values["target"], foley, settings, wanted_class(foley.model.classes, values["class"]))
    # What is wrong with the pictures is said before anything has begun.
    begun.pictures(context, request)
    context.streams.add(begun, request)
    return Result(context.session, rest=begun)
