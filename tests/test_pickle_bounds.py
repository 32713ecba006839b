"""Pickles that would take gigabytes or never end are refused; those of numpy and torch are not."""

import copy
import io
import pickle
import random
import struct
import time
import tracemalloc
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from core.formats import pickles, torch_file
from core.formats.pickle_bounds import LimitedFile
from tests.conftest import DATA

RAW = bytes(range(256)) * 4096


def numpy_bomb():
    """A megabyte of numbers of which each array of many makes a copy of its own, since the bytes are swapped."""
    shape = pickle.dumps((1, (len(RAW) // 2,), np.dtype(">u2"), False, RAW), 2)[2:-1]
    start = b"\x80\x02" + shape + b"q\xf0" + b"0"
    start += b"cnumpy.core.multiarray\n_reconstruct\nq\xf1" + b"0" + b"cnumpy\nndarray\nK\0\x85U\1b\x87q\xf20"
    return start + b"](" + b"h\xf1h\xf2Rh\xf0b" * 3000 + b"e."


def encode_bomb():
    """Many byte strings out of one text."""
    text = b"\x80\x02X" + struct.pack("<I", 2**20) + b"a" * 2**20 + b"X\6\0\0\0latin1\x86q\0" + b"0"
    return text + b"c_codecs\nencode\nq\x010](" + b"h\1h\0R" * 3000 + b"e."


def tuples(end):
    """A tuple of two tuples of two tuples, and so on, a hundred times."""
    return b"\x80\x02)" + b"2\x86" * 100 + end


FAR = b"\x8a\5\0\0\0\0\2\x85"
CORE = b"\x80\x02cnumpy.core.multiarray\n"
BOMBS = {
    "a place in the memo far away": b"\x80\x02Nr\x00\x00\x00\x10.",
    "a place in the memo, as text": b"Np268435456\n.",
    "arrays of swapped bytes": numpy_bomb(),
    "bytes out of one text": encode_bomb(),
    "a tuple that is hashed": tuples(b"q\0}h\0Ns."),
    "a tuple that is printed": tuples(b"."),
    "an array without its numbers": CORE + b"_reconstruct\ncnumpy\nndarray\n" + FAR + b"U\1b\x87R.",
    "an array by its class": b"\x80\x02cnumpy\nndarray\n" + FAR + b"\x85R.",
    "a scalar without its bytes": CORE + b"scalar\ncnumpy\ndtype\nX\x0b\0\0\0V2000000000\x85R\x85R.",
    "a string of which nothing is there": b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b".",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_at_once(bomb):
    start = time.perf_counter()
    tracemalloc.start()
    with pytest.raises((ValueError, TypeError, pickle.UnpicklingError)):
        pickles.loads(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**26
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_in_a_file_of_torch_is_refused_at_once(tmp_path, bomb):
    start = time.perf_counter()
    with zipfile.ZipFile(tmp_path / "a.bin", "w") as archive:
        archive.writestr("a/data.pkl", bomb)
    (tmp_path / "b.bin").write_bytes(bomb)
    for name in ("a.bin", "b.bin"):
        with pytest.raises(ValueError):
            torch_file.read(tmp_path / name)
    assert time.perf_counter() - start < 5


def test_parts_of_an_archive_that_overlap_are_refused(tmp_path):
    path = tmp_path / "a.bin"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps(OrderedDict()))
        archive.writestr("a/data/0", bytes(1000))
        for number in range(1, 100):
            archive.filelist.append(copy.copy(archive.getinfo("a/data/0")))
            archive.filelist[-1].filename = f"a/data/{number}"
    with pytest.raises(ValueError, match="the archive's parts overlap"):
        torch_file.read(path)


def large():
    rng = np.random.default_rng(0)
    return {
        "layer": "conv0",
        "comp": rng.standard_normal((40, 20, 50, 30)),
        "stdev": list(rng.standard_normal(5000)),
        "names": [f"name {number}" for number in range(2000)],
        "nested": OrderedDict((str(n), {"a": [np.float32(n), np.arange(n), (n, "x")]}) for n in range(300)),
    }


@pytest.mark.parametrize(
    "value",
    [np.array(["a"], object), np.zeros(2, [("x", "f4")]), np.zeros(2, "M8[s]"), np.dtype("f4"), np.zeros(2, "V8")],
    ids=str,
)
def test_arrays_of_anything_else_are_refused(value):
    with pytest.raises((ValueError, AttributeError, TypeError)):
        np.asarray(pickles.loads(pickle.dumps({"a": value}))["a"]) + 0


@pytest.mark.parametrize("kind", ["?", "i1", "u2", "<i4", ">i8", "f2", "<f4", ">f8", "c8", "S3", "<U3", ">U3"])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_and_scalars_of_numbers_and_text_come_back(kind, protocol):
    value = np.array([[0, 1, 2], [3, 4, 5]]).astype(kind)
    content = {"c": value, "f": np.asfortranarray(value), "one": value[1, 1], "none": value[:0]}
    found = pickles.loads(pickle.dumps(content, protocol))
    for name, each in content.items():
        assert type(found[name]) is type(each)
        assert np.array_equal(found[name], each)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_large_honest_pickles_are_read(protocol):
    content = large() | {"nested": None}
    found = pickles.loads(pickle.dumps(content, protocol))
    assert np.array_equal(found["comp"], content["comp"])
    assert found["stdev"] == content["stdev"]
    assert found["names"] == content["names"]


def test_two_thousand_damaged_pickles_end(tmp_path):
    whole = pickle.dumps({"comp": np.arange(12.0).reshape(3, 4), "layer": "conv0", "stdev": [np.float64(1)]}, 2)
    rng, start = random.Random(1), time.perf_counter()
    for _ in range(2000):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            pickles.loads(bytes(damaged))
        except Exception as error:
            assert not isinstance(error, MemoryError)
    assert time.perf_counter() - start < 30


def test_the_small_picture_model_is_read_as_before():
    assert len(torch_file.read(DATA / "biggan_small" / "pytorch_model.bin")) > 100


def test_a_file_that_is_asked_for_more_gives_what_it_has():
    file = LimitedFile(io.BytesIO(b"abc"), 3)
    assert (file.read(2), file.read(2**62), file.read(5)) == (b"ab", b"c", b"")
