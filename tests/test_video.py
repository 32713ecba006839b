"""Video files: length, size and colours, and what is left when something goes wrong."""

from fractions import Fraction

import av
import numpy as np
import pytest
from plain_model import PlainModel

from core.audio.blocks import Wave
from core.audio.features import Features
from renderer.video import render, timeline, vectors
from renderer.video.loop_files import Gif, Npy
from renderer.video.mp4 import Mp4
from renderer.video.response import Response
from renderer.video.shape import Shape, mirrored, read_ratio, size_at
from renderer.video.timeline import Timeline

RATE = Fraction(22050, 512)


def plain_timeline(frames, rate=RATE):
    noise = np.linspace(-1, 1, frames * 32, dtype=np.float32).reshape(frames, 32)
    weights = np.tile(np.float32([1, 0.25]), (frames, 1))
    return Timeline(noise, weights, (7, 3), rate, 0.6)


def hum(length_s, rate=16000):
    return np.sin(np.arange(round(length_s * rate)) * 0.2).astype(np.float32) * 0.5


def lengths(path):
    """Frames counted by decoding; seconds of picture and of sound as players see them."""
    with av.open(str(path)) as file:
        found = {s.type: float(s.duration * s.time_base) for s in file.streams}
        frames = sum(1 for _ in file.decode(video=0))
    return frames, found["video"], found.get("audio")


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 192000])
@pytest.mark.parametrize("sound_s", [0.5, 2.0, 3.0])
def test_frame_and_sound_are_as_long_as_each_other(tmp_path, rate, sound_s):
    render.write_video(tmp_path / "a.mp4", PlainModel(), plain_timeline(87), Wave(hum(sound_s, rate), rate))
    frames, picture_s, heard_s = lengths(tmp_path / "a.mp4")
    assert frames == 87
    assert picture_s == pytest.approx(87 / float(RATE), abs=1e-3)
    assert heard_s == pytest.approx(picture_s, abs=1 / float(RATE))


def test_the_sound_of_a_video_is_the_song(tmp_path):
    wave = 0.5 * np.sin(np.linspace(0, 170, 30400, dtype=np.float32) ** 2)  # a sweep up to 5 kHz
    render.write_video(tmp_path / "a.mp4", PlainModel(), plain_timeline(87), Wave(wave, 16000))
    with av.open(str(tmp_path / "a.mp4")) as file:
        decoded = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    likeness = np.correlate(decoded[4000:24000], wave[4000:24000], "valid") / np.sum(wave[4000:24000] ** 2)
    assert likeness[0] == pytest.approx(1, abs=0.05)  # one sample late, it would be 0.6


def test_the_video_is_h264_in_yuv420p_with_its_index_first(tmp_path):
    render.write_video(tmp_path / "a.mp4", PlainModel(), plain_timeline(10), Wave(hum(1), 16000))
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(tmp_path / "a.mp4")) as file:
        picture, sound = file.streams.video[0], file.streams.audio[0]
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert sound.codec_context.name == "aac"
        assert picture.average_rate == RATE


def test_colours_survive(tmp_path):
    colours = np.uint8([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [90, 160, 30]]])
    picture = colours.repeat(32, axis=0).repeat(32, axis=1)
    writer = Mp4(tmp_path / "a.mp4", 64, 64, Fraction(30))
    render.write_frames(writer, iter([picture] * 3), 3)
    with av.open(str(tmp_path / "a.mp4")) as file:
        first = next(file.decode(video=0))
    assert (first.colorspace, first.color_range) == (1, 1)  # BT.709, limited: stated, not left to guesses
    planes = first.to_ndarray().astype(float)  # limited range: 16..235 and 16..240
    light, blue, red = planes[:64], planes[64:80].reshape(32, 32), planes[80:].reshape(32, 32)
    light, blue, red = (
        (light[16::32, 16::32] - 16) / 219,
        (blue[8::16, 8::16] - 128) / 224,
        (red[8::16, 8::16] - 128) / 224,
    )
    seen = [light + 1.5748 * red, light - 0.18732 * blue - 0.46812 * red, light + 1.8556 * blue]  # ITU-R BT.709
    assert np.abs(255 * np.stack(seen, axis=-1) - colours).max() <= 6


def test_an_odd_size_is_refused(tmp_path):
    with pytest.raises(ValueError, match="even width and height, not 33 x 32"):
        Mp4(tmp_path / "a.mp4", 32, 33, Fraction(30))


@pytest.mark.parametrize("batch_size", [1, 4, 10, 11, 100])
def test_every_frame_is_rendered_whatever_the_batch(batch_size):
    model, film = PlainModel(), plain_timeline(11)
    painted = list(render.frames(model, film, batch_size))
    expected = [next(PlainModel().render(*batch, 0.6)) for batch in film.batches(1, 40)]
    assert np.array_equal(painted, expected)
    assert max(len(z) for z, _, _ in model.calls) == min(batch_size, 11)
    assert {truncation for _, _, truncation in model.calls} == {0.6}


def test_a_broken_off_video_leaves_nothing_and_the_old_one_stays(tmp_path):
    (tmp_path / "a.mp4").write_text("the one before")

    def stop(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render.write_video(tmp_path / "a.mp4", PlainModel(), plain_timeline(50), Wave(hum(1), 16000), progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_text() == "the one before"


def test_progress_counts_every_frame(tmp_path):
    seen = []
    render.write_video(
        tmp_path / "a.mp4", PlainModel(), plain_timeline(30), progress=lambda *counts: seen.append(counts)
    )
    assert seen == [(done, 30) for done in range(1, 31)]


def test_no_frame_is_kept():
    model = PlainModel()
    frames = render.frames(model, plain_timeline(100), 10)
    next(frames)
    assert len(model.calls) == 1


def test_a_gif_has_all_frames_and_keeps_time(tmp_path):
    from PIL import Image

    writer = Gif(tmp_path / "a.gif", 16, 16, Fraction(30), 31)
    render.write_frames(writer, render.frames(PlainModel(), plain_timeline(31), 8), 31)
    with Image.open(tmp_path / "a.gif") as gif:
        shown_ms = []
        for number in range(gif.n_frames):
            gif.seek(number)
            shown_ms.append(gif.info["duration"])
        assert (gif.n_frames, sum(shown_ms), gif.info["loop"]) == (31, 1030, 0)
        assert set(shown_ms) == {30, 40}


def test_a_gif_of_more_than_50_frames_a_second_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at most 50"):
        Gif(tmp_path / "a.gif", 16, 16, Fraction(60), 10)


def test_an_npy_holds_the_frames_as_they_are(tmp_path):
    writer = Npy(tmp_path / "a.npy", 16, 16, 11)
    render.write_frames(writer, render.frames(PlainModel(), plain_timeline(11), 4), 11)
    assert np.array_equal(np.load(tmp_path / "a.npy"), list(render.frames(PlainModel(), plain_timeline(11), 4)))


@pytest.mark.parametrize(
    ("ratio", "size"),
    [("16:9", (128, 228)), ("1", (128, 128)), ("9/16", (228, 128)), ("4:1", (128, 512)), ("1.5", (128, 192))],
)
def test_sizes_of_ratios_are_even(ratio, size):
    assert size_at(128, read_ratio(ratio)) == size


@pytest.mark.parametrize("text", ["", "wide", "16:0", "11:1", "-1", "16:9:4"])
def test_a_ratio_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="ratio must be"):
        read_ratio(text)


def test_the_mirror_is_the_same_on_both_sides_and_doubles_no_edge():
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3))
    wide = mirrored(picture, 8, 14)
    assert np.array_equal(wide[:, 3:11], picture)
    assert np.array_equal(wide[:, :3], picture[:, 3:0:-1])
    assert np.array_equal(wide[:, 11:], picture[:, 6:3:-1])


@pytest.mark.parametrize("size", [(8, 80), (80, 8)])
def test_a_long_mirror_repeats(size):
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3))
    long = mirrored(picture, *size)
    assert long.shape == (*size, 3)
    axis = size.index(80)
    assert np.array_equal(
        np.flip(long, axis)[36:44, :8] if axis == 0 else np.flip(long, axis)[:8, 36:44], np.flip(picture, axis)
    )


def test_vectors_come_back_as_they_were(tmp_path):
    film = plain_timeline(20)
    vectors.save(tmp_path / "v.npz", film)
    read = vectors.load(tmp_path / "v.npz")
    assert np.array_equal(read.noise, film.noise)
    assert np.array_equal(read.weights, film.weights)
    assert (read.classes, read.rate, read.truncation) == (film.classes, film.rate, film.truncation)


def test_vectors_that_are_none_are_refused(tmp_path):
    (tmp_path / "v.npz").write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match="does not contain the vectors"):
        vectors.load(tmp_path / "v.npz")
    np.savez(
        tmp_path / "w.npz", noise=np.zeros((3, 4)), weights=np.zeros((2, 1)), classes=[1], rate=[1, 1], truncation=1
    )
    with pytest.raises(ValueError, match="do not fit together"):
        vectors.load(tmp_path / "w.npz")


def test_silence_makes_a_video_too(tmp_path):
    silent = Features(RATE, np.zeros(9), np.zeros(9), np.zeros((9, 12)))
    film = timeline.of_song(silent, Response(), (1, 2), np.zeros(32))
    render.write_video(tmp_path / "a.mp4", PlainModel(), film, Wave(np.zeros(3000, np.float32), 16000))
    assert lengths(tmp_path / "a.mp4")[0] == 9


def steps(side=32):
    """A dark left half, a bright right half."""
    return np.where(np.arange(side)[None, :, None] < side // 2, 40, 200).astype(np.uint8).repeat(side, 0).repeat(3, 2)


@pytest.mark.parametrize("fit", ["mirror", "fill", "contain"])
@pytest.mark.parametrize(
    ("size", "shape"), [("320x180", (180, 320, 3)), ("64x128", (128, 64, 3)), ("16:9", (32, 56, 3)), ("", (32, 32, 3))]
)
def test_frames_get_their_size(size, fit, shape):
    assert Shape(size, fit).fitted(32)(steps()).shape == shape
    assert Shape(size, fit).at(32) == shape[:2]


def test_frames_that_keep_their_size_are_not_touched():
    frame = steps()
    assert Shape().fitted(32)(frame) is frame
    assert Shape("32x32").fitted(32)(frame) is frame


def test_contain_has_black_bars_and_fill_and_mirror_have_none():
    frames = {fit: Shape("320x180", fit).fitted(32)(steps()) for fit in ("mirror", "fill", "contain")}
    assert not frames["contain"][:, :70].any() and frames["contain"][:, 72:248].min() > 0
    assert min(frames["mirror"].min(), frames["fill"].min()) > 0
    # Only the edge of the mirrored half comes back on the other side.
    assert frames["fill"][0, 0, 0] < 60 and frames["fill"][0, -1, 0] > 180
    np.testing.assert_array_equal(frames["mirror"][:, 60], frames["mirror"][:, 80])


def test_scaling_is_smooth_and_sharpening_steepens_edges():
    soft, sharp = (Shape("256x256", sharpen=x).fitted(32)(steps())[128, :, 0].astype(int) for x in (0, 2))
    assert np.abs(np.diff(soft)).max() < 60  # 160 if pixels were repeated
    assert np.abs(np.diff(sharp)).max() > 1.3 * np.abs(np.diff(soft)).max()


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"size": "large"}, "size must be like 1280x720 or 16:9, not 'large'"),
        ({"size": "12x"}, "size must be like 1280x720 or 16:9, not '12x'"),
        ({"size": "1281x720"}, "size must have even sides in 16..8192, not '1281x720'"),
        ({"size": "99999x720"}, "size must have even sides in 16..8192"),
        ({"fit": "stretch"}, "fit must be one of mirror, fill, contain, not 'stretch'"),
        ({"sharpen": 9}, r"sharpen must be in 0\.\.4, not 9"),
    ],
)
def test_a_shape_that_is_none_is_refused(values, rule):
    with pytest.raises(ValueError, match=rule):
        Shape(**values)


def test_the_same_frames_give_the_same_bytes(tmp_path):
    blocks = np.random.default_rng(0).integers(0, 255, (80, 100, 3)).astype(np.uint8).repeat(4, 0).repeat(4, 1)

    def encoded(name):
        writer = Mp4(tmp_path / name, 288, 352, Fraction(30))
        for step in range(40):
            writer.write(np.roll(blocks, step, 1)[:288, :352])
        writer.finish()
        return (tmp_path / name).read_bytes()

    first = encoded("0.mp4")
    assert all(encoded(f"{number}.mp4") == first for number in range(1, 6))
