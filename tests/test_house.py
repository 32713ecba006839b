"""House rules that a reader would otherwise have to check by eye: arrows, packages, what may stand in the tree."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import LONG
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
DEBIAN_PACKAGES = {
    "chromium": {"chromium"},
    "fluidsynth": {"fluidsynth", "fluid-soundfont-gm"},
    "pd": {"puredata-core"},
    "ip": {"iproute2"},
    "sshd": {"openssh-server", "openssh-client"},
}
CONDA_NAMES = {"pysoundfile": "soundfile", "soxr-python": "soxr", "matplotlib-base": "matplotlib"}

# The rooms that a room must not import; the image side knows no sound GAN.
FORBIDDEN = {
    "core": {"gansynth", "ganspace", "renderer", "server", "scripts", "specvqgan"},
    "gansynth": {"ganspace", "renderer", "server", "scripts", "specvqgan"},
    "specvqgan": {"ganspace", "gansynth", "renderer", "server", "scripts"},
    "ganspace": {"renderer", "server", "scripts", "specvqgan"},
    "renderer": {"gansynth", "server", "scripts", "specvqgan"},
    "server": {"scripts"},
}
# `python -m server` is the command `hallu`.
ALLOWED = {"server/__main__.py imports scripts"}


def imports(path):
    """Names of the top-level packages that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def test_no_import_points_upward():
    wrong = {
        f"{path.relative_to(ROOT).as_posix()} imports {name}"
        for room, above in FORBIDDEN.items()
        for path in ROOT.glob(f"{room}/**/*.py")
        for name in above.intersection(imports(path))
    }
    assert wrong == ALLOWED


def test_every_room_has_arrows():
    rooms = {name.partition("/")[0] for name in tracked() if name.endswith(".py")}
    assert rooms == {*FORBIDDEN, "scripts", "tests", "bench", ".ci"}


# Where a family of models may be named, besides core/families.py: in its room, in its commands, where it is measured.
OWN_ROOMS = {
    "cips": ("renderer/cips/", "renderer/training/", "scripts/cips_", "scripts/picture_dataset.py", "bench/"),
    "biggan": ("renderer/biggan/", "renderer/training/", "scripts/biggan_", "bench/"),
    "stylegan": ("renderer/stylegan2/", "scripts/stylegan2_", "bench/"),
    "specvqgan": ("specvqgan/", "scripts/specvqgan_", "scripts/frame.py", "bench/"),
}
# A program of another author that has the name of a family in its own.
CREDITED = "biggan audio visualizer"


@pytest.mark.parametrize("family", OWN_ROOMS)
def test_no_family_of_models_is_named_outside_its_rooms_and_the_registry(family):
    code = {path.relative_to(ROOT).as_posix(): path for path in ROOT.glob("*/**/*.py")}
    allowed = ("core/families.py", "tests/", *OWN_ROOMS[family])
    rooms = ("bench/", "core/", "ganspace/", "gansynth/", "renderer/", "scripts/", "server/", "specvqgan/")
    others = [name for name in code if name.startswith(rooms) and not name.startswith(allowed)]
    words = {name: " ".join(code[name].read_text(encoding="utf-8").lower().split()) for name in others}
    assert not [name for name, text in words.items() if family in text.replace(CREDITED, "")]


def strings(path):
    """The strings in a file, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    have_docs = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, have_docs)}
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [value for value in constants if isinstance(value, str) and value not in docs]


@pytest.mark.parametrize("room", ["core", "ganspace", "renderer", "server"])
def test_no_string_names_the_sound_family_outside_its_room_and_the_registry(room):
    paths = [path for path in ROOT.glob(f"{room}/**/*.py") if path != ROOT / "core" / "families.py"]
    assert not [(path, text) for path in paths for text in strings(path) if "gansynth" in text]


@pytest.mark.parametrize(
    "module",
    [
        "server",
        "scripts.hallu",
        "scripts.hallu_send",
        "gansynth",
        "gansynth.midi",
        "specvqgan.codebook.model",
        "specvqgan.transformer.model",
        "specvqgan.vocoder.model",
        "specvqgan.training.start",
        "renderer.video.hallucination",
        "renderer.video.visualize",
        "renderer.__main__",
        "scripts.gansynth_generate",
    ],
)
def test_importing_loads_no_tensorflow(module):
    loaded = f"import {module}, sys; print({{'tensorflow', 'keras', 'matplotlib'}} & set(sys.modules) or 'none')"
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True, cwd=ROOT).strip() == "none"


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(python="3.10"):
    """Name to bounds, of the instrument and its tests; the oldest Python needs all of them."""
    here = {"python_version": python}
    return {need.name: need.specifier for need in extra("test") if not need.marker or need.marker.evaluate(here)}


def extra(name):
    """What an extra needs, the base included: extras may name others."""
    extras = project()["optional-dependencies"]
    yield from map(Requirement, project()["dependencies"])
    for need in map(Requirement, extras[name]):
        if need.name != "hallu":
            yield need
        for other in need.extras if need.name == "hallu" else ():
            yield from extra(other)


@pytest.mark.parametrize("name", ["test-playing", "lyrics", "cluster"])
def test_what_plays_installs_neither_tensorflow_nor_keras(name):
    assert not {"tensorflow", "keras", "jax"} & {need.name for need in extra(name)}


def test_conda_gets_the_packages_and_bounds_of_pip():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = (entry["pip"] for entry in listed if isinstance(entry, dict))
    names = [entry for entry in listed if isinstance(entry, str) and entry != "pip"] + pip
    conda = {CONDA_NAMES.get(wanted.name, wanted.name): wanted.specifier for wanted in map(Requirement, names)}
    assert conda.pop("python") == project()["requires-python"]
    assert conda == requirements()


@pytest.mark.parametrize("python", PYTHONS)
def test_constraints_pin_every_package_within_its_bounds(python):
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = map(Requirement, (line for line in lines if not line.startswith("#")))
    here = {
        pin.name: pin.specifier for pin in pins if not pin.marker or pin.marker.evaluate({"python_version": python})
    }
    for name, bounds in requirements(python).items():
        (pin,) = here[name]
        assert pin.operator == "=="
        assert pin.version in bounds, name


def test_ci_runs_the_readmes_test_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = (
        line for line in readme.splitlines() if line.startswith("python3 -m venv") and line.endswith("pytest")
    )
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace("pip install -q", "pip install")
    places = [ci.index(step) for step in command.split(" && ")]
    assert places == sorted(places)


def test_ci_installs_the_programs_that_tests_need():
    tests = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/*.py"))
    programs = set(re.findall(r"need_program\(\"(\w+)\"\)", tests))
    needed = set().union(*(DEBIAN_PACKAGES[program] for program in programs))
    installs = re.findall(r"no-install-recommends (.+)", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    installed = {package for line in installs for package in line.split()}
    assert installed == needed | {"python3-venv"}


def tracked():
    """Contents of the files in git, by name."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    return {name: (ROOT / name).read_bytes() for name in names if name and (ROOT / name).is_file()}


# Composed, so that this file does not hold what it forbids.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("debian", "org"))]
HOSTS += [".".join(parts) for parts in (("npmjs", "com"), ("npmjs", "org"), ("anaconda", "org"))]
MACHINE = [
    "/".join(["", *parts]) for parts in (("work", "main"), ("work", "shared"), ("work", ".library"), ("root", ""))
]
MACHINE += ["/".join(parts) for parts in (("", "tmp", "venv"), ("", "opt", "pypi"), ("..", "shared"))]


@pytest.mark.parametrize("word", HOSTS + MACHINE)
def test_no_file_names_a_registry_or_a_path_of_one_machine(word):
    assert not [name for name, content in tracked().items() if word.encode() in content]


def test_no_file_is_larger_than_20_megabytes():
    assert not [name for name, content in tracked().items() if len(content) > 20_000_000]


@pytest.mark.parametrize("page", ["gansynth", "hallucination", "ganspace", "pictures", "foley"])
def test_controls_that_an_exercise_names_are_in_the_patches(page):
    patches = " ".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "pd").glob("*.pd")))
    labels = " ".join(patches.replace("\\ ", " ").split())
    named = set(re.findall(r"\*\*(.+?)\*\*", (ROOT / "docs" / "exercises" / f"{page}.md").read_text(encoding="utf-8")))
    assert len(named) > 5
    assert not [name for name in named - {"Bold"} if name not in labels]


# Files of Magenta have the name of our room in their paths.
NAMED_FILE = re.compile(
    r"(?<![\w/.-])(?!gansynth/lib/)"
    r"((?:core|gansynth|specvqgan|ganspace|renderer|server|scripts|tests|docs|pd|models|bench)/[\w/.-]+\.(?:py|md|pd|toml|yml|html))"
)


def test_files_that_code_and_pages_name_exist():
    files = tracked()
    texts = {
        name: content.decode() for name, content in files.items() if name.endswith((".py", ".md", ".toml", ".yml"))
    }
    missing = {
        (name, found) for name, text in texts.items() for found in NAMED_FILE.findall(text) if found not in files
    }
    assert not missing


PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("pd/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


def test_the_glossary_is_in_order_and_has_the_words_of_the_patches():
    rows = re.findall(r"^\| (\*\*.+?) \|", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.M)
    words = [re.findall(r"\*\*(.+?)\*\*", row) for row in rows]
    assert [row[0].lower() for row in words] == sorted(row[0].lower() for row in words)
    explained = {word.lower() for row in words for group in row for word in group.split(", ")}
    assert {"edit", "key point", "layer", "noz", "slot", "step", "target", "timbre", "z"} <= explained
    used = " ".join(path.read_text(encoding="utf-8").lower() for path in [*PAGES, *ROOT.glob("pd/*.pd")])
    assert not [word for word in explained if used.count(word) < 2]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_are_spelled_as_they_are_installed(page):
    installed = re.findall(r'^(\w+) = "scripts', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    typed = re.findall(r"python3? -m (?:scripts\.)?(\w+)", page.read_text(encoding="utf-8"))
    assert not {"server", *installed}.intersection(typed)


def test_the_files_that_begin_first_are_there():
    assert not [name for name in LONG if not (ROOT / "tests" / f"test_{name}.py").exists()]
