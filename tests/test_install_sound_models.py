"""`hallu models add` with voices: zips, folders, the web, and what is refused."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import DATA, SMALL
from web import serving

import gansynth
from core.families import Download
from core.install import install_model
from gansynth.family import FAMILY
from scripts.hallu import main

FOUND = DATA / "found" / "models"
ROOT = Path(__file__).parent.parent


def fails(capsys, *words):
    """The one line that a failing command leaves on stderr."""
    assert main([str(word) for word in words]) == 1
    (text,) = capsys.readouterr().err.splitlines()
    return text


def pack(path, *, inside="small", extra=()):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(SMALL.rglob("*")):
            if file.is_file() and "reference" not in file.name:
                archive.write(file, f"{inside}/{file.relative_to(SMALL)}".lstrip("/"))
        for name in extra:
            archive.writestr(name, "x")
    return path


def add(source, tmp_path):
    return main(["models", "add", str(source), "--to", str(tmp_path / "mine")])


def installed(tmp_path):
    return sorted(path.name for path in (tmp_path / "mine").glob("*/*"))


def test_a_zip_is_added(tmp_path):
    assert add(pack(tmp_path / "x.zip", inside="deep/small"), tmp_path) == 0
    assert installed(tmp_path) == ["small"]
    assert (tmp_path / "mine" / "gansynth" / "small" / "experiment.json").exists()


def test_a_zip_without_a_folder_gives_its_name(tmp_path):
    assert add(pack(tmp_path / "voice.zip", inside=""), tmp_path) == 0
    assert installed(tmp_path) == ["voice"]


def test_a_folder_is_added(tmp_path):
    assert add(SMALL, tmp_path) == 0
    assert installed(tmp_path) == ["magenta_small"]


def test_what_is_there_is_not_overwritten(tmp_path, capsys):
    add(SMALL, tmp_path)
    capsys.readouterr()
    assert "is there already" in fails(capsys, "models", "add", SMALL, "--to", tmp_path / "mine")


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "small/../../../escaped"])
def test_a_zip_that_reaches_outside_is_refused(tmp_path, capsys, name):
    archive = pack(tmp_path / "x.zip", extra=[name])
    assert "reaches outside" in fails(capsys, "models", "add", archive, "--to", tmp_path / "mine")
    assert installed(tmp_path) == []
    assert not list(tmp_path.rglob("escaped"))


def test_a_zip_that_is_too_big_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("core.install.archives.MAX_BYTES", 10_000)
    assert "too much" in fails(capsys, "models", "add", pack(tmp_path / "x.zip"), "--to", tmp_path / "mine")
    assert installed(tmp_path) == []


def test_a_broken_zip_is_refused(tmp_path, capsys):
    (tmp_path / "x.zip").write_bytes(b"PK no zip")
    assert "not a zip file" in fails(capsys, "models", "add", tmp_path / "x.zip", "--to", tmp_path / "mine")


def test_a_folder_without_checkpoint_is_refused(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert "contains no model" in fails(capsys, "models", "add", tmp_path / "empty", "--to", tmp_path / "mine")


def test_a_checkpoint_without_weights_is_refused(tmp_path, capsys):
    (tmp_path / "small" / "stage_00000").mkdir(parents=True)
    (tmp_path / "small" / "experiment.json").write_text("{}")
    assert "no weights" in fails(capsys, "models", "add", tmp_path / "small", "--to", tmp_path / "mine")
    assert installed(tmp_path) == []


def test_several_checkpoints_at_once_are_refused(tmp_path, capsys):
    for name in ("a", "b"):
        shutil.copytree(SMALL, tmp_path / "two" / name)
    assert "several" in fails(capsys, "models", "add", tmp_path / "two", "--to", tmp_path / "mine")


def test_a_name_that_is_nothing_lists_the_known_names(tmp_path, capsys):
    assert "all_instruments, acoustic_only" in fails(capsys, "models", "add", "piano", "--to", tmp_path / "mine")


@pytest.fixture
def web(tmp_path):
    """A web server on loopback with web.zip on it; its address."""
    pack(tmp_path / "web.zip")
    with serving(tmp_path) as address:
        yield address


def test_a_zip_is_fetched_from_the_web(web, tmp_path):
    assert add(f"{web}/web.zip", tmp_path) == 0
    assert installed(tmp_path) == ["small"]


def test_a_known_name_is_fetched_from_its_address(web, tmp_path, monkeypatch):
    download = Download(f"{web}/acoustic_only.zip")
    monkeypatch.setitem(FAMILY.downloads, "acoustic_only", (download,))
    shutil.copy(tmp_path / "web.zip", tmp_path / "acoustic_only.zip")
    assert add("acoustic_only", tmp_path) == 0


def test_a_missing_page_is_one_line(web, tmp_path, capsys):
    assert "404" in fails(capsys, "models", "add", f"{web}/y.zip", "--to", tmp_path / "mine")


def test_being_offline_is_one_line(tmp_path, capsys):
    assert "cannot be fetched" in fails(capsys, "models", "add", "http://127.0.0.1:9/x.zip", "--to", tmp_path / "mine")


def test_an_added_model_can_be_removed(tmp_path, capsys):
    add(SMALL, tmp_path)
    assert main(["models", "remove", "magenta_small", "--from", str(tmp_path / "mine")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"removed {tmp_path / 'mine' / 'gansynth' / 'magenta_small'}"
    assert installed(tmp_path) == []


@pytest.mark.parametrize("name", ["piano", "../magenta_small", "", "gansynth"])
def test_what_is_not_an_added_model_is_not_removed(tmp_path, capsys, name):
    add(SMALL, tmp_path)
    capsys.readouterr()
    text = fails(capsys, "models", "remove", name, "--from", tmp_path / "mine")
    assert text.endswith(f"contains no model {name!r}; added models: magenta_small")
    assert installed(tmp_path) == ["magenta_small"]


def test_of_a_linked_model_only_the_link_is_removed(tmp_path):
    (tmp_path / "mine" / "gansynth").mkdir(parents=True)
    (tmp_path / "mine" / "gansynth" / "linked").symlink_to(SMALL, target_is_directory=True)
    assert main(["models", "remove", "linked", "--from", str(tmp_path / "mine")]) == 0
    assert installed(tmp_path) == []
    assert (SMALL / "experiment.json").exists()


@pytest.mark.parametrize("name", ["finder.zip", "windows_backslashes.zip"])
def test_zips_of_macos_and_windows_are_added(tmp_path, name):
    assert add(FOUND / name, tmp_path) == 0
    files = {path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").rglob("*.*")}
    assert files == {
        "gansynth/myvoice/experiment.json",
        "gansynth/myvoice/stage_00012/model.ckpt-11000000.data-00000-of-00001",
        "gansynth/myvoice/stage_00012/model.ckpt-11000000.index",
    }


def test_a_folder_unpacked_from_a_zip_of_macos_is_added(tmp_path):
    with zipfile.ZipFile(FOUND / "finder.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    shutil.copytree(
        tmp_path / "unpacked" / "myvoice", tmp_path / "unpacked" / "__MACOSX" / "myvoice", dirs_exist_ok=True
    )
    assert add(tmp_path / "unpacked", tmp_path) == 0
    assert installed(tmp_path) == ["myvoice"]


@pytest.mark.parametrize("name", ["..\\escaped", "C:\\escaped\\..\\..\\..\\escaped"])
def test_backslashes_do_not_lead_outside(tmp_path, capsys, name):
    archive = pack(tmp_path / "x.zip", extra=[name])
    assert "reaches outside" in fails(capsys, "models", "add", archive, "--to", tmp_path / "mine")
    assert installed(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cut_off", "it ends at byte 190528; the file has 100000"),
        ("lfs_pointer", "Git LFS pointer, not the file itself"),
    ],
)
def test_a_voice_with_broken_weights_is_refused(tmp_path, capsys, name, reason):
    text = fails(capsys, "models", "add", FOUND / name, "--to", tmp_path / "mine")
    assert text.startswith(f"hallu models: {name}/stage_00012/model.ckpt-11000000.data-00000-of-00001: ")
    assert text.endswith(reason)
    assert installed(tmp_path) == []


def test_an_index_without_data_is_refused(tmp_path, capsys):
    voice = shutil.copytree(SMALL, tmp_path / "voice")
    next(voice.glob("stage_*/*.data-*")).unlink()
    text = fails(capsys, "models", "add", voice, "--to", tmp_path / "mine")
    assert text.endswith(
        "voice has no weights: no stage with a checkpoint (stage_NNNNN/model.ckpt-N.index and its data file)"
    )
    assert installed(tmp_path) == []


def test_missing_settings_are_named(tmp_path, capsys):
    voice = shutil.copytree(SMALL, tmp_path / "voice")
    (voice / "experiment.json").unlink()
    text = fails(capsys, "models", "add", voice, "--to", tmp_path / "mine")
    assert "the folder has no experiment.json" in text


def test_missing_pitches_are_named(band, tmp_path, capsys):
    shutil.copytree(band / "gansynth" / "band", tmp_path / "voice")
    (tmp_path / "voice" / "meta.json").unlink()
    text = fails(capsys, "models", "add", tmp_path / "voice", "--to", tmp_path / "mine")
    assert "the folder has no meta.json, so these are Magenta's defaults" in text


def test_brackets_in_a_path_are_not_a_pattern(tmp_path):
    voice = shutil.copytree(SMALL, tmp_path / "take [1]" / "my[x]voice*")
    assert add(voice, tmp_path) == 0
    played = gansynth.load(tmp_path / "mine" / "gansynth" / "my[x]voice*").generate([[0.5] * 64], [40])
    assert (played == gansynth.load(SMALL).generate([[0.5] * 64], [40])).all()


def test_what_a_killed_addition_left_is_deleted_by_the_next_one(tmp_path):
    code = "import os; from pathlib import Path; from core.install import install_model;"
    code += (
        f"install_model._check = lambda model: os.kill(os.getpid(), 9); install_model.add({str(SMALL)!r}, Path('mine'))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert [path.name[:8] for path in (tmp_path / "mine").iterdir()] == [".adding-"]
    install_model.add(str(SMALL), tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["gansynth"]


def test_an_addition_at_work_is_left_alone(tmp_path):
    with install_model._scratch(tmp_path) as scratch:
        install_model.clean(tmp_path)
        assert scratch.is_dir()


@pytest.mark.parametrize(
    "name", ["a/" * 1500 + "x", "small/" + "n" * 5000, "small/experiment.json/x", "small/\ud7ff" + "\u00e9" * 130]
)
def test_names_that_no_folder_can_have_are_refused_in_one_line(tmp_path, capsys, name):
    assert add(pack(tmp_path / "x.zip", extra=[name]), tmp_path) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "the archive has" in line and ".adding" not in line and len(line) < 300


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_in_any_kind_of_zip_names_the_file(tmp_path, capsys, method):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", method) as archive:
        archive.writestr("small/experiment.json", os.urandom(9000))
    data = bytearray((tmp_path / "x.zip").read_bytes())
    for place in range(60, 9000, 97):
        data[place] ^= 255
    (tmp_path / "x.zip").write_bytes(data)
    assert add(tmp_path / "x.zip", tmp_path) == 1
    error = capsys.readouterr().err
    assert "x.zip" in error and "--debug" not in error


def test_far_more_than_the_archive_has_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("core.install.archives._ALWAYS_BYTES", 0)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("small/zeros", bytes(1 << 22))
    assert add(tmp_path / "x.zip", tmp_path) == 1
    assert "far more than its archive has" in capsys.readouterr().err


def test_a_name_with_a_terminals_commands_is_refused(tmp_path, capsys):
    assert add(pack(tmp_path / "x.zip", inside="\x1b[2Jsmall"), tmp_path) == 1
    assert "must have letters and signs that can be seen, not '\\x1b[2Jsmall'" in capsys.readouterr().err


def test_a_folder_with_links_in_a_circle_is_refused(tmp_path, capsys):
    shutil.copytree(SMALL, tmp_path / "small")
    for name in "ab":
        (tmp_path / "small" / name).symlink_to(".")
    assert add(tmp_path / "small", tmp_path) == 1
    assert "is a link to a folder that it is in" in capsys.readouterr().err
