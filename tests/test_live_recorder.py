"""Recordings: films as long as they were recorded, of what was shown."""

import shutil
import time
from collections import namedtuple
from fractions import Fraction

import av
import numpy as np
import pytest
from live_controller import controller, execute  # noqa: F401 - a fixture
from waiting import PATIENCE_S

from core.audio.blocks import Wave
from renderer.live.recorder import RATE, Recorder
from renderer.live.transport import Transport
from renderer.video import fragments
from renderer.video.mp4 import Mp4
from renderer.web.frames import Frames


def film(path):
    """All pictures [n, h, w, 3] and the rate."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(stream)]), stream.average_rate


def solid(value, side=16):
    return np.full((side, side, 3), value, np.uint8)


@pytest.fixture
def painting(controller):  # noqa: F811
    controller.render_loop.start()
    controller.frames.wait(0, PATIENCE_S)
    return controller


def test_a_recording_is_as_long_as_it_was_recorded(painting):
    asked = time.monotonic()
    ((_, path),), error = execute(painting, "/image/record", {"what": "start", "file": "take"})
    begun = time.monotonic()
    assert (error, painting.status().recording) == ("", True)
    time.sleep(2.0)
    asked_to_stop = time.monotonic()
    assert execute(painting, "/image/record", {"what": "stop", "file": None}) == ([["/image/file", path]], "")
    stopped = time.monotonic()
    pictures, rate = film(path)
    assert rate == RATE
    # It begins and ends somewhere within the two commands.
    assert (asked_to_stop - begun) * RATE - 1 <= len(pictures) <= (stopped - asked) * RATE + 1
    assert (painting.status().recording, painting.status().saved) == (False, "take.mp4")


def test_it_shows_what_was_shown_when_it_was_shown(tmp_path):
    frames = Frames()
    frames.put(solid(40))
    recorder = Recorder(frames, Transport(), tmp_path / "a.mp4")
    time.sleep(1.0)
    frames.put(solid(200))
    time.sleep(1.0)
    levels = film(recorder.stop())[0].mean(axis=(1, 2, 3))
    np.testing.assert_allclose([levels[5], levels[-5]], [40, 200], atol=4)
    assert np.argmax(levels > 120) == pytest.approx(RATE, abs=8)


def test_another_models_pictures_are_fitted_into_the_film(tmp_path):
    frames = Frames()
    frames.put(solid(40))
    recorder = Recorder(frames, Transport(), tmp_path / "a.mp4")
    time.sleep(0.3)
    frames.put(solid(200, 64))
    time.sleep(0.3)
    pictures, _ = film(recorder.stop())
    assert pictures.shape[1:] == (16, 16, 3)
    assert pictures[-1].mean() == pytest.approx(200, abs=4)


def test_a_second_recording_waits_for_the_end_of_the_first(painting):
    assert execute(painting, "/image/record", {"what": "start", "file": "one"})[1] == ""
    assert "one.mp4 is being recorded" in execute(painting, "/image/record", {"what": "start", "file": "two"})[1]


def test_closing_finishes_what_is_recorded(painting, tmp_path):
    execute(painting, "/image/record", {"what": "start", "file": "last"})
    time.sleep(0.5)
    painting.close()
    assert len(film(tmp_path / "out" / "last.mp4")[0]) >= 10
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["last.mp4"]


def test_a_folder_that_cannot_be_written_is_told(painting, tmp_path):
    (tmp_path / "out").write_text("no folder")
    for address, values in (("/image/record", {"what": "start", "file": "a"}), ("/image/snapshot", {"file": "a"})):
        replies, error = execute(painting, address, values)
        assert replies == []
        assert "out" in error and "internal" not in error


def test_a_recording_that_another_process_writes_is_left_alone(tmp_path):
    file = fragments.FragmentFile(tmp_path / "a.mp4")
    file.write(bytes(100))
    assert fragments.recover(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 1
    file.discard()


@pytest.mark.parametrize("length", [31, 32, 61])
def test_a_last_fragment_of_a_frame_or_two_is_shown(tmp_path, length):
    file = fragments.FragmentFile(tmp_path / "a.mp4")
    writer = Mp4(file, 128, 128, Fraction(RATE))
    y, x = np.mgrid[:128, :128] / 128
    for number in range(length):
        grey = 127 + 120 * np.sin(6 * x * y + number // 7 / 3)
        writer.write(np.repeat(grey[..., None], 3, axis=2).astype(np.uint8))
    writer.finish()
    path = file.finish()
    assert len(film(path)[0]) == length
    with av.open(str(path)) as finished:
        (stream,) = finished.streams.video
        assert stream.duration * stream.time_base == Fraction(length, RATE)


@pytest.mark.parametrize("length", [15, 28, 100])
def test_a_killed_recording_loses_less_than_half_a_second(tmp_path, length):
    file = fragments.FragmentFile(tmp_path / "a.mp4")
    writer = Mp4(file, 64, 64, Fraction(RATE), Wave(np.zeros(16_000 * 4, np.float32), 16_000))
    for number in range(length):
        writer.write(solid(number, 64))
    (tmp_path / "killed").mkdir()
    (part,) = tmp_path.glob(".*.recording.mp4")
    shutil.copy(part, tmp_path / "killed" / ".b-00000000.recording.mp4")
    writer.close()
    file.discard()
    (path,) = fragments.recover(tmp_path / "killed")
    assert length - RATE / 2 < len(film(path)[0]) <= length


def test_what_ends_within_a_fragment_loses_only_that_one(tmp_path):
    whole = b"".join(box(*one) for one in ((b"ftyp", 8), (b"moov", 8), (b"mdat", 50), (b"moof", 8)))
    (tmp_path / "part").write_bytes(whole + box(b"mdat", 90)[:-1])
    with (tmp_path / "part").open("rb+") as file:
        assert fragments._cut(file) == 16 + 16 + 58


def box(kind, size):
    return (8 + size).to_bytes(4, "big") + kind + bytes(size)


def test_a_disk_without_room_is_reported_before_a_recording_begins(painting, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: namedtuple("Usage", "free")(3 << 20))
    assert "has only 3 MB left" in execute(painting, "/image/record", {"what": "start", "file": "a"})[1]
