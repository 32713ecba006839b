"""Videos of songs that follow a configuration: what is rendered for what is heard, and the files that it leaves."""

import shutil

import av
import numpy as np
import pytest
import soundfile

from core.audio.pieces import SAMPLE_RATE
from renderer.react import sounds, video
from renderer.react.bends import place
from renderer.react.config_file import load_values, read_config
from renderer.react.rehearsal import rehearse
from renderer.react.scene import Scene, Song
from renderer.react.sounds import SongSounds
from renderer.react.video import ReactJob, frames, make, repeated
from renderer.video.shape import Shape
from tests import small_biggan
from tests.aiart import FOLDER, sound
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


@pytest.fixture(scope="module")
def biggan(tmp_path_factory):
    return small_biggan.write(tmp_path_factory.mktemp("biggan") / "small")


@pytest.fixture
def song(tmp_path):
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


def pictures(path):
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]).astype(float)


def test_the_video_is_as_long_as_the_song_and_has_its_sound(song, biggan):
    paths = make(job(song, biggan, fps=10), load)
    assert [path.name for path in paths] == ["film.mp4", "film.json"]
    with av.open(str(paths[0])) as file:
        assert (file.streams.video[0].codec.name, file.streams.audio[0].codec.name) == ("h264", "aac")
        assert file.streams.video[0].frames == 30
        assert abs(file.streams.audio[0].duration * file.streams.audio[0].time_base - 3) < 0.05


def test_the_image_moves_when_there_is_a_click(song, biggan):
    paths = make(job(song, biggan, fps=20), load)
    moved = np.abs(np.diff(pictures(paths[0]), axis=0)).mean(axis=(1, 2, 3))
    clicks = [9, 10, 29, 30, 49, 50]
    assert moved[clicks].reshape(3, 2).max(axis=1).min() > 5 * np.median(np.delete(moved, clicks))


def test_where_nothing_moves_all_frames_are_equal(song, biggan):
    model = load(biggan)
    scene, count = video.prepare(job(song, biggan, STILL), read_config(STILL), SongSounds(song), model, (0,))
    first, *others = frames(model, scene, 5, Shape())
    assert all((frame == first).all() for frame in others)
    assert count == 72


def test_a_mapped_frame_keeps_its_brightness():
    """AIART stretches each frame to its own extremes."""
    model = MappedModel(64, 32)
    dark = np.full((1, 5, 32), -0.2, np.float32)
    given = video.FrameInput(dark, None, 1.0, [np.zeros((1, 64, 64, 1))], ())
    assert video.rendered(model, given)[0, 0].tolist() == [102, 102, 128]


def test_a_measured_exposure_is_that_of_the_whole_video():
    model = MappedModel(64, 32)
    low, high = video.measured(model, scene_of(STILL | {"noise": {"sigma": 0.1}}, model))
    assert -0.4 < low < -0.2
    assert 0.2 < high < 0.7
    given = video.FrameInput(np.full((1, 5, 32), low, np.float32), None, 1.0, [np.full((1, 64, 64, 1), high)], ())
    assert video.rendered(model, given, (low, high))[0, 0].tolist()[2] == 255


def test_frames_are_rendered_one_by_one():
    model = MappedModel(64, 32)
    some = frames(model, scene_of(load_values("default"), model), 100, Shape())
    next(some), next(some)
    assert len(model.calls) == 2


def test_a_video_can_be_made_again(song, biggan):
    first = make(job(song, biggan, fps=10, classes=("moss", "snow")), load)
    again = repeated(first[1], song.with_name("again.mp4"))
    assert again.classes == ("0", "2")
    assert make(again, load)[0].read_bytes() == first[0].read_bytes()


def test_a_changed_song_is_noticed(song, biggan, caplog):
    paths = make(job(song, biggan, STILL, fps=1), load)
    soundfile.write(song, np.zeros(100), SAMPLE_RATE)
    repeated(paths[1])
    assert "song.wav has changed since" in caplog.text


def test_what_is_interrupted_leaves_nothing(song, biggan):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(job(song, biggan, STILL), load, stop)
    assert [path.name for path in song.parent.iterdir()] == ["song.wav"]


def test_the_beginning_of_a_video_is_that_of_the_whole():
    model, values = MappedModel(64, 32), load_values("default")
    whole = scene_of(values, model)
    short, count = video.prepare(
        ReactJob(FOLDER / "song_other.wav", FOLDER / "x.mp4", FOLDER, 0, values, FOLDER, duration_s=1.0),
        read_config(values),
        SongSounds(FOLDER / "song_other.wav"),
        model,
        (),
    )
    assert count == 24
    assert len(whole._latents.modulation) == len(short._latents.modulation)


def test_movement_is_the_same_at_any_frame_rate():
    values = load_values("default")
    slow, fast = (scene_of(values, fps=fps) for fps in (12.0, 48.0))
    both = [(slow.at(frame).latent, fast.at(4 * frame).latent) for frame in range(4, 90)]
    apart = [np.abs(a - b).mean() / np.abs(a).mean() for a, b in both]
    # At a stroke the slower one has moved on by a part of its longer frame.
    assert np.median(apart) < 0.05
    assert np.max(apart) < 0.4


def test_noise_of_a_mapped_model_has_its_sizes_and_deviation():
    given = scene_of(load_values("default") | {"noise": {"sigma": 0.5}, "displacement": {}}).at(30)
    assert [one.shape for one in given.noise] == [(1, size, size, 1) for size in (4, 8, 8, 16, 16, 32, 32, 64, 64)]
    assert given.noise[-1].std() == pytest.approx(0.5, rel=0.05)
    assert given.noise[-3].std() == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("preset", ["default", "aiart", "aiart-late"])
@pytest.mark.parametrize("length", [1, 3000, 40000])
def test_silence_of_any_length_is_rendered(preset, length):
    silence = np.zeros(length, np.float32)
    seconds = length / SAMPLE_RATE
    whole = Song(lambda name: silence, seconds, max(1, round(24 * seconds)), 24.0)
    given = Scene(read_config(load_values(preset)), whole, MappedModel(64, 32), 0).at(whole.frames - 1)
    assert np.isfinite(given.latent).all()
    assert all(np.isfinite(one).all() for one in given.noise)


@pytest.mark.parametrize("follow", [{"follow": "segments"}, {"follow": "path", "position": 1.5}])
def test_class_weights_have_the_sum_1(biggan, follow):
    model = load(biggan)
    given = scene_of(STILL | {"classes": follow}, model, classes=(0, 2)).at(10)
    assert given.classes.sum() == pytest.approx(1.0)
    assert given.classes[0, 1] == 0


def test_classes_follow_the_columns_of_a_signal(biggan):
    signals = {"pitches": {"from": "other", "steps": ["chroma"]}}
    values = STILL | {"signals": signals, "classes": {"follow": "weights", "weights": "pitches"}}
    scene = scene_of(values, load(biggan), classes=(0, 1, 2))
    shown = np.stack([scene.at(frame).classes[0] for frame in range(192)])
    np.testing.assert_allclose(shown.sum(axis=1), 1, atol=1e-5)
    assert (shown.max(axis=0) > 0.5).sum() >= 2


class WithClasses(MappedModel):
    """Its w begins with the number of the class."""

    num_classes, class_names = 3, ("moss", "rust", "snow")

    def mapping(self, z, classes, truncation=0.7, cutoff=None):
        w = super().mapping(z, classes, truncation)
        w[:, :, 0] = truncation * (np.asarray(classes) @ [0.0, 1.0, 2.0])[:, None]
        return w


class OwnAverages(WithClasses):
    """The average w of class n is n + 1."""

    def mapping(self, z, classes, truncation=0.7, cutoff=None):
        average = 1 + (np.asarray(classes) @ [0.0, 1.0, 2.0])[:, None, None]
        return average + truncation * super().mapping(z, classes, 1.0)


def test_all_layers_of_a_mapped_model_are_of_the_same_class():
    classes = {"follow": "path", "position": {"times_s": [0, 8], "values": [0, 2]}, "contrast": 3}
    values = load_values("default") | {"classes": classes}
    values["latents"] = values["latents"] | {"truncation": 1.0, "modulation": 0.3}
    scene = scene_of(values, WithClasses(64, 32), classes=(2, 1))
    for frame, number in ((0, 2.0), (48, 1.5), (96, 1.0)):
        # A slerp between two latents of the same class goes a little beyond it.
        np.testing.assert_allclose(scene.at(frame).latent[0, :, 0], number, atol=0.2)


def test_truncation_leads_to_the_average_of_the_class_that_is_shown():
    classes = {"follow": "path", "position": 1.0}
    values = STILL | {"classes": classes, "latents": STILL["latents"] | {"truncation": 0.0}}
    latent = scene_of(values, OwnAverages(64, 32), classes=(0, 2)).at(5).latent
    np.testing.assert_allclose(latent, 3.0, atol=1e-5)


def test_latent_vectors_stay_as_far_from_zero_when_they_are_mixed(biggan):
    scene = scene_of(STROKES | {"latents": STROKES["latents"] | {"modulation": 0.5}}, load(biggan), seed=3)
    apart = [scene._latents.a.at(9), scene._latents.b.at(9)]
    mixed = scene._latents.at(9)
    np.testing.assert_allclose(mixed, (apart[0] + apart[1]) / np.sqrt(2), rtol=1e-5)


class Bendable(MappedModel):
    layers = ("z", "w", "b32.conv1", "b32.torgb", "b64.conv0", "b64.conv1", "b64.torgb")
    bend_layers = (*layers[2:], "rgb")

    def layer_shape(self, layer):
        size = int(layer[1:3])
        return (size, size, 3 if layer.endswith("torgb") else 16)


@pytest.mark.parametrize(
    ("at_px", "on", "layer"),
    [
        (64, "rgb", "b64.torgb"),
        (48, "rgb", "b32.torgb"),
        (512, "features", "b64.conv1"),
        (4, "features", "b32.conv1"),
        (8, "frame", "rgb"),
    ],
)
def test_a_bend_is_placed_by_the_size_of_the_layer(at_px, on, layer):
    assert place(Bendable(64, 32), at_px, on) == layer


def test_where_no_layer_adds_to_the_colours_the_frame_is_bent(biggan):
    assert place(load(biggan), 8, "rgb") == "rgb"


def test_bends_follow_signals():
    bend = {"transform": "zoom", "at_px": 64, "amount": {"signal": "strokes", "low": 1, "high": 0.5}}
    scene = scene_of(STROKES | {"bends": [bend]}, Bendable(64, 32))
    (first,) = scene.at(40).bends
    assert first.layer == "b64.torgb"
    assert first.amount == pytest.approx(1 - 0.5 * scene.signals["strokes"][40])


def test_a_model_that_cannot_be_bent_is_rendered_without_bends(caplog):
    caplog.set_level("INFO")
    scene = scene_of(STILL | {"bends": [{"transform": "zoom", "at_px": 64, "amount": 0.9}]})
    assert scene.at(0).bends == ()
    assert "mapped has no layers that can be bent" in caplog.text


def test_stems_are_read_from_their_folder(tmp_path):
    for name in ("drums", "bass"):
        shutil.copyfile(FOLDER / f"song_{name}.wav", tmp_path / f"Song 1 - {name.upper()}.wav")
    soundfile.write(tmp_path / "mix.wav", sound("mix"), SAMPLE_RATE)
    song_sounds = SongSounds(tmp_path / "mix.wav", tmp_path)
    np.testing.assert_array_equal(song_sounds.wave("drums"), sound("drums"))
    assert len(song_sounds.wave("other")) == len(sound("mix"))


def test_the_drums_are_separated_from_a_mix(tmp_path):
    soundfile.write(tmp_path / "mix.wav", sound("mix"), SAMPLE_RATE, subtype="FLOAT")
    song_sounds = SongSounds(tmp_path / "mix.wav")

    def share(wave, stem):
        return np.corrcoef(wave, sound(stem))[0, 1]

    assert share(song_sounds.wave("drums"), "drums") > 0.8
    assert share(song_sounds.wave("bass"), "bass") > 0.9
    assert share(song_sounds.wave("other"), "other") > 0.9


def test_a_voice_is_separated_by_the_network_unless_it_is_given(tmp_path, monkeypatch):
    monkeypatch.setattr(sounds, "weights_file", lambda: "weights")
    monkeypatch.setattr(sounds, "load", lambda path: path)
    monkeypatch.setattr(sounds, "VocalSeparator", lambda weights: lambda wave: np.stack([0.25 * wave, 0.75 * wave]))
    soundfile.write(tmp_path / "song.wav", sound("mix"), SAMPLE_RATE, subtype="FLOAT")
    separated = SongSounds(tmp_path / "song.wav", None, "spleeter")
    np.testing.assert_allclose(separated.wave("vocals"), 0.25 * sound("mix"), atol=1e-6)
    whole = separated.wave("drums") + separated.wave("bass") + separated.wave("other")
    assert np.corrcoef(whole, sound("mix"))[0, 1] > 0.99
    assert np.std(whole) == pytest.approx(0.75 * np.std(sound("mix")), rel=0.05)
    (tmp_path / "stems").mkdir()
    shutil.copyfile(FOLDER / "song_bass.wav", tmp_path / "stems" / "vocals.wav")
    given = SongSounds(tmp_path / "song.wav", tmp_path / "stems", "spleeter")
    given.wave("drums")
    np.testing.assert_array_equal(given.wave("vocals"), sound("bass"))


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ((), "has no stems: files called drums, bass, other, vocals"),
        (("drums.wav", "drums.mp3"), "two files for drums"),
    ],
)
def test_a_folder_without_proper_stems_is_refused(tmp_path, files, rule):
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=rule):
        SongSounds(FOLDER / "song_drums.wav", tmp_path)


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


def test_points_in_time_make_a_curve():
    values = STILL | {"noise": {"sigma": {"times_s": [1, 3], "values": [0.0, 2.0]}}}
    sigma = scene_of(values)._noise._sigma
    assert sigma[[0, 24, 48, 72, 191]].tolist() == [0, 0, 1, 2, 2]


def test_a_configuration_that_is_no_toml_is_named(tmp_path):
    (tmp_path / "mine.toml").write_text("a = = 1")
    with pytest.raises(ValueError, match=r"mine\.toml is not TOML"):
        load_values(str(tmp_path / "mine.toml"))
    with pytest.raises(FileNotFoundError, match="there is no configuration loud; presets are default, aiart"):
        load_values("loud")
