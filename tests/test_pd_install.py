"""The patches outside of the repository: installed where Pd finds them, as a deken package, opened by name."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from parts import need_program
from waiting import PATIENCE_S

from core.install import pd_patches
from pd import PD, pd_running
from scripts import deken_package, hallu_pd

OBJECTS = "#X obj 20 60 hallu-client;\n#X obj 20 90 hallu-player~;\n#X obj 20 120 hallu-record~;\n"
EMPTY = "#N canvas 0 0 400 300 12;\n"
DECLARED = "#X declare -path hallu;\n#X obj 20 20 declare -path hallu;\n"


def opened(folder, *patches, paths=()):
    """What Pd complains about when it opens patches."""
    with pd_running(folder, *patches, paths=paths) as pd:
        pd.to("pd", "dsp 1")
        pd.to("report", "open")
        pd.wait("open")
        return pd.errors()


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    out = tmp_path_factory.mktemp("deken")
    assert deken_package.main(["--out", str(out), "--version", "1.2.3"]) == 0
    return out / "hallu[v1.2.3].dek"


def test_the_package_has_one_folder_with_all_patches(package):
    names = zipfile.ZipFile(package).namelist()
    assert {name.partition("/")[0] for name in names} == {"hallu"}
    patches = {f"hallu/{path.relative_to(PD).as_posix()}" for path in PD.rglob("*.pd")}
    assert patches <= set(names)


def test_its_list_names_every_object_that_has_help(package):
    rows = dict(line.split("\t") for line in Path(f"{package}.txt").read_text().splitlines())
    assert set(rows) == {path.stem.removesuffix("-help") for path in PD.glob("*-help.pd")}
    assert rows["hallu-client"] == "plays GANSynth on a hallu server"
    assert "\\" not in "".join(rows.values())


def test_its_checksum_is_right(package):
    assert Path(f"{package}.sha256").read_text() == hashlib.sha256(package.read_bytes()).hexdigest()


def test_a_clean_pd_opens_it_with_nothing_else_on_its_path(package, tmp_path):
    zipfile.ZipFile(package).extractall(tmp_path / "externals")
    patches = sorted((tmp_path / "externals" / "hallu").glob("*.pd"))
    assert opened(tmp_path / "pd", EMPTY + OBJECTS, *patches, paths=(tmp_path / "externals" / "hallu",)) == []


@pytest.mark.skipif(sys.platform != "linux", reason="Pd finds its user's folder by HOME")
@pytest.mark.parametrize("folder", ["pd-externals", ".local/lib/pd/extra"])
def test_a_package_where_pd_puts_it_is_found_by_a_patch_that_declares_it(package, tmp_path, monkeypatch, folder):
    zipfile.ZipFile(package).extractall(tmp_path / folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert opened(tmp_path / "pd", EMPTY + DECLARED + OBJECTS) == []


@pytest.mark.skipif(sys.platform != "linux", reason="Pd finds its user's folder by HOME")
def test_installed_patches_are_found_by_patches_elsewhere(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "couldn't create" in " ".join(opened(tmp_path / "before", EMPTY + DECLARED + OBJECTS))
    assert hallu_pd.main(["--install"]) == 0
    folder = tmp_path / ".local" / "lib" / "pd" / "extra" / "hallu"
    assert f"installed in {folder}" in capsys.readouterr().out
    assert opened(tmp_path / "after", EMPTY + DECLARED + OBJECTS) == []


def test_a_folder_to_install_into_can_be_named(tmp_path, capsys):
    assert hallu_pd.main(["--install", str(tmp_path)]) == 0
    assert (tmp_path / "hallu" / "gansynth.pd").is_file()


def test_a_patch_that_was_changed_is_kept_when_they_are_installed_again(tmp_path):
    folder, _ = pd_patches.install(tmp_path)
    (folder / "gansynth.pd").write_text("mine")
    (folder / "own.pd").write_text("own")
    _, kept = pd_patches.install(tmp_path)
    assert [path.name for path in kept] == ["gansynth-mine.pd"]
    assert kept[0].read_text() == "mine"
    assert (folder / "gansynth.pd").read_bytes() == (PD / "gansynth.pd").read_bytes()
    assert (folder / "own.pd").read_text() == "own"
    assert pd_patches.install(tmp_path)[1] == []


def test_what_an_older_version_brought_is_removed(tmp_path, monkeypatch):
    old = tmp_path / "old"
    old.mkdir()
    (old / "gone.pd").write_text("x")
    monkeypatch.setattr(pd_patches, "shipped", lambda name: old)
    pd_patches.install(tmp_path)
    monkeypatch.undo()
    folder, _ = pd_patches.install(tmp_path)
    assert not (folder / "gone.pd").exists()


@pytest.mark.parametrize(
    ("system", "environment", "folder"),
    [
        ("linux", {"HOME": "/home/ada"}, "/home/ada/.local/lib/pd/extra"),
        ("darwin", {"HOME": "/Users/ada"}, "/Users/ada/Library/Pd"),
        ("win32", {"USERPROFILE": "C:/Users/ada", "APPDATA": "C:/Users/ada/Roaming"}, "C:/Users/ada/Roaming/Pd"),
        ("win32", {"USERPROFILE": "C:/Users/ada"}, "C:/Users/ada/AppData/Roaming/Pd"),
    ],
)
def test_each_system_has_its_folder(system, environment, folder):
    assert pd_patches.standard_folder(system, environment).as_posix() == folder


def test_the_words_for_pd_are_printed(capsys):
    assert hallu_pd.main([]) == 0
    folder, objects, patches = capsys.readouterr().out.splitlines()
    assert (Path(folder) / "hallu-client.pd").is_file()
    assert objects == f"objects: pd -path {folder}"
    assert {"gansynth", "visuals"} <= set(patches.split())
    assert "hallu-client" not in patches


def test_a_patch_is_opened_by_name(tmp_path):
    need_program("pd")
    words = ["--open", "gansynth", "--", "-nogui", "-noaudio", "-stderr", "-verbose", "-send", "pd quit"]
    said = subprocess.run(
        [sys.executable, "-m", "scripts.hallu_pd", *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert said.returncode == 0
    assert "gansynth.pd" in said.stderr


def test_a_patch_that_does_not_exist_is_named_beside_those_that_do(capsys):
    assert hallu_pd.main(["--open", "gansinth"]) == 1
    assert "there is no patch 'gansinth'; there are" in capsys.readouterr().err


def test_without_pd_the_page_is_named_that_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert hallu_pd.main(["--open", "gansynth"]) == 1
    assert "Pure Data (pd) is not installed" in capsys.readouterr().err
