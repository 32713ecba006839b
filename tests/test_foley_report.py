"""Measures of sounds for pictures, and the command that reports them."""

import json

import numpy as np
import pytest

from core import families
from core.training.random_streams import Stream, generator
from scripts import specvqgan_report
from specvqgan import run_folder
from specvqgan.codebook import config as codebook_config
from specvqgan.codebook import weights as codebook_weights
from specvqgan.dataset import folder
from specvqgan.dataset.folder import HELD_OUT, TRAIN, ClipFormat, Entry
from specvqgan.features import frame_features
from specvqgan.mel.spectrogram import clip_spectrogram
from specvqgan.report import measures
from specvqgan.transformer import config as transformer_config
from specvqgan.transformer import weights as transformer_weights
from specvqgan.vocoder import config as vocoder_config
from specvqgan.vocoder import weights as vocoder_weights

FRAMES, MOMENTS = 64, 8
FORM = ClipFormat(22050, FRAMES, 256, 80, MOMENTS, frame_features.DEPTH, "frames", ("low", "high"))


def burst(label, start):
    """A spectrogram with a tone that begins at a column."""
    mel = np.zeros((80, FRAMES), np.float32)
    mel[10 + 40 * label : 14 + 40 * label, start:] = 0.8 * np.exp(-np.arange(FRAMES - start) / 20)
    return mel


def pulsing(moments):
    found = np.zeros((1, MOMENTS, frame_features.DEPTH), np.float32)
    found[:, moments, frame_features.column("motion").stop - 1] = 0.8
    return found


def test_the_judge_tells_sounds_apart():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60)
    mels = np.stack([burst(label, int(rng.integers(0, 40))) for label in labels])
    judge = measures.FamilyJudge.learn(measures.family_vectors(mels[:40]), labels[:40])
    assert (judge(mels[40:]) == labels[40:]).mean() > 0.9


def test_onsets_agree_with_pulses_at_their_time_and_not_elsewhere():
    rises = measures.onsets(np.stack([burst(0, 40)]), MOMENTS)
    assert measures.agreement(rises, measures.pulses(pulsing([5])))[0] > 0.9
    assert measures.agreement(rises, measures.pulses(pulsing([2])))[0] < 0.1


def test_a_clip_without_pulses_does_not_count():
    rises = measures.onsets(np.stack([burst(0, 40)]), MOMENTS)
    assert np.isnan(measures.agreement(rises, measures.pulses(pulsing([]))))[0]


def test_a_high_sound_is_brighter():
    low, high = measures.brightness(np.stack([burst(0, 3), burst(1, 3)]))
    assert low < 0.25 < 0.6 < high


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A dataset, and three networks with random weights."""
    where = tmp_path_factory.mktemp("report")
    with folder.writing(where / "data", FORM) as writer:
        writer.write(TRAIN, entries(12), 12)
        writer.write(HELD_OUT, entries(4), 4)
    rng = generator(0, Stream.WEIGHTS)
    codes = codebook_config.CodebookConfig((4, 4, 4, 4, 4), 1, (), 4, 8, 4, 2, 80, FRAMES)
    arrays = codebook_weights.to_original(codebook_weights.initial(codes, rng))
    run_folder.write(where / "model" / "codebook", codebook_config.to_json(codes), arrays)
    writes = transformer_config.TransformerConfig(5, 4, 8, 1, 1, 8, MOMENTS, frame_features.DEPTH, 3)
    arrays = transformer_weights.initial(writes, rng)
    run_folder.write(where / "model" / "transformer", transformer_config.to_json(writes), arrays)
    sounds = vocoder_config.VocoderConfig(width=2, residuals=1)
    arrays = vocoder_weights.to_original(vocoder_weights.initial(sounds, rng))
    run_folder.write(where / "model" / "vocoder", vocoder_config.to_json(sounds), arrays)
    return where


def entries(count):
    times = np.arange(FORM.samples) / 22050
    for number in range(count):
        label = number % 2
        wave = (0.3 * np.sin(2 * np.pi * (300 + 900 * label) * times) * np.exp(-6 * times)).astype(np.float32)
        features = np.random.default_rng(number).random((MOMENTS, frame_features.DEPTH))
        yield Entry(features, clip_spectrogram(wave, len(wave), FRAMES), wave, label, False)


def test_the_command_writes_figures_a_sheet_and_sounds(place, tmp_path, capsys):
    words = [place / "model", place / "data", "--out", tmp_path / "out", "--bundle", tmp_path / "models" / "mine"]
    assert specvqgan_report.main([str(word) for word in words]) == 0
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert figures["clips"] == 4 and figures["real_class"] == 1.0 and figures["chance"] == 0.5
    assert 0 < figures["griffin_lim_db"] < figures["silence_db"]
    assert (tmp_path / "out" / "sheet.png").stat().st_size > 1000
    assert len(list((tmp_path / "out").glob("*.flac"))) == 4
    assert "made_class: " in capsys.readouterr().out
    described = families.family_of(tmp_path / "models" / "mine", "foley").describe(tmp_path / "models" / "mine")
    assert described.class_names == ("low", "high")
    assert described.seconds == pytest.approx(FORM.seconds)


def test_networks_that_do_not_fit_make_no_model(place, tmp_path, capsys):
    other = transformer_config.TransformerConfig(5, 4, 16, 1, 1, 8, MOMENTS, frame_features.DEPTH, 3)
    arrays = transformer_weights.initial(other, np.random.default_rng(0))
    for name in ("codebook", "vocoder"):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / name).symlink_to(place / "model" / name)
    run_folder.write(tmp_path / "model" / "transformer", transformer_config.to_json(other), arrays)
    words = [str(tmp_path / "model"), str(place / "data"), "--bundle", str(tmp_path / "mine")]
    assert specvqgan_report.main(words) == 1
    assert "codes and rows of the transformer must be one of (8, 5)" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()
