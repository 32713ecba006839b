"""The foley model that ships: from frames alone, on clips that it has not seen, its sounds fit what is shown.

tests/data/foley_held_out.npz has held-out clips of the dataset that its card names: features of their frames, their
spectrograms, and what a judge of families learns from, measured on real sounds of other clips.
"""

from pathlib import Path

import numpy as np
import pytest

import specvqgan
from core import families
from core.audio.loudness import TARGET_LUFS, mean_loudness_lufs
from core.files import user_folders
from server.loaded_foley import measured_gain_db
from specvqgan.features import frame_features
from specvqgan.report import measures

MODEL = user_folders.shipped("models") / "specvqgan" / "instruments"
# Bounds, below what its card states; a sixth would be chance.
FAMILY, ASKED, ONSETS, ROUND_TRIP_DB = 0.6, 0.5, 0.35, 3.5
CLIPS = Path(__file__).parent / "data" / "foley_held_out.npz"


@pytest.fixture(scope="module")
def clips():
    with np.load(CLIPS) as file:
        found = {name: file[name] for name in file.files}
    return found | {"mels": found["mels"].astype(np.float32) / 255, "features": found["features"].astype(np.float32)}


@pytest.fixture(scope="module")
def model():
    return specvqgan.load_foley(MODEL)


@pytest.fixture(scope="module")
def judge(clips):
    return measures.FamilyJudge.learn(clips["judge_vectors"].astype(np.float32), clips["judge_labels"])


@pytest.fixture(scope="module")
def made(model, clips):
    """Spectrograms for the frames of all clips, no class asked for."""
    count = len(clips["features"])
    unasked = np.full(count, model.class_number(None))
    return model.codebook.decode(model.transformer.sample(clips["features"], unasked, top_k=model.top_k, seed=1))


def test_it_ships_with_its_card_and_is_small():
    assert (MODEL / "README.md").is_file() and (MODEL / "sheet.png").is_file()
    assert user_folders.ships(MODEL)
    weights = sum(path.stat().st_size for path in MODEL.glob("*/weights.safetensors"))
    assert weights < 16e6


def test_it_is_found_and_described():
    described = families.family_of(MODEL, "foley").describe(MODEL)
    assert described.class_names == ("strings", "flute", "mallet", "plucked", "organ", "drums")
    assert 5 < described.seconds < 5.1


def test_the_judge_tells_families_of_real_sounds(judge, clips):
    assert (judge(clips["mels"]) == clips["labels"]).mean() > 0.85


def test_the_family_of_a_sound_follows_from_frames_alone(judge, made, clips):
    right = (judge(made) == clips["labels"]).mean()
    assert right > FAMILY, right


def test_onsets_follow_the_pictures(made, clips):
    rises, wanted = measures.onsets(made, clips["features"].shape[1]), measures.pulses(clips["features"])
    follows = np.nanmean(measures.agreement(rises, wanted))
    shuffled = np.nanmean(measures.shuffled_agreement(rises, wanted))
    assert follows > ONSETS, (follows, shuffled)
    assert abs(shuffled) < 0.1


def test_the_codec_keeps_spectrograms(model, clips):
    mels = clips["mels"][:8]
    difference_db = 100 * np.abs(model.codebook.decode(model.codebook.encode(mels)) - mels).mean()
    assert difference_db < ROUND_TRIP_DB, difference_db


def test_a_class_that_is_asked_for_is_heard_whatever_is_shown(model, judge, clips):
    asked = np.arange(24) % len(model.classes)
    codes = model.transformer.sample(clips["features"][:24], asked, top_k=model.top_k, seed=2)
    assert (judge(model.codebook.decode(codes)) == asked).mean() > ASKED


def test_frames_of_any_size_become_a_sound(model):
    rng = np.random.default_rng(0)
    frames = [np.full((90, 160, 3), rng.integers(0, 255, 3), np.uint8)] * 20
    wave = model.generate(frames, 10.0, seconds=2.0, seed=1)
    assert len(wave) == 2 * model.sample_rate
    assert np.sqrt(np.square(wave).mean()) > 0.003 and np.abs(wave).max() <= 1


def test_sounds_of_held_out_clips_are_at_the_common_loudness(model, made):
    waves = model.vocoder.generate(np.clip(made[:8], 0, 1))
    loudness = mean_loudness_lufs(waves, model.sample_rate) + measured_gain_db(model)
    assert loudness == pytest.approx(TARGET_LUFS, abs=4)


def test_black_frames_are_nearly_silent(model):
    dark, light = (
        model.generate([np.full((64, 64, 3), grey, np.uint8)] * 50, 10.0, seed=3, temperature=0.0) for grey in (0, 120)
    )
    assert np.square(dark).mean() < 0.1 * np.square(light).mean()


def test_the_features_are_those_that_it_was_trained_on(model, clips):
    assert model.transformer.config.feature_depth == frame_features.DEPTH == clips["features"].shape[2]
