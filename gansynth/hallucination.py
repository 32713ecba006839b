r"""Hallucinations: key points -> a path of latent vectors -> notes -> envelopes -> one overlapping sound.

Source: the SopiMlab hallucination, with its faults mended: interpolated notes are evenly spaced and none is played
twice, levels are scaled by the absolute peak, and the clip is exactly as long as its last note needs.

      spacing
    |------->|
    /----\__                 envelope = trim, attack, sustain, release
             /----\__
                      /----\__
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from gansynth.model import Conditions, Progress

PEAK = 0.5
# An envelope at most this much longer than the note is clipped to it: times are often typed rounded.
TOLERANCE_S = 0.010


@dataclass(frozen=True)
class Timing:
    """When notes start, and the shape of each note's loudness; all in seconds.

    Raises:
        ValueError: a time is negative or not finite.
    """

    spacing: float = 0.2
    start_trim: float = 0.0
    attack: float = 0.5
    sustain: float = 0.5
    release: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not np.isfinite(value) or value < 0:
                raise ValueError(f"{field.name} is {value}; it must be 0 seconds or more")

    @classmethod
    def default_for(cls, note_s: float) -> "Timing":
        """The default times; for a model with shorter notes, all scaled down together."""
        default = cls()
        scale = min(1.0, note_s / default.envelope_s)
        return cls(*(value * scale for value in astuple(default)))

    @property
    def envelope_s(self) -> float:
        """Length of the envelope, the silence at its start included."""
        return self.start_trim + self.attack + self.sustain + self.release

    def parts(self, sample_rate: int) -> tuple[int, int, int, int]:
        """Samples of silence, attack, sustain and release, each rounded."""
        times = (self.start_trim, self.attack, self.sustain, self.release)
        return tuple(round(time * sample_rate) for time in times)  # type: ignore[return-value]

    def start(self, index: int, sample_rate: int) -> int:
        """The sample at which note `index` (from 0) starts."""
        return round(index * self.spacing * sample_rate)

    def fitted(self, note_length: int, sample_rate: int) -> "Timing":
        """These times, the envelope's end clipped to a note of `note_length` samples.

        Raises:
            ValueError: the envelope is more than 10 ms longer than the note.
        """
        parts = list(self.parts(sample_rate))
        excess = sum(parts) - note_length
        if excess <= 0:
            return self
        if excess > TOLERANCE_S * sample_rate:
            raise ValueError(
                f"the envelope is {self.envelope_s:g} s; start_trim, attack, sustain and release together must fit "
                f"into a note of {note_length / sample_rate:g} s"
            )
        for i in reversed(range(4)):
            cut = min(parts[i], excess)
            parts[i], excess = parts[i] - cut, excess - cut
        trim, attack, sustain, release = (part / sample_rate for part in parts)
        return replace(self, start_trim=trim, attack=attack, sustain=sustain, release=release)


def slerp(p0: np.ndarray, p1: np.ndarray, t: float) -> np.ndarray:
    """Spherical interpolation, exact at t = 0 and 1 (Shoemake 1985).

    Equal, opposite and zero vectors have no single arc between them; they are interpolated along the straight line.
    """
    p0, p1 = np.asarray(p0, np.float64), np.asarray(p1, np.float64)
    if t in (0.0, 1.0):
        return np.array(p1 if t else p0)
    norms = np.linalg.norm(p0) * np.linalg.norm(p1)
    angle = np.arccos(np.clip(np.dot(p0, p1) / norms, -1.0, 1.0)) if norms > 0 else 0.0
    if np.sin(angle) < 1e-6:
        return (1.0 - t) * p0 + t * p1
    return (np.sin((1.0 - t) * angle) * p0 + np.sin(t * angle) * p1) / np.sin(angle)


def lerp(p0: np.ndarray, p1: np.ndarray, t: float) -> np.ndarray:
    """Linear interpolation, exact at t = 0 and 1: for coordinates, whose length has no meaning."""
    return (1.0 - t) * np.asarray(p0, np.float64) + t * np.asarray(p1, np.float64)


Between = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


def key_path(keys: np.ndarray, steps: int, between: Between = slerp) -> np.ndarray:
    """Key points [n, size], `steps` points `between` each two -> [n + (n - 1) steps, size], evenly spaced.

    Raises:
        ValueError: no key points, or fewer than 0 steps.
    """
    keys = np.asarray(keys, np.float64)
    if keys.ndim != 2 or not len(keys):
        raise ValueError(f"keys have shape {keys.shape}; they must be [n, size] with n at least 1")
    if steps < 0:
        raise ValueError(f"steps is {steps}; it must be 0 or more")
    path = [between(a, b, j / (steps + 1)) for a, b in pairwise(keys) for j in range(steps + 1)]
    return np.stack([*path, keys[-1]])


def note_count(keys: int, steps: int) -> int:
    """Notes in a path through `keys` key points."""
    return keys + (keys - 1) * steps


def key_times_s(keys: int, steps: int, spacing_s: float) -> list[float]:
    """When each key point's note begins, in seconds."""
    return [key * (steps + 1) * spacing_s for key in range(keys)]


def envelope(timing: Timing, sample_rate: int) -> np.ndarray:
    """Loudness of a note: silence, linear attack from 0, ones, linear release to 0. float32 [samples]."""
    trim, attack, sustain, release = timing.parts(sample_rate)
    rise = np.arange(attack) / max(attack, 1)
    fall = 1.0 - np.arange(1, release + 1) / max(release, 1)
    return np.concatenate([np.zeros(trim), rise, np.ones(sustain), fall]).astype(np.float32)


def hallucination_length(notes: int, timing: Timing, sample_rate: int) -> int:
    """Samples in the clip: it ends where the last note's envelope ends."""
    return timing.start(notes - 1, sample_rate) + sum(timing.parts(sample_rate))


def overlap_add(notes: Iterable[np.ndarray], count: int, timing: Timing, sample_rate: int) -> np.ndarray:
    """Enveloped, levelled notes laid over each other.

    Args:
        notes: `count` waves, each of at least the envelope's samples.
        count: how many there are.
        timing: the envelope must fit the notes.
        sample_rate: hertz.

    Returns:
        float32 [hallucination_length], with an absolute peak of 0.5; silence stays silence.
    """
    shape = envelope(timing, sample_rate)
    clip = np.zeros(hallucination_length(count, timing, sample_rate), np.float64)
    for index, note in enumerate(notes):
        start = timing.start(index, sample_rate)
        clip[start : start + len(shape)] += to_peak(note[: len(shape)] * shape, 1.0)
    return to_peak(clip, PEAK).astype(np.float32)


def to_peak(wave: np.ndarray, peak: float) -> np.ndarray:
    """Scale to an absolute peak; silence stays silence."""
    loudest = np.max(np.abs(wave), initial=0.0)
    return wave * (peak / loudest) if loudest > 0 else wave


class Player(Protocol):
    """What a hallucination needs of a model."""

    sample_rate: int
    audio_length: int

    def notes(
        self,
        keys: np.ndarray,
        pitches: Sequence[int] | np.ndarray,
        /,
        *,
        conditions: "Conditions | None" = None,
        length: int | None = None,
        progress: "Progress | None" = None,
    ) -> Iterator[np.ndarray]:
        """Each key point [size] of `keys` at its pitch: float32 [length]."""


def hallucinate(
    model: Player,
    keys: np.ndarray,
    steps: int,
    timing: Timing,
    pitch: int,
    *,
    between: Between = slerp,
    conditions: "Conditions | None" = None,
    progress: "Progress | None" = None,
) -> np.ndarray:
    """A hallucination through key points.

    Only the span that the envelope lets through is computed of each note: the end of a note costs nothing. (Its start
    must be computed, since phase accumulates from there.)

    Args:
        model: the loaded GANSynth, or what plays like one.
        keys: [n, size] key points, such as latent vectors.
        steps: interpolated points between each two.
        timing: see `Timing`; `fitted` is applied.
        pitch: one of the model's pitches.
        between: how two key points are interpolated.
        conditions: see `Model.generate`.
        progress: called with (notes done, notes); what it raises ends the work.

    Returns:
        float32 [samples] at the model's sample rate.

    Raises:
        ValueError: shapes, pitch, conditions or times break a rule.
    """
    timing = timing.fitted(model.audio_length, model.sample_rate)
    path = key_path(keys, steps, between)
    length = max(1, sum(timing.parts(model.sample_rate)))
    notes = model.notes(path, [pitch] * len(path), conditions=conditions, length=length, progress=progress)
    return overlap_add(notes, len(path), timing, model.sample_rate)
