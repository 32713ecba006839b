"""Measure what a direction does to sounds: loudness, brightness, noisiness and sustain along it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.audio import stft
from ganspace.components import Components

if TYPE_CHECKING:
    from gansynth.model import Model

AMOUNTS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
FRAME, HOP = 1024, 256
SUSTAIN_DB = 20.0
# Frequencies this far below the strongest one are masked by it.
FLOOR_DB = 80.0
# A quantity that follows the direction less closely than this (rank correlation) goes up and down.
STEADY = 0.8


@dataclass(frozen=True)
class SoundMeasurement:
    """The measures of one sound.

    `loudness_db` is its root mean square against full scale; `brightness_hz` the centre of its power spectrum;
    `noisiness_db` that spectrum's flatness (geometric by arithmetic mean), 0 for white noise, about -60 for a pure
    tone; `sustain_s` how long it stays within SUSTAIN_DB of its loudest moment.
    """

    loudness_db: float
    brightness_hz: float
    noisiness_db: float
    sustain_s: float


@dataclass(frozen=True)
class Quantity:
    """One of the measures of a sound or an image: the words for more and less of it, and how it is written.

    `noticeable` says whether a change from one value to another is noticed. A plot shows a range of at least `span`, so
    that small changes look small.
    """

    field: str
    label: str
    more: str
    less: str
    text: str
    span: float
    noticeable: Callable[[float, float], bool]


QUANTITIES = (
    Quantity("loudness_db", "loudness / dB", "louder", "softer", "{:.0f} dB", 6.0, lambda a, b: abs(b - a) >= 2),
    Quantity(
        "brightness_hz", "brightness / Hz", "brighter", "darker", "{:.0f} Hz", 300, lambda a, b: ratio(a, b) >= 1.1
    ),
    Quantity("noisiness_db", "noisiness / dB", "noisier", "purer", "{:.0f} dB", 10.0, lambda a, b: abs(b - a) >= 3),
    Quantity("sustain_s", "sustain / s", "longer", "shorter", "{:.1f} s", 1.0, lambda a, b: abs(b - a) >= 0.3),
)


def ratio(a: float, b: float) -> float:
    """The larger of two numbers divided by the smaller."""
    low, high = sorted((a, b))
    return high / max(low, 1e-9)


def measure(wave: np.ndarray, sample_rate: int) -> SoundMeasurement:
    """Measure a wave [samples]; silence has a loudness of -200 dB and 0 for the rest."""
    wave = np.asarray(wave, np.float64)
    padded = np.pad(wave, (0, max(0, FRAME - len(wave))))
    frames = stft.frames(padded, FRAME, HOP)
    levels = np.sqrt(np.mean(frames**2, axis=1))
    power = np.mean(stft.power(frames, stft.hann_symmetric(FRAME)), axis=0)[1:]
    if not levels.max() > 1e-10:
        return SoundMeasurement(-200.0, 0.0, 0.0, 0.0)
    frequencies = stft.bin_frequencies_hz(FRAME, sample_rate)[1:]
    sustained = np.flatnonzero(levels >= levels.max() * 10 ** (-SUSTAIN_DB / 20))
    floor = power + 10 ** (-FLOOR_DB / 10) * power.max()
    return SoundMeasurement(
        float(20 * np.log10(np.sqrt(np.mean(wave**2)))),
        float(frequencies @ power / power.sum()),
        float(10 * (np.mean(np.log10(floor)) - np.log10(np.mean(floor)))),
        float((sustained[-1] - sustained[0] + 1) * HOP / sample_rate),
    )


def waves_along(
    model: "Model", components: Components, direction: int, pitch: int, amounts: Sequence[float] = AMOUNTS
) -> np.ndarray:
    """Sounds along one direction (from 0) through the mean at a pitch: float32 [amounts, samples]."""
    edits = np.zeros((len(amounts), direction + 1))
    edits[:, direction] = amounts
    pitches = [pitch] * len(amounts)
    known = pitches if pitch in components.pitches else None
    return model.generate_from_activations(components.layer, components.activations(edits, known), pitches)


def sentence(
    sounds: Sequence[Any], amounts: Sequence[float] = AMOUNTS, quantities: Sequence[Quantity] = QUANTITIES
) -> str:
    """Describe what changes from the first sound or image to the last, in words and numbers.

    >>> a, b = SoundMeasurement(-30, 500, -20, 2.0), SoundMeasurement(-18, 505, -20, 2.0)
    >>> sentence([a, b], [-1, 1])
    'louder (-30 dB to -18 dB)'
    """
    phrases = [phrase for quantity in quantities if (phrase := _phrase(quantity, sounds, amounts))]
    known = [quantity.label.partition(" ")[0] for quantity in quantities]
    return ", ".join(phrases) or f"hardly changes {', '.join(known[:-1])} or {known[-1]}"


def _phrase(quantity: Quantity, sounds: Sequence[Any], amounts: Sequence[float]) -> str:
    values = [float(getattr(sound, quantity.field)) for sound in sounds]
    low, high = min(values), max(values)
    if not quantity.noticeable(low, high):
        return ""
    first, last = values[0], values[-1]
    if abs(trend(amounts, values)) < STEADY or not quantity.noticeable(first, last):
        word = quantity.label.partition(" ")[0]
        return f"{word} goes up and down ({quantity.text.format(low)} to {quantity.text.format(high)})"
    word = quantity.more if last > first else quantity.less
    return f"{word} ({quantity.text.format(first)} to {quantity.text.format(last)})"


def trend(a: Sequence[float], b: Sequence[float]) -> float:
    """The rank correlation of two rows of numbers, -1..1."""
    first, second = (np.argsort(np.argsort(values)).astype(float) for values in (a, b))
    return float(np.corrcoef(first, second)[0, 1])
