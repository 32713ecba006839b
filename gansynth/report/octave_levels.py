"""Levels of notes in octave bands, to compare generated notes with real ones."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

EDGES_HZ = (62.5, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
NAMES = tuple(f"{low:g} to {high:g} Hz" for low, high in pairwise(EDGES_HZ))


def octave_power(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mean square of a wave in each octave band: float64 [bands]."""
    power = np.abs(np.fft.rfft(np.asarray(wave, np.float64))) ** 2 * 2 / len(wave) ** 2
    hertz = np.fft.rfftfreq(len(wave), 1 / sample_rate)
    return np.array([power[(hertz >= low) & (hertz < high)].sum() for low, high in pairwise(EDGES_HZ)])


def differences_db(
    real: Sequence[tuple[str, np.ndarray]], generated: Sequence[tuple[str, np.ndarray]]
) -> dict[str, float]:
    """How much louder generated notes are than real ones in each band, in dB: {band: dB}.

    Args:
        real: family (or "") and octave power of each note.
        generated: likewise. Families that both have count equally, however many notes there are of each. Without notes
            on a side there are no differences.
    """
    if not real or not generated:
        return {}
    sides = [_by_family(side) for side in (real, generated)]
    families = sides[0].keys() & sides[1].keys()
    if not families:
        sides = [{"": np.mean([power for _, power in side], axis=0)} for side in (real, generated)]
        families = {""}
    totals = [sum(side[family] for family in families) for side in sides]
    found = 10 * np.log10(np.maximum(totals[1], 1e-20) / np.maximum(totals[0], 1e-20))
    return dict(zip(NAMES, np.atleast_1d(found).tolist(), strict=True))


def _by_family(notes: Sequence[tuple[str, np.ndarray]]) -> dict[str, np.ndarray]:
    found: dict[str, list[np.ndarray]] = {}
    for family, power in notes:
        found.setdefault(family, []).append(power)
    return {family: np.mean(powers, axis=0) for family, powers in found.items()}
