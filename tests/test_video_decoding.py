"""Films as frames at a steady rate: which frames, and which files are refused."""

from fractions import Fraction

import av
import numpy as np
import pytest

from core.video import decoding


def film(path, shades, fps=10, size=(32, 16), times=None):
    """A film of plain frames, each of one shade of grey, and when each begins, in frames."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=fps, options={"crf": "0", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv444p"
        for place, shade in zip(times or range(len(shades)), shades, strict=True):
            frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), shade, np.uint8), format="rgb24")
            frame.pts, frame.time_base = place, Fraction(1, fps)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def by_ffmpeg(path, fps):
    """The frames that FFmpeg's own filter gives."""
    found = []
    with av.open(str(path)) as file:
        graph = av.filter.Graph()
        steps = [graph.add_buffer(template=file.streams.video[0]), graph.add("fps", f"fps={fps}")]
        graph.link_nodes(*steps, graph.add("buffersink")).configure()
        for frame in [*file.decode(video=0), None]:
            graph.push(frame)
            try:
                while True:
                    found.append(graph.pull().to_ndarray(format="rgb24"))
            except (av.BlockingIOError, av.EOFError):
                pass
    return found


@pytest.mark.parametrize("fps", ["43/2", "3", "10", "24000/1001"])
def test_frames_are_repeated_and_left_out_as_ffmpeg_does_it(tmp_path, fps):
    path = film(tmp_path / "a.mp4", range(0, 250, 10), times=[*range(20), 23, 24, 30, 31, 33])
    found, expected = list(decoding.frames(path, Fraction(fps))), by_ffmpeg(path, fps)
    assert len(found) == len(expected)
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))


def test_a_film_is_cut_where_the_caller_wants(tmp_path):
    path = film(tmp_path / "a.mp4", range(30))
    assert len(list(decoding.frames(path, 10, longest_s=1.5))) == 15


def test_the_shortest_film_has_a_frame(tmp_path):
    path = film(tmp_path / "a.mp4", [200], fps=25)
    (frame,) = decoding.frames(path, 1)
    assert frame.shape == (16, 32, 3) and abs(int(frame[0, 0, 0]) - 200) < 3


def test_a_film_that_was_filmed_on_its_side_is_upright(tmp_path):
    path = tmp_path / "a.mp4"
    frame = np.zeros((16, 32, 3), np.uint8)
    frame[:, :16] = 255
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=10, options={"crf": "0"})
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv444p"
        file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        file.mux(stream.encode(None))
    # The matrix of a track that is shown turned by 90 degrees clockwise.
    data, unit = path.read_bytes(), (1 << 16).to_bytes(4, "big")
    still, turned = unit + bytes(12) + unit, bytes(4) + unit + bytes(4) + (-(1 << 16)).to_bytes(4, "big", signed=True)
    place = data.index(still, data.index(b"tkhd"))
    path.write_bytes(data[:place] + turned + bytes(4) + data[place + 20 :])
    (found,) = decoding.frames(path, 10)
    assert found.shape == (32, 16, 3)
    assert found[:16].min() > 250 and found[16:].max() < 5


def test_a_file_without_pictures_is_refused(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"not a film")
    with pytest.raises(decoding.DecodingError):
        list(decoding.frames(tmp_path / "a.mp4", 10))


# In the original a video that could not be read was read forever, and one with a space in its path was not found.
def test_a_film_that_ends_early_is_read_as_far_as_it_goes(tmp_path):
    path = film(tmp_path / "a b%20#1.mkv", [0, 50] * 100, size=(320, 160))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert 0 < len(list(decoding.frames(path, 10))) < 200


def test_a_film_of_which_most_is_damaged_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    with av.open(str(tmp_path / "a.mkv"), "w") as file:
        stream = file.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuvj420p"
        for shade in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((32, 64, 3), shade, np.uint8), format="rgb24")
            for packet in stream.encode(frame):
                if shade > 3:
                    packet.update(rng.bytes(packet.size))
                file.mux(packet)
    with pytest.raises(decoding.DecodingError):
        list(decoding.frames(tmp_path / "a.mkv", 10))


def test_a_time_stamp_far_away_does_not_repeat_a_frame_for_hours(tmp_path):
    path = film(tmp_path / "a.mkv", [0, 100, 200], times=[0, 1, 10_000_000])
    with pytest.raises(decoding.DecodingError, match=r"a frame is shown for 1e\+06 s"):
        list(decoding.frames(path, 21.5))


def test_frames_that_are_too_large_are_refused(tmp_path, monkeypatch):
    path = film(tmp_path / "a.mp4", [0])
    monkeypatch.setattr(decoding, "MOST_PIXELS", 511)
    with pytest.raises(decoding.DecodingError, match="its frames have 32 x 16 pixels, more than 511"):
        list(decoding.frames(path, 10))


@pytest.mark.parametrize("fps", [0, -1, float("nan"), 1001])
def test_a_rate_that_cannot_be_is_refused(tmp_path, fps):
    with pytest.raises(ValueError, match="fps must be"):
        list(decoding.frames(tmp_path / "a.mp4", fps))
