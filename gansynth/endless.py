"""A hallucination without an end, which is steered while it plays.

Notes are placed and enveloped as in `hallucination`, on a path that goes on. Their level cannot come from the peak of a
whole clip: it comes from their measured loudness, and a limiter that looks ahead keeps peaks below that of a clip.

Sound comes in blocks of a fixed size. A change is made at a sample, so the samples depend on the seed and on the
changes alone, not on when blocks are asked for. It is heard from there on, however far apart notes are: of those that
sound, the one with most left to say goes on as another note, with the new settings.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from core.audio.levels import to_peak
from core.audio.live_level import BLOCK_S, KWeighting, Limiter, LoudnessGain
from core.audio.loudness import TARGET_LUFS
from core.latent.endless_path import EndlessPath
from gansynth.hallucination import PEAK, Timing, envelope

# The loudness of the last notes, by which the level is estimated before it can be measured.
_ESTIMATED_NOTES = 8
_REMEMBERED_NOTES = 2048
# A note that sounds while its settings change becomes the new one within this time.
_CROSSFADE_S = 0.02
SHORTEST_SPACING_S = 0.01


@dataclass(frozen=True)
class StreamSettings:
    """What notes of a stream are made with.

    Attributes:
        steps: points between two key points.
        timing: spacing and envelope; it fits the model's notes.
        pitch: one of the model's.
        edits: added to every z, in standard deviations.
        conditions: by name, see `Model.generate`.
        loop: see `EndlessPath`.
        wander: see `EndlessPath`.

    Raises:
        ValueError: notes would follow each other faster than SHORTEST_SPACING_S.
    """

    steps: int
    timing: Timing
    pitch: int
    edits: tuple[float, ...] = ()
    conditions: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    loop: bool = False
    wander: float = 1.0

    def __post_init__(self) -> None:
        if self.timing.spacing < SHORTEST_SPACING_S:
            rule = f"notes of a stream must be at least {SHORTEST_SPACING_S:g} s apart"
            raise ValueError(f"spacing is {self.timing.spacing:g} s; {rule}")

    def sounds_like(self, other: "StreamSettings") -> bool:
        """Whether a note is the same with other settings."""
        timing = replace(self.timing, spacing=other.timing.spacing)
        mine, theirs = (self.pitch, self.edits, self.conditions), (other.pitch, other.edits, other.conditions)
        return timing == other.timing and mine == theirs


# Renders a note: z [latent], the settings, and how many samples -> float32 [samples].
RenderNote = Callable[[np.ndarray, StreamSettings, int], np.ndarray]


@dataclass(frozen=True)
class _Change:
    """What changes for notes that start at or after a sample."""

    sample: int
    settings: StreamSettings | None = None
    keys: tuple[np.ndarray, ...] = ()
    stop: bool = False


@dataclass(frozen=True)
class _Note:
    """A note that sounds: the sample at which it started, its point, and all of it."""

    start: int
    z: np.ndarray
    sound: np.ndarray

    def left(self, sample: int) -> np.ndarray:
        """What of it is still to be heard at a sample."""
        return self.sound[max(0, sample - self.start) :]


class EndlessHallucination:
    """One stream.

    Attributes:
        settings: of the next note.
        finished: nothing follows the blocks that have been returned.
    """

    def __init__(
        self,
        render: RenderNote,
        path: EndlessPath,
        settings: StreamSettings,
        sample_rate: int,
        hallucination_db: float = 0.0,
    ) -> None:
        """Set up; nothing is rendered yet.

        Args:
            render: renders its notes.
            path: where they come from.
            settings: of the first note.
            sample_rate: of the model, Hz.
            hallucination_db: the gain that brings the model's hallucinations to the common loudness; the stream is as
                loud as they are without it.
        """
        self.settings = settings
        self.block = round(BLOCK_S * sample_rate)
        self.finished = False
        self._render = render
        self._path = path
        self._rate = sample_rate
        self._changes: deque[_Change] = deque()
        self._level = LoudnessGain(TARGET_LUFS - hallucination_db, sample_rate)
        self._limiter = Limiter(PEAK, sample_rate)
        self._powers: deque[float] = deque(maxlen=_ESTIMATED_NOTES)
        # The sum of notes from the sample `_mixed` on.
        self._mix = np.zeros(0)
        self._mixed = 0
        # Where the present spacing began to count, and how many notes have started since.
        self._origin, self._index = 0, 0
        self._end: int | None = None
        self._sounding: list[_Note] = []
        # The samples at which the last notes started, and their points.
        self._notes: deque[tuple[int, np.ndarray]] = deque(maxlen=_REMEMBERED_NOTES)
        self._steer()

    @property
    def keys_ahead(self) -> int:
        """How many key points have been added and are still to come."""
        return len(self._path) + sum(len(change.keys) for change in self._changes)

    def points(self, since: int) -> list[tuple[int, np.ndarray]]:
        """Where the path is: the sample and the point, float64 [latent], of each note.

        From the last one at or before `since` to the next one to come.
        """
        begun = [start for start, _ in self._notes if start <= since]
        first = begun[-1] if begun else since
        return [*(note for note in self._notes if note[0] >= first), (self._next_start(), self._path.peek())]

    def change(self, sample: int, settings: StreamSettings) -> None:
        """Use other settings from a boundary on."""
        self._changes.append(_Change(sample, settings=settings))

    def add_keys(self, sample: int, keys: tuple[np.ndarray, ...]) -> None:
        """Go to these key points, float [latent], with the first note that starts at or after a boundary."""
        self._changes.append(_Change(sample, keys=keys))

    def stop(self, sample: int) -> None:
        """Start no notes at or after a boundary; the stream is finished when those before it have ended."""
        self._changes.append(_Change(sample, stop=True))

    @property
    def latest_settings(self) -> StreamSettings:
        """The settings after all changes."""
        return next((each.settings for each in reversed(self._changes) if each.settings), self.settings)

    def boundary(self, samples: int) -> int:
        """The last end of a block that somebody needs who takes at most so many samples; changes can be made there."""
        return max(0, samples + self._limiter.ahead) // self.block * self.block

    def may_advance(self, boundary: int) -> bool:
        """Whether the next block ends at or before a boundary."""
        return not self.finished and self._mixed + self.block <= boundary

    def advance(self) -> np.ndarray | None:
        """Render the next note, or return the next block.

        Returns:
            float32 [samples]; the first block is shorter by what the limiter looks ahead, and the last one longer.
            None: a note was rendered.
        """
        before = self.settings
        while self._changes and self._changes[0].sample <= self._mixed and self._end is None:
            self._apply(self._changes.popleft())
        if not self.settings.sounds_like(before) and self._renewed():
            return None
        start = self._next_start()
        if self._end is None and start < self._mixed + self.block:
            self._note(start)
            return None
        return self._next_block()

    def _next_start(self) -> int:
        return self._origin + self.settings.timing.start(self._index, self._rate)

    def _apply(self, change: _Change) -> None:
        if change.settings is not None:
            self._set(change.settings)
        self._path.add(change.keys)
        if change.stop:
            self._end = self._mixed + len(self._mix)

    def _set(self, settings: StreamSettings) -> None:
        before, self.settings = self.settings, settings
        self._steer()
        if settings.timing.spacing != before.timing.spacing and self._index:
            last = self._origin + before.timing.start(self._index - 1, self._rate)
            self._origin, self._index = max(self._mixed, last + settings.timing.start(1, self._rate)), 0

    def _steer(self) -> None:
        path, settings = self._path, self.settings
        path.steps, path.loop, path.wander = settings.steps, settings.loop, settings.wander

    def _note(self, start: int) -> None:
        """Render the note that starts at a sample, and add it to the mix."""
        note = self._sound(start, self._path.next())
        self._notes.append((start, note.z))
        self._sounding = [*(each for each in self._sounding if len(each.left(self._mixed))), note]
        self._add(note.sound, start - self._mixed)
        self._index += 1

    def _sound(self, start: int, z: np.ndarray) -> _Note:
        gains = envelope(self.settings.timing, self._rate)
        wave = self._render(z, self.settings, len(gains))
        sound = to_peak(wave.astype(np.float64) * gains, 1.0)
        self._powers.append(float(np.sum(KWeighting(self._rate).next(sound) ** 2)))
        return _Note(start, z, sound)

    def _renewed(self) -> bool:
        """Let the note with most left to say go on with the settings as they are now; False if none sounds."""
        energies = [float(np.sum(note.left(self._mixed) ** 2)) for note in self._sounding]
        if not any(energies):
            return False
        place = int(np.argmax(energies))
        new = self._sound(self._sounding[place].start, self._sounding[place].z)
        old_left, new_left = self._sounding[place].left(self._mixed), new.left(self._mixed)
        difference = np.zeros(max(len(old_left), len(new_left)))
        difference[: len(new_left)] += new_left
        difference[: len(old_left)] -= old_left
        fade = np.linspace(0.0, 1.0, round(_CROSSFADE_S * self._rate) + 1)[: len(difference)]
        difference[: len(fade)] *= fade
        self._add(difference, 0)
        self._sounding[place] = new
        return True

    def _add(self, sound: np.ndarray, begin: int) -> None:
        """Add a sound to the mix, `begin` samples after its first."""
        if begin + len(sound) > len(self._mix):
            self._mix = np.concatenate([self._mix, np.zeros(begin + len(sound) - len(self._mix))])
        self._mix[begin : begin + len(sound)] += sound

    def _next_block(self) -> np.ndarray:
        block, self._mix = self._mix[: self.block], self._mix[self.block :]
        block = np.concatenate([block, np.zeros(self.block - len(block))])
        self._mixed += self.block
        found = self._limiter.next(self._level.next(block, self._expected_power()))
        if self._end is not None and self._mixed >= self._end:
            self.finished = True
            found = np.concatenate([found, self._limiter.finish()])
        return found.astype(np.float32)

    def _expected_power(self) -> float:
        """The mean power of the mix, K-weighted, if notes do not depend on each other."""
        if not self._powers:
            return 0.0
        timing = self.settings.timing
        apart_s = min(timing.spacing, timing.attack + timing.sustain + timing.release)
        return sum(self._powers) / len(self._powers) / max(1.0, apart_s * self._rate)


def changed(settings: StreamSettings, name: str, value: float) -> StreamSettings:
    """Settings with another number: one of the times, or the pitch, steps, loop or wander."""
    if hasattr(settings.timing, name):
        return replace(settings, timing=replace(settings.timing, **{name: value}))
    kinds: dict[str, Callable[[float], Any]] = {"steps": round, "pitch": round, "loop": bool, "wander": float}
    return replace(settings, **{name: kinds[name](value)})
