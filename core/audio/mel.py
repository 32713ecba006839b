"""Mel bands: triangular filters over the bins of a Fourier transform, and the power in them."""

from functools import lru_cache

import numpy as np

from core.audio import stft

# Slaney's scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above.
_STEP_HZ, _BREAK_HZ = 200.0 / 3, 1000.0
_BREAK, _LOG_STEP = _BREAK_HZ / _STEP_HZ, np.log(6.4) / 27
_BLOCK = 4096


def mel_of(hertz: np.ndarray | float, htk: bool = False) -> np.ndarray:
    """Frequencies in mel, on Slaney's scale or HTK's."""
    hertz = np.asarray(hertz, np.float64)
    if htk:
        return np.asarray(2595.0 * np.log10(1.0 + hertz / 700.0))
    above = _BREAK + np.log(np.maximum(hertz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hertz >= _BREAK_HZ, above, hertz / _STEP_HZ)


def hertz_of(mel: np.ndarray, htk: bool = False) -> np.ndarray:
    """The inverse of `mel_of`."""
    if htk:
        return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))
    return np.where(mel >= _BREAK, _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK)), mel * _STEP_HZ)


@lru_cache(maxsize=16)
def bands(
    sample_rate: float,
    size: int,
    count: int = 128,
    low_hz: float = 0.0,
    high_hz: float | None = None,
    *,
    htk: bool = False,
    equal_energy: bool = True,
) -> np.ndarray:
    """Weights of `count` mel bands, float32 [count, size // 2 + 1], read-only.

    Args:
        sample_rate: in Hz.
        size: of the Fourier transform.
        count: number of bands.
        low_hz: where the first begins.
        high_hz: where the last ends; None: half the rate.
        htk: HTK's scale in place of Slaney's.
        equal_energy: scale each by its width, so that noise is as strong in all; otherwise their peaks are 1.
    """
    high_hz = sample_rate / 2 if high_hz is None else high_hz
    edges = hertz_of(np.linspace(mel_of(low_hz, htk), mel_of(high_hz, htk), count + 2), htk)
    ramps = edges[:, None] - stft.bin_frequencies_hz(size, sample_rate)[None]
    widths = np.diff(edges)[:, None]
    slopes = np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:])
    # Rounded before they are scaled, too: so the values are librosa's, bit by bit.
    found = np.maximum(0.0, slopes).astype(np.float32)
    if equal_energy:
        found *= (2.0 / (edges[2:] - edges[:-2]))[:, None]
    found.setflags(write=False)
    return found


def powers(wave: np.ndarray, weights: np.ndarray, size: int, hop: int, *, centred: bool = True) -> np.ndarray:
    """The power in mel bands, float32 [bands, frames], of a wave float32 [samples].

    Args:
        wave: the sound.
        weights: see `bands`.
        size: of the frames.
        hop: samples from one to the next.
        centred: whether there is silence of half a frame before and after the sound.
    """
    wave = np.asarray(wave, np.float32)
    frames = stft.frames(np.pad(wave, size // 2) if centred else wave, size, hop)
    window = stft.hann_periodic(size)
    return np.concatenate(
        [
            weights @ np.square(np.abs(stft.spectra(frames[begin : begin + _BLOCK], window))).T
            for begin in range(0, len(frames), _BLOCK)
        ],
        axis=1,
    )
