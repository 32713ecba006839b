"""Keras computes what OpenVINO computes, on the models that ship."""

import argparse
from pathlib import Path

import av
import keras
import numpy as np
import pytest
import soundfile

import gansynth
from core import families
from scripts.flags.engine import given
from scripts.gansynth_generate import main
from scripts.hallu_visualize import main as visualize

MODELS = Path(__file__).parent.parent / "models"


@pytest.fixture(scope="module")
def voices():
    """On OpenVINO, and on this process's Keras."""
    return [
        gansynth.load(MODELS / "gansynth" / "fluid", engine=engine) for engine in ("openvino", keras.config.backend())
    ]


def relative_error(ours, theirs):
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


def test_notes_are_the_same(voices):
    z, pitches = np.random.default_rng(0).standard_normal((3, voices[0].latent_size)), [40, 60, 70]
    assert relative_error(*(voice.generate(z, pitches) for voice in voices)) < 2e-5


@pytest.mark.parametrize("layer", ["conv0", "conv1_4"])
def test_activations_are_the_same(voices, layer):
    z, pitches = np.random.default_rng(0).standard_normal((3, voices[0].latent_size)), [40, 60, 70]
    assert relative_error(*(voice.activations(z, pitches, layer) for voice in voices)) < 1e-5


@pytest.mark.parametrize("name", ["biggan/patterns", "cips/motifs"])
def test_frames_are_the_same(name):
    engines = ("openvino", keras.config.backend())
    models = [families.load(MODELS / name, "image", engine=engine) for engine in engines]
    z, classes = models[0].draw(np.random.default_rng(0), 2, 0.5), np.eye(models[0].num_classes)[[2, 3]]
    frames = [model.generate(z, classes, 0.5) for model in models]
    assert np.abs(frames[0] - frames[1]).max() < 1e-4


def test_a_command_plays_on_the_engine_that_is_named(tmp_path):
    waves = []
    for engine in ("openvino", keras.config.backend()):
        words = ["--ckpt_dir", MODELS / "gansynth" / "fluid", "--output_dir", tmp_path / engine, "--seed", "1"]
        assert main([str(word) for word in [*words, "--batch_size", "1", "--engine", engine]]) == 0
        waves.append(soundfile.read(tmp_path / engine / "generated_0.wav")[0])
    assert relative_error(*waves) < 1e-3


def test_a_video_is_the_same_on_the_engine_that_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("core.files.user_folders.data_dir", lambda: tmp_path / "data")
    soundfile.write("la.wav", 0.5 * np.sin(np.arange(1600) / 6), 16000)
    frames = []
    for engine in ("openvino", keras.config.backend()):
        assert visualize(["la.wav", "--seed", "1", "-o", f"{engine}.mp4", "--engine", engine]) == 0
        with av.open(f"output/{engine}.mp4") as file:
            frames.append(np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]).astype(float))
    assert np.abs(frames[0] - frames[1]).mean() < 1


def test_automatic_precision_of_a_sound_is_exact():
    assert given(argparse.Namespace(engine=None, precision="auto")) == {}
