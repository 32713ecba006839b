"""Where the beats of a song are, from how fast its level rises at each moment.

Source: D. Ellis, Beat Tracking by Dynamic Programming, Journal of New Music Research 36 (2007): one tempo from the
autocorrelation of the onsets, then the path of beats that lie on onsets and keep the tempo best.
"""

import numpy as np

# The tempo that is likeliest, and by how many octaves others may differ (a standard deviation).
_LIKELIEST_BPM, _OCTAVES = 120.0, 0.9
_LOWEST_BPM, _HIGHEST_BPM = 40.0, 240.0
# How strictly the tempo is kept.
_TIGHTNESS = 100.0
# The onsets must repeat at least so well at the tempo; below it there is no beat. By chance they repeat the better the
# fewer moments there are.
_CLEAR, _CHANCE = 0.1, 4.0


def beat_frames(onsets: np.ndarray, rate: float) -> np.ndarray:
    """The moments of the beats.

    Args:
        onsets: float [n], how fast the level rises at each moment, 0 and above.
        rate: moments a second.

    Returns:
        int [beats], rising; empty for a sound without a beat, such as silence or a drone.
    """
    strength = np.asarray(onsets, np.float64)
    period = _period(strength, rate)
    return _path(_smoothed(strength, period), period) if period else np.zeros(0, int)


def _period(strength: np.ndarray, rate: float) -> float:
    """Moments from beat to beat; 0: there is no beat."""
    centred = strength - strength.mean() if len(strength) else strength
    longest = min(int(np.ceil(60.0 * rate / _LOWEST_BPM)), len(centred) // 2)
    shortest = max(1, int(60.0 * rate / _HIGHEST_BPM))
    if longest <= shortest or not centred.any():
        return 0.0
    size = 2 ** int(np.ceil(np.log2(2 * len(centred))))
    spectrum = np.abs(np.fft.rfft(centred, size)) ** 2
    likeness = np.fft.irfft(spectrum)[: longest + 1] / (spectrum.mean() or 1.0)
    likeness /= likeness[0] or 1.0
    lags = np.arange(shortest, longest + 1)
    octaves = np.log2(60.0 * rate / lags / _LIKELIEST_BPM)
    best = int(np.argmax(likeness[lags] * np.exp(-0.5 * (octaves / _OCTAVES) ** 2)))
    clear = max(_CLEAR, _CHANCE / len(centred) ** 0.5)
    return float(lags[best]) if likeness[lags[best]] > clear else 0.0


def _smoothed(strength: np.ndarray, period: float) -> np.ndarray:
    """The onsets, spread over a sixteenth of a beat, with a standard deviation of 1."""
    width = max(1.0, period / 32.0)
    times = np.arange(-int(4 * width), int(4 * width) + 1)
    spread = np.convolve(strength, np.exp(-0.5 * (times / width) ** 2), mode="same")
    return spread / (spread.std() or 1.0)


def _path(strength: np.ndarray, period: float) -> np.ndarray:
    """The sequence of moments whose onsets and even distances have the highest sum."""
    steps = np.arange(-round(2 * period), -max(1, round(period / 2)) + 1)
    costs = -_TIGHTNESS * np.log(-steps / period) ** 2
    score, before = strength.copy(), np.full(len(strength), -1)
    for moment in range(len(strength)):
        usable = moment + steps >= 0
        if usable.any():
            sums = score[moment + steps[usable]] + costs[usable]
            best = int(np.argmax(sums))
            # A first beat needs none before it.
            if sums[best] > 0:
                score[moment] += sums[best]
                before[moment] = moment + steps[usable][best]
    last = len(score) - 1 - int(np.argmax(score[::-1][: round(period) + 1]))
    beats = [last]
    while before[beats[-1]] >= 0:
        beats.append(int(before[beats[-1]]))
    return np.array(beats[::-1], int)
