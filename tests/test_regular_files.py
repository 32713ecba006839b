"""What is not a regular file neither blocks its reader nor fills the memory."""

import os
from pathlib import Path

import pytest

from core.files import json_files
from core.files.regular import open_regular, read_regular


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link to a pipe"])
def test_it_is_refused(tmp_path, kind):
    path = tmp_path / "a"
    if kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    for read in (open_regular, json_files.read):
        with pytest.raises(ValueError, match="a is not a regular file"):
            read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*a\.json"):
        json_files.read(tmp_path / "a.json")


def test_a_link_to_a_file_is_followed(tmp_path):
    Path(tmp_path / "a").write_bytes(b"abc")
    Path(tmp_path / "b").symlink_to(tmp_path / "a")
    assert read_regular(tmp_path / "b", 3) == b"abc"


def test_a_file_larger_than_it_may_be_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"abcd")
    with pytest.raises(ValueError, match="a has 4 bytes, more than 3"):
        read_regular(tmp_path / "a", 3)


@pytest.mark.parametrize("text", ["[" * 200_000, "1" * 5000, "{", "\xff"])
def test_json_that_cannot_be_read_is_one_sentence(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text.encode("latin1"))
    with pytest.raises(ValueError, match=r"a\.json is not valid JSON"):
        json_files.read(tmp_path / "a.json")
