"""Where a note can be repeated so that it lasts as long as a key is held: a part of its steady sound.

A player that nears the end of the loop crossfades to the same moment one loop earlier. The loop is as long as makes
the waves there and here most alike, so that the phase goes on, whatever the pitch is.
"""

from dataclasses import dataclass

import numpy as np

# What is compared: as long as a crossfade.
_CROSSFADE_S = 0.04
_SHORTEST_S, _LONGEST_S = 0.2, 0.8
_LEVEL_S = 0.01
# A note is steady until its level is this part of that of its loudest tenth of a second: the first that gives a loop.
_STEADY = (0.8, 0.6, 0.35)
# Levels at both ends of a loop that differ by more would be heard as a pulse.
_EVEN = 0.6
_LIKE, _AS_GOOD = 0.5, 0.03


@dataclass(frozen=True)
class Loop:
    """Samples start ... start + frames - 1 of a note; those before start are played once."""

    start: int
    frames: int

    @property
    def end(self) -> int:
        """The sample after the last one."""
        return self.start + self.frames


def crossfade_frames(sample_rate: int) -> int:
    """How long a player crossfades at the end of a loop, in samples."""
    return round(_CROSSFADE_S * sample_rate)


def lasting(wave: np.ndarray, loop: Loop, frames: int, sample_rate: int) -> np.ndarray:
    """A note [samples] that lasts for `frames` samples: up to the end of its loop, then the loop again and again."""
    fade = min(crossfade_frames(sample_rate), loop.start, loop.frames)
    rise = np.linspace(0, 1, fade, dtype=wave.dtype)
    joint = wave[loop.end - fade : loop.end] * (1 - rise) + wave[loop.start - fade : loop.start] * rise
    once = np.concatenate([wave[loop.start : loop.end - fade], joint])
    times = max(0, -(-(frames - loop.start) // loop.frames))
    return np.concatenate([wave[: loop.start], np.tile(once, times)])[:frames]


def find_loop(wave: np.ndarray, sample_rate: int) -> Loop | None:
    """The loop of a note [samples]; None: its sound does not stay, as that of a bell or a drum."""
    size, fade = max(1, round(_LEVEL_S * sample_rate)), crossfade_frames(sample_rate)
    levels = np.sqrt(np.square(wave[: len(wave) // size * size].astype(np.float64)).reshape(-1, size).mean(axis=1))
    if not fade or len(wave) < 2 * fade + round(_SHORTEST_S * sample_rate) or not levels.any():
        return None
    loudest = np.convolve(levels, np.ones(10) / 10, "same").max()
    ends = (int(np.flatnonzero(levels >= part * loudest)[-1]) * size for part in _STEADY)
    return next(filter(None, (_ending(wave.astype(np.float64), end, fade, sample_rate) for end in ends)), None)


def _ending(wave: np.ndarray, end: int, fade: int, sample_rate: int) -> Loop | None:
    """The loop that ends at a sample; None: nothing before it is like what is there."""
    first = max(fade, end - fade - round(_LONGEST_S * sample_rate))
    last = end - fade - round(_SHORTEST_S * sample_rate)
    if last <= first:
        return None
    starts = first + np.arange(last - first)
    likeness, ratio = _likeness(wave, end - fade, starts, fade)
    allowed = np.where((ratio >= _EVEN) & (ratio <= 1 / _EVEN), likeness, -1.0)
    if allowed.max() < _LIKE:
        return None
    # The longest of those that are nearly as good as the best one: it repeats less often.
    best = int(np.flatnonzero(allowed >= allowed.max() - _AS_GOOD)[0])
    return Loop(int(starts[best]) + fade, end - fade - int(starts[best]))


def _likeness(wave: np.ndarray, here: int, starts: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """How alike wave[start : start + size] and wave[here : here + size] are, -1..1, and the ratio of their levels."""
    wanted, part = wave[here : here + size], wave[starts[0] : starts[-1] + size]
    length = 1 << (len(part) + size).bit_length()
    product = np.fft.irfft(np.fft.rfft(part, length) * np.conj(np.fft.rfft(wanted, length)), length)[: len(starts)]
    sums = np.concatenate([[0.0], np.cumsum(np.square(part))])
    power = np.maximum(sums[size:] - sums[:-size], 1e-12)
    own = max(float(np.square(wanted).sum()), 1e-12)
    return product / np.sqrt(power * own), np.sqrt(own / power)
