"""What sounds like this? The latent vector whose note comes nearest to a recorded sound.

The search starts at the nearest notes of a bank, played at the recording's pitch. Then Gauss-Newton steps: at the best
point so far, 64 random directions at right angles show how the timbre depends on z; the damped least-squares step
along them is tried at five lengths. After ten rounds nine notes of the voice `fluid` were found again to 0.9 to 2.8 dB,
where the nearest of 1000 random notes were 3.2 to 7.7 dB away; all of it takes 7 s on two cores.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.audio import sound_files
from core.progress import Progress, ignore
from gansynth import note_bank
from gansynth.config import nearest_pitch
from gansynth.note_bank import BankModel, NoteBank, NotePlayer
from gansynth.report.tuning import SPAN_S, cents_off
from gansynth.timbre import Timbre, distance, from_onset

# Notes of the bank that are played at the recording's pitch.
_FIRST = 24
_ROUNDS, _DIRECTIONS = 10, 64
# How far along a direction the timbre is tried, in standard deviations, and how strongly steps are damped.
_PROBE = 0.6
_DAMPINGS = (0.01, 0.03, 0.1, 0.3, 1.0)
# Latent vectors are about sqrt(size) long; far outside there are no good notes.
_LONGEST = 1.3
# How much of a file is searched for its first sound.
LONGEST_S = 60.0
_A4, _SEMITONES = 69, 12


@dataclass(frozen=True)
class Match:
    """The nearest note: its z float32 [latent], its MIDI pitch, and its distance from the recording in dB."""

    z: np.ndarray
    pitch: int
    distance_db: float


def read_recording(path: Path, sample_rate: int) -> np.ndarray:
    """The first sound of a file, from its onset, at another rate: float32 [samples], with a peak of 1.

    Raises:
        ValueError: it cannot be read, or is silent for its first minute.
    """
    wave = sound_files.read(path, sample_rate, longest_s=LONGEST_S)
    try:
        found = from_onset(wave, sample_rate)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return found / np.abs(found).max()


def pitch_of(wave: np.ndarray, sample_rate: int, pitches: Sequence[int]) -> int:
    """The model's pitch nearest to that of a sound; one beyond them is moved by octaves.

    Of a sound that has died away where notes are measured, such as a click, its beginning counts; without any pitch it
    is the middle one of the model's.
    """
    begins = wave[: round(SPAN_S[0] * sample_rate)]
    cents = next(filter(np.isfinite, (cents_off(part, _A4, sample_rate) for part in (wave, begins))), None)
    if cents is None:
        return pitches[len(pitches) // 2]
    found = round(_A4 + cents / 100.0)
    while found < pitches[0] and found + _SEMITONES <= pitches[-1]:
        found += _SEMITONES
    while found > pitches[-1] and found - _SEMITONES >= pitches[0]:
        found -= _SEMITONES
    return nearest_pitch(pitches, found)


def find(
    model: BankModel,
    recording: np.ndarray,
    pitch: int | None = None,
    *,
    player: NotePlayer | None = None,
    conditions: Mapping[str, Any] | None = None,
    progress: Progress = ignore,
) -> Match:
    """`match` with the model's own note bank, which is computed and kept where there is none.

    Args:
        model: the bank's.
        recording: see `match`.
        pitch: None: the recording's, or the model's nearest.
        player: the model with edits that plays the notes; None: `model`.
        conditions: see `match`.
        progress: called with (done, total) notes, those of the bank included.
    """
    if pitch is None:
        pitch = pitch_of(recording, model.sample_rate, model.pitches)
    searched = note_count(model.latent_size)
    bank, before = note_bank.load(model), 0
    if bank is None:
        before = note_bank.COUNT
        bank = note_bank.compute(model, before, lambda done, _: progress(done, before + searched))
        note_bank.save(model, bank)
    return match(
        player or model,
        bank,
        recording,
        pitch,
        conditions=conditions,
        progress=lambda done, _: progress(before + done, before + searched),
    )


def note_count(latent_size: int) -> int:
    """How many notes a search renders."""
    return _FIRST + _ROUNDS * (min(_DIRECTIONS, latent_size) + len(_DAMPINGS))


def match(
    model: NotePlayer,
    bank: NoteBank,
    recording: np.ndarray,
    pitch: int,
    *,
    conditions: Mapping[str, Any] | None = None,
    progress: Progress = ignore,
) -> Match:
    """Find the z whose note comes nearest to a recording; the same input gives the same z.

    Args:
        model: plays the notes.
        bank: of the model without edits.
        recording: float [samples] from its onset, at the model's rate; its level does not count.
        pitch: of the notes, one of the model's.
        conditions: of the notes.
        progress: called with (done, total) notes; what it raises ends the work.
    """
    samples = min(len(recording), model.audio_length)
    timbre = Timbre(model.sample_rate, samples)
    wanted = timbre.of(recording)
    total, done = note_count(bank.z.shape[1]), 0

    def timbres(z: np.ndarray) -> np.ndarray:
        nonlocal done
        before, done = done, done + len(z)
        notes = model.notes(
            z.astype(np.float32),
            [pitch] * len(z),
            conditions=conditions,
            length=samples,
            progress=lambda finished, _: progress(min(before + finished, total), total),
        )
        return np.stack([timbre.of(note) for note in notes])

    start = _nearest(bank.near(pitch), timbre, Timbre(model.sample_rate, model.audio_length), wanted)
    found = _refined(start, timbres, wanted)
    progress(total, total)
    return Match(found.z.astype(np.float32), pitch, float(found.distance))


@dataclass(frozen=True)
class _Point:
    z: np.ndarray
    timbre: np.ndarray
    distance: float


def _nearest(bank: NoteBank, timbre: Timbre, whole: Timbre, wanted: np.ndarray) -> np.ndarray:
    """The z of the notes that come nearest as far as the bank knows, [k, latent]."""
    known = timbre.shortened(bank.timbres, whole)
    return bank.z[np.argsort(distance(known, wanted), kind="stable")[:_FIRST]]


def _refined(start: np.ndarray, timbres: Callable[[np.ndarray], np.ndarray], wanted: np.ndarray) -> _Point:
    """The best point after all rounds."""
    random = np.random.default_rng(0)
    best = _best(start, timbres(start), wanted)
    for _ in range(_ROUNDS):
        count = min(_DIRECTIONS, len(best.z))
        directions = np.linalg.qr(random.standard_normal((len(best.z), count)))[0].T
        slopes = (timbres(best.z + _PROBE * directions) - best.timbre) / _PROBE
        steps = _bounded(best.z + _steps(slopes, wanted - best.timbre) @ directions)
        tried = _best(steps, timbres(steps), wanted)
        best = min(best, tried, key=lambda point: point.distance)
    return best


def _best(z: np.ndarray, found: np.ndarray, wanted: np.ndarray) -> _Point:
    apart = distance(found, wanted)
    place = int(np.where(np.isfinite(apart), apart, np.inf).argmin())
    return _Point(z[place], found[place], float(apart[place]))


def _steps(slopes: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """How far to go along each direction, for each damping: [dampings, directions]."""
    # einsum, not a matrix product of BLAS: its threads would keep spinning beside the network's.
    products = np.einsum("ik,jk->ij", slopes, slopes, dtype=np.float64, optimize=False)
    pull = np.einsum("ik,k->i", slopes, missing, dtype=np.float64)
    scale = max(np.trace(products) / len(products), 1e-12)
    return np.stack([np.linalg.solve(products + one * scale * np.eye(len(products)), pull) for one in _DAMPINGS])


def _bounded(z: np.ndarray) -> np.ndarray:
    """Rows [n, latent] that are not longer than latent vectors can be."""
    longest = _LONGEST * np.sqrt(z.shape[1])
    lengths = np.linalg.norm(z, axis=1, keepdims=True)
    return z * np.minimum(1.0, longest / np.maximum(lengths, 1e-12))
