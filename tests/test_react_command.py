"""The command line of `hallu react`: wrong usage in one sentence, a video of a real model, and what repeats it."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.audio.pieces import SAMPLE_RATE
from scripts.hallu import main
from tests import small_biggan

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SKIP64 = Path(__file__).parent / "data" / "stylegan2" / "nvidia_skip64.pkl"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A models folder with a small image model of each kind."""
    folder = tmp_path_factory.mktemp("models")
    small_biggan.write(folder / "biggan" / "small")
    (folder / "stylegan2" / "skip").mkdir(parents=True)
    shutil.copyfile(SKIP64, folder / "stylegan2" / "skip" / SKIP64.name)
    return folder


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A working folder with half a second of noise that pulses."""
    monkeypatch.chdir(tmp_path)
    wave = np.random.default_rng(0).uniform(-0.3, 0.3, SAMPLE_RATE // 2)
    soundfile.write("song.wav", wave * (np.arange(len(wave)) % 4000 < 800), SAMPLE_RATE)
    return tmp_path


def react(*words, models):
    return main(["react", *words, "--models", str(models)])


def test_a_song_far_above_full_scale_is_refused_before_it_is_analysed(room, models, capsys):
    soundfile.write("loud.wav", np.full(1000, 1e30), SAMPLE_RATE, subtype="FLOAT")
    assert react("loud.wav", "--model", "small", models=models) == 1
    assert "a value of loud.wav is 1e+30; full scale is 1" in capsys.readouterr().err.splitlines()[-1]


def test_a_configuration_that_is_nested_too_deep_is_one_sentence(room, models, capsys):
    Path("deep.toml").write_text("x = " + "[" * 9999)
    assert react("song.wav", "--config", "deep.toml", "--model", "small", models=models) == 1
    assert "the configuration deep.toml is not TOML: " in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("model", ["small", "skip"])
def test_a_video_of_each_kind_of_model_can_be_made_again(room, models, capsys, model):
    words = ("song.wav", "--fps", "10", "--seed", "3", "--size", "64x64", "--out", "film.mp4")
    assert react(*words, "--model", model, models=models) == 0
    assert capsys.readouterr().out.split() == ["film.mp4", "film.json"]
    record = json.loads(Path("film.json").read_text())
    assert (record["command"], record["film"]["frames"], record["parameters"]["seed"]) == ("react", 5, 3)
    assert main(["react", "--repeat", "film.json"]) == 0
    assert Path("film-2.mp4").read_bytes() == Path("film.mp4").read_bytes()


def test_without_a_name_the_video_goes_into_output(room, models):
    assert react("song.wav", "--fps", "5", "--seed", "1", "--model", "small", models=models) == 0
    assert sorted(path.name for path in Path("output").iterdir()) == ["song.json", "song.mp4"]


def test_a_configuration_is_printed_and_can_be_used(room, models, capsys):
    assert main(["react", "--print_config", "--config", "aiart"]) == 0
    text = capsys.readouterr().out
    assert tomllib.loads(text)["latents"]["draw"] == "aiart"
    Path("mine.toml").write_text(text)
    words = ("song.wav", "--fps", "5", "--seed", "1", "--model", "skip", "--config", "mine.toml")
    assert react(*words, models=models) == 0


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ((), "one SONG is needed"),
        (("song.wav", "--fps", "0"), "must be a number above 0, not '0'"),
        (("song.wav", "--seed", "-1"), "must be a whole number of at least 0, not '-1'"),
        (("--repeat", "film.json", "--fps", "3"), "only --out and --engine go with it, not fps"),
    ],
)
def test_wrong_usage_is_one_sentence(room, capsys, words, rule):
    with pytest.raises(SystemExit) as end:
        main(["react", *words])
    assert end.value.code == 2
    assert rule in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("none.mp3",), "there is no song none.mp3"),
        (("song.wav", "--config", "none.toml"), "there is no configuration none.toml; presets are default, aiart"),
        (("song.wav", "--stems", "none"), "there is no folder of stems none"),
        (("song.wav", "--fps", "500"), "fps must be in 1..240, not 500"),
        (("song.wav", "--duration", "0"), "duration must be above 0 seconds, not 0"),
        (("song.wav", "--classes", "moss", "--model", "skip"), "the model has no classes"),
        (("song.wav", "--out", "song.wav"), "the video must end in .mp4, not 'song.wav'"),
        (("--repeat", "song.wav"), "song.wav is not a manifest"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(room, models, capsys, words, rule):
    model = () if "--model" in words or "--repeat" in words else ("--model", "small")
    assert main(["react", *words, *model, *(() if "--repeat" in words else ("--models", str(models)))]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert rule in error
    assert not [path for path in Path().rglob("*") if path.suffix in (".mp4", ".json")]
