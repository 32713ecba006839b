r"""Hallucinations: key points -> a path of latent vectors -> notes -> envelopes -> one sound of overlapping notes.

Source: the SopiMlab hallucination, with its faults corrected: interpolated notes are evenly spaced and none is played
twice, levels are scaled by the absolute peak, and the clip is exactly as long as its last note needs.

      spacing
    |------->|
    /----\__                 envelope = trim, attack, sustain, release
             /----\__
                      /----\__
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core import checks
from core.audio.levels import scale_to_peak, to_peak
from core.audio.stored_wave import Samples, stored_at_peak
from core.latent.interpolation import Interpolation, slerp
from core.latent.key_path import key_path, point_count

if TYPE_CHECKING:
    from core.progress import Progress
    from gansynth.model import Conditions

PEAK = 0.5
# An envelope that is longer than the note by at most this is clipped to it, because typed times are often rounded.
TOLERANCE_S = 0.010
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Timing:
    """The spacing of notes and the envelope of each note, in seconds.

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
            checks.in_range(field.name, getattr(self, field.name), 0, unit="s")

    @classmethod
    def default_for(cls, note_s: float) -> "Timing":
        """The default times, all scaled down together for a model with shorter notes."""
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
        """These times with the end of the envelope clipped to a note of `note_length` samples.

        Raises:
            ValueError: the envelope is more than 10 ms longer than the note, or has no length, so that no note would
                sound.
        """
        parts = list(self.parts(sample_rate))
        if not sum(parts[1:]):
            raise ValueError(
                f"the envelope has no length: attack, sustain and release are {self.attack:g}, {self.sustain:g} and "
                f"{self.release:g} s; together they must last at least one sample"
            )
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


def envelope(timing: Timing, sample_rate: int) -> np.ndarray:
    """Envelope of a note: silence, linear attack from 0, ones, linear release to 0. float32 [samples]."""
    trim, attack, sustain, release = timing.parts(sample_rate)
    rise = np.arange(attack) / max(attack, 1)
    fall = 1.0 - np.arange(1, release + 1) / max(release, 1)
    return np.concatenate([np.zeros(trim), rise, np.ones(sustain), fall]).astype(np.float32)


def hallucination_length(notes: int, timing: Timing, sample_rate: int) -> int:
    """Samples in the clip: it ends where the last note's envelope ends."""
    return timing.start(notes - 1, sample_rate) + sum(timing.parts(sample_rate))


def overlap_add(notes: Iterable[np.ndarray], count: int, timing: Timing, sample_rate: int) -> np.ndarray:
    """Add notes up, each times its envelope and scaled to the same peak.

    Args:
        notes: `count` waves, each of at least the envelope's samples.
        count: their number.
        timing: the envelope must fit the notes.
        sample_rate: Hz.

    Returns:
        float32 [hallucination_length], with an absolute peak of 0.5; silence stays silence.
    """
    clip, place = np.zeros(hallucination_length(count, timing, sample_rate), np.float32), 0
    for block in _sums(notes, timing, sample_rate):
        clip[place : place + len(block)] = block
        place += len(block)
    scale_to_peak(clip, PEAK)
    return clip


def _sums(notes: Iterable[np.ndarray], timing: Timing, sample_rate: int) -> Iterator[np.ndarray]:
    """Blocks of the sum, float32: a part of it is complete when the next note begins after it."""
    gains = envelope(timing, sample_rate)
    place, sums = 0, np.zeros(len(gains), np.float64)
    for index, note in enumerate(notes):
        start = timing.start(index, sample_rate)
        complete = min(start - place, len(sums))
        yield sums[:complete].astype(np.float32)
        yield from _silence(start - place - complete)
        place, sums = start, np.concatenate([sums[complete:], np.zeros(complete)])
        sums += to_peak(note[: len(gains)] * gains, 1.0)
    yield sums.astype(np.float32)


def _silence(length: int) -> Iterator[np.ndarray]:
    """So many samples between two notes, in blocks."""
    for begin in range(0, length, _BLOCK):
        yield np.zeros(min(_BLOCK, length - begin), np.float32)


def note_pitches(pitch: int | Sequence[int], keys: int, steps: int) -> list[int]:
    """The pitch of each note on a path through `keys` key points.

    Args:
        pitch: of all notes, or one for each key point, which is held until the next.
        keys: how many key points there are.
        steps: notes between two of them.

    Raises:
        ValueError: there are more or fewer pitches than key points.

    >>> note_pitches([60, 67], 2, 2)
    [60, 60, 60, 67]
    """
    if isinstance(pitch, Sequence):
        if len(pitch) != keys:
            raise ValueError(f"there are {len(pitch)} pitches for {keys} key points; each key point needs one")
        return [each for each in pitch[:-1] for _ in range(steps + 1)] + [pitch[-1]]
    return [pitch] * point_count(keys, steps)


class NoteModel(Protocol):
    """The part of a sound model that a hallucination needs."""

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
        """Yield the note of each key point [size] of `keys` at its pitch: float32 [length]."""


def hallucinate(
    model: NoteModel, keys: np.ndarray, steps: int, timing: Timing, pitch: int | Sequence[int], **options: Any
) -> np.ndarray:
    """Generate a hallucination as an array, float32 [samples]; for all else see `stored_hallucination`."""
    return np.asarray(stored_hallucination(model, keys, steps, timing, pitch, **options), np.float32)


def stored_hallucination(
    model: NoteModel,
    keys: np.ndarray,
    steps: int,
    timing: Timing,
    pitch: int | Sequence[int],
    *,
    interpolate: Interpolation = slerp,
    conditions: "Conditions | None" = None,
    progress: "Progress | None" = None,
) -> Samples:
    """Generate a hallucination through key points; a long one needs no more memory than a short one.

    Of each note only the samples before the envelope's end are computed. (The start cannot be left out, since phase
    accumulates from there.)

    Args:
        model: a loaded GANSynth, or another model with the same `notes`.
        keys: [n, size] key points, such as latent vectors.
        steps: interpolated points between each two key points.
        timing: see `Timing`; `fitted` is applied.
        pitch: one of the model's pitches, or one for each key point, which is held until the next.
        interpolate: the interpolation between two key points.
        conditions: see `Model.generate`.
        progress: called with (notes done, notes); an error that it raises ends the work.

    Returns:
        float32 [samples] at the model's sample rate; a long one is in a file, and read in parts; see `Samples`.

    Raises:
        ValueError: shapes, pitch, conditions or times break a rule.
    """
    timing = timing.fitted(model.audio_length, model.sample_rate)
    path = key_path(keys, steps, interpolate)
    length = max(1, sum(timing.parts(model.sample_rate)))
    pitches = note_pitches(pitch, len(keys), steps)
    notes = model.notes(path, pitches, conditions=conditions, length=length, progress=progress)
    return stored_at_peak(_sums(notes, timing, model.sample_rate), PEAK)
