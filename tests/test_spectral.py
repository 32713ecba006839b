"""Waves to specgrams and back: physics, not shapes."""

from dataclasses import replace

import numpy as np
import pytest

from core.nn import numpy_ops
from gansynth import normalizer, spectral
from gansynth.config import Config

RATE = 16000


@pytest.fixture(params=["mel", "linear", "phase", "complex_mel"])
def config(request, tmp_path):
    return Config(folder=tmp_path, start_height=2, start_width=16, data_type=request.param)


def sine(hertz):
    return np.sin(2 * np.pi * hertz * np.arange(64000) / RATE)[None].astype(np.float32)


def hertz_of(wave):
    """The peak of the spectrum, between its bins."""
    spectrum = np.log(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) + 1e-9)
    peak = int(np.argmax(spectrum))
    left, middle, right = spectrum[peak - 1 : peak + 2]
    return (peak + (left - right) / (2 * (left - 2 * middle + right))) * RATE / len(wave)


@pytest.mark.parametrize("hertz", [65.4, 440.0, 3000.0])
def test_a_sine_keeps_its_pitch_within_a_cent(config, hertz):
    wave = spectral.specgrams_to_waves(numpy_ops, spectral.waves_to_specgrams(numpy_ops, sine(hertz), config), config)
    assert abs(1200 * np.log2(hertz_of(np.asarray(wave)[0]) / hertz)) < 1


@pytest.mark.parametrize("data_type", ["linear", "phase"])
def test_without_mel_the_way_back_is_exact_but_for_the_ends(tmp_path, data_type):
    config = Config(folder=tmp_path, start_height=2, start_width=16, data_type=data_type)
    noise = np.random.default_rng(0).standard_normal((1, 64000)).astype(np.float32)
    noise -= noise.mean()
    specgrams = spectral.waves_to_specgrams(numpy_ops, noise, config)
    back = np.asarray(spectral.specgrams_to_waves(numpy_ops, specgrams, config))
    middle = slice(2048, -2048)
    # The spectrum has lost its DC bin, hence a part in a thousand.
    assert np.linalg.norm(back[0, middle] - noise[0, middle]) < 0.05 * np.linalg.norm(noise[0, middle])


def test_silence_comes_back_as_silence(config):
    specgram = spectral.waves_to_specgrams(numpy_ops, np.zeros((1, 64000), np.float32), config)
    wave = np.asarray(spectral.specgrams_to_waves(numpy_ops, specgram, config))
    assert np.isfinite(wave).all()
    assert np.abs(wave).max() < 1e-3


def test_the_specgram_has_log_magnitude_and_phase(config):
    assert spectral.waves_to_specgrams(numpy_ops, sine(440), config).shape == (1, 128, 1024, 2)


def test_the_instantaneous_frequency_of_a_sine_is_its_frequency(tmp_path):
    config = Config(folder=tmp_path, start_height=2, start_width=16, data_type="linear")
    hertz = 1000.0
    specgram = np.asarray(spectral.waves_to_specgrams(numpy_ops, sine(hertz), config))
    loudest = int(specgram[0, 64, :, 0].argmax())
    turns_per_hop = hertz * config.hop / RATE
    expected = 2 * (turns_per_hop - round(turns_per_hop))
    assert specgram[0, 64, loudest, 1] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("length", "frames"), [(1, 7), (512, 7), (513, 8), (32000, 69), (64000, 128)])
def test_the_frames_that_touch_a_length(tmp_path, length, frames):
    assert spectral.needed_frames(length, Config(folder=tmp_path, start_height=2, start_width=16)) == frames


def test_the_mel_matrix_has_no_dc_and_no_negative_weights():
    matrix = spectral.mel_matrix(1024, RATE)
    assert matrix.min() == 0
    assert not matrix[0].any()


def test_a_prespecified_normalizer_comes_from_the_settings(tmp_path):
    config = Config(folder=tmp_path, mag_normalizer_a=0.5, mag_normalizer_b=0.1, p_normalizer_a=0.8, p_normalizer_b=0)
    scale, shift = normalizer.scale_and_shift(config)
    np.testing.assert_allclose([scale, shift], [[0.5, 0.8], [0.1, 0.0]], rtol=1e-6)


def test_a_fitted_normalizer_comes_from_the_assets(tmp_path):
    config = Config(folder=tmp_path, start_height=2, start_width=16, data_normalizer="specgrams_freq_normalizer")
    fitted = np.random.default_rng(0).random((1024, 4))
    (tmp_path / "assets").mkdir()
    np.savez(tmp_path / "assets" / "specgrams_freq_normalizer.npz", normalizer=fitted)
    scale, shift = normalizer.scale_and_shift(config)
    np.testing.assert_allclose(scale, fitted[:, [0, 2]], rtol=1e-6)
    np.testing.assert_allclose(shift, fitted[:, [1, 3]], rtol=1e-6)


def test_a_missing_normalizer_file_is_named(tmp_path):
    config = Config(folder=tmp_path, data_normalizer="specgrams_simple_normalizer")
    with pytest.raises(FileNotFoundError, match=r"specgrams_simple_normalizer\.npz is missing"):
        normalizer.scale_and_shift(config)


def test_a_normalizer_of_another_shape_is_refused(tmp_path):
    config = replace(Config(folder=tmp_path), data_normalizer="specgrams_simple_normalizer")
    (tmp_path / "assets").mkdir()
    np.savez(tmp_path / "assets" / "specgrams_simple_normalizer.npz", normalizer=np.ones(3))
    with pytest.raises(ValueError, match=r"must have shape \[4\], not \[3\]"):
        normalizer.scale_and_shift(config)


def test_what_is_shorter_than_its_fade_in_is_its_beginning(config):
    short, long = (
        np.asarray(spectral.faded_in(numpy_ops, np.ones((1, length), np.float32), replace(config, fade_in_s=0.004)))
        for length in (16, 1000)
    )
    np.testing.assert_array_equal(short, long[:, :16])


def test_a_fade_in_starts_at_silence_and_leaves_the_rest(config):
    faded = np.asarray(spectral.faded_in(numpy_ops, np.ones((2, 1000), np.float32), replace(config, fade_in_s=0.004)))
    assert faded[0, 0] == 0
    assert (np.diff(faded[0, :65]) > 0).all()
    assert (faded[:, 64:] == 1).all()
