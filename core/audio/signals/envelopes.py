"""Envelopes of a wave [samples], mono float32 at SAMPLE_RATE: its level, its onsets in a band, and its beat."""

from collections.abc import Callable, Iterator

import numpy as np

from core import checks
from core.audio import mel, stft
from core.audio.pieces import SAMPLE_RATE
from core.audio.signals.signal import Signal

FRAME, HOP, ONSET_HOP = 2048, 512, 128
_NYQUIST_HZ, _BANDS = SAMPLE_RATE / 2, 128
# A log-normal prior for tempo: most likely about 80 beats a minute, half as likely at 45 and 160.
_PRIOR_SHAPE, _PRIOR_BPM = 0.5, 120.0
_BEAT_WINDOW = 384
_SMALL = 1e-10
_RANGE_DB = 80.0
# Frames that are worked on together.
_BLOCK = 4096


def rms(wave: np.ndarray) -> Signal:
    """Root mean square of 2048 samples around each moment, 43 moments a second; full scale is 1."""
    frames = stft.frames(np.pad(np.asarray(wave, np.float32), FRAME // 2), FRAME, HOP)
    blocks = range(0, len(frames), _BLOCK)
    squares = [np.mean(np.square(frames[begin : begin + _BLOCK]), axis=1) for begin in blocks]
    return Signal(np.sqrt(np.concatenate(squares)), SAMPLE_RATE / HOP)


def onsets(wave: np.ndarray, low_hz: float = 20.0, high_hz: float = 8000.0) -> Signal:
    """How fast the spectrum between two frequencies rises, 172 moments a second: the mean rise of its mel bands in dB.

    There are 128 bands, or fewer in a range that has fewer frequencies.

    Raises:
        ValueError: the frequencies are not in order, or outside 0..11 025 Hz.
    """
    checks.in_range("low_hz of onsets", low_hz, 0, _NYQUIST_HZ, "Hz")
    checks.above("high_hz of onsets", high_hz, low_hz, _NYQUIST_HZ, "Hz")
    return Signal(_strength(wave, ONSET_HOP, low_hz, high_hz), SAMPLE_RATE / ONSET_HOP)


def beat(wave: np.ndarray) -> Signal:
    """A pulse that swings with the beat, 0..1 with its peaks on the beats, 43 moments a second; 0 in silence.

    Source: predominant local pulse (Grosche and Mueller 2011), as in librosa, with a prior for tempo.
    """
    import scipy.stats

    strength = _strength(wave, HOP, 0.0, _NYQUIST_HZ)
    if strength.max(initial=0.0) < _SMALL:
        return Signal(np.zeros(len(strength)), SAMPLE_RATE / HOP)
    prior = scipy.stats.lognorm(loc=np.log(_PRIOR_BPM), scale=_PRIOR_BPM, s=_PRIOR_SHAPE)
    window = min(_BEAT_WINDOW, len(strength))
    return Signal(_pulse(strength.astype(np.float32), window, prior.logpdf), SAMPLE_RATE / HOP)


def _pulse(strength: np.ndarray, size: int, log_prior: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The sum of the strongest oscillation around each moment, 0..1: of its spectrum only the phase is kept."""
    window = stft.hann_periodic(size)
    spectra = stft.spectra(stft.frames(np.pad(strength, size // 2), size, 1), window)
    beats_a_minute = stft.bin_frequencies_hz(size, 1) * 60 * SAMPLE_RATE / HOP
    with np.errstate(divide="ignore"):
        likely = np.log1p(1e6 * np.abs(spectra)) + log_prior(beats_a_minute)
    spectra[likely < likely.max(axis=1, keepdims=True)] = 0
    # As librosa: the largest by its real part, so that moments of a falling phase count alone where there are any.
    spectra /= np.finfo(np.float32).tiny ** 0.5 + np.abs(spectra.max(axis=1, keepdims=True))
    pulse = np.maximum(stft.resynthesis(spectra, size, 1, len(strength)), 0.0)
    return np.asarray(pulse / max(float(pulse.max()), float(np.finfo(np.float32).tiny)))


def _strength(wave: np.ndarray, hop: int, low_hz: float, high_hz: float) -> np.ndarray:
    """Onset strength [n] as librosa finds it; block by block, since a long sound has many spectra.

    It is the mean rise of the bands from one moment to the next, at most 80 dB below the loudest value counting as
    silence, and belongs to the middle of the later window.
    """
    decibels = [10 * np.log10(np.maximum(power, _SMALL)) for power in _band_powers(wave, hop, low_hz, high_hz)]
    floor = max(block.max() for block in decibels) - _RANGE_DB
    rises, last = [], decibels[0][:, :1]
    for block in decibels:
        held = np.maximum(np.concatenate([last, block], axis=1), floor)
        rises.append(np.maximum(np.diff(held, axis=1), 0.0).mean(axis=0))
        last = block[:, -1:]
    rise = np.concatenate(rises)
    late = FRAME // (2 * hop)
    return np.concatenate([np.zeros(late, rise.dtype), rise])[: len(rise)]


def _band_powers(wave: np.ndarray, hop: int, low_hz: float, high_hz: float) -> Iterator[np.ndarray]:
    """Powers of mel bands [bands, n] around the moments, in blocks."""
    bands = int(np.clip((high_hz - low_hz) * FRAME / SAMPLE_RATE, 1, _BANDS))
    padded = np.pad(np.asarray(wave, np.float32), FRAME // 2)
    step = _BLOCK * hop
    for begin in range(0, len(wave) // hop * hop + 1, step):
        part = padded[begin : begin + step - hop + FRAME]
        yield mel.powers(part, mel.bands(SAMPLE_RATE, FRAME, bands, low_hz, high_hz), FRAME, hop, centred=False)
