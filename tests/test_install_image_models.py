"""`hallu models add` with image models of all kinds, with tar files, and with archives that mean harm."""

import gzip
import io
import pickle
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch_files
from torch_files import Call, Global
from web import serving

from core.families import Download
from core.install import archives
from renderer import biggan
from renderer.biggan import model_formats
from renderer.biggan.family import FAMILY
from scripts.hallu import main

SMALL = Path(__file__).parent / "data" / "biggan_small"
FILES = ("config.json", "pytorch_model.bin")


def add(source, tmp_path, *flags):
    return main(["models", "add", str(source), "--to", str(tmp_path / "mine"), *flags])


def installed(tmp_path):
    return sorted(path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").glob("*/*"))


def refusal(source, tmp_path, capsys):
    """The one line that refuses it; nothing is left."""
    assert add(source, tmp_path) == 1
    assert not any((tmp_path / "mine").iterdir())
    (line,) = capsys.readouterr().err.splitlines()
    return line


def pack(path, inside="", members=()):
    """A .tar.gz of the small BigGAN, and members of one's own."""
    with tarfile.open(path, "w:gz") as archive:
        for name in FILES:
            archive.add(SMALL / name, f"{inside}{name}")
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def test_a_folder_of_hugging_face_is_added_to_the_picture_models(tmp_path, capsys):
    assert add(SMALL, tmp_path, "--name", "mine") == 0
    assert installed(tmp_path) == ["biggan/mine"]
    assert main(["models", "--models", str(tmp_path / "mine")]) == 0
    head, row = capsys.readouterr().out.splitlines()[-2:]
    assert head.split() == ["IMAGES", "PIXELS", "LATENT", "CLASSES", "COMPONENTS", "FOLDER"]
    assert row.split()[:5] == ["mine", "128", "128", "1000", "-"]


def test_ours_in_a_zip_is_added(tmp_path):
    config = biggan.read_config(SMALL)
    own = tmp_path / "own"
    model_formats.save(own, config, model_formats.read_weights(SMALL, config), model_formats.class_names(SMALL, config))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for path in own.iterdir():
            archive.write(path, f"deep/soft/{path.name}")
    assert add(tmp_path / "x.zip", tmp_path) == 0
    assert installed(tmp_path) == ["biggan/soft"]


def test_a_module_of_tf_hub_in_a_tar_is_added_by_the_tars_name(tmp_path):
    import hub_folder

    from core.formats import torch_file

    module = tmp_path / "module"
    hub_folder.write(module, torch_file.read(SMALL / "pytorch_model.bin"))
    with tarfile.open(tmp_path / "deep.tar.gz", "w:gz") as archive:
        archive.add(module, ".")
    assert add(tmp_path / "deep.tar.gz", tmp_path) == 0
    assert installed(tmp_path) == ["biggan/deep"]
    assert biggan.read_config(tmp_path / "mine" / "biggan" / "deep").resolution == 128


@pytest.fixture
def web(tmp_path):
    """A web server on loopback with what lies in tmp_path; its address."""
    with serving(tmp_path) as address:
        yield address


def test_a_versioned_address_gives_the_name_before_the_version(web, tmp_path):
    (tmp_path / "soft").mkdir()
    pack(tmp_path / "soft" / "1")
    assert add(f"{web}/soft/1?tf-hub-format=compressed", tmp_path) == 0
    assert installed(tmp_path) == ["biggan/soft"]


def test_a_known_picture_model_is_fetched_file_by_file(web, tmp_path, monkeypatch):
    files = tuple(Download(f"{web}/biggan-deep-128-{name}", name) for name in FILES)
    monkeypatch.setitem(FAMILY.downloads, "biggan-deep-128", files)
    for name in FILES:
        shutil.copy(SMALL / name, tmp_path / f"biggan-deep-128-{name}")
    assert add("biggan-deep-128", tmp_path) == 0
    assert installed(tmp_path) == ["biggan/biggan-deep-128"]


def test_a_damaged_picture_model_is_refused(tmp_path, capsys):
    (tmp_path / "small").mkdir()
    shutil.copy(SMALL / "config.json", tmp_path / "small")
    (tmp_path / "small" / "pytorch_model.bin").write_bytes((SMALL / "pytorch_model.bin").read_bytes()[:100_000])
    assert "pytorch_model.bin" in refusal(tmp_path / "small", tmp_path, capsys)


def test_a_picture_model_that_would_run_a_program_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("x.zip", "w") as archive:
        archive.write(SMALL / "config.json", "bad/config.json")
        torch_files.write_zip("hostile.bin", Call(Global("posix", "system"), "touch ran"), [])
        archive.write("hostile.bin", "bad/pytorch_model.bin")
    assert "posix.system" in refusal("x.zip", tmp_path, capsys)
    assert not Path("ran").exists()


def test_a_name_that_is_a_path_is_refused(tmp_path, capsys):
    assert add(SMALL, tmp_path, "--name", "../x") == 1
    assert "name must be that of a folder, not '../x'" in capsys.readouterr().err


def member(name, kind=tarfile.REGTYPE, link="", size=1):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size if kind == tarfile.REGTYPE else 0
    return info


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/../../escaped"])
def test_a_tar_that_reaches_outside_is_refused(tmp_path, capsys, name):
    assert "reaches outside" in refusal(pack(tmp_path / "x.tar.gz", members=[member(name)]), tmp_path, capsys)
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_tar_with_links_or_devices_is_refused(tmp_path, capsys, kind):
    archive = pack(tmp_path / "x.tar.gz", members=[member("odd", kind, "/etc/passwd")])
    assert "'odd' in the archive is neither a plain file nor a folder" in refusal(archive, tmp_path, capsys)


def test_a_name_that_comes_twice_is_refused(tmp_path, capsys):
    assert "twice" in refusal(pack(tmp_path / "x.tar.gz", members=[member("config.json")]), tmp_path, capsys)


def test_a_tar_that_is_too_big_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 10_000)
    assert "too much" in refusal(pack(tmp_path / "x.tar.gz"), tmp_path, capsys)


def test_too_many_files_are_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILES", 1)
    assert "too many" in refusal(pack(tmp_path / "x.tar.gz"), tmp_path, capsys)


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path, capsys):
    huge = member("x")
    huge.type, huge.size = tarfile.XHDTYPE, 1 << 40
    with gzip.open(tmp_path / "x.tar.gz", "wb") as file:
        file.write(huge.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert "header" in refusal(tmp_path / "x.tar.gz", tmp_path, capsys)


@pytest.mark.parametrize("keep", [100, 30_000])
def test_a_broken_tar_is_refused(tmp_path, capsys, keep):
    whole = pack(tmp_path / "x.tar.gz").read_bytes()
    (tmp_path / "x.tar.gz").write_bytes(whole[:keep])
    assert "x.tar.gz" in refusal(tmp_path / "x.tar.gz", tmp_path, capsys)


@pytest.mark.parametrize(
    ("name", "stem"), [("a.zip", "a"), ("a.b.tar.gz", "a.b"), ("A.TGZ", "A"), ("a.tar", "a"), ("model", "model")]
)
def test_an_archive_is_named_without_its_suffix(name, stem):
    assert archives.stem(name) == stem


def test_a_model_that_is_a_pickle_is_not_listed_as_its_directions(tmp_path, capsys):
    assert add(Path(__file__).parent / "data" / "stylegan2" / "nvidia_skip64.pkl", tmp_path) == 0
    folder = tmp_path / "mine" / "stylegan2" / "nvidia_skip64"
    (folder / "directions.pickle").write_bytes(pickle.dumps({"layer": "w", "comp": np.ones(3)}, 2))
    capsys.readouterr()
    assert main(["models", "--models", str(tmp_path / "mine")]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("nvidia_skip64")]
    assert line.split()[:5] == ["nvidia_skip64", "64", "64", "0", "directions.pickle"]
