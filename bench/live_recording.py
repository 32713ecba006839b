"""What a recording of a played MIDI file holds: each note's onset and pitch, gaps, and the highest peak."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.audio.levels import SILENCE_DB
from gansynth.midi import MidiNote
from gansynth.report.tuning import hertz_of

# Notes that start within this time are one onset.
_TOGETHER_S = 0.02
# An onset is looked for from so long before its time to so long after it.
_BEFORE_S, _AFTER_S = 0.05, 1.0
# The first sample of a note is above this share of the note's peak, and above this.
_SHARE, _FLOOR = 0.02, 1e-3
# What is analysed for the pitch of a note, after its onset, and how many partials.
_SETTLED_S, _LONGEST_S, _PARTIALS = 0.06, 0.6, 8
_SEARCHED_CENTS = 60.0
# Samples of silence in a row that are a gap, s; and what is silence.
GAP_S, _SILENCE = 0.005, 1e-6


@dataclass(frozen=True)
class Found:
    """A note in a recording: how late it is, s (nan: it is not there), and how far from its pitch, cents."""

    note: MidiNote
    late_s: float
    cents: float


def notes_in(wave: np.ndarray, rate: int, notes: Sequence[MidiNote], lead_s: float) -> list[Found]:
    """The notes of a MIDI file in its recording.

    Args:
        wave: float [samples]; the file begins at `lead_s`.
        rate: Hz.
        notes: by time. Those that start together count as one onset; every other one starts in silence.
        lead_s: s.
    """
    groups, found = _groups(notes), []
    ends_s = [*(group[0].start_s - _BEFORE_S for group in groups[1:]), np.inf]
    for group, end_s in zip(groups, ends_s, strict=True):
        start_s = group[0].start_s
        late_s = _late_s(wave, rate, lead_s + start_s, min(_AFTER_S, end_s - start_s))
        for note in group:
            begin_s = lead_s + note.start_s + (0.0 if np.isnan(late_s) else late_s) + _SETTLED_S
            part = wave[round(begin_s * rate) : round(min(lead_s + note.end_s, begin_s + _LONGEST_S) * rate)]
            others = [other.pitch for other in group if other is not note]
            found.append(Found(note, late_s, cents_in(part, rate, note.pitch, others)))
    return found


def cents_in(part: np.ndarray, rate: int, pitch: int, others: Sequence[int] = ()) -> float:
    """How far a tone is from a pitch: the median of its partials, each by its power, without those that others share.

    Args:
        part: float [samples], in which the tone sounds.
        rate: Hz.
        pitch: MIDI pitch that it should have.
        others: pitches that sound with it.

    Returns:
        Cents; nan if nothing sounds there.
    """
    if len(part) < rate // 20 or np.abs(part).max() < _FLOOR:
        return float("nan")
    size = 8 * len(part)
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)), size)) ** 2
    taken = [hertz_of(other) * number for other in others for number in range(1, 3 * _PARTIALS)]
    resolution_hz, measured = 4.0 * rate / len(part), []
    for number in range(1, _PARTIALS + 1):
        hertz = hertz_of(pitch) * number
        if any(abs(hertz - other) < resolution_hz for other in taken):
            continue
        reach = 2 ** (_SEARCHED_CENTS / 1200)
        low, high = round(hertz / reach * size / rate), round(hertz * reach * size / rate) + 1
        place = low + int(power[low:high].argmax())
        measured.append((1200 * np.log2(place * rate / size / hertz), power[place]))
    return _weighted_median(measured)


def gaps(wave: np.ndarray, rate: int) -> int:
    """How often a sound that begins before its recording, and ends after it, is silent for more than GAP_S."""
    loud = np.flatnonzero(np.abs(wave) > _SILENCE)
    return int(np.count_nonzero(np.diff([-1, *loud, len(wave)]) > GAP_S * rate))


def peak_db(*waves: np.ndarray) -> float:
    """The highest peak of sounds that play together, dBFS."""
    length = min(map(len, waves))
    peak = np.abs(np.sum([wave[:length] for wave in waves], axis=0)).max()
    return 20.0 * float(np.log10(peak)) if peak else SILENCE_DB


def _groups(notes: Sequence[MidiNote]) -> list[list[MidiNote]]:
    groups: list[list[MidiNote]] = []
    for note in notes:
        if groups and note.start_s - groups[-1][0].start_s < _TOGETHER_S:
            groups[-1].append(note)
        else:
            groups.append([note])
    return groups


def _late_s(wave: np.ndarray, rate: int, at_s: float, longest_s: float) -> float:
    """How long after its time an onset is, s; nan: there is none within the longest time."""
    begin = max(0, round((at_s - _BEFORE_S) * rate))
    part = np.abs(wave[begin : round((at_s + longest_s) * rate)])
    if not len(part) or part.max() < 2 * _FLOOR:
        return float("nan")
    first = int(np.argmax(part > max(_FLOOR, _SHARE * part.max())))
    return (begin + first) / rate - at_s


def _weighted_median(values: Sequence[tuple[float, float]]) -> float:
    if not values:
        return float("nan")
    cents, weights = np.array(sorted(values)).T
    return float(cents[np.searchsorted(np.cumsum(weights), weights.sum() / 2)])
