"""Sounds without a pitch, drawn at random: clangs, sweeps, clouds of grains, drones, drops, crackle, wind, swells.

They are what a second kind of voice learns beside drums: all have the pitch 60, which means nothing in them. The same
number gives the same sound.
"""

from collections.abc import Callable, Iterator

import numpy as np

from gansynth.dataset.qualities import measured_qualities
from gansynth.dataset.records import FAMILIES, QUALITIES, SOURCES, Labels, Note

PITCH = 60
Drawn = Callable[[np.ndarray, np.random.Generator, int], np.ndarray]


def textures(count: int, sample_rate: int = 16000, length: int = 32000, peak: float = 0.7) -> Iterator[Note]:
    """`count` notes of `length` samples, kinds in turn, with this peak."""
    kinds = tuple(KINDS)
    for number in range(count):
        yield texture(kinds[number % len(kinds)], number, sample_rate, length, peak)


def texture(kind: str, number: int, sample_rate: int, length: int, peak: float) -> Note:
    """One sound of a kind; the number is its seed."""
    times = np.arange(length) / sample_rate
    wave = KINDS[kind](times, np.random.default_rng([number, len(kind)]), sample_rate)
    wave = wave * np.minimum(1, (times[-1] - times) / 0.05)
    wave = (wave * (peak / max(np.abs(wave).max(), 1e-9))).astype(np.float32)
    return Note(f"{kind}_{number}_{PITCH}", unpitched(f"{kind}_{number}", wave, sample_rate), wave)


def unpitched(name: str, wave: np.ndarray, sample_rate: int) -> Labels:
    """Labels of a sound without a pitch: its qualities are measured."""
    words = measured_qualities(wave, PITCH, sample_rate, 0.5 * len(wave) / sample_rate)
    qualities = tuple(int(word in words) for word in QUALITIES)
    return Labels(name, PITCH, SOURCES.index("synthetic"), FAMILIES.index("mallet"), qualities)


def _clang(times: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Struck metal: inharmonic partials that decay, the high ones sooner."""
    count = random.integers(6, 24)
    hertz = np.exp(random.uniform(np.log(80), np.log(6500), count))
    decay_s = random.uniform(0.1, 1.2) * (200 / hertz) ** random.uniform(0.1, 0.6)
    waves = [
        one * np.sin(2 * np.pi * f * times + phase) * np.exp(-times / d)
        for one, f, d, phase in zip(random.random(count), hertz, decay_s, random.uniform(0, 6.28, count), strict=True)
    ]
    return np.asarray(sum(waves))


def _sweep(times: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A tone that glides from one frequency to another, with overtones of frequency modulation."""
    first, last = np.exp(random.uniform(np.log(60), np.log(4000), 2))
    hertz = first * (last / first) ** np.minimum(1, times / random.uniform(0.1, 1.8))
    phase = 2 * np.pi * np.cumsum(hertz) / sample_rate
    depth = random.uniform(0, 4) * np.exp(-times / random.uniform(0.1, 1.0))
    return np.sin(phase + depth * np.sin(random.uniform(0.2, 3.5) * phase)) * _decaying(times, random)


def _grains(times: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A cloud of short tones around a frequency."""
    wave, count = np.zeros(len(times)), random.integers(15, 150)
    centre, spread = np.exp(random.uniform(np.log(150), np.log(3000))), random.uniform(0.05, 1.0)
    for _ in range(count):
        size = int(sample_rate * random.uniform(0.01, 0.12))
        start = int(random.uniform(0, 0.9) * (len(times) - size))
        hertz = min(7500, centre * np.exp(spread * random.standard_normal()))
        tone = np.sin(2 * np.pi * hertz * times[:size]) * np.hanning(size)
        wave[start : start + size] += random.random() * tone
    return wave


def _drone(times: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A cluster of slowly beating tones."""
    base, wave = np.exp(random.uniform(np.log(50), np.log(300))), np.zeros(len(times))
    for _ in range(random.integers(4, 12)):
        ratio = random.choice([1, 1.5, 2, 2.5, 3, 4.2, 5.4, 7.1]) * (1 + 0.01 * random.standard_normal())
        beat = 1 + 0.5 * np.sin(2 * np.pi * random.uniform(0.3, 5) * times + random.uniform(0, 6.28))
        wave += beat * np.sin(2 * np.pi * base * ratio * times + random.uniform(0, 6.28)) / ratio**0.5
    return wave * _swelling(times, random)


def _drops(times: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Drops of water: short tones that rise."""
    wave = np.zeros(len(times))
    for _ in range(random.integers(1, 14)):
        start, rise = random.uniform(0, 1.5), random.uniform(2, 20)
        later = np.maximum(0, times - start)
        hertz = random.uniform(250, 2500) * (1 + rise * later)
        phase = 2 * np.pi * np.cumsum(np.minimum(hertz, 7500)) / sample_rate
        wave += np.where(times >= start, np.sin(phase) * np.exp(-later / random.uniform(0.01, 0.08)), 0)
    return wave


def _crackle(times: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Fire or gravel: sparse impulses, filtered."""
    impulses = (random.random(len(times)) < random.uniform(0.0005, 0.02)) * random.standard_normal(len(times))
    return _band(impulses, random.uniform(200, 2000), random.uniform(2500, 7500), sample_rate) * _decaying(
        times, random
    )


def _wind(times: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Noise in a band that swells and falls."""
    low = np.exp(random.uniform(np.log(80), np.log(3000)))
    noise = _band(random.standard_normal(len(times)), low, low * random.uniform(1.2, 4), sample_rate)
    return noise * _swelling(times, random)


def _swell(times: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A clang backwards."""
    return _clang(times, random, sample_rate)[::-1] * np.minimum(1, times / 0.02)


def _hit(times: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A drum: a tone that falls, and noise."""
    low = random.uniform(45, 300)
    hertz = low * (1 + random.uniform(0.5, 5) * np.exp(-times / random.uniform(0.01, 0.08)))
    tone = np.sin(2 * np.pi * np.cumsum(hertz) / sample_rate) * np.exp(-times / random.uniform(0.05, 0.7))
    noise = _band(random.standard_normal(len(times)), random.uniform(100, 4000), 7800, sample_rate)
    return tone + random.uniform(0, 1.5) * noise * np.exp(-times / random.uniform(0.01, 0.4))


KINDS: dict[str, Drawn] = {
    "clang": _clang,
    "hit": _hit,
    "sweep": _sweep,
    "grains": _grains,
    "drone": _drone,
    "drops": _drops,
    "crackle": _crackle,
    "wind": _wind,
    "swell": _swell,
}


def _band(wave: np.ndarray, low_hz: float, high_hz: float, sample_rate: int) -> np.ndarray:
    """What of a wave lies between two frequencies, with soft edges; its largest value is 1."""
    hertz = np.fft.rfftfreq(len(wave), 1 / sample_rate)
    gains = 1 / (1 + (low_hz / np.maximum(hertz, 1)) ** 6) / (1 + (hertz / high_hz) ** 6)
    found = np.fft.irfft(np.fft.rfft(wave) * gains, len(wave))
    return found / max(np.abs(found).max(), 1e-9)


def _decaying(times: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.minimum(1, times / random.uniform(0.002, 0.05)) * np.exp(-times / random.uniform(0.1, 1.5))


def _swelling(times: np.ndarray, random: np.random.Generator) -> np.ndarray:
    top = random.uniform(0.1, 1.6)
    return np.where(times < top, times / top, np.exp(-(times - top) / random.uniform(0.1, 1.0))) ** random.uniform(
        0.7, 2
    )
