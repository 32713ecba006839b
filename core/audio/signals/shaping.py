"""Shape control signals: ranges, smoothing, another rate. Source: AIART's signal chains, without their faults."""

import numpy as np

from core import checks
from core.audio.signals.signal import Signal

# What keeps the range of a constant signal from being 0, and the sum of a silent row too.
_SMALL = 1e-6


def normalize(signal: Signal, low: float = 0.0, high: float = 1.0) -> Signal:
    """Scale and shift a signal so that its least value is `low` and its greatest `high`; constant ones become `low`."""
    values = np.asarray(signal.values, np.float64)
    least, most = values.min(), values.max()
    slope = (high - low) / max(most - least, _SMALL) if most > least else 0.0
    return signal.having(low + slope * (values - least))


def resample(signal: Signal, count: int, rate: float, limit: bool = True) -> Signal:
    """A signal as `count` values at another rate, by its Fourier series; it stays as long as it is.

    Args:
        signal: any.
        count: of the new values, at least 1.
        rate: of the new values.
        limit: keep the new values within the range of the old ones, column by column. Fourier series ring: a share
            could be negative.
    """
    import scipy.signal

    checks.whole("the number of values", count, 1)
    if count == len(signal):
        return Signal(signal.values, rate)
    values = scipy.signal.resample(signal.values, count, axis=0)
    if limit:
        values = np.clip(values, signal.values.min(axis=0), signal.values.max(axis=0))
    return Signal(values, rate)


def smooth(signal: Signal, seconds: float) -> Signal:
    """Weigh the values around each moment with a Gaussian of this standard deviation; the ends are mirrored."""
    import scipy.ndimage

    checks.in_range("seconds of smooth", seconds, 0, unit="s")
    # Twice the length of the signal already gives its mean, to four digits.
    sigma = min(signal.count(seconds), 2.0 * len(signal))
    return signal.having(scipy.ndimage.gaussian_filter1d(signal.values, sigma, axis=0))


def ema(signal: Signal, seconds: float) -> Signal:
    """The average of everything until now; weights fall to 1 / e^2 after `seconds` (what pandas calls a span)."""
    checks.above("seconds of ema", seconds, 0, unit="s")
    # Of a span of s values: alpha = 2 / (s + 1), and the weights of what was before the beginning are left out.
    keep = 1.0 - 2.0 / (max(signal.count(seconds), 1.0) + 1.0)
    values = np.asarray(signal.values, np.float64)
    found, total, weight = np.empty_like(values), np.zeros_like(values[0]), 0.0
    for index, value in enumerate(values):
        total, weight = value + keep * total, 1.0 + keep * weight
        found[index] = total / weight
    return signal.having(found)


def clip(signal: Signal, low: float = 0.0, high: float = 1.0) -> Signal:
    """Limit the values to low..high."""
    return signal.having(np.clip(signal.values, low, high))


def power(signal: Signal, exponent: float) -> Signal:
    """Raise the values, of which negative ones count as 0, to a power: above 1 the strong ones stand out."""
    checks.above("exponent of power", exponent, 0)
    return signal.having(np.maximum(signal.values, 0.0) ** exponent)


def scale(signal: Signal, by: float = 1.0, plus: float = 0.0) -> Signal:
    """Multiply the values, then add to them."""
    return signal.having(by * np.asarray(signal.values, np.float64) + plus)


def integral(signal: Signal) -> Signal:
    """The sum of the values until now, in values times seconds: a speed becomes a way. It begins at 0."""
    sums = np.cumsum(np.asarray(signal.values, np.float64), axis=0) / signal.rate
    return signal.having(np.concatenate([np.zeros_like(sums[:1]), sums[:-1]]))


def plateau(signal: Signal, low: float = 0.8, high: float = 1.0) -> Signal:
    """Turn a signal over: `high` where it is least, `low` where it is most, such as a zoom that dips at each beat."""
    return scale(normalize(signal, 1.0 - high, 1.0 - low), -1.0, 1.0)


def shares(signal: Signal) -> Signal:
    """Divide each row [k] by its sum, so that it can weigh things; a row of zeros becomes 1 / k each."""
    values = np.maximum(np.asarray(signal.values, np.float64), 0.0)
    sums = values.sum(axis=1, keepdims=True)
    equal = np.full_like(values, 1.0 / values.shape[1])
    return signal.having(np.where(sums > _SMALL, values / np.maximum(sums, _SMALL), equal))
