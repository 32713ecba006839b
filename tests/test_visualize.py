"""`hallu visualize` from job to files: what each parameter does, what is repeated, what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from plain_model import PlainModel

from renderer.classes import draw, find
from renderer.video import manifest, vectors, visualize
from renderer.video.response import Response
from renderer.video.visualize import Lyrics, VideoJob

RATE = 22050


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    """Two seconds of a melody with a beat, stereo at 44.1 kHz."""
    time = np.arange(2 * 44100) / 44100
    melody = np.sin(2 * np.pi * np.where(time < 1, 261.63, 329.63) * time) * np.exp(-4 * (time % 0.5))
    path = tmp_path_factory.mktemp("song") / "my.song.wav"
    soundfile.write(path, 0.5 * np.stack([melody, melody], axis=1), 44100)
    return path


@pytest.fixture
def job(song, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.npz").write_bytes(b"weights")
    return VideoJob(song, tmp_path / "out" / "film.mp4", folder, seed=5)


def make(job, memory=None):
    model = PlainModel()
    visualize.make(job, lambda folder: model, memory)
    return model


def pictures(path):
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def manifest_of(job):
    return json.loads(job.out.with_suffix(".json").read_text())


def test_a_video_has_the_length_of_its_song(job):
    make(job)
    with av.open(str(job.out)) as file:
        seconds = {stream.type: float(stream.duration * stream.time_base) for stream in file.streams}
    assert seconds == {"video": pytest.approx(2, abs=512 / RATE), "audio": pytest.approx(2, abs=512 / RATE)}
    assert len(pictures(job.out)) == manifest_of(job)["film"]["frames"] == -(-2 * RATE // 512)


def test_the_manifest_says_all_of_it(job):
    make(job)
    record = manifest_of(job)
    assert record["parameters"]["seed"] == 5
    assert record["parameters"]["response"]["pitch_sensitivity"] == 220
    assert len(record["classes"]) == 12
    assert record["classes"][0]["name"] == f"thing {record['classes'][0]['number']}"
    assert record["model"]["sha256"] == manifest.folder_checksum(job.model)
    assert {"python", "numpy", "av"} <= set(record["versions"])


def test_a_manifest_makes_the_same_video_again(job, tmp_path):
    make(replace(job, num_classes=5, response=Response(jitter=0.3, truncation=0.4)))
    again = visualize.repeated(job.out.with_suffix(".json"), tmp_path / "again.mp4")
    make(again)
    assert again.out.read_bytes() == job.out.read_bytes()
    first, second = (vectors.load(path.with_suffix(".npz")) for path in (job.out, again.out))
    assert np.array_equal(first.noise, second.noise)
    assert np.array_equal(first.weights, second.weights)


def test_another_seed_makes_another_video(job):
    first = make(job).calls[0][0]
    assert not np.array_equal(first, make(replace(job, seed=6)).calls[0][0])


def test_a_changed_model_is_told(job, caplog):
    make(job)
    (job.model / "weights.npz").write_bytes(b"other weights")
    visualize.repeated(job.out.with_suffix(".json"))
    assert "has changed since" in caplog.text


def test_a_short_video_is_the_beginning_of_the_long_one(job, tmp_path):
    make(job)
    short = replace(job, duration_s=0.7, out=tmp_path / "short.mp4")
    make(short)
    count = manifest_of(short)["film"]["frames"]
    assert count == -(-0.7 * RATE // 512)
    difference = pictures(short.out).astype(int) - pictures(job.out)[:count]
    assert np.abs(difference).mean() < 1  # but for the encoder
    assert np.array_equal(
        vectors.load(short.out.with_suffix(".npz")).noise, vectors.load(job.out.with_suffix(".npz")).noise
    )


def test_saved_vectors_are_rendered_in_full_after_a_short_video(job, tmp_path):
    memory = tmp_path / "memory"
    make(replace(job, duration_s=0.5), memory)
    full = replace(job, out=tmp_path / "full.mp4", vectors=visualize.last_vectors(memory, job.out))
    make(full)
    expected = replace(job, out=tmp_path / "expected.mp4")
    make(expected)
    assert full.out.read_bytes() == expected.out.read_bytes()
    again = visualize.repeated(full.out.with_suffix(".json"), tmp_path / "again.mp4")
    make(again)
    assert again.out.read_bytes() == expected.out.read_bytes()


def test_the_last_classes_come_back(job, tmp_path):
    make(job, tmp_path / "memory")
    numbers = visualize.last_classes(tmp_path / "memory", job.out)
    other = replace(job, seed=77, classes=numbers)
    make(other)
    assert [one["number"] for one in manifest_of(other)["classes"]] == list(map(int, numbers))


def test_what_was_last_is_also_found_beside_the_video(job, tmp_path):
    make(job)
    nowhere = tmp_path / "memory"
    assert visualize.last_vectors(nowhere, job.out) == job.out.with_suffix(".npz")
    assert len(visualize.last_classes(nowhere, job.out)) == 12
    with pytest.raises(FileNotFoundError, match="there is no last video"):
        visualize.last_classes(nowhere, tmp_path / "other.mp4")


def test_saved_vectors_of_a_shorter_song_are_refused(job, tmp_path):
    make(job)
    held = vectors.load(job.out.with_suffix(".npz"))
    vectors.save(tmp_path / "short.npz", held.first(20))
    with pytest.raises(ValueError, match=r"the saved vectors are for 20 frames; .*my\.song\.wav needs 87"):
        make(replace(job, vectors=tmp_path / "short.npz"))


def test_saved_vectors_of_another_model_are_refused(job):
    make(job)
    small = PlainModel()
    small.z_size = 8
    with pytest.raises(ValueError, match="the saved vectors have 32 values"):
        visualize.make(replace(job, vectors=job.out.with_suffix(".npz")), lambda folder: small)


def test_classes_by_name_and_number_are_the_only_ones_rendered(job):
    model = make(replace(job, classes=("thing 30", "2", "thing_11")))
    used = np.flatnonzero(np.concatenate([classes for _, classes, _ in model.calls]).any(axis=0))
    assert used.tolist() == [2, 11, 30]


def test_the_truncation_reaches_the_model_and_bounds_the_noise(job):
    model = make(replace(job, response=Response(truncation=0.3)))
    assert {truncation for _, _, truncation in model.calls} == {0.3}
    assert max(np.abs(z).max() for z, _, _ in model.calls) <= np.float32(0.6)


DIALS = {
    "pitch_sensitivity": 290,
    "tempo_sensitivity": 0.6,
    "jitter": 0.1,
    "truncation": 0.5,
    "smooth_factor": 11,
    "depth": 0.3,
    "mix": "peak",
    "sort_by_power": True,
    "frame_length": 1024,
}


@pytest.fixture(scope="module")
def plain_vectors(song, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    job = VideoJob(song, folder / "film.mp4", folder, seed=5)
    make(job)
    return vectors.load(folder / "film.npz")


@pytest.mark.parametrize("name", DIALS)
def test_every_dial_has_an_effect(job, plain_vectors, name):
    make(replace(job, response=Response(**{name: DIALS[name]})))
    turned = vectors.load(job.out.with_suffix(".npz"))
    same_noise = np.array_equal(plain_vectors.noise, turned.noise)
    assert not (same_noise and np.array_equal(plain_vectors.weights, turned.weights))


@pytest.mark.parametrize("batch_size", [1, 7, 20, 1000])
def test_the_batch_size_changes_how_many_are_rendered_at_once_and_nothing_else(job, batch_size):
    model = make(replace(job, batch_size=batch_size))
    assert len(model.calls[0][0]) == min(batch_size, 87)
    assert manifest_of(job)["film"]["frames"] == 87


@pytest.mark.parametrize("count", [1, 3, 12])
def test_num_classes_is_how_many_are_drawn(job, count):
    make(replace(job, num_classes=count))
    assert len({one["number"] for one in manifest_of(job)["classes"]}) == count


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"num_classes": 13}, "num_classes must be in 1..12, not 13"),
        ({"num_classes": 2, "classes": ("1",)}, "num_classes is 2, but 1 classes are given"),
        ({"batch_size": 0}, "batch_size must be in 1..1024"),
        ({"duration_s": 0}, "duration must be above 0 seconds"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"out": Path("a.mp4"), "song": Path("b/../a.mp4")}, "would overwrite its song"),
        ({"classes": ("1",), "lyrics": Lyrics("x")}, "exclude each other"),
    ],
)
def test_a_job_that_breaks_a_rule_is_refused(job, changes, rule):
    with pytest.raises(ValueError, match=rule):
        replace(job, **changes)


def test_a_song_far_beyond_full_scale_is_refused_by_its_name(job, tmp_path):
    soundfile.write(tmp_path / "loud.wav", np.full(44100, 1e30), 44100, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"a value of .*loud.wav is 1e\+30; full scale is 1"):
        make(replace(job, song=tmp_path / "loud.wav"))


def test_a_video_that_is_broken_off_leaves_nothing(job):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        visualize.make(job, lambda folder: PlainModel(), progress=stop)
    assert not list(job.out.parent.iterdir())


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}', '{"format": "hallu film", "version": 9}'])
def test_what_is_no_manifest_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=r"not (a|the) manifest|has version 9"):
        visualize.repeated(tmp_path / "a.json")


def test_a_model_checksum_sees_weights_and_neither_pages_nor_directions(tmp_path):
    (tmp_path / "weights.npz").write_bytes(b"1")
    first = manifest.folder_checksum(tmp_path)
    (tmp_path / "README.md").write_text("words")
    np.savez(tmp_path / "model_gen_z.npz", comp=np.zeros(3))
    assert manifest.folder_checksum(tmp_path) == first
    (tmp_path / "weights.npz").write_bytes(b"2")
    assert manifest.folder_checksum(tmp_path) != first


NAMES = ("tench, Tinca tinca", "great white shark", "tiger shark", "Siamese cat", "tiger cat")


@pytest.mark.parametrize(
    ("wanted", "number"), [("0", 0), ("Tinca tinca", 0), ("TENCH", 0), ("siamese_cat", 3), ("great", 1), (4, 4)]
)
def test_classes_are_found_by_number_name_or_part(wanted, number):
    assert find([wanted], NAMES) == (number,)


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        (["tiger"], "could be 2 tiger shark, 4 tiger cat; give its number"),
        (["tiger sharc"], "did you mean tiger shark"),
        (["zzz"], "the model has no class 'zzz'$"),
        (["5"], "class must be in 0..4, not 5"),
        (["-1"], "class must be in 0..4, not -1"),
        (["tench", "0"], r"class 0 \(tench, Tinca tinca\) is given twice"),
    ],
)
def test_classes_that_are_not_clear_are_refused(wanted, rule):
    with pytest.raises(ValueError, match=rule):
        find(wanted, NAMES)


def test_no_more_classes_are_drawn_than_there_are():
    rng = np.random.default_rng(0)
    assert sorted(draw(5, rng)) == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="num_classes is 6, but the model has only 5"):
        draw(5, rng, 6)


@pytest.mark.parametrize("strategy", [None, "best"])
def test_lyrics_choose_the_classes_of_a_video(job, tmp_path, monkeypatch, strategy):
    (tmp_path / "words.txt").write_text("[Verse]\nthing 7 thing 7\nthing 30\n")
    asked = []

    def spelling(texts):  # how often each number from 0 to 39 is in a text
        return np.array([[text.split().count(str(number)) for number in range(40)] for text in texts], float)

    monkeypatch.setitem(visualize.ENCODERS, "sbert", lambda: asked.append("sbert") or spelling)
    make(replace(job, num_classes=2, lyrics=Lyrics(tmp_path / "words.txt", strategy=strategy)))
    assert {one["number"] for one in manifest_of(job)["classes"]} == {7, 30}
    assert asked == ["sbert"]
    again = visualize.repeated(job.out.with_suffix(".json"), tmp_path / "again.mp4")
    before = make(replace(job, num_classes=2, lyrics=Lyrics(tmp_path / "words.txt", strategy=strategy))).calls
    after = make(again).calls
    assert all(np.array_equal(one[0], other[0]) for one, other in zip(before, after, strict=True))
