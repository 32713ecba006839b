"""A vocoder whose sound is refined: it fits the spectrogram, and blocks are the whole."""

from pathlib import Path

import numpy as np
import pytest

from specvqgan.mel.spectrogram import spectrogram
from specvqgan.vocoder import weights
from specvqgan.vocoder.config import VocoderConfig
from specvqgan.vocoder.model import Vocoder
from specvqgan.vocoder.refined import BLOCK, RefinedVocoder

RATE = 22050


@pytest.fixture(scope="module")
def vocoder():
    config = VocoderConfig(width=2, residuals=1)
    return Vocoder(config, weights.initial(config, np.random.default_rng(0)), Path("untrained"))


@pytest.fixture(scope="module")
def mel():
    """Two seconds and more of tones that change, longer than a block."""
    times = np.arange((2 * BLOCK + 40) * 256) / RATE
    wave = 0.2 * np.sin(2 * np.pi * (300 + 40 * np.floor(3 * times)) * times)
    return spectrogram(wave.astype(np.float32))[:, : 2 * BLOCK + 40]


def test_it_fits_the_spectrogram_far_better_than_the_network_alone(vocoder, mel):
    def distance(wave):
        return np.abs(spectrogram(wave)[:, : mel.shape[1]] - mel).mean()

    (alone,), (refined,) = vocoder.generate(mel[None]), RefinedVocoder(vocoder).generate(mel[None])
    assert refined.shape == alone.shape == (mel.shape[1] * 256,)
    assert distance(refined) < 0.35 * distance(alone)


def test_the_pieces_in_which_a_spectrogram_comes_do_not_matter(vocoder, mel):
    whole = RefinedVocoder(vocoder).generate(mel[None])[0]
    pieces = np.split(mel, [50, 51, 300], axis=1)
    np.testing.assert_array_equal(np.concatenate(list(RefinedVocoder(vocoder).stream(pieces))), whole)


def test_windows_meet_without_a_click(vocoder, mel):
    wave = RefinedVocoder(vocoder).generate(mel[None])[0]
    steps = np.abs(np.diff(wave))
    seam = (BLOCK + 24) * 256
    assert steps[seam - 600 : seam + 2600].max() <= 1.5 * np.quantile(steps, 0.999)


def test_a_vocoder_of_other_spectrograms_is_refused():
    config = VocoderConfig(mels=64, width=2, residuals=1)
    other = Vocoder(config, weights.initial(config, np.random.default_rng(0)), Path("other"))
    with pytest.raises(ValueError, match="the vocoder's mels"):
        RefinedVocoder(other)
