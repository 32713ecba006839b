"""The wheel, installed beside nothing of the checkout and started from another folder."""

import importlib.util
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent
MODELS = [folder.name for folder in (ROOT / "models" / "gansynth").iterdir() if folder.is_dir()]


def pip(*words):
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_QUIET": "1"}
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, env=os.environ | offline)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that pip builds of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "-w", folder, ROOT)
    (path,) = folder.glob("hallu-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Run a program of an environment that has the wheel; what the wheel needs is borrowed from this one."""
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "venv"
    venv.create(environment)
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    pip("--python", programs / "python", "install", wheel)
    (packages,) = environment.glob("**/site-packages")
    # A path named in a .pth file comes last, and .pth files in it are not read: no way to this checkout from there.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")

    def run(program, *words):
        elsewhere = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "XDG"))}
        return subprocess.run(
            [programs / program, *words],
            cwd=folder,
            env=elsewhere | {"HOME": str(folder)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    return run


def test_the_wheel_holds_packages_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0].partition("-")[0] for name in names}
    assert tops <= {"core", "server", "gansynth", "specvqgan", "ganspace", "renderer", "scripts", "hallu"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".wav", ".part"))]


def test_what_is_started_is_the_wheel(installed):
    said = installed("python", "-c", "import server, gansynth; print(server.__file__, gansynth.__file__)").stdout
    assert said.count("site-packages") == 2


@pytest.mark.parametrize("name", MODELS)
def test_the_models_that_ship_are_found(installed, name):
    assert name in installed("hallu", "models").stdout


def test_the_list_of_messages_travels_along(installed):
    assert "/sound/hallucinate" in installed("hallu", "send", "--list").stdout


def test_every_patch_travels_along(installed):
    shipped = installed(
        "python", "-c", "from core.files.user_folders import shipped; print(shipped('pd'))"
    ).stdout.strip()
    patches = {path.relative_to(ROOT / "pd") for path in (ROOT / "pd").glob("**/*.pd")}
    assert patches
    assert {path.relative_to(shipped) for path in Path(shipped).glob("**/*.pd")} == patches


def test_what_is_no_python_travels_along(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "renderer").glob("**/*.*") if path.suffix != ".pyc"}
    assert {Path(name).suffix for name in wanted} >= {".html", ".css", ".js", ".txt"}
    assert wanted <= names


@pytest.mark.parametrize("program", ["hallu", "gansynth_generate"])
def test_programs_explain_themselves(installed, program):
    said = installed(program, "--help")
    assert said.returncode == 0
    assert said.stdout.startswith(f"usage: {program}")


def test_a_note_is_played_from_another_folder(installed):
    find = "from core.files.user_folders import shipped; print(shipped('models') / 'gansynth')"
    ckpt_dir = Path(installed("python", "-c", find).stdout.strip()) / MODELS[0]
    said = installed("gansynth_generate", "--ckpt_dir", ckpt_dir, "--output_dir", "out", "--batch_size", "1")
    assert "generated_0.wav" in said.stdout, said.stderr


def test_models_of_the_users_and_pictures_of_cards_stay_out_of_the_wheel(tmp_path):
    (tmp_path / "models" / "gansynth" / "mine").mkdir(parents=True)
    (tmp_path / "models" / "ships.txt").write_text("gansynth/theirs\n")
    (tmp_path / "models" / "gansynth" / "theirs").mkdir()
    for file in ("mine/meta.json", "theirs/meta.json", "theirs/sheet.png"):
        (tmp_path / "models" / "gansynth" / file).touch()
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / ".ci" / "hatch_build.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    data = {"force_include": {}}
    hook.ShippedFiles(str(tmp_path), {}, None, None, str(tmp_path), "wheel").initialize("standard", data)
    assert set(data["force_include"].values()) == {
        "core/shipped/models/ships.txt",
        "core/shipped/models/gansynth/theirs/meta.json",
        "core/shipped/pd",
    }


def test_the_wheel_is_below_100_megabytes_and_its_models_below_80(wheel):
    entries = zipfile.ZipFile(wheel).infolist()
    assert wheel.stat().st_size < 100e6
    assert sum(entry.file_size for entry in entries if "/models/" in entry.filename) < 80e6


def test_the_source_package_has_what_the_wheel_is_made_of_and_no_test_data(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path], cwd=ROOT, check=True, stdout=-3
    )
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as file:
        tops = {name.split("/")[1] for name in file.getnames()}
    assert {"core", "models", "pd", "LICENSE", "README.md", ".ci", "pyproject.toml"} <= tops
    assert not {"tests", "bench", "out"} & tops


def test_every_model_in_the_repository_ships():
    models = ROOT / "models"
    listed = subprocess.run(["git", "ls-files", "models"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {"/".join(name.split("/")[1:3]) for name in listed.split() if name.count("/") > 1}
    assert set((models / "ships.txt").read_text().split()) == folders
