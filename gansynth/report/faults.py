"""Technical faults of a note: not finite, silent, clipped, off centre, clicking."""

from collections.abc import Callable

import numpy as np

from core.audio.levels import SILENCE_DB, rms_db

# A note is off centre (has DC) where its mean is more than this share of its peak.
DC_SHARE = 0.02
# A click is a jump from one sample to the next that is so many times larger than any jump 2 to 30 ms away from it, on
# both sides, and at least this share of the note's peak. Pulses of a low tone have similar ones nearby; an attack is
# followed by the note.
CLICK_RATIO, CLICK_SHARE = 4.0, 0.02
_BLOCK_S, _NEAR_BLOCKS, _FAR_BLOCKS = 0.002, 1, 15


def find(wave: np.ndarray, sample_rate: int) -> frozenset[str]:
    """The names of a wave's faults, out of FAULTS; a wave that is not finite or silent has no other fault."""
    for name in ("not finite", "silent"):
        if FAULTS[name](wave, sample_rate):
            return frozenset([name])
    return frozenset(name for name, has in FAULTS.items() if has(wave, sample_rate))


def _not_finite(wave: np.ndarray, sample_rate: int) -> bool:
    return not np.isfinite(wave).all()


def _silent(wave: np.ndarray, sample_rate: int) -> bool:
    return rms_db(wave) < SILENCE_DB


def _clipped(wave: np.ndarray, sample_rate: int) -> bool:
    return bool(np.abs(wave).max() >= 1)


def _off_centre(wave: np.ndarray, sample_rate: int) -> bool:
    return bool(abs(np.mean(wave, dtype=np.float64)) > DC_SHARE * np.abs(wave).max())


def _clicks(wave: np.ndarray, sample_rate: int) -> bool:
    """The note follows silence, so it clicks if it does not start at 0."""
    size = max(1, round(_BLOCK_S * sample_rate))
    jumps = np.abs(np.diff(wave, prepend=0.0))
    largest = np.pad(jumps, (0, -len(jumps) % size)).reshape(-1, size).max(axis=1)
    reach = _FAR_BLOCKS - _NEAR_BLOCKS
    around = np.lib.stride_tricks.sliding_window_view(np.pad(largest, _FAR_BLOCKS), reach).max(axis=1)
    before, after = around[: len(largest)], around[-len(largest) :]
    usual = CLICK_RATIO * np.maximum(before, after)
    return bool(np.any((largest > usual) & (largest > CLICK_SHARE * np.abs(wave).max())))


FAULTS: dict[str, Callable[[np.ndarray, int], bool]] = {
    "not finite": _not_finite,
    "silent": _silent,
    "clipped": _clipped,
    "off centre": _off_centre,
    "clicking": _clicks,
}
