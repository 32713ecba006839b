"""Play a MIDI file with instruments that change over time: notes -> latent vectors -> envelopes -> one clip.

The method is that of Magenta's gansynth_generate (GANSynth, Engel et al. 2019): random instruments are evenly spaced
in time, and each note has the slerp between the two nearest ones.
"""

import logging
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core import checks
from core.audio.levels import scale_to_peak, to_peak
from core.files.regular import read_regular
from core.latent.interpolation import slerp
from gansynth import midi_file
from gansynth.conditions import ConditionValue
from gansynth.hallucination import PEAK, Timing, envelope
from gansynth.latent_prior import LatentPrior
from gansynth.loop import find_loop, lasting
from gansynth.midi_file import MidiFile, TempoEvent

if TYPE_CHECKING:
    from core.progress import Progress
    from gansynth.model import Conditions, Model

log = logging.getLogger(__name__)

MAX_FILE_BYTES = 64_000_000
# What a MIDI file that counts in film frames calls its rate, and the rate in Hz.
FRAME_RATES = {24: 24.0, 25: 25.0, 29: 30 / 1.001, 30: 30.0}
DRUMS = 9  # General MIDI channel 10, counted from 0
ATTACK_S, RELEASE_S, MAX_HELD_S = 0.010, 0.3, 3.0
# A note that the model cannot hold for so long repeats its steady part, for at most so long.
MAX_REPEATED_S = 60.0
MAX_CLIP_S = 3 * 3600.0
MAX_INSTRUMENTS = 100_000


@dataclass(frozen=True)
class MidiNote:
    """One note of a MIDI file: seconds from the start of the file, pitch 0..127, velocity 1..127."""

    start_s: float
    end_s: float
    pitch: int
    velocity: int


def read_notes(path: str | Path) -> list[MidiNote]:
    """Read the pitched notes of a MIDI file, sorted by start, in seconds with all tempo changes; drums are left out.

    A note-on of velocity 0 is a note-off. A note-off ends the earliest note that still sounds at its channel and pitch;
    notes that still sound at the end of the file end there. Of a damaged file, what can be read is kept; the log
    reports in one line what is skipped.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a MIDI file, or its notes have no times.
    """
    try:
        file = midi_file.parse(read_regular(Path(path), MAX_FILE_BYTES))
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no MIDI file {path}") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not a readable MIDI file: {error}") from None
    _check_times(path, file)
    notes, endless = _pair_notes(file)
    skipped = ", ".join(file.skipped)
    if skipped and not notes:
        raise ValueError(f"{path} is not a readable MIDI file: there are no notes; skipped: {skipped}")
    if skipped:
        log.warning("%s: skipped %s", path, skipped)
    if endless:
        log.warning("%s: %d of %d notes have no end and last to the end of the file", path, endless, len(notes))
    return notes


def _check_times(path: str | Path, file: MidiFile) -> None:
    if file.kind == 2 and file.tracks > 1:
        raise ValueError(f"{path} is a MIDI file of type 2 (separate sequences); only types 0 and 1 can be played")
    if not file.division:
        raise ValueError(f"{path} divides a beat into 0 ticks, so its notes have no times; it must be at least 1")
    frames, ticks = file.frame_ticks
    if file.division < 0 and (frames not in FRAME_RATES or not ticks):
        rates = "24, 25, 29 or 30 frames a second of at least 1 tick each"
        raise ValueError(f"{path} counts time in {frames} frames a second of {ticks} ticks; it must be {rates}")


def _pair_notes(file: MidiFile) -> tuple[list[MidiNote], int]:
    """The notes by start time, and how many of them have no end."""
    sounding: defaultdict[tuple[int, int], deque[tuple[float, int]]] = defaultdict(deque)
    notes, clock = [], _clock(file)
    for event in file.events:
        now_s = clock.go_to(event.tick)
        if isinstance(event, TempoEvent):
            clock.set_beat(event.beat_us)
        elif event.channel == DRUMS:
            continue
        elif event.velocity:
            sounding[event.channel, event.pitch].append((now_s, event.velocity))
        elif open_notes := sounding[event.channel, event.pitch]:
            start_s, velocity = open_notes.popleft()
            notes.append(MidiNote(start_s, now_s, event.pitch, velocity))
    end_s = clock.go_to(file.end_tick)
    endless = [MidiNote(start_s, end_s, pitch, v) for (_, pitch), opened in sounding.items() for start_s, v in opened]
    return sorted(notes + endless, key=lambda note: (note.start_s, note.pitch)), len(endless)


class _Clock:
    """Seconds of ticks: ticks of a beat, whose length can change (120 a minute to begin with), or of fixed length."""

    def __init__(self, division: int, tick_s: float | None = None) -> None:
        self._division, self._fixed = division, tick_s is not None
        self._tick_s = tick_s or 0.5 / division
        self._tick, self._now_s = 0, 0.0

    def set_beat(self, beat_us: int) -> None:
        """The length of a beat from now on, in microseconds; it has no meaning where ticks are of fixed length."""
        if not self._fixed:
            self._tick_s = beat_us * 1e-6 / self._division

    def go_to(self, tick: int) -> float:
        """The time of a tick, in seconds; ticks must ascend."""
        self._now_s += (tick - self._tick) * self._tick_s
        self._tick = tick
        return self._now_s


def _clock(file: MidiFile) -> _Clock:
    if file.division > 0:
        return _Clock(file.division)
    frames, ticks = file.frame_ticks
    return _Clock(ticks, 1 / (FRAME_RATES[frames] * ticks))


def playable(notes: Sequence[MidiNote], pitches: Collection[int]) -> list[MidiNote]:
    """The notes whose pitch the model has."""
    return [note for note in notes if note.pitch in pitches]


def note_latents(
    notes: Sequence[MidiNote],
    secs_per_instrument: float,
    prior: LatentPrior,
    rng: np.random.Generator,
    wanted: Mapping[str, ConditionValue] | None = None,
) -> np.ndarray:
    """Latent vectors of the notes, float32 [n, latent]; `wanted` are their conditions.

    Random instruments are at 0, secs_per_instrument, twice that, ... until after the last start, so that there are
    always two to interpolate, however short the file is.

    Raises:
        ValueError: secs_per_instrument is not above 0, or too small for a file this long.
    """
    checks.above("secs_per_instrument", secs_per_instrument, 0, unit="s")
    position = np.array([note.start_s for note in notes]) / secs_per_instrument
    if position.max() > MAX_INSTRUMENTS:
        raise checks.mismatch(
            "secs_per_instrument", f"give at most {MAX_INSTRUMENTS} instruments in this file", secs_per_instrument
        )
    before = position.astype(int)
    instruments = prior.draw(rng, before.max() + 2, wanted, np.float64).astype(np.float32)
    pairs = zip(before, position - before, strict=True)
    return np.stack([slerp(instruments[i], instruments[i + 1], t) for i, t in pairs]).astype(np.float32)


def note_envelope(length_s: float, sample_rate: int, longest: int) -> np.ndarray:
    """Envelope of a note, float32 [samples], samples <= longest.

    It is held for the note's length (at most `longest_held_s`), then released.
    """
    return _held_envelope(min(length_s, longest_held_s(sample_rate, longest)), sample_rate, longest)[:longest]


def _held_envelope(held_s: float, sample_rate: int, longest: int) -> np.ndarray:
    """Envelope of a note that is held for so long by any means, float32 [samples]."""
    release_s = _release_s(sample_rate, longest)
    attack_s = min(ATTACK_S, longest / sample_rate - release_s)
    return envelope(Timing(attack=attack_s, sustain=max(held_s - attack_s, 0.0), release=release_s), sample_rate)


def longest_held_s(sample_rate: int, longest: int) -> float:
    """How long a model whose notes have `longest` samples can hold a note: its length without the release."""
    return min(MAX_HELD_S, longest / sample_rate - _release_s(sample_rate, longest))


def _release_s(sample_rate: int, longest: int) -> float:
    """In models with very short notes the release takes at most half of the note."""
    return min(RELEASE_S, longest / sample_rate / 2)


def render(
    model: "Model",
    notes: Sequence[MidiNote],
    latents: np.ndarray,
    *,
    conditions: "Conditions | None" = None,
    batch_size: int = 8,
    repeat: bool = False,
    progress: "Progress | None" = None,
) -> np.ndarray:
    """Play notes on a model: float32 [samples], absolute peak 0.5; silence stays silence.

    Each note times its envelope is scaled to absolute peak 1, then by velocity / 127, and added at its start.

    Args:
        model: the model.
        notes: the notes, at least one.
        latents: [n, model.latent_size].
        conditions: as in `Model.generate`.
        batch_size: notes to compute at once.
        repeat: whether a note that is longer than the model's repeats its steady part where it has one; else it is cut
            at `longest_held_s`.
        progress: counts notes, before the first and after every batch.

    Raises:
        ValueError: there are no notes, the clip would be too long, or the model lacks a pitch or condition.
    """
    if not notes:
        raise ValueError("there are no notes to play")
    last_s = max(note.start_s for note in notes)
    if last_s > MAX_CLIP_S:
        raise ValueError(f"the last note begins at {last_s:.0f} s; a clip can last at most {MAX_CLIP_S:.0f} s")
    rate, report = model.sample_rate, progress or (lambda done, total: None)
    envelopes = [note_envelope(note.end_s - note.start_s, rate, model.audio_length) for note in notes]
    starts = [round(note.start_s * rate) for note in notes]
    # The system keeps no memory for pages of zeros that nothing is written to: long silences cost nothing.
    clip = np.zeros(max(starts) + round((MAX_REPEATED_S + RELEASE_S) * rate) + model.audio_length, np.float32)
    done = end = 0
    for length, batch in _batches(envelopes, model.audio_length, batch_size):
        report(done, len(notes))
        waves = model.generate(latents[batch], [notes[i].pitch for i in batch], conditions=conditions, length=length)
        for i, wave in zip(batch, waves, strict=True):
            shaped = _repeated(wave, notes[i], model) if repeat else None
            shaped = wave[: len(envelopes[i])] * envelopes[i] if shaped is None else shaped
            note = to_peak(shaped, notes[i].velocity / 127)
            clip[starts[i] : starts[i] + len(note)] += note
            end = max(end, starts[i] + len(note))
        done += len(batch)
    report(done, len(notes))
    clip = clip[:end]
    scale_to_peak(clip, PEAK)
    return clip


def _repeated(wave: np.ndarray, note: MidiNote, model: "Model") -> np.ndarray | None:
    """A whole note that repeats its steady part, in its envelope; None: it needs none, or has no such part."""
    length_s = min(note.end_s - note.start_s, MAX_REPEATED_S)
    if length_s <= longest_held_s(model.sample_rate, model.audio_length):
        return None
    shape = _held_envelope(length_s, model.sample_rate, model.audio_length)
    if len(wave) >= len(shape):
        return wave[: len(shape)] * shape
    found = find_loop(wave, model.sample_rate)
    return None if found is None else lasting(wave, found, len(shape), model.sample_rate) * shape


def _batches(envelopes: Sequence[np.ndarray], longest: int, size: int) -> Iterator[tuple[int, list[int]]]:
    """Notes to compute together, and how many samples of them: a quarter, a half, ... of the model's note.

    Each length needs a network of its own, so there are only four. Most notes are short, which saves most of the work.
    """
    quarter = -(-longest // 4)
    quarters = [-(-len(envelope) // quarter) for envelope in envelopes]
    for count in sorted(set(quarters)):
        members = [i for i, own in enumerate(quarters) if own == count]
        for first in range(0, len(members), size):
            yield min(max(count, 1) * quarter, longest), members[first : first + size]
