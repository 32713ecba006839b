"""The second voice that ships: sounds without pitches, in half precision."""

from pathlib import Path

import numpy as np
import pytest

from core import families
from core.audio.levels import rms_db
from gansynth import checkpoint, louder
from gansynth.hallucination import Timing, hallucinate
from gansynth.level import measure

FOLDER = Path(__file__).parent.parent / "models" / "gansynth" / "percussion"


@pytest.fixture(scope="module")
def percussion():
    return families.load(FOLDER)


@pytest.fixture(scope="module")
def sounds(percussion):
    z = np.random.default_rng(3).standard_normal((40, percussion.latent_size)).astype(np.float32)
    return percussion.generate(z, [60] * 40)


def centroid_hz(wave, rate):
    power = np.abs(np.fft.rfft(wave)) ** 2
    return float(power @ np.fft.rfftfreq(len(wave), 1 / rate) / power.sum())


def test_it_is_a_model_of_one_pitch_and_two_seconds():
    about = families.sound_description(FOLDER)
    assert (about.pitches, about.audio_length / about.sample_rate, about.conditions) == ((60,), 2.0, ("qualities",))


def test_hardly_any_of_its_sounds_is_silent(sounds):
    assert sum(rms_db(wave) < -60 for wave in sounds) <= 4


def test_its_sounds_go_from_low_to_high(percussion, sounds):
    found = [centroid_hz(wave, percussion.sample_rate) for wave in sounds if rms_db(wave) > -60]
    low, high = np.quantile(found, [0.1, 0.9])
    assert high / low > 4


def test_strokes_can_be_asked_for(percussion):
    z = np.random.default_rng(4).standard_normal((12, percussion.latent_size)).astype(np.float32)
    strokes = percussion.generate(z, [60] * 12, conditions={"qualities": ["fast_decay"]})
    half = strokes.shape[1] // 2
    assert all(rms_db(wave[half:]) < rms_db(wave[:half]) - 15 for wave in strokes)


def test_it_is_not_taken_for_noise_of_a_young_model(percussion, caplog):
    assert measure(percussion).in_tune == 1.0
    assert caplog.text == ""


def test_a_hallucination_through_it_is_loud_enough(percussion):
    z = np.random.default_rng(5).standard_normal((4, percussion.latent_size)).astype(np.float32)
    wave = hallucinate(percussion, z, 3, Timing(0.2, 0, 0.5, 0.5, 0.5), 60)
    assert rms_db(wave) > -35


def test_its_directions_belong_to_its_weights():
    import ganspace

    assert ganspace.load(FOLDER / "percussion_conv0.npz").origin.checksum == checkpoint.checksum(FOLDER)


def test_the_direction_of_loudness_is_found():
    z = np.random.default_rng(0).standard_normal((300, 8))
    found = louder.loudness_direction(z, -40 + 6 * z[:, 2] + np.random.default_rng(1).standard_normal(300))
    assert found[2] > 0.98


def test_a_model_with_pitches_is_not_moved():
    with pytest.raises(ValueError, match="fluid has 37 pitches; only a model with one can be moved"):
        louder.make_louder(FOLDER.parent / "fluid", 1.0)
