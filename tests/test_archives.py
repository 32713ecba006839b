"""Archives of models as people get them: of other kinds than their names say, encrypted, or not fetched at all."""

import tarfile
import zipfile

import numpy as np
import pytest

from core.formats import npz
from core.install.archives import unpack


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"7z\xbc\xaf\x27\x1c" + bytes(99), "it is a 7z archive; unpack it, and add the folder"),
        (b"Rar!\x1a\x07\x01\x00", "it is a RAR archive; unpack it, and add the folder"),
        (b"\xfd7zXZ\x00" + bytes(99), "it is compressed with xz; unpack it, and add the folder"),
        (b"PK\x03\x04" + bytes(99), "it breaks off, or is damaged"),
        (b"<!DOCTYPE html><html>", "it is a web page"),
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "the file is a Git LFS pointer"),
    ],
)
def test_what_is_not_an_archive_that_can_be_unpacked_is_called_what_it_is(tmp_path, content, reason):
    (tmp_path / "voice.zip").write_bytes(content)
    with pytest.raises(ValueError, match=rf"voice\.zip.*: {reason}"):
        unpack(tmp_path / "voice.zip", tmp_path / "new")


def test_a_tar_that_ends_with_a_zip_is_a_tar(tmp_path):
    np.savez(tmp_path / "weights.npz", a=np.arange(3))
    with tarfile.open(tmp_path / "voice.tar", "w") as archive:
        archive.add(tmp_path / "weights.npz", "voice/weights.npz")
    unpack(tmp_path / "voice.tar", tmp_path / "new")
    assert npz.read_npz(tmp_path / "new" / "voice" / "weights.npz")["a"].tolist() == [0, 1, 2]


def test_an_encrypted_zip_is_called_one(tmp_path):
    with zipfile.ZipFile(tmp_path / "voice.zip", "w") as archive:
        archive.writestr("voice/a", "x")
    content = bytearray((tmp_path / "voice.zip").read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "voice.zip").write_bytes(content)
    with pytest.raises(ValueError, match=r"voice\.zip is encrypted; unpack it, and add the folder"):
        unpack(tmp_path / "voice.zip", tmp_path / "new")
