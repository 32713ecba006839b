"""Configurations of videos: each mistake is named before anything is rendered."""

import pytest
from react_runs import STILL, scene_of

from renderer.react.config_file import load_values, read_config
from renderer.react.rehearsal import rehearse
from renderer.react.sounds import SongSounds
from tests.aiart import FOLDER


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"light": {}}, "a setting of the configuration must be one of latents, .*, not 'light'"),
        ({"latents": {}}, "latents needs tracks|a of latents must name at least one track"),
        ({"latents": STILL["latents"] | {"a": [["two", 1]]}}, "a track must be one of one, not 'two'"),
        ({"latents": STILL["latents"] | {"a": ["one"]}}, "a of latents must be a list such as"),
        ({"latents": STILL["latents"] | {"tracks": {"one": {}}}}, "track one needs follow"),
        ({"latents": STILL["latents"] | {"tracks": {"one": {"follow": "me"}}}}, "follow of a track must be one of"),
        ({"noise": {"sigmas": 1}}, "a setting of noise must be one of turns, sigma"),
        ({"classes": {"count": "many"}}, "count of classes must be a whole number, not 'many'"),
        ({"segments": {"from": 3}}, "source of segments must be text, not 3"),
        ({"signals": {"drums": {"from": "mix", "steps": ["rms"]}}}, "a signal must not be called drums"),
        ({"bends": [{"transform": "zoom"}]}, "bends needs at_px"),
        ({"noise": {"seed": 1.5}}, "seed of noise must be a whole number, not 1.5"),
        ({"latents": {"a": [["two", 1]]}}, "a track must be one of none, not 'two'"),
    ],
)
def test_a_mistake_in_a_configuration_is_named(change, rule):
    with pytest.raises(ValueError, match=rule):
        read_config(STILL | change)


def test_a_whole_seed_may_be_written_as_1e5():
    track = {"follow": "path", "seeds": [2e3]}
    config = read_config({"latents": {"tracks": {"one": track}, "a": [["one", 1]]}, "noise": {"seed": 1e5}})
    assert repr((config.noise.seed, config.latents.tracks["one"].seeds)) == "(100000, (2000,))"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"noise": {"sigma": "loud"}}, "a signal must be one of none, not 'loud'"),
        ({"noise": {"sigma": 1e300}}, "sigma of noise must be in 0..100, not 1e\\+300"),
        ({"noise": {"sigma": [1]}}, r"sigma of noise must be a number, not \[1\]"),
        ({"noise": {"sigma": {"signals": "x"}}}, "sigma of noise must be a number, the name of a signal, "),
        ({"noise": {"sigma": {"times_s": [0, 1], "values": [1]}}}, "sigma of noise needs as many times_s as values"),
        ({"noise": {"sigma": {"times_s": [1, 1], "values": [1, 1]}}}, "times_s of sigma of noise must rise"),
        ({"segments": {"from": "piano"}}, "a sound must be one of mix, drums, bass, other, vocals, not 'piano'"),
        ({"bends": [{"transform": "melt", "at_px": 8}]}, "transform of bend 1 must be one of zoom"),
        ({"bends": [{"transform": "zoom", "at_px": 8, "amount": 9}]}, "amount of bend 1, a zoom, must be in"),
    ],
)
def test_a_control_that_is_no_curve_is_named_before_anything_is_rendered(change, rule):
    with pytest.raises(ValueError, match=rule):
        scene_of(STILL | change, waves=SongSounds(FOLDER / "song_drums.wav").wave)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (
            {"signals": {"spare": {"from": "drumz", "steps": ["rms"]}}},
            "`from` of signal 'spare': a sound must be one of",
        ),
        (
            {"signals": {"spare": {"from": "drums", "steps": ["normalize"]}}},
            "'spare' works on a signal, not on a sound",
        ),
        ({"signals": {"spare": {"from": "spare"}}}, "'spare' comes from itself"),
        ({"classes": {"position": "level"}}, "position of classes: a signal must be one of none, not 'level'"),
        ({"displacement": {"turns": "level"}}, "turns of displacement: a signal must be one of none, not 'level'"),
        ({"segments": {"cutoff_hz": -1}}, "cutoff_hz of segments must be above 0"),
        ({"bends": [{"transform": "zoom", "at_px": 8, "x": "left"}]}, "x of bend 1: a signal must be one of none"),
    ],
)
def test_what_a_model_does_not_use_is_checked_too(change, rule):
    with pytest.raises(ValueError, match=rule):
        rehearse(read_config(STILL | change))


@pytest.mark.parametrize("preset", ["default", "aiart-late"])
def test_a_preset_passes_the_rehearsal(preset):
    rehearse(read_config(load_values(preset)))


def test_a_configuration_that_is_no_toml_is_named(tmp_path):
    (tmp_path / "mine.toml").write_text("a = = 1")
    with pytest.raises(ValueError, match=r"mine\.toml is not TOML"):
        load_values(str(tmp_path / "mine.toml"))
    with pytest.raises(FileNotFoundError, match="there is no configuration loud; presets are default, aiart"):
        load_values("loud")
