"""Windows, spectra, resampling and levels of known signals."""

import numpy as np
import pytest
import soundfile

from core.audio import levels, stft, wav
from core.audio.resample import resample, resample_blocks

RATE = 16000
SINE = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)


def test_periodic_windows_add_up_to_a_constant_and_symmetric_ones_end_in_zeros():
    periodic, symmetric = stft.hann_periodic(64), stft.hann_symmetric(64)
    np.testing.assert_allclose(periodic[:32] + periodic[32:], 1, atol=1e-12)
    np.testing.assert_allclose(symmetric, symmetric[::-1], atol=1e-12)
    assert symmetric[0] == symmetric[-1] == 0 != periodic[-1]


def test_a_sine_is_loudest_at_its_frequency():
    spectra = stft.power(stft.frames(SINE, 512, 128), stft.hann_periodic(512))
    assert spectra.shape == (1 + (RATE - 512) // 128, 257)
    assert set(stft.bin_frequencies_hz(512, RATE)[spectra.argmax(axis=1)]) == {1000}


def test_a_centred_frame_has_its_sample_in_the_middle():
    click = np.zeros(1000)
    click[300] = 1
    frames = stft.centred_frames(click, 64, 100)
    assert frames.shape == (10, 64)
    assert np.flatnonzero(frames[3]).tolist() == [32]


def test_blocks_are_resampled_as_the_whole():
    blocks = list(resample_blocks(np.array_split(SINE, 7), RATE, 22050))
    np.testing.assert_allclose(np.concatenate(blocks), resample(SINE, RATE, 22050), atol=1e-3)


def test_the_same_rate_changes_nothing():
    assert resample(SINE, RATE, RATE) is SINE
    assert np.array_equal(np.concatenate(list(resample_blocks([SINE], RATE, RATE))), SINE)


def test_levels():
    assert levels.rms_db(SINE) == pytest.approx(-3.01, abs=0.01)
    assert levels.rms_db(np.zeros(10)) == pytest.approx(-120)
    assert np.abs(levels.to_peak(SINE, 0.25)).max() == pytest.approx(0.25)
    assert not levels.to_peak(np.zeros(4), 1.0).any()
    assert levels.gain(-20) == pytest.approx(0.1)


def test_wav_files_are_float_or_16_bits(tmp_path):
    assert wav.write(tmp_path / "a.wav", 2 * SINE, RATE) == RATE
    assert np.array_equal(soundfile.read(tmp_path / "a.wav", dtype="float32")[0], 2 * SINE)
    wav.write_pcm16(tmp_path / "b.wav", 2 * SINE, RATE)
    assert soundfile.info(tmp_path / "b.wav").subtype == "PCM_16"
    assert np.abs(soundfile.read(tmp_path / "b.wav")[0]).max() == 1


def test_a_wave_that_is_not_finite_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="a value of the sound is not finite"):
        wav.write(tmp_path / "a.wav", np.array([np.inf], np.float32), RATE)
    assert list(tmp_path.iterdir()) == []
