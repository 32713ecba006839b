"""TFRecord files and examples, held against TensorFlow."""

import io
import os
import random

import numpy as np
import pytest
import tensorflow as tf

from core.formats import tfrecord
from gansynth.dataset import records
from tests.conftest import DATA

RECORDS = DATA / "dataset_small" / "data.tfrecord"
FEATURES = {
    "audio": np.float32([0.5, -1e-30, np.inf]),
    "whole": np.array([0, 1, -1, 2**62, -(2**63), 300]),
    "words": [b"ice", b"", b"\xff" * 300],
    "no numbers": np.zeros(0, np.float32),
    "no whole numbers": np.zeros(0, np.int64),
}


def example_of_tensorflow(features):
    def feature(value):
        if isinstance(value, list):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=value))
        if value.dtype.kind == "i":
            return tf.train.Feature(int64_list=tf.train.Int64List(value=value))
        return tf.train.Feature(float_list=tf.train.FloatList(value=value))

    return tf.train.Example(
        features=tf.train.Features(feature={name: feature(value) for name, value in features.items()})
    )


def same(a, b):
    if isinstance(a, list):
        return a == b
    return a.dtype == b.dtype and np.array_equal(a, b)


def test_an_example_has_tensorflows_bytes():
    theirs = example_of_tensorflow(FEATURES).SerializeToString(deterministic=True)
    assert tfrecord.encode_example(FEATURES) == theirs


def test_an_example_of_tensorflow_is_decoded():
    found = tfrecord.decode_example(example_of_tensorflow(FEATURES).SerializeToString())
    assert found.keys() == FEATURES.keys()
    assert all(same(found[name], value) for name, value in FEATURES.items())


def test_numbers_that_are_not_packed_are_decoded():
    floats = b"".join(b"\x0d" + np.float32(value).tobytes() for value in (1, 2))
    feature = b"\x12" + bytes([len(floats)]) + floats
    entry = b"\x0a\x01a\x12" + bytes([len(feature)]) + feature
    features = b"\x0a" + bytes([len(entry)]) + entry
    assert tfrecord.decode_example(b"\x0a" + bytes([len(features)]) + features)["a"].tolist() == [1, 2]


def test_a_file_has_tensorflows_bytes(tmp_path):
    file, data = io.BytesIO(), [b"", b"a", bytes(1000)]
    with tf.io.TFRecordWriter(str(tmp_path / "theirs")) as writer:
        for record in data:
            tfrecord.write(file, record)
            writer.write(record)
    assert file.getvalue() == (tmp_path / "theirs").read_bytes()
    assert list(tfrecord.read(tmp_path / "theirs")) == data


def test_the_courses_records_are_those_that_tensorflow_reads():
    theirs = [record.numpy() for record in tf.data.TFRecordDataset(str(RECORDS))]
    assert list(tfrecord.read(RECORDS)) == theirs
    for record in theirs:
        found = tf.train.Example.FromString(record).features.feature
        assert same(tfrecord.decode_example(record)["audio"], np.float32(found["audio"].float_list.value))


def test_tensorflow_reads_the_notes_that_we_write(tmp_path):
    notes = list(records.read(RECORDS.parent))
    records.write(tmp_path / "new", notes)
    features = {
        "audio": tf.io.FixedLenFeature([64000], tf.float32),
        "pitch": tf.io.FixedLenFeature([1], tf.int64),
        "qualities": tf.io.FixedLenFeature([10], tf.int64),
    }
    for record, note in zip(tf.data.TFRecordDataset(str(tmp_path / "new" / "data.tfrecord")), notes, strict=True):
        found = tf.io.parse_single_example(record, features)
        assert np.array_equal(found["audio"].numpy(), note.audio)
        assert (*found["pitch"].numpy(), *found["qualities"].numpy()) == (note.labels.pitch, *note.labels.qualities)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"short", "it ends in the middle of a record"),
        (bytes(16), "the checksum of a length is wrong"),
        ((2**62).to_bytes(8, "little") + tfrecord._checksum((2**62).to_bytes(8, "little")) + bytes(4), "in the middle"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(tmp_path, content, words):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError, match=rf"a is damaged: .*{words}.* \(record 1\)"):
        list(tfrecord.read(tmp_path / "a"))


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "a")
    with pytest.raises(ValueError, match="is not a regular file"):
        list(tfrecord.read(tmp_path / "a"))


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ({}, "pitch must be 1 whole number"),
        ({"pitch": np.array([60, 61])}, "pitch must be 1 whole number"),
        ({"pitch": np.float32([60])}, "pitch must be 1 whole number"),
        ({"pitch": [b"60"]}, "pitch must be 1 whole number"),
    ],
)
def test_a_record_without_its_labels_is_refused(tmp_path, features, words):
    (tmp_path / "meta.json").write_text("{}")
    with (tmp_path / "data.tfrecord").open("wb") as file:
        tfrecord.write(file, tfrecord.encode_example(features))
    with pytest.raises(ValueError, match=f"data.tfrecord is damaged: {words}"):
        list(records.read(tmp_path))


def test_two_thousand_damaged_examples_give_features_or_one_sentence():
    rng = random.Random(1)
    whole = tfrecord.encode_example(FEATURES)
    for _ in range(2000):
        damaged = bytearray(whole[: rng.randrange(len(whole))] if rng.randrange(2) else whole)
        for _ in range(rng.randint(1, 4) if damaged else 0):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            tfrecord.decode_example(bytes(damaged))
        except ValueError as error:
            assert "\n" not in str(error)
