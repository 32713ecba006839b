"""Spectrograms are the original's, stage by stage, whole or in blocks."""

import numpy as np
import pytest
import specvqgan_files as files

from specvqgan.mel import inverse, spectrogram


@pytest.fixture(scope="module")
def known():
    return files.arrays("mel/reference")


def test_the_bands_are_the_originals(known):
    assert (spectrogram.mel_filters() == known["mel_filters"]).all()


def test_the_transform_is_mirrored_at_the_ends(known):
    found = spectrogram.magnitudes(files.clip("clip_a"))[:, known["stft_frames"]]
    np.testing.assert_allclose(found, known["stft_magnitude"], rtol=0, atol=1e-5)


def test_a_clip_is_the_originals():
    found = spectrogram.clip_spectrogram(files.clip("clip_a"))
    assert found.shape == (80, 860)
    np.testing.assert_allclose(found, files.mel(), rtol=0, atol=1e-6)


def test_values_follow_from_amplitudes_as_in_the_original(known):
    found = spectrogram.levels(known["stage_mel"])
    np.testing.assert_allclose(found, known["stage_clipped"], rtol=0, atol=1e-6)
    assert spectrogram.levels(np.float32([1e-4, 1e-5, 10.0, 100.0])).tolist() == pytest.approx([0, 0, 1, 1], abs=1e-6)


def test_the_stages_on_the_way(known):
    start = int(known["stage_start"])
    linear = spectrogram.mel_filters() @ spectrogram.magnitudes(files.clip("clip_a"))[:, start : start + 4]
    np.testing.assert_allclose(linear, known["stage_mel"], rtol=1e-5, atol=1e-6)
    decibels = 20 * np.log10(np.maximum(linear, 1e-5))
    np.testing.assert_allclose(np.maximum(linear, 1e-5), known["stage_thresholded"], rtol=1e-5)
    np.testing.assert_allclose(decibels / 20, known["stage_log10"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(decibels, known["stage_times20"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(decibels - 20, known["stage_minus20"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(decibels + 80, known["stage_plus100"], rtol=0, atol=1e-4)
    np.testing.assert_allclose((decibels + 80) / 100, known["stage_over100"], rtol=0, atol=1e-6)


def test_a_short_clip_is_followed_by_silence_in_the_type_of_a_long_one(known):
    found = spectrogram.clip_spectrogram(files.clip("short_6s"))
    assert found.dtype == spectrogram.clip_spectrogram(files.clip("long_12s")).dtype == np.float32
    np.testing.assert_allclose(found[:, :520], known["short_6s_mel"], rtol=0, atol=1e-6)
    assert not found[:, 520:].any()


def test_a_long_clip_is_cut(known):
    found = spectrogram.clip_spectrogram(files.clip("long_12s"))
    assert found.shape == tuple(known["long_12s_shape"])
    np.testing.assert_allclose(found[:, -4:], known["long_12s_mel_last4"], rtol=0, atol=1e-6)


def test_the_image_that_the_network_sees(known):
    image = 2 * spectrogram.clip_spectrogram(files.clip("clip_a"))[:, 6:854] - 1
    np.testing.assert_allclose(image[:, [0, 847]], known["image_first_last_columns"], rtol=0, atol=2e-6)
    assert image.mean() == pytest.approx(float(known["image_mean"]), abs=1e-6)
    assert image.std() == pytest.approx(float(known["image_std"]), abs=1e-6)


@pytest.mark.parametrize("samples", [1, 512, 513, 1024, 5000, 22050])
@pytest.mark.parametrize("size", [100, 700, 30000])
def test_blocks_are_the_whole(samples, size):
    wave = files.clip("clip_a")[50000 : 50000 + samples]
    blocks = [wave[start : start + size] for start in range(0, samples, size)]
    assert (np.concatenate(list(spectrogram.stream(blocks)), axis=1) == spectrogram.spectrogram(wave)).all()


def test_no_samples_have_no_spectrogram():
    assert list(spectrogram.stream([])) == []
    with pytest.raises(ValueError, match="the number of samples must be at least 1, not 0"):
        spectrogram.spectrogram(np.zeros(0))


def test_amplitudes_of_values_are_the_originals(known):
    found = spectrogram.amplitudes(known["inverse_input"])
    np.testing.assert_allclose(found, known["inverse_mel_amplitude"], rtol=1e-5, atol=1e-9)


def test_magnitudes_that_are_found_give_the_amplitudes(known):
    found = inverse.linear(known["inverse_mel_amplitude"])
    assert found.shape == (513, 64)
    assert found.min() >= 0.0
    np.testing.assert_allclose(spectrogram.mel_filters() @ found, known["inverse_mel_amplitude"], rtol=0, atol=1e-2)


def test_phases_that_are_found_fit(known):
    """The original's own search leaves 0.127."""
    wanted = known["inverse_linear"]
    wave = inverse.phases(wanted, np.random.default_rng(0))
    assert wave.shape == known["inverse_wave_seed0"].shape
    rest = np.linalg.norm(spectrogram.magnitudes(wave) - wanted) / np.linalg.norm(wanted)
    assert rest <= 0.15


def test_a_sound_comes_back_from_its_spectrogram():
    wave = inverse.griffin_lim(files.mel()[:, 300:364], np.random.default_rng(0))
    again = spectrogram.spectrogram(wave)[:, 2:-2]
    assert np.abs(again - files.mel()[:, 302 : 300 + again.shape[1] + 2]).mean() < 0.03
