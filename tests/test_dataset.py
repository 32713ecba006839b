"""The dataset format, against files that the course's own script made."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gansynth.dataset import note_import, records
from gansynth.dataset.records import FAMILIES, Labels, Note

SMALL = Path(__file__).parent / "data" / "dataset_small"


def notes(*names, length=100):
    rng = np.random.default_rng(1)
    return [Note(name, Labels("x", 60), rng.uniform(-1, 1, length).astype(np.float32)) for name in names]


def by_name(folder):
    return {note.name: note for note in records.read(folder)}


def test_the_courses_records_hold_16_bit_values_over_32767():
    for name, note in by_name(SMALL).items():
        values, _ = soundfile.read(SMALL / "samples" / f"{name}.wav", dtype="int16")
        assert np.array_equal(note.audio, (values / 32767).astype(np.float32))


def test_the_courses_samples_give_the_courses_dataset(tmp_path):
    files = note_import.find(SMALL / "samples")
    records.write(tmp_path, note_import.read(files, 16000, 64000))
    ours, theirs = by_name(tmp_path), by_name(SMALL)
    assert ours.keys() == theirs.keys()
    for name, note in theirs.items():
        assert ours[name].labels == note.labels
        assert np.array_equal(ours[name].audio, note.audio)
    assert json.loads((tmp_path / "meta.json").read_text()) == json.loads((SMALL / "meta.json").read_text())


def test_records_have_the_courses_features_types_and_sizes(tmp_path):
    import tensorflow as tf

    files = note_import.find(SMALL / "samples")
    records.write(tmp_path, note_import.read(files, 16000, 64000))

    def features(folder):
        (record, *_) = tf.data.TFRecordDataset(str(folder / "data.tfrecord"))
        found = tf.train.Example.FromString(record.numpy()).features.feature
        lists = {name: getattr(value, value.WhichOneof("kind")) for name, value in found.items()}
        return {name: (type(values), len(values.value)) for name, values in lists.items()}

    assert features(tmp_path) == features(SMALL)


def test_labels_survive_writing_and_reading(tmp_path):
    labels = Labels("horn", 48, 2, 1, (1, 0, 0, 0, 0, 0, 0, 0, 1, 0))
    records.write(tmp_path, [Note("horn_48", labels, np.zeros(8, np.float32))])
    (note,) = records.read(tmp_path)
    assert note.labels == labels
    assert records.read_labels(tmp_path) == {"horn_48": labels}


def test_notes_come_back_in_order(tmp_path):
    records.write(tmp_path, notes("c_60", "a_60", "b_60"))
    assert [note.name for note in records.read(tmp_path)] == ["c_60", "a_60", "b_60"]


def test_families_stand_at_nsynths_numbers():
    assert (FAMILIES.index("guitar"), FAMILIES.index("vocal"), len(FAMILIES)) == (3, 10, 11)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"pitch": 128}, r"pitch must be in 0\.\.127, not 128"),
        ({"pitch": 60.5}, "pitch must be a whole number, not 60.5"),
        ({"pitch": 60, "source": 3}, r"source must be in 0\.\.2"),
        ({"pitch": 60, "family": -1}, r"family must be in 0\.\.10"),
        ({"pitch": 60, "qualities": (1, 0)}, "qualities must be 10 values of 0 or 1"),
    ],
)
def test_labels_out_of_range_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        Labels("x", **wrong)


@pytest.mark.parametrize("name", ["data.tfrecord", "meta.json"])
def test_a_dataset_is_never_overwritten(tmp_path, name):
    (tmp_path / name).write_text("precious")
    with pytest.raises(FileExistsError, match=f"{name} exists already"):
        records.write(tmp_path, notes("a_60"))
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "precious")]


def test_ctrl_c_leaves_nothing(tmp_path):
    def interrupted():
        yield from notes("a_60")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        records.write(tmp_path / "new", interrupted())
    assert not list(tmp_path.iterdir())


def test_ctrl_c_leaves_what_was_there(tmp_path):
    def interrupted():
        raise KeyboardInterrupt
        yield

    (tmp_path / "samples").mkdir()
    with pytest.raises(KeyboardInterrupt):
        records.write(tmp_path, interrupted())
    assert [path.name for path in tmp_path.iterdir()] == ["samples"]


def test_two_notes_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="two notes are named 'a_60'"):
        records.write(tmp_path / "new", notes("a_60", "a_60"))


def test_notes_of_different_lengths_are_refused(tmp_path):
    with pytest.raises(ValueError, match="b_60 has 50 samples; the notes before have 100"):
        records.write(tmp_path / "new", notes("a_60") + notes("b_60", length=50))


def test_a_dataset_of_no_notes_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one note"):
        records.write(tmp_path / "new", [])
    assert not list(tmp_path.iterdir())


@pytest.fixture
def small(tmp_path):
    """A dataset that may be damaged."""
    records.write(tmp_path / "small", notes("a_60", "b_60"))
    return tmp_path / "small"


def read_error(folder):
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        list(records.read(folder))
    return str(caught.value)


def test_records_that_end_early_are_named(small):
    whole = (small / "data.tfrecord").read_bytes()
    (small / "data.tfrecord").write_bytes(whole[:-7])
    assert "data.tfrecord is damaged" in read_error(small)
    (small / "data.tfrecord").write_bytes(whole[: len(whole) // 2])
    assert "data.tfrecord ends before b_60" in read_error(small)


def test_a_flipped_bit_is_found(small):
    content = bytearray((small / "data.tfrecord").read_bytes())
    content[100] ^= 1
    (small / "data.tfrecord").write_bytes(content)
    assert "data.tfrecord is damaged" in read_error(small)


def test_a_meta_file_of_another_dataset_is_found(small):
    meta = json.loads((small / "meta.json").read_text())
    meta["b_60"]["pitch"] = 61
    (small / "meta.json").write_text(json.dumps(meta))
    assert "do not list the same notes: b_60" in read_error(small)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "meta.json is not valid JSON"),
        ("[]", "must hold a JSON object"),
        ('{"a_60": {"pitch": 60}}', "a_60: 'instrument_str' is missing"),
        ('{"a_60": 3}', "a_60: its labels are of the wrong type"),
    ],
)
def test_a_damaged_meta_file_is_named(small, text, words):
    (small / "meta.json").write_text(text)
    assert words in read_error(small)


@pytest.mark.parametrize("name", ["data.tfrecord", "meta.json"])
def test_a_missing_file_is_named(small, name):
    (small / name).unlink()
    assert f"there is no {small / name}" in read_error(small)
