"""Atomic files and folders: whole or not there, with nothing left after a failure."""

import errno
import os
from pathlib import Path

import pytest

from core import errors
from core.files import atomic, json_files


def test_a_file_is_hidden_until_it_is_written(tmp_path):
    with atomic.replacing(tmp_path / "new" / "a.mp4", sync=True) as part:
        part.write_text("x")
        assert part.name.startswith(".")
        assert part.suffix == ".mp4"
        assert not (tmp_path / "new" / "a.mp4").exists()
    assert (tmp_path / "new" / "a.mp4").read_text() == "x"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.mp4"]


def test_a_failure_leaves_the_old_file(tmp_path):
    atomic.write_text(tmp_path / "a", "old")
    with pytest.raises(RuntimeError), atomic.replacing(tmp_path / "a") as part:
        part.write_text("half")
        raise RuntimeError
    assert (tmp_path / "a").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_stays_one(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    atomic.write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_pipe_is_neither_replaced_nor_renamed(tmp_path):
    os.mkfifo(tmp_path / "a")
    for write in (lambda path: atomic.write_text(path, "new"), lambda path: atomic.set_aside(path, ".broken")):
        with pytest.raises(OSError, match="not a regular file"):
            write(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_two_writers_of_the_same_files_do_not_share_a_temporary_name(tmp_path):
    with atomic.new_files(tmp_path, ["a"]) as (one,), atomic.new_files(tmp_path, ["a"]) as (other,):
        assert one != other
        one.write_text("one")
        other.write_text("other")


def test_an_error_of_a_full_disk_names_the_folder(tmp_path):
    with pytest.raises(OSError) as caught, atomic.replacing(tmp_path / "a"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert errors.sentence(caught.value) == f"{tmp_path}: No space left on device"


@pytest.mark.parametrize("writing", [atomic.new_folder, atomic.replacing_folder])
def test_a_full_disk_names_the_folder_not_a_hidden_one_within_it(tmp_path, writing):
    with pytest.raises(OSError) as caught, writing(tmp_path / "evening") as part:
        raise OSError(errno.ENOSPC, "No space left on device", str(part / "sound.npz"))
    assert errors.sentence(caught.value) == f"{tmp_path}: No space left on device"
    assert not list(tmp_path.iterdir())


def test_bytes_and_text_replace_a_file(tmp_path):
    atomic.write_bytes(tmp_path / "a", memoryview(b"one"))
    atomic.write_text(tmp_path / "a", "zwölf\n")
    assert (tmp_path / "a").read_bytes() == "zwölf\n".encode()


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError), atomic.new_folder(tmp_path / "a") as part:
        (part / "x").touch()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with atomic.new_folder(tmp_path / "a") as part:
        (part / "x").touch()
    assert (tmp_path / "a" / "x").exists()
    with pytest.raises(FileExistsError, match="name a new folder"), atomic.new_folder(tmp_path / "a"):
        pass


def test_files_of_a_folder_appear_together_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError), atomic.new_files(tmp_path / "a", ("x", "y")) as (x, _):
        x.touch()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with atomic.new_files(tmp_path / "a", ("x", "y")) as parts:
        for part in parts:
            part.touch()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["x", "y"]
    with pytest.raises(FileExistsError, match="y exists already"):
        atomic.refuse_existing(tmp_path / "a", ("z", "y"))


@pytest.mark.parametrize(("text", "rule"), [("{", "is not valid JSON"), ("[1]", "must hold a JSON object, not a list")])
def test_a_json_file_that_is_not_an_object_is_named(tmp_path, text, rule):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=rf"a\.json {rule}"):
        json_files.read_object(tmp_path / "a.json")


def test_a_missing_json_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*a\.json"):
        json_files.read(tmp_path / "a.json")


def test_a_file_that_can_be_written_is_not_touched(tmp_path):
    atomic.write_text(tmp_path / "a", "old")
    atomic.check_writable(tmp_path / "a")
    atomic.check_writable(tmp_path / "new" / "b")
    assert (tmp_path / "a").read_text() == "old"
    assert list((tmp_path / "new").iterdir()) == []


def test_a_file_in_no_folder_is_named(tmp_path):
    atomic.write_text(tmp_path / "file", "x")
    with pytest.raises(OSError, match=r"file.a\.wav cannot be written: "):
        atomic.check_writable(tmp_path / "file" / "a.wav")
    with pytest.raises(OSError, match=r"nothing can be written in .*file: "):
        atomic.check_folder(tmp_path / "file")
    with pytest.raises(OSError, match="it is a folder"):
        atomic.check_writable(tmp_path)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder in which nobody can write")
def test_a_file_in_a_folder_that_cannot_be_written_is_named():
    with pytest.raises(OSError, match=r"/proc/x\.wav cannot be written: "):
        atomic.check_writable(Path("/proc/x.wav"))


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_discards_new_folders(tmp_path, error):
    run = tmp_path / "runs" / "a"
    with pytest.raises(error), atomic.discarded_after_failure(run, lambda: False):
        (run / "logs").mkdir(parents=True)
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_what_was_there_and_what_is_worth_it(tmp_path):
    for folder, keep in ((tmp_path, False), (tmp_path / "new", True)):
        with pytest.raises(RuntimeError), atomic.discarded_after_failure(folder, lambda keep=keep: keep):
            folder.mkdir(exist_ok=True)
            raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    for content in ("old", "new"):
        with atomic.replacing_folder(tmp_path / "a") as part:
            (part / content).touch()
    with pytest.raises(RuntimeError), atomic.replacing_folder(tmp_path / "a") as part:
        raise RuntimeError
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["a", "a/new"]


def test_a_folder_whose_replacement_was_killed_comes_back(tmp_path):
    for name in ("a-b", "kept"):
        with atomic.replacing_folder(tmp_path / name) as part:
            (part / "file").touch()
    (tmp_path / "a-b").rename(tmp_path / ".a-b-0123abcd.old")
    (tmp_path / ".kept-0123abcd.old").mkdir()
    atomic.restore_folders(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-b", "kept"]
