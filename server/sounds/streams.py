"""Hallucinations without an end: commands that start, steer and stop them.

A stream is never more than LOOK_AHEAD_S before the position that its client last reported. Whatever steers it is heard
there, so that the same messages give the same samples, however fast the machine is.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from core.commands.arguments import Arg
from core.commands.live import STREAM_SETTINGS
from core.commands.shared import EDIT
from core.latent.endless_path import EndlessPath
from ganspace.edited_models import EditedModel
from gansynth.conditions import check, value_of
from gansynth.config import check_pitch
from gansynth.endless import EndlessHallucination, StreamSettings, changed
from gansynth.hallucination import Timing
from server.engine.request import Request
from server.osc.packet import Message
from server.session import Session
from server.sounds.playback import GONE_S, Playback
from server.sounds.rendered import Segment
from server.sounds.result import Context, Result
from server.sounds.stream_images import StreamImages

log = logging.getLogger(__name__)

LOOK_AHEAD_S = 0.5
MAX_KEYS_AHEAD = 1024
# A stream goes before notes when so little of it is left to play.
_DUE_S = 0.2
# Blocks in a segment.
_BLOCKS = 2
_TIMES = ("spacing", "start_trim", "attack", "sustain", "release")
_EDITS = "edits"
_NUMBERS = {arg.name: arg for arg in STREAM_SETTINGS}


@dataclass
class Stream(Playback):
    """A stream that plays; see `Playback` for the other attributes.

    Attributes:
        session: that it began with: its model, components and level stay.
        sound: what it renders.
        blocks: rendered, and not delivered yet.
    """

    session: Session
    sound: EndlessHallucination
    blocks: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.images = StreamImages(self.target, self.sample_rate)

    @property
    def sample_rate(self) -> int:
        """Of the model, Hz."""
        return self.session.need_model().sample_rate

    @property
    def boundary(self) -> int:
        """The first sample that the client does not have yet at its position, however late the server is."""
        return self.sound.boundary(round((self.position_s + LOOK_AHEAD_S) * self.sample_rate))

    @property
    def ready_s(self) -> float:
        """Now if there is something to render, else when the client will be gone."""
        return -math.inf if self.sound.may_advance(self.boundary) else self.reported_s + GONE_S

    @property
    def due_s(self) -> float:
        """When only _DUE_S will be left to play."""
        return self.reported_s + self.pieces.seconds - self.position_s - _DUE_S

    @property
    def finished(self) -> bool:
        """See `Playback`."""
        return self.sound.finished

    def stop(self) -> None:
        """See `Playback`."""
        self.sound.stop(self.boundary)

    def set(self, name: str, words: Sequence[str]) -> None:
        """See `Playback`."""
        self.sound.change(self.boundary, _changed(self.session, self.sound.latest_settings, name, words))

    def __call__(self, context: Context, request: Request) -> Result:
        """Render a note, or deliver the next segment.

        Raises:
            ValueError: the client is gone.
        """
        if not self.sound.may_advance(self.boundary):
            raise ValueError(f"no /sound/stream_position for {GONE_S:g} s; the stream has ended")
        if (block := self.sound.advance()) is not None:
            self.blocks.append(block)
        last = self.sound.finished
        if len(self.blocks) < _BLOCKS and not last:
            return Result(context.session, rest=self)
        wave, gain_db = np.concatenate(self.blocks), self.session.level.hallucination_db
        segment = Segment(self.target, wave, self.sample_rate, self.pieces, last, gain_db)
        self.blocks, self.begins_s[self.images.part] = [], self.images.begin / self.sample_rate
        followed = self.images.add(wave, self.sound, gain_db)
        if not last:
            return Result(context.session, sounds=[segment], rest=self, followed=followed)
        underruns = Message("/sound/underruns", (self.target, self.underruns))
        return Result(context.session, [underruns], [segment], followed=followed)


def stream(context: Context, request: Request) -> Result:
    """Begin a stream."""
    values, session = request.command.values, context.session
    model = session.need_model()
    check_pitch(model.name, model.pitches, values["pitch"])
    timing = Timing(*(values[name] for name in _TIMES)).fitted(model.audio_length, model.sample_rate)
    settings = StreamSettings(
        values["steps"], timing, values["pitch"], session.edits if session.components else (), session.conditions
    )
    session, numbers = session.draw(4)
    random = np.random.default_rng(numbers.view(np.uint32))
    path = EndlessPath(lambda: model.prior.draw(random, 1, sound.settings.conditions)[0], settings.steps)
    if values["slot"]:
        session, keys = session.latents(values["slot"])
        path.add(keys)
    sound = EndlessHallucination(
        partial(_render, session), path, settings, model.sample_rate, session.level.hallucination_db
    )
    begun = Stream(values["target"], session, sound)
    context.streams.add(begun, request)
    return Result(session, rest=begun)


def stream_set(context: Context, request: Request) -> Result:
    """Change a setting of a stream."""
    values = request.command.values
    context.streams.find(values["target"]).set(values["name"], values["value"])
    return Result(context.session)


def stream_add(context: Context, request: Request) -> Result:
    """Add key points to a stream."""
    values = request.command.values
    found = context.streams.find(values["target"])
    if not isinstance(found, Stream):
        raise ValueError(f"{found.target[:60]!r} follows no path; it takes no key points")
    session, keys = context.session.latents(values["slot"], found.session.need_model())
    if found.sound.keys_ahead + len(keys) > MAX_KEYS_AHEAD:
        raise ValueError(f"{found.sound.keys_ahead} key points are still to come; the most is {MAX_KEYS_AHEAD}")
    found.sound.add_keys(found.boundary, tuple(keys))
    return Result(session)


def stream_position(context: Context, request: Request) -> Result:
    """Take the position of a stream's client."""
    values = request.command.values
    found = context.streams.find(values["target"], ended=True)
    late = found.report(values["seconds"])
    if not late:
        return Result(context.session, plays=found.plays())
    log.warning("stream %s: underrun %d at %.2f s", found.target, found.underruns, found.position_s)
    underruns = Message("/sound/underruns", (found.target, found.underruns))
    return Result(context.session, [underruns], plays=found.plays())


def stream_stop(context: Context, request: Request) -> Result:
    """Let a stream end."""
    context.streams.find(request.command.values["target"]).stop()
    return Result(context.session)


def _render(session: Session, z: np.ndarray, settings: StreamSettings, length: int) -> np.ndarray:
    """A note of a stream: float32 [length]."""
    model: Any = session.need_model()
    if session.components is not None and any(settings.edits):
        model = EditedModel(model, session.components, settings.edits)
    (wave,) = model.generate(z[None], [settings.pitch], conditions=settings.conditions, length=length)
    found: np.ndarray = wave
    return found


def _changed(session: Session, settings: StreamSettings, name: str, words: Sequence[str]) -> StreamSettings:
    """Settings with another value of a name that `stream_set` takes.

    Raises:
        ValueError: there is no such setting, or no such value of it.
    """
    model = session.need_model()
    if name == _EDITS:
        edits = tuple(float(_number(EDIT, word)) for word in words)
        session.with_edits(edits)
        return replace(settings, edits=edits)
    if name in model.conditions:
        value = value_of(words)
        check(model.config, {name: value})
        others = {other: each for other, each in settings.conditions.items() if other != name}
        return replace(settings, conditions=MappingProxyType(others if value is None else {**others, name: value}))
    if name not in _NUMBERS:
        known = ", ".join([*_NUMBERS, _EDITS, *model.conditions])
        raise ValueError(f"a stream of {model.name} has no setting {name[:60]!r}; it has {known}")
    if len(words) != 1:
        raise ValueError(f"{name} needs 1 value, not {len(words)}")
    settings = changed(settings, name, _number(_NUMBERS[name], words[0]))
    check_pitch(model.name, model.pitches, settings.pitch)
    return replace(settings, timing=settings.timing.fitted(model.audio_length, model.sample_rate))


def _number(arg: Arg, word: str) -> float:
    """A value in words, checked as an argument.

    Raises:
        ValueError: it is not a number, or breaks the argument's rule.
    """
    try:
        value = float(word)
    except ValueError:
        raise ValueError(f"{arg.name} must be a number, not {word!r:.60}") from None
    return float(arg.read(value))
