"""Our spectra beside librosa's, which they replace: the same values to 1e-4."""

import numpy as np
import pytest
import scipy.stats
from parts import need_module

need_module("librosa")
import librosa  # noqa: E402

from core.audio import constant_q, mel, spectral_peaks, stft, yin  # noqa: E402
from core.audio.pieces import SAMPLE_RATE  # noqa: E402
from core.audio.signals import envelopes, separation  # noqa: E402


@pytest.fixture(scope="module")
def song():
    """Three seconds float32 [n]: a glide, a chord, strokes and some noise."""
    rng = np.random.default_rng(3)
    times = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    wave = 0.2 * np.sin(2 * np.pi * (110 * times + 40 * times**2))
    wave += 0.1 * sum(np.sin(2 * np.pi * hertz * times) for hertz in (261.6, 329.6, 392.0, 1046.5))
    wave += 0.3 * rng.standard_normal(len(times)) * np.exp(-60 * (times % 0.5))
    return (wave + 0.001 * rng.standard_normal(len(times))).astype(np.float32)


def close(found, wanted, within=1e-4):
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= within * np.abs(wanted).max()


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ({"n_mels": 128, "fmax": 8000.0}, {"high_hz": 8000.0}),
        ({"n_mels": 40, "fmin": 60.0, "htk": True, "norm": None}, {"low_hz": 60.0, "htk": True, "equal_energy": False}),
    ],
    ids=["Slaney", "HTK"],
)
def test_mel_bands(given, ours):
    found = mel.bands(SAMPLE_RATE, 2048, given["n_mels"], **ours)
    close(found, librosa.filters.mel(sr=SAMPLE_RATE, n_fft=2048, **given), 1e-6)


@pytest.mark.parametrize("centred", [True, False])
def test_mel_powers(song, centred):
    wanted = librosa.feature.melspectrogram(y=song, sr=SAMPLE_RATE, hop_length=128, center=centred)
    close(mel.powers(song, mel.bands(SAMPLE_RATE, 2048), 2048, 128, centred=centred), wanted)


@pytest.mark.parametrize("hop", [64, 512, 1024])
@pytest.mark.parametrize("tuning", [0.0, 0.31])
def test_constant_q_chroma(song, hop, tuning):
    wanted = librosa.feature.chroma_cqt(y=song, sr=SAMPLE_RATE, hop_length=hop, norm=None, tuning=tuning)
    close(constant_q.chroma(constant_q.magnitudes(song, SAMPLE_RATE, hop, tuning)), wanted)


def test_peaks_between_bins(song):
    pitch, strength = librosa.piptrack(y=song, sr=SAMPLE_RATE, n_fft=2048)
    hertz, size = spectral_peaks.find(song, SAMPLE_RATE, 2048)
    close(np.sort(hertz), np.sort(pitch[pitch > 0]))
    close(np.sort(size), np.sort(strength[pitch > 0]))


@pytest.mark.parametrize("rate", [16000, 44100])
def test_yin(song, rate):
    size, hop = round(0.128 * rate), round(0.032 * rate)
    wanted = librosa.yin(song, fmin=27.5, fmax=rate / 4, sr=rate, frame_length=size, hop_length=hop)
    found = yin.pitches_hz(song, rate, 27.5, rate / 4, size, hop)
    # A frame whose differences lie within a rounding of the threshold may take the next period.
    assert np.mean(np.abs(found / wanted - 1) < 1e-4) > 0.99


@pytest.mark.parametrize("margin", [1.0, 3.0])
def test_harmonic_and_percussive_parts(song, margin):
    wanted = np.stack(librosa.effects.hpss(song, margin=margin))
    close(separation._split(song, margin), wanted)


def test_predominant_pulse(song):
    strength = envelopes._strength(song, envelopes.HOP, 0.0, SAMPLE_RATE / 2).astype(np.float32)
    prior = scipy.stats.lognorm(loc=np.log(120), scale=120, s=0.5)
    size = min(384, len(strength))
    wanted = librosa.beat.plp(
        onset_envelope=strength, sr=SAMPLE_RATE, hop_length=envelopes.HOP, win_length=size, prior=prior
    )
    close(envelopes._pulse(strength, size, prior.logpdf), wanted, 1e-3)


def test_resynthesis_is_the_wave_again(song):
    frames = stft.frames(np.pad(song, 1024), 2048, 512)
    spectra = stft.spectra(frames, stft.hann_periodic(2048))
    close(stft.resynthesis(spectra, 2048, 512, len(song)), librosa.istft(librosa.stft(song), length=len(song)))
