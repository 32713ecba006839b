"""The data type complex_mel keeps the sound of notes: what comes back of plucked, bowed and breathy ones."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.audio import sound_files
from core.nn import numpy_ops
from gansynth import complex_mel, spectral
from gansynth.config import Config

RATE, LENGTH = 16000, 32000
TIMES = np.arange(LENGTH) / RATE


def note(pitch, attack_s, decay_s, breath, random):
    """A note with partials up to the top, a sharp or a soft attack, and breath."""
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    numbers = np.arange(1, int(7800 / hertz) + 1)
    phases = random.uniform(0, 2 * np.pi, len(numbers))
    partials = [
        np.sin(2 * np.pi * number * hertz * TIMES + phase) / number
        for number, phase in zip(numbers, phases, strict=True)
    ]
    wave = sum(partials) + breath * random.standard_normal(LENGTH)
    shape = np.minimum(1, TIMES / attack_s) * np.exp(-TIMES / decay_s)
    return 0.3 * wave * shape * np.minimum(1, (TIMES[-1] - TIMES) / 0.1)


@pytest.fixture(scope="module")
def notes():
    """Notes drawn here, and recorded ones where HALLU_RECORDED_NOTES names a folder of them: float32 [n, LENGTH]."""
    random = np.random.default_rng(0)
    kinds = [(0.002, 0.3, 0.0), (0.05, 5.0, 0.01), (0.01, 1.0, 0.1)]
    waves = [note(pitch, *kind, random) for pitch in (40, 60, 83) for kind in kinds]
    recorded = sorted(Path(os.environ.get("HALLU_RECORDED_NOTES", "-")).glob("*.flac"))[::50]
    waves += [np.resize(np.pad(sound_files.read(path, RATE), (0, LENGTH)), LENGTH) for path in recorded]
    return np.stack(waves).astype(np.float32)


@pytest.fixture
def config(tmp_path):
    return Config(tmp_path, start_height=2, start_width=8, audio_length=LENGTH, data_type="complex_mel")


def back(notes, config):
    return spectral.specgrams_to_waves(numpy_ops, spectral.waves_to_specgrams(numpy_ops, notes, config), config)


def band(waves, low_hz, high_hz):
    spectra, hz = np.fft.rfft(waves), np.fft.rfftfreq(LENGTH, 1 / RATE)
    return np.fft.irfft(np.where((hz >= low_hz) & (hz < high_hz), spectra, 0), LENGTH)


def snr_db(real, found):
    return 10 * np.log10((real**2).sum(axis=1) / ((real - found) ** 2).sum(axis=1))


@pytest.mark.parametrize(("low_hz", "high_hz", "least_db"), [(250, 4000, 45), (4000, 5000, 40), (5000, 7500, 30)])
def test_notes_come_back_as_waves_in_every_band(notes, config, low_hz, high_hz, least_db):
    real, found = (band(waves, low_hz, high_hz) for waves in (notes, back(notes, config)))
    assert np.median(snr_db(real, found)) > least_db


def test_no_octave_loses_a_tenth_of_a_decibel(notes, config):
    found = back(notes, config)
    for low_hz in (62.5, 125, 250, 500, 1000, 2000, 4000):
        before, after = (np.sum(band(waves, low_hz, 2 * low_hz) ** 2) for waves in (notes, found))
        assert abs(10 * np.log10(after / before)) < 0.1


def test_magentas_mel_keeps_less(notes, config):
    ours, theirs = (np.median(snr_db(notes, back(notes, c))) for c in (config, replace(config, data_type="mel")))
    assert ours > theirs + 30


def test_an_attack_stays_where_it_is(config):
    click = np.zeros((1, LENGTH), np.float32)
    click[0, 16000] = 1
    found = back(click, config)
    energy = (found[0] ** 2).cumsum() / (found[0] ** 2).sum()
    assert energy[16000 + 8] - energy[16000 - 8] > 0.98


def test_phases_that_are_a_little_wrong_lose_little(notes, config):
    specgrams = spectral.waves_to_specgrams(numpy_ops, notes, config)
    phases = np.cumsum(specgrams[..., 1], axis=1) + 0.1 * np.random.default_rng(1).standard_normal(specgrams.shape[:3])
    wrong = np.stack([specgrams[..., 0], np.diff(phases, axis=1, prepend=0)], axis=-1)
    found = spectral.specgrams_to_waves(numpy_ops, wrong.astype(np.float32), config)
    assert abs(10 * np.log10((found**2).sum() / (notes**2).sum())) < 1


@pytest.mark.parametrize("place", [3, 200, 500])
def test_a_tone_is_loudest_in_the_channel_of_its_frequency(config, place):
    hertz = complex_mel.frequencies_hz(config.frequencies, RATE)[place]
    wave = np.sin(2 * np.pi * hertz * TIMES)[None].astype(np.float32)
    level = spectral.waves_to_specgrams(numpy_ops, wave, config)[0, 60, :, 0]
    assert abs(int(np.argmax(level)) - place) <= 1
    # Half of a Hann window's sum, as in a spectrum.
    assert level.max() == pytest.approx(2 * np.log(config.frame_length / 4), abs=0.1)


def drifting(specgrams):
    """Spectrograms whose phases drift apart from channel to channel, as those of a network do."""
    drift = 0.1 * np.random.default_rng(2).standard_normal(specgrams.shape[:3]).cumsum(axis=1)
    steps = specgrams[..., 1] + np.diff(drift, axis=1, prepend=0)
    return np.stack([specgrams[..., 0], steps], axis=-1).astype(np.float32)


def lost_db(real, found):
    return float(np.median(10 * np.log10((real**2).sum(axis=1) / (found**2).sum(axis=1))))


def test_phase_locking_brings_the_level_of_drifting_phases_back(notes, config):
    wrong = drifting(np.asarray(spectral.waves_to_specgrams(numpy_ops, notes, config)))
    plain, locked = (
        spectral.specgrams_to_waves(numpy_ops, wrong, replace(config, phase_locking=width)) for width in (0, 0.6)
    )
    assert lost_db(notes, plain) > 2.5
    assert abs(lost_db(notes, locked)) < 0.7


def test_phase_locking_leaves_recordings_as_they_are(notes, config):
    specgrams = np.asarray(spectral.waves_to_specgrams(numpy_ops, notes, config))
    locked = spectral.specgrams_to_waves(numpy_ops, specgrams, replace(config, phase_locking=0.6))
    assert np.median(snr_db(notes, locked)) > 20
    assert abs(lost_db(notes, locked)) < 0.3


def test_consistent_phases_bring_the_level_of_drifting_phases_back(notes, config):
    wrong = drifting(np.asarray(spectral.waves_to_specgrams(numpy_ops, notes, config)))
    found = spectral.specgrams_to_waves(numpy_ops, wrong, replace(config, consistent_phases=True))
    assert abs(lost_db(notes, found)) < 0.7


def test_consistent_phases_leave_recordings_as_they_are(notes, config):
    config = replace(config, consistent_phases=True)
    assert np.median(snr_db(notes, back(notes, config))) > 40


def test_the_first_samples_of_consistent_phases_are_those_of_the_whole_note(notes, config):
    config = replace(config, consistent_phases=True)
    specgrams = drifting(np.asarray(spectral.waves_to_specgrams(numpy_ops, notes[:1], config)))
    few = specgrams[:, : spectral.needed_frames(5000, config)]
    first, whole = (spectral.specgrams_to_waves(numpy_ops, each, config, 5000) for each in (few, specgrams))
    assert first.tobytes() == whole.tobytes()


def test_consistent_phases_are_for_complex_mels(config):
    with pytest.raises(ValueError, match="consistent_phases must be false, unless data_type is complex_mel"):
        replace(config, data_type="mel", consistent_phases=True)


def test_phase_locking_is_for_complex_mels(config):
    with pytest.raises(ValueError, match="phase_locking must be 0, unless data_type is complex_mel"):
        replace(config, data_type="mel", phase_locking=0.6)
