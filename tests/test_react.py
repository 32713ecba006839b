"""Videos of songs that follow a configuration, and the files that a run leaves."""

import av
import numpy as np
import pytest
import soundfile
from react_runs import (
    STILL,
    a_short_song,  # noqa: F401 - a fixture
    a_small_biggan,  # noqa: F401 - a fixture
    job,
    load,
    scene_of,
)

from core.audio.pieces import SAMPLE_RATE
from renderer.react import video
from renderer.react.config_file import load_values, read_config
from renderer.react.sounds import SongSounds
from renderer.react.video import ReactJob, frames, make, repeated
from renderer.video.shape import Shape
from tests.aiart import FOLDER
from tests.mapped_model import MappedModel


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
