"""Atomic files and folders: whole or not there, with nothing left after a failure."""

import pytest

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
