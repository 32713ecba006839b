"""Commands that pages show are accepted as they are written, and name classes that there are."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from core import families
from core.files.user_folders import shipped
from renderer import classes
from scripts import start

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), ROOT / "pd" / "README.md"]
INSTALLED = re.findall(r'^(\w+) = "scripts', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
STARTS = re.compile(rf"({'|'.join(INSTALLED)}) \S")
# What stands for something else, or is for the shell.
OPEN = re.compile(r"\.\.\.|[\[\]|<>;&$`]")


def commands(page):
    """The commands in a page's blocks of code as lists of words."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```[^\n]*\n(.*?)^```", text, re.M | re.S):
        # A command goes on behind a backslash, and within quotes.
        whole = re.sub(r"'[^']*'", lambda quoted: quoted[0].replace("\n", " "), block.replace("\\\n", " "))
        for line in whole.splitlines():
            command = re.sub(r"\s#.*", "", line).strip()
            if STARTS.match(command) and not OPEN.search(re.sub("'[^']*'", "", command)):
                yield shlex.split(command)


def mentions(page):
    """Commands in a page's sentences, some without all of their words."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for command in re.findall(r"`([^`\n]+)`", text):
        if STARTS.match(command) and not OPEN.search(command):
            yield shlex.split(command)


def parsed(words):
    """What a command reads of its words."""
    name, rest = words[0], words[1:]
    module = start.module(name)
    if name == "hallu" and not rest[0].startswith("-"):
        module, rest = f"scripts.hallu_{rest[0]}", rest[1:]
    flags = import_module(module).parser()
    # Its settings may stand between and behind its flags.
    return flags.parse_intermixed_args(rest) if name == "specvqgan_train" else flags.parse_args(rest)


def complaints(found, capsys):
    """What is said of commands that are not accepted."""
    for words in found:
        try:
            parsed(words)
        except (SystemExit, ImportError):
            yield shlex.join(words), capsys.readouterr().err.splitlines()[-1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_shows_commands_that_are_accepted(page, capsys):
    assert not list(complaints(commands(page), capsys))
    unfinished = re.compile("expected one argument|arguments are required")
    assert not [words for words, said in complaints(mentions(page), capsys) if not unfinished.search(str(said))]


def test_classes_that_pages_name_are_those_of_the_model_that_is_played():
    names = families.image_description(shipped("models") / "biggan" / "patterns").class_names
    found = [vars(parsed(words)) for page in PAGES for words in commands(page)]
    chosen = [options["classes"] for options in found if options.get("classes") and options.get("model", "-") is None]
    assert chosen
    for wanted in chosen:
        classes.find(wanted, names)
