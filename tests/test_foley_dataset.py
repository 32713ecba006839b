"""Clips to train sounds for pictures on: the rule, the sounds that follow it, the folder, clips of films."""

import json
import os

import av
import numpy as np
import pytest

from core.audio.sound_files import BadFileError
from scripts import specvqgan_dataset
from specvqgan.dataset import clips, folder, rule, videos
from specvqgan.dataset.folder import HELD_OUT, TRAIN, ClipFormat, Entry
from specvqgan.dataset.made_clips import ClipMaker
from specvqgan.dataset.moving_pictures import PATH, render
from specvqgan.dataset.note_bank import NoteBank
from specvqgan.features import extractors, frame_features
from specvqgan.mel.spectrogram import clip_spectrogram

RATE, MOMENTS, FRAMES = 22050, 24, 192
FORM = ClipFormat(RATE, FRAMES, 256, 80, MOMENTS, frame_features.DEPTH, frame_features.NAME, rule.NAMES)


class Patches:
    """An image model: a grey square, a red one and a blue one; z moves and lights it."""

    name, size, z_size, num_classes, class_names = "patches", 32, 2, 3, ("fire", "dunes", "rings")

    def draw(self, rng, count, truncation):
        return rng.standard_normal((count, 2)).astype(np.float32)

    def render(self, z, classes, truncation):
        for one, label in zip(z, classes.argmax(1), strict=True):
            frame = np.zeros((32, 32, 3), np.uint8)
            left = int(np.clip(8 + 6 * one[0], 0, 20))
            frame[8:24, left : left + 12] = np.uint8([[90, 90, 90], [220, 20, 20], [20, 20, 220]])[label]
            yield frame


def square(colour, size=64):
    return np.broadcast_to(np.uint8(colour), (size, size, 3))


def notes_of(pictures, family=1):
    features = frame_features.measure(np.stack(pictures))
    return rule.notes(features, [family] * len(pictures), [0] * len(pictures))


def tone(hertz, seconds=3.0):
    times = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * hertz * partial * times) / partial for partial in range(1, 20)).astype(np.float32)


@pytest.fixture(scope="module")
def instruments():
    pitches = [220.0 * 2 ** (step / 12) for _, step in rule.HUES]
    return NoteBank(RATE, [[[tone(hertz) for hertz in pitches]] for _ in rule.FAMILIES])


@pytest.fixture(scope="module")
def maker(instruments):
    bank = render([Patches()], 6, 0)
    return ClipMaker(bank, instruments, FORM, extractors.find("frames"), spectrogram, seed=3)


def spectrogram(wave):
    return clip_spectrogram(wave, len(wave), len(wave) // 256)


@pytest.mark.parametrize(("colour", "row"), [("red", 0), ("yellow", 1), ("green", 2), ("blue", 3), ("violet", 4)])
def test_a_hue_has_its_pitch(colour, row):
    rgb = {
        "red": (200, 0, 0),
        "yellow": (200, 190, 0),
        "green": (0, 200, 30),
        "blue": (0, 60, 200),
        "violet": (190, 0, 200),
    }
    (note,) = notes_of([square(rgb[colour])] * 3)
    assert note.hue == row


def test_a_lighter_picture_sounds_brighter(instruments):
    def centre(grey):
        (note,) = notes_of([square((grey, grey, grey))] * 3)
        power = np.abs(np.fft.rfft(instruments.note(0, 0, 0, note.light))) ** 2
        return (power * np.arange(len(power))).sum() / power.sum()

    assert centre(20) < centre(60) < centre(200)


def test_a_black_picture_is_silent():
    assert notes_of([square((0, 0, 0))] * 5) == []


def test_a_cut_begins_a_note_when_it_is_seen(instruments):
    pictures = [square((200, 0, 0))] * 12 + [square((0, 0, 200))] * 12
    features = frame_features.measure(np.stack(pictures))
    notes = rule.notes(features, [2] * 24, [0] * 24)
    made = clips.Clip(np.stack(pictures), features, notes, 2, "cut", "fire")
    wave = clips.wave(made, instruments, FORM.rate, FORM.samples)
    before, after = (
        np.abs(np.fft.rfft(part[:8192])) for part in (wave[: FORM.samples // 2], wave[FORM.samples // 2 + 3000 :])
    )
    blue = 220.0 * 2 ** (7 / 12)
    assert before.argmax() * RATE / 8192 == pytest.approx(220, abs=3)
    assert after.argmax() * RATE / 8192 == pytest.approx(blue, abs=3)


def test_a_clip_without_notes_is_silence(instruments):
    made = clips.Clip(np.zeros((4, 64, 64, 3), np.uint8), np.zeros((4, frame_features.DEPTH)), [], 0, "still", "fire")
    assert not clips.wave(made, instruments, 4.0, 1000).any()


def test_the_class_of_a_picture_gives_the_family(maker):
    made = [maker.clip(HELD_OUT, number)[0] for number in range(12)]
    assert {(one.picture, rule.NAMES[one.family]) for one in made} <= {
        ("fire", "drums"),
        ("dunes", "flute"),
        ("rings", "plucked"),
    }


def test_a_clip_follows_from_its_number(maker):
    first, second = (next(iter(maker.entries(TRAIN, 1))) for _ in range(2))
    np.testing.assert_array_equal(first.wave, second.wave)
    np.testing.assert_array_equal(first.features, second.features)


def test_held_out_clips_show_other_pictures(maker):
    assert not set(maker.paths(TRAIN)) & set(maker.paths(HELD_OUT))


def test_an_image_model_without_classes_is_refused():
    model = Patches()
    model.num_classes, model.class_names = 0, ()
    with pytest.raises(ValueError, match="patches has no classes"):
        render([model], 2, 0)


def test_paths_end_where_they_begin():
    paths = render([Patches()], 1, 0).paths
    assert paths.shape == (3, 1, PATH, 64, 64, 3)
    steps = np.abs(np.diff(paths.astype(float), axis=2, append=paths[:, :, :1])).mean((3, 4, 5))
    assert steps[:, :, -1].max() <= steps.max() + 1e-9 and steps.max() < 40


def entries(count):
    rng = np.random.default_rng(0)
    for number in range(count):
        wave = rng.uniform(-1, 1, FORM.samples)
        yield Entry(
            rng.random((MOMENTS, frame_features.DEPTH)), rng.random((80, FRAMES)), wave, number % 6, number % 2 == 0
        )


@pytest.fixture
def written(tmp_path):
    with folder.writing(tmp_path / "data", FORM, seed=1) as writer:
        writer.write(TRAIN, entries(4), 7)
        writer.write(HELD_OUT, entries(2), 2)
    return tmp_path / "data"


def test_a_dataset_is_read_as_it_was_written(written):
    assert folder.read_format(written) == FORM
    read = folder.read(written, TRAIN)
    assert len(read) == 4
    first = next(iter(entries(1)))
    np.testing.assert_allclose(read.wave(0), first.wave, atol=1e-4)
    np.testing.assert_allclose(read.mels[0], first.mel, atol=1e-3)
    assert read.asked.tolist() == [True, False, True, False]


def test_a_damaged_array_is_named(written):
    path = written / TRAIN / "mels.npy"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"mels\.npy is damaged"):
        folder.read(written, TRAIN)


def test_a_damaged_header_is_refused_in_a_sentence(written):
    path = written / "train" / "mels.npy"
    path.write_bytes(path.read_bytes().replace(b"}", b" ", 1))
    with pytest.raises(ValueError, match=r"mels\.npy is damaged"):
        folder.read(written, "train")


def test_an_array_that_is_a_pipe_is_refused_at_once(written):
    path = written / "train" / "mels.npy"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ValueError, match="regular file"):
        folder.read(written, "train")


def test_a_pickled_array_is_refused(written):
    np.save(written / TRAIN / "labels.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"labels\.npy is damaged"):
        folder.read(written, TRAIN)


def test_labels_beyond_the_classes_are_refused(written):
    np.save(written / TRAIN / "labels.npy", np.full(4, 6, np.int32))
    with pytest.raises(ValueError, match=r"labels must be in 0\.\.5"):
        folder.read(written, TRAIN)


def test_a_folder_without_clips_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="not a dataset of clips"):
        folder.read_format(tmp_path)


def film(path, seconds, hertz, grey):
    """A film of grey frames with a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        pictures = file.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 32
        pictures.pix_fmt = "yuv420p"
        sound = file.add_stream("aac", rate=RATE, layout="mono")
        for number in range(round(10 * seconds)):
            frame = np.full((32, 32, 3), grey if number % 10 < 5 else 255 - grey, np.uint8)
            for packet in pictures.encode(av.VideoFrame.from_ndarray(frame, "rgb24")):
                file.mux(packet)
        wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], "fltp", "mono")
        frame.sample_rate = RATE
        for packet in [*sound.encode(frame), *sound.encode(None), *pictures.encode(None)]:
            file.mux(packet)


def test_films_become_clips_of_their_own_sound(tmp_path):
    film(tmp_path / "films" / "dogs" / "a.mp4", 5.0, 440, 30)
    film(tmp_path / "films" / "cats" / "b.mp4", 2.3, 880, 200)
    words = [str(tmp_path / "out"), "--videos", str(tmp_path / "films"), "--frames", "192"]
    assert specvqgan_dataset.main(words) == 0
    form = folder.read_format(tmp_path / "out")
    assert form.classes == ("cats", "dogs") and form.moments == 24
    parts = [folder.read(tmp_path / "out", part) for part in (TRAIN, HELD_OUT)]
    both = {int(part.labels[0]): part for part in parts}
    assert len(both[0]) == 1 and len(both[1]) == 2
    for label, hertz in ((0, 880), (1, 440)):
        power = np.abs(np.fft.rfft(both[label].wave(0)[4096:20480]))
        assert power.argmax() * RATE / 16384 == pytest.approx(hertz, abs=3)
        pulses = both[label].features[0][:, frame_features.column("motion")][:, -1]
        assert np.count_nonzero(pulses[1:]) >= 3
        assert both[label].asked.all()


def test_a_film_that_cannot_be_read_is_named(tmp_path):
    film(tmp_path / "a.mp4", 1.0, 440, 30)
    (tmp_path / "b.mp4").write_bytes(b"nothing")
    with pytest.raises(BadFileError, match=r"b\.mp4"):
        videos.find(tmp_path, RATE, FORM.samples)


def test_one_film_alone_is_not_enough():
    with pytest.raises(ValueError, match="at least two films"):
        videos.divided([videos.Film(videos.Path("a.mp4"), 0, 3)], 0)


def test_a_length_that_no_grid_has_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        specvqgan_dataset.main([str(tmp_path / "out"), "--videos", str(tmp_path), "--frames", "100"])
    assert "must be a multiple of 16, not '100'" in capsys.readouterr().err


def test_the_settings_of_a_dataset_are_plain_json(written):
    assert json.loads((written / "dataset.json").read_text())["seed"] == 1
