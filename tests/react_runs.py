"""Configurations, songs and scenes for tests of videos that follow a song."""

import numpy as np
import pytest
import soundfile

from core.audio.pieces import SAMPLE_RATE
from renderer.react.config_file import read_config
from renderer.react.scene import Scene, Song
from renderer.react.video import ReactJob
from tests import small_biggan
from tests.aiart import sound
from tests.mapped_model import MappedModel

STILL = {"latents": {"tracks": {"one": {"follow": "segments"}}, "a": [["one", 1]]}}

STROKES = {
    "signals": {"strokes": {"from": "mix", "steps": ["onsets", "normalize"]}},
    "latents": {
        "tracks": {"one": {"follow": "segments"}, "two": {"follow": "segments"}},
        "a": [["one", 1]],
        "b": [["two", 1]],
        "modulation": "strokes",
    },
}


@pytest.fixture(scope="module", name="biggan")
def a_small_biggan(tmp_path_factory):
    return small_biggan.write(tmp_path_factory.mktemp("biggan") / "small")


@pytest.fixture(name="song")
def a_short_song(tmp_path):
    """Three seconds of a soft tone, with a click at each second and a half."""
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    wave = 0.1 * np.sin(2 * np.pi * 220 * time)
    for at_s in (0.5, 1.5, 2.5):
        wave[round(at_s * SAMPLE_RATE) :][:400] += np.random.default_rng(0).uniform(-0.8, 0.8, 400)
    soundfile.write(tmp_path / "song.wav", wave, SAMPLE_RATE)
    return tmp_path / "song.wav"


def job(song, model, config=STROKES, **more):
    return ReactJob(song, more.pop("out", song.with_name("film.mp4")), model, 5, config, **more)


def load(folder):
    from core import families

    return families.load(folder, "image")


def scene_of(values, model=None, duration_s=8.0, fps=24.0, waves=sound, classes=(), seed=0):
    whole = Song(waves, duration_s, round(duration_s * fps), fps)
    return Scene(read_config(values), whole, model or MappedModel(64, 32), seed, classes)
