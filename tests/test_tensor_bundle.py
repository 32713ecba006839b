"""TensorFlow's checkpoints, read and written without it: the same arrays, the same bytes."""

import os
import random
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from core.formats import checkpoint_files, messages, snappy, sstable, tensor_bundle
from core.formats.checksum import masked_crc
from core.formats.protobuf import encode, to_varint
from tests.conftest import DATA

PREFIXES = [path.with_suffix("") for path in sorted(DATA.rglob("*.index")) if "found" not in path.parts]
INDEX, SHARD = ".index", ".data-00000-of-00001"
# The type's number of a float32, and the masked checksum of four zero bytes.
FLOAT32, FOUR_ZEROS = 1, masked_crc(bytes(4))


def save_with_tensorflow(prefix, tensors, slices=""):
    names = sorted(tensors)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[slices] * len(names),
        tensors=[tf.constant(tensors[name]) for name in names],
    )


def same(ours, theirs):
    theirs = np.asarray(theirs)
    if ours.dtype == object:
        return ours.tolist() == theirs.tolist()
    return ours.dtype == theirs.dtype and ours.shape == theirs.shape and ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("prefix", PREFIXES, ids=lambda prefix: prefix.parent.parent.name)
def test_real_checkpoints_give_the_arrays_that_tensorflow_reads(prefix):
    ours, theirs = tensor_bundle.Reader(prefix), tf.train.load_checkpoint(str(prefix))
    assert ours.names == sorted(theirs.get_variable_to_shape_map())
    for name in ours.names:
        assert same(ours.read(name), theirs.get_tensor(name)), name


@pytest.mark.parametrize("prefix", PREFIXES, ids=lambda prefix: prefix.parent.parent.name)
def test_a_checkpoint_written_again_has_tensorflows_bytes(prefix, tmp_path):
    reader = tensor_bundle.Reader(prefix)
    numbers = {name: reader.read(name) for name in reader.names if not reader.dtype(name).hasobject}
    tensor_bundle.write(tmp_path / "ours", numbers)
    save_with_tensorflow(tmp_path / "theirs", numbers)
    for suffix in (INDEX, SHARD):
        assert (tmp_path / f"ours{suffix}").read_bytes() == (tmp_path / f"theirs{suffix}").read_bytes()


def every_kind():
    rng = np.random.default_rng(0)
    kinds = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "c16", "?"]
    arrays = {kind: rng.integers(0, 2, (3, 4)).astype(kind) for kind in kinds}
    return arrays | {"scalar": np.float32(3), "empty": np.zeros((2, 0, 3)), "big end": np.arange(3, dtype=">i4")}


def test_every_kind_of_number_has_tensorflows_bytes(tmp_path):
    tensor_bundle.write(tmp_path / "ours", every_kind())
    save_with_tensorflow(tmp_path / "theirs", every_kind())
    for suffix in (INDEX, SHARD):
        assert (tmp_path / f"ours{suffix}").read_bytes() == (tmp_path / f"theirs{suffix}").read_bytes()


def test_a_large_index_has_tensorflows_blocks(tmp_path):
    arrays = {f"{'part/' * (n % 7)}variable_{n}" + "\xff" * (n % 3): np.float32(n) for n in range(30_000)}
    tensor_bundle.write(tmp_path / "ours", arrays)
    save_with_tensorflow(tmp_path / "theirs", arrays)
    assert (tmp_path / f"ours{INDEX}").stat().st_size > 2 * 262144
    assert (tmp_path / f"ours{INDEX}").read_bytes() == (tmp_path / f"theirs{INDEX}").read_bytes()
    assert len(tensor_bundle.Reader(tmp_path / "ours").names) == 30_000


def test_the_saver_of_tensorflow_1_restores_what_we_write(tmp_path):
    value = np.arange(6, dtype=np.float32).reshape(2, 3)
    checkpoint_files.write(tmp_path, 7, {"a/b": value})
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variable = tf.compat.v1.get_variable("a/b", (2, 3))
        tf.compat.v1.train.Saver().restore(session, tf.train.latest_checkpoint(str(tmp_path)))
        assert np.array_equal(session.run(variable), value)


def test_strings_and_bfloat16_are_read(tmp_path):
    words = [[b"ice", b""], [b"snow" * 100, b"\0"]]
    save_with_tensorflow(tmp_path / "a", {"words": words, "half": tf.cast([1.5, -2.0], tf.bfloat16)})
    reader = tensor_bundle.Reader(tmp_path / "a")
    assert reader.read("words").tolist() == words
    assert reader.read("half").tolist() == [1.5, -2.0]
    assert reader.dtype("half") == np.float32


def test_tensors_in_several_files_are_read(tmp_path):
    parts = [str(tmp_path / f"part_{number}") for number in range(3)]
    for number, part in enumerate(parts):
        save_with_tensorflow(part, {f"a_{number}": np.float32([number])})
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=str(tmp_path / "all"))
    assert len(list(tmp_path.glob("all.data-*-of-00003"))) == 3
    reader = tensor_bundle.Reader(tmp_path / "all")
    assert [reader.read(name).tolist() for name in reader.names] == [[0], [1], [2]]


def test_a_partitioned_variable_is_refused_by_name(tmp_path):
    save_with_tensorflow(tmp_path / "a", {"v": np.zeros((1, 2), np.float32)}, slices="2 2 0,1:0,2")
    reader = tensor_bundle.Reader(tmp_path / "a")
    assert reader.names == ["v"]
    with pytest.raises(ValueError, match=r"a\.index: v cannot be read: it is stored in slices"):
        reader.read("v")


def test_a_path_with_brackets_is_not_a_pattern(tmp_path):
    prefix = checkpoint_files.write(tmp_path / "my [x] model*", 1, {"a": np.float32(1)})
    assert tensor_bundle.Reader(prefix).read("a") == 1
    assert list(checkpoint_files.saves(prefix.parent)) == [1]


def test_an_array_of_text_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a is an array of <U3; a checkpoint holds numbers"):
        tensor_bundle.write(tmp_path / "a", {"a": np.array("ice")})


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("cut_off", r"data-00000-of-00001: .* cannot be read: it ends at byte \d+; the file has 100000"),
        ("lfs_pointer", r"data-00000-of-00001: .* cannot be read: the file is a Git LFS pointer, not the file itself"),
    ],
)
def test_a_checkpoint_of_which_a_part_is_missing_says_so(model, words):
    ((_, prefix),) = checkpoint_files.saves(DATA / "found" / "models" / model / "stage_00012").items()
    reader = tensor_bundle.Reader(prefix)
    with pytest.raises(ValueError, match=words):
        [reader.read(name) for name in reader.names]


@pytest.mark.parametrize("suffix", [INDEX, SHARD])
def test_a_missing_file_is_named(tmp_path, suffix):
    tensor_bundle.write(tmp_path / "a", {"v": np.float32(1)})
    (tmp_path / f"a{suffix}").unlink()
    with pytest.raises(FileNotFoundError, match=f"there is no .*a{suffix}"):
        tensor_bundle.Reader(tmp_path / "a").read("v")


@pytest.mark.parametrize("suffix", [INDEX, SHARD])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_not_a_regular_file_is_refused(tmp_path, suffix, kind):
    tensor_bundle.write(tmp_path / "a", {"v": np.float32(1)})
    path = tmp_path / f"a{suffix}"
    path.unlink()
    {"pipe": os.mkfifo, "device": lambda path: path.symlink_to("/dev/zero"), "folder": Path.mkdir}[kind](path)
    with pytest.raises(ValueError, match="is not a regular file"):
        tensor_bundle.Reader(tmp_path / "a").read("v")


def test_a_flipped_bit_of_the_data_is_found(tmp_path):
    tensor_bundle.write(tmp_path / "a", {"v": np.arange(4.0)})
    path = tmp_path / f"a{SHARD}"
    path.write_bytes(b"\1" + path.read_bytes()[1:])
    with pytest.raises(ValueError, match="v cannot be read: its checksum is wrong"):
        tensor_bundle.Reader(tmp_path / "a").read("v")


def header(**values):
    return encode(messages.BUNDLE_HEADER, {"num_shards": 1} | values)


def entry(dims=(1,), **values):
    """An entry of four zero bytes."""
    shape = encode(messages.TENSOR_SHAPE, {"dim": [encode(messages.DIM, {"size": size}) for size in dims]})
    values = {"dtype": FLOAT32, "shape": shape, "size": 4, "crc32c": FOUR_ZEROS} | values
    return encode(messages.BUNDLE_ENTRY, values)


def read_crafted(folder, items):
    (folder / f"a{INDEX}").write_bytes(sstable.write(items))
    (folder / f"a{SHARD}").write_bytes(bytes(4))
    reader = tensor_bundle.Reader(folder / "a")
    return {name: reader.read(name) for name in reader.names}


def test_a_crafted_index_without_faults_is_read(tmp_path):
    assert read_crafted(tmp_path, {b"": header(), b"v": entry()})["v"].tolist() == [0]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (entry(dims=(-1,)), "a dimension is -1"),
        (entry(dims=(2**62, 2**62)), f"a dimension is {2**62}"),
        (entry(dims=(2**20, 2**20)), r"its shape is \[1048576, 1048576\], and it has 4 bytes"),
        (entry(dims=(1,) * 255), "it has 255 dimensions, more than 32"),
        (entry(dims=(1,) * 30000), "its entry has 1200.. bytes, more than 65536"),
        (entry(dtype=99), "its type has the number 99"),
        (entry(dtype=-1), "its type has the number -1"),
        (entry(dtype=7, dims=(2**40,)), "strings cannot be in 4 bytes"),
        (entry(dtype=7, dims=(4,)), "the checksum of its lengths is wrong"),
        (entry(size=2**62, dims=(2**30, 2**30)), "it ends at byte"),
        (entry(offset=-4), "its 4 bytes at -4"),
        (entry(offset=2**62), f"it ends at byte {2**62 + 4}; the file has 4"),
        (entry(shard_id=1), "it is in data file 1 of 1"),
        (entry(shard_id=-1), "it is in data file -1 of 1"),
        (b"\xff" * 20, "cannot be read"),
        (b"\x12\x7f", "it ends in the middle of a field"),
    ],
)
def test_a_crafted_entry_is_refused_in_a_sentence(tmp_path, value, words):
    with pytest.raises(ValueError, match=words) as caught:
        read_crafted(tmp_path, {b"": header(), b"v": value})
    assert str(caught.value).startswith(str(tmp_path / "a"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (header(endianness=1), "its numbers are not little-endian"),
        (header(num_shards=0), "it has 0 data files"),
        (header(num_shards=-5), "it has -5 data files"),
        (header(version=encode(messages.VERSION, {"min_consumer": 2})), "its version is 2; only 1 can be read"),
        (None, "it has no header"),
    ],
)
def test_a_crafted_header_is_refused_in_a_sentence(tmp_path, value, words):
    with pytest.raises(ValueError, match=words):
        read_crafted(tmp_path, ({b"": value} if value is not None else {}) | {b"v": entry()})


@pytest.mark.parametrize("name", [b"a\nb", b"\xff", b"a\x1b[2J"])
def test_a_name_that_cannot_be_printed_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="a name is not text") as caught:
        read_crafted(tmp_path, {b"": header(), name: entry()})
    assert str(caught.value).isprintable()


def test_names_take_no_more_memory_than_their_size_justifies(tmp_path, monkeypatch):
    monkeypatch.setattr(sstable, "_RESTART_INTERVAL", 10**6)
    keys = {b"k" * 4000 + f"{number:05d}".encode(): b"" for number in range(1000)}
    with pytest.raises(ValueError, match="its keys are too long for its size"):
        read_crafted(tmp_path, {b"": header()} | keys)


def compressed(content):
    """Snappy: three bytes as they are, then copies of them."""
    assert set(content) == {0}
    parts = [to_varint(len(content)), b"\x08\0\0\0"]
    left = len(content) - 3
    while left:
        length = min(left, 64)
        parts.append(bytes([(length - 1) << 2 | 2, 3, 0]))
        left -= length
    return b"".join(parts)


@pytest.mark.parametrize("size", [4, 67, 1000, 100_000])
def test_snappy_copies(size):
    assert snappy.decompress(compressed(bytes(size))) == bytes(size)


@pytest.mark.parametrize(
    ("block", "content"),
    [
        (b"\x05\x10hello", b"hello"),
        (b"\x0c\x00a\x1d\x01", b"a" * 12),
        (b"\x08\x08abc\x0e\x03\x00\x00b", b"abcabca" + b"b"),
        (b"\x42\xf0\x41" + b"x" * 66, b"x" * 66),
    ],
)
def test_snappy_elements(block, content):
    assert snappy.decompress(block) == content


@pytest.mark.parametrize(
    "block",
    [b"", b"\xff" * 10, b"\xff\xff\xff\x7f\x00a", b"\x05\x10hell", b"\x05\x01\x01", b"\x03\x10hello", b"\x09\x00a"],
)
def test_a_damaged_snappy_block_is_refused(block):
    with pytest.raises(ValueError):
        snappy.decompress(block)


def test_a_compressed_table_is_read():
    block = b"\0\1\3" + b"kabc" + bytes(4) + b"\1\0\0\0"
    stored = to_varint(len(block)) + bytes([(len(block) - 1) << 2]) + block

    def with_trailer(content, kind):
        return content + bytes([kind]) + masked_crc(content + bytes([kind])).to_bytes(4, "little")

    first = with_trailer(stored, 1)
    handle = bytes([0, len(stored)])
    index_block = b"\0\1\2" + b"l" + handle + bytes(4) + b"\1\0\0\0"
    footer = (b"\0\0" + bytes([len(first), len(index_block)])).ljust(40, b"\0") + sstable.write({})[-8:]
    assert sstable.read(first + with_trailer(index_block, 0) + footer, 10) == {b"k": b"abc"}


def damage_block(rng, table):
    """Change a bit of the data block, which begins the table, and set its checksum right again."""
    place = sstable._handle(table, len(table) - 48)[1]
    index = sstable._block(bytes(table), sstable._handle(table, place)[0])
    ((_, handle),) = sstable._entries(index)
    size = sstable._handle(handle, 0)[0][1]
    table[rng.randrange(size + 1)] ^= 1 << rng.randrange(8)
    table[size + 1 : size + 5] = masked_crc(bytes(table[: size + 1])).to_bytes(4, "little")
    return bytes(table)


def mutate(rng, table, items):
    """A damaged index: bytes of it changed or cut, or entries changed and the checksums set right again."""
    kind = rng.randrange(4)
    if kind == 0:
        return table[: rng.randrange(len(table))]
    if kind == 1:
        damaged = bytearray(table)
        for _ in range(rng.randint(1, 8)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        return bytes(damaged)
    changed = dict(items)
    for key in rng.sample(sorted(changed), rng.randint(1, 5)):
        if kind == 2:
            changed[key] = rng.randbytes(rng.randrange(40))
        else:
            value = bytearray(changed[key])
            value[rng.randrange(len(value))] = rng.randrange(256)
            changed[key] = bytes(value)
    table = bytearray(sstable.write(changed))
    return damage_block(rng, table) if rng.randrange(2) else bytes(table)


def read_some(prefix, rng):
    """What is said against a checkpoint, and how many bytes of memory that took."""
    tracemalloc.start()
    try:
        reader = tensor_bundle.Reader(prefix)
        reader.sizes()
        for name in rng.sample(reader.names, min(6, len(reader.names))):
            reader.read(name)
    except (ValueError, FileNotFoundError) as error:
        return str(error), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return "", 0


def test_two_thousand_damaged_indices_give_arrays_or_one_sentence(tmp_path):
    source = PREFIXES[0]
    table = source.with_name(source.name + INDEX).read_bytes()
    items = sstable.read(table, 1000)
    rng = random.Random(1)
    refused, start = 0, time.perf_counter()
    for number in range(2000):
        path = tmp_path / f"{number}{INDEX}"
        path.write_bytes(mutate(rng, table, items))
        (tmp_path / f"{number}{SHARD}").symlink_to(source.with_name(source.name + SHARD))
        reason, peak = read_some(tmp_path / str(number), rng)
        assert peak < 2**22
        if reason:
            refused += 1
            assert "\n" not in reason
            assert str(tmp_path) in reason
    assert refused > 1500
    assert time.perf_counter() - start < 60
