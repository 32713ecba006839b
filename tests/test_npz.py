"""numpy's files, whole, damaged and crafted."""

import io
import os
import random
import tracemalloc
import zipfile

import numpy as np
import pytest

from core.formats import npz

ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "text": np.array("ice"),
    "words": np.array(["ice", "snow"]),
    "half": np.float16([1, 2]),
    "none": np.zeros((0, 3), np.int64),
    "flag": np.array(True),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back(tmp_path, save):
    save(tmp_path / "a.npz", **ARRAYS)
    found = npz.read_npz(tmp_path / "a.npz")
    assert found.keys() == ARRAYS.keys()
    for name, value in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (value.dtype, value.shape)
        assert np.array_equal(found[name], value)
        assert found[name].flags.writeable


def test_one_array_comes_back(tmp_path):
    np.save(tmp_path / "a.npy", ARRAYS["f"])
    assert np.array_equal(npz.read_npy(tmp_path / "a.npy"), ARRAYS["f"])


def test_a_missing_array_is_named(tmp_path):
    np.savez(tmp_path / "a.npz", **ARRAYS)
    with npz.NpzReader(tmp_path / "a.npz") as archive, pytest.raises(ValueError, match="it has no array named b"):
        archive["b"]


def refused(path, words):
    tracemalloc.start()
    with pytest.raises(ValueError, match=words):
        (npz.read_npy if path.suffix == ".npy" else npz.read_npz)(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


def test_an_archive_that_unpacks_to_gigabytes_is_refused(tmp_path):
    zeros = bytes(2**20)
    with (
        zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w") as member,
    ):
        np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": (2**26,)})
        for _ in range(256):
            member.write(zeros)
    refused(tmp_path / "a.npz", r"it unpacks to \d+ bytes, too many for an archive of \d+")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"shape": (2**40,)}, "its shape is .1099511627776., which does not fit its 136 bytes"),
        ({"shape": (-1,)}, "does not fit"),
        ({"shape": (2**31, 2**31, 2**31)}, "does not fit"),
        ({"descr": "|O", "shape": (1,)}, "it holds object, not numbers or text"),
        ({"descr": [("a", "<f4")], "shape": (2,)}, "not numbers or text"),
    ],
)
def test_a_header_that_promises_more_is_refused(tmp_path, header, words):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (2,)} | header)
    content = file.getvalue().ljust(128) + bytes(8)
    (tmp_path / "a.npy").write_bytes(content)
    refused(tmp_path / "a.npy", words)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", content)
    refused(tmp_path / "a.npz", words)


def test_a_compression_that_numpy_does_not_use_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", b"a")
    refused(tmp_path / "a.npz", "compressed in a way")


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    refused(tmp_path / "a.npz", "is not a regular file")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_two_thousand_damaged_archives_give_arrays_or_one_sentence(tmp_path, save):
    save(tmp_path / "whole.npz", **ARRAYS)
    whole, rng = (tmp_path / "whole.npz").read_bytes(), random.Random(1)
    for number in range(2000):
        damaged = bytearray(whole[: rng.randrange(len(whole))] if rng.randrange(4) == 0 else whole)
        for _ in range(rng.randint(1, 4) if damaged else 0):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path = tmp_path / f"{number}.npz"
        path.write_bytes(damaged)
        try:
            npz.read_npz(path)
        except ValueError as error:
            assert "\n" not in str(error)
        path.unlink()
