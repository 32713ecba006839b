"""Peaks of a control signal, each with a shape of its own: what moves a picture at every drum stroke."""

import numpy as np

from core import checks
from core.audio.signals.signal import Signal

# Shapes around a peak: rising and falling, only falling after it, only rising before it.
SHAPES = ("full", "fall", "rise")


def peak_places(
    signal: Signal, distance_s: float = 1.04, prominence: float = 0.2, width_s: float = 0.2, height: float = 0.5
) -> np.ndarray:
    """Where a signal has peaks: int [n], rising.

    Args:
        signal: [n].
        distance_s: the least time between two peaks; the lower one is left out.
        prominence: how far a peak stands out from what is around it, at least.
        width_s: how wide it is at half of its prominence, at least.
        height: its value, at least.
    """
    import scipy.signal

    checks.shape("a signal with peaks", signal.values, ("n",))
    places, _ = scipy.signal.find_peaks(
        signal.values,
        distance=max(1.0, signal.count(distance_s)),
        prominence=prominence,
        width=signal.count(width_s),
        height=height,
    )
    return np.asarray(places)


def peaks(
    signal: Signal,
    radius_s: float = 0.25,
    sigma_s: float = 0.42,
    shape: str = "full",
    distance_s: float = 1.04,
    prominence: float = 0.2,
    width_s: float = 0.2,
    height: float = 0.5,
) -> Signal:
    """Only the peaks of a signal, each a piece of a Gaussian as high as the peak, exactly at its time; 0 between them.

    Args:
        signal: [n].
        radius_s: how far it reaches from the peak; at 0 it is the one value.
        sigma_s: the Gaussian's standard deviation.
        shape: one of SHAPES.
        distance_s: see `peak_places`, as the others that follow.
        prominence: see there.
        width_s: see there.
        height: see there.

    Raises:
        ValueError: the shape is another one, or a length is out of range.
    """
    checks.one_of("shape of peaks", shape, SHAPES)
    checks.in_range("radius_s of peaks", radius_s, 0, unit="s")
    checks.above("sigma_s of peaks", sigma_s, 0, unit="s")
    radius = round(min(signal.count(radius_s), len(signal)))
    impulses = np.zeros(len(signal))
    places = peak_places(signal, distance_s, prominence, width_s, height)
    impulses[places] = signal.values[places]
    away = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (away / max(signal.count(sigma_s), 1e-4)) ** 2)
    kernel[{"full": away < -radius, "fall": away < 0, "rise": away > 0}[shape]] = 0.0
    return signal.having(np.convolve(impulses, kernel)[radius : radius + len(signal)])
