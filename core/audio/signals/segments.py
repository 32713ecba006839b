"""Where a song changes: its segments, and a sawtooth over them. Source: AIART's tempo segmentation."""

from itertools import pairwise

import numpy as np

from core import checks
from core.audio.pieces import SAMPLE_RATE
from core.audio.signals.envelopes import HOP
from core.audio.signals.shaping import resample
from core.audio.signals.signal import Signal

# The moments a second among which the changes are looked for, whatever the frame rate of a video.
RATE = 24
# What is cut off above: AIART asks for 1 Hz of 100 Hz, but its level has 43 moments a second.
CUTOFF_HZ = SAMPLE_RATE / HOP / 100
_ORDER = 5
# A change in the first or last hundredth of a song is its beginning or its end.
_EDGE = 0.01


def changes(
    level: Signal, duration_s: float, cutoff_hz: float = CUTOFF_HZ, shortest_s: float = 0.04, longest_s: float = 16.64
) -> np.ndarray:
    """The valleys of a song's level, where its parts meet: int [n], moments at RATE, not always in order.

    The level is smoothed by a Butterworth filter without delay; valleys of any width are found by wavelets (Du 2006).

    Args:
        level: RMS [n] of the song.
        duration_s: of the song.
        cutoff_hz: faster changes of the level do not count; below half of the level's rate.
        shortest_s: the narrowest wavelet.
        longest_s: the widest one.

    Raises:
        ValueError: a value is out of range.
    """
    import scipy.signal

    count = max(1, round(duration_s * RATE))
    checks.above("cutoff_hz of segments", cutoff_hz, 0, level.rate / 2, "Hz")
    checks.above("shortest_s of segments", shortest_s, 0, unit="s")
    checks.above("longest_s of segments", longest_s, shortest_s, unit="s")
    b, a = scipy.signal.butter(_ORDER, cutoff_hz / (level.rate / 2))
    padding = min(len(level) - 1, 3 * (_ORDER + 1))
    smoothed = level.having(scipy.signal.filtfilt(b, a, level.values, padlen=padding))
    quiet = resample(smoothed, count, RATE).values
    widths = np.arange(max(1, round(shortest_s * RATE)), max(2, round(longest_s * RATE) + 1))
    return np.asarray(scipy.signal.find_peaks_cwt(1.0 - quiet, widths), int)


def boundaries(places: np.ndarray, count: int) -> np.ndarray:
    """Boundaries of segments from places of changes: rising, the first 0 and the last count - 1.

    Args:
        places: [n]; without any, nothing changes.
        count: moments of the song.
    """
    inside = [int(place) for place in np.sort(places) if 0 <= place < count * (1 - _EDGE)]
    if inside and inside[0] < count * _EDGE:
        inside = inside[1:]
    return np.unique([0, *inside, count - 1])


def rearranged(bounds: np.ndarray, least: float, most: float) -> np.ndarray:
    """Boundaries without segments shorter than `least`, and with those longer than `most` divided equally."""
    kept = [int(bounds[0])]
    for place in bounds[1:-1]:
        if place - kept[-1] >= least and bounds[-1] - place >= least:
            kept.append(int(place))
    kept.append(int(bounds[-1]))
    parts = [np.linspace(a, b, max(1, int(np.ceil((b - a) / most))) + 1) for a, b in pairwise(kept)]
    return np.unique(np.round(np.concatenate(parts)).astype(int))


def sawtooth(bounds: np.ndarray, heights: np.ndarray, count: int) -> np.ndarray:
    """From 0 to the height of each segment, and at each boundary back to 0: float64 [count].

    Args:
        bounds: [n + 1], rising; a boundary belongs to the segment that begins there, the last one to the last segment.
        heights: [n].
        count: of the values.
    """
    found = np.zeros(count)
    for begin, end, height in zip(bounds, bounds[1:], heights, strict=False):
        found[begin : end + 1] = height * np.linspace(0.0, 1.0, end - begin + 1)
    return found
