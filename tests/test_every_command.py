"""What all commands have in common: help, exit statuses, one line for an error, Ctrl-C."""

import argparse
import logging
import re
import runpy
import signal
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from core.progress import BYTES, show_progress, write
from scripts import frame, hallu, start

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
ENTRIES = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
INSTALLED = {name: start.module(name) for name in ENTRIES}
# Commands by the name that a user types, and their modules.
COMMANDS = INSTALLED | {f"hallu {name}": f"scripts.hallu_{name}" for name in hallu.COMMANDS}
# For whoever works on this project.
COMMANDS |= {name: f"scripts.{name}" for name in ("deken_package", "make_noise_checkpoint", "osc_docs")}
# Arguments with which each fails, and what its message must name.
FAILURES = {
    "biggan_convert": ("missing out", "missing"),
    "stylegan2_convert": ("missing out", "missing"),
    "biggan_train": ("missing run", "missing"),
    "cips_train": ("missing run", "missing"),
    "deken_package": ("--version 1 --out file/x", "file"),
    "dlwa": ("gansynth ganspace --model_name missing", "models/gansynth/missing"),
    "gan2n": ("--ckpt_dir missing --output_dir out", "missing"),
    "ganspacesynth_describe": ("--pca_file missing.npz --output_dir out", "missing.npz"),
    "ganspacesynth_spectrograms": ("--pca_file missing.npz --output_dir out", "missing.npz"),
    "gansynth_chop_audio": ("missing out", "missing"),
    "gansynth_dataset_report": ("missing", "missing"),
    "gansynth_ganspace": ("--ckpt_dir missing --list_layers", "missing"),
    "gansynth_generate": ("--ckpt_dir missing --output_dir out", "missing"),
    "gansynth_make_dataset": ("--in_dir missing", "missing"),
    "gansynth_pad_audio": ("missing out", "missing"),
    "gansynth_postprocess_model": ("--ckpt_dir missing", "missing"),
    "gansynth_soundfont_dataset": ("--out_dir out", "fluidsynth"),
    "gansynth_train": ('--hparams {"train_data_path":"x"}', "train_root_dir"),
    "gansynth_voice_report": ("--ckpt_dir missing --data_dir missing --out_dir out", "missing"),
    "hallu": ("send status", "'status'"),
    "hallu bridge": ("machine --key missing.key", "missing.key"),
    "hallu demo": ("--out file/out", "file/out"),
    "hallu foley": ("missing.mp4", "missing.mp4"),
    "hallu hallucinate": ("--model missing --out x.wav", "'missing'"),
    "hallu match": ("missing.wav", "missing.wav"),
    "hallu keys": ("--keys keys remove missing", "'missing'"),
    "hallu pd": ("--open missing", "missing"),
    "hallu models": ("add missing", "'missing'"),
    "hallu react": ("missing.wav --model missing", "'missing'"),
    "hallu send": ("status", "'status'"),
    "hallu serve": ("--models missing", "missing"),
    "hallu tempo": ("--model missing", "'missing'"),
    "hallu visualize": ("missing.wav --model missing", "'missing'"),
    "make_noise_checkpoint": ("file", "file"),
    "make_voice": ("out", "fluidsynth"),
    "picture_dataset": ("file", "file"),
    "specvqgan_dataset": ("out", "fluidsynth"),
    "specvqgan_report": ("missing missing", "missing"),
    "specvqgan_train": ("missing run -b codebook", "missing"),
    "specvqgan_evaluate": ("--fake missing --real missing", "missing"),
    "specvqgan_page": ("--model missing", "'missing'"),
    "specvqgan_sample": ("missing --out out", "missing"),
    "specvqgan_features": ("missing --out out --weights w.pth", "missing"),
    "specvqgan_codec": ("encode missing.wav out.hvq --model missing", "'missing'"),
    "stylegan2_train": ("missing run", "missing"),
}
every_command = pytest.mark.parametrize(("name", "module"), COMMANDS.items(), ids=COMMANDS)


def status(module, words):
    """The exit status that a command leaves."""
    try:
        return import_module(module).main(words)
    except SystemExit as stop:
        return stop.code


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty folder but for one file, without programs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    (tmp_path / "file").touch()


@every_command
def test_help_names_the_command_and_says_what_it_does(name, module, capsys):
    assert status(module, ["--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: {name} ")
    does = import_module(module).__doc__.split("\n\n")[0]
    assert " ".join(does.split()) in " ".join(shown.split())


@every_command
def test_a_module_can_be_run_as_a_program(name, module, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(SystemExit) as stop:
        runpy.run_module(module, run_name="__main__")
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {name} ")


@every_command
def test_wrong_usage_exits_2(name, module, capsys):
    assert status(module, ["--no-such-flag"]) == 2
    assert capsys.readouterr().err.startswith(f"usage: {name} ")


def parsers(flags):
    """A parser, and those of its subcommands."""
    yield flags
    for action in flags._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from parsers(one)


@every_command
def test_an_empty_path_or_name_is_refused(name, module, capsys):
    for one in parsers(import_module(module).parser()):
        for action in one._actions:
            if action.option_strings and action.nargs != 0 and action.type in (None, Path, frame.path):
                with pytest.raises(SystemExit):
                    one.parse_args([action.option_strings[-1], *[""] * (action.nargs if action.nargs == 2 else 1)])
                error = capsys.readouterr().err
                assert f"argument {'/'.join(action.option_strings)}: " in error
                assert "not ''" in error or "empty" in error or "invalid choice" in error


@pytest.mark.parametrize("name", ["gansynth_train", "stylegan2_train", "specvqgan_train", "biggan_train", "cips_train"])
def test_a_training_of_no_length_is_refused_before_anything_is_read(name, capsys):
    words = FAILURES[name][0].split() if name != "gansynth_train" else []
    assert status(COMMANDS[name], [*words, "--minutes", "0.01"]) == 1
    assert "--minutes must be at least" in capsys.readouterr().err


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_exits_1_with_one_line_that_names_the_input(name, capsys):
    words, named = FAILURES[name]
    assert status(COMMANDS[name], words.split()) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(r"[\w ]+: ", line)
    assert named in line
    assert "--debug" not in line


def test_every_command_that_can_fail_is_tried():
    assert set(COMMANDS) - set(FAILURES) == {"osc_docs", "hallu servers", "hallu sinks"}


@pytest.mark.parametrize("name", FAILURES)
def test_ctrl_c_exits_130(name, capsys, monkeypatch):
    def interrupted(options):
        signal.raise_signal(signal.SIGINT)
        time.sleep(10)

    run = frame.run
    monkeypatch.setattr(frame, "run", lambda work, *given, **more: run(interrupted, *given, **more))
    assert status(COMMANDS[name], FAILURES[name][0].split()) == 130
    assert capsys.readouterr().err == f"{'hallu send' if name == 'hallu' else name}: interrupted\n"


def test_every_file_is_a_command_but_the_frame():
    files = {path.stem for path in ROOT.glob("scripts/*.py")}
    assert files - {module.removeprefix("scripts.") for module in COMMANDS.values()} == {"__init__", "frame", "start"}


def test_the_list_of_subcommands_says_what_their_help_says():
    for name, text in hallu.COMMANDS.items():
        assert import_module(f"scripts.hallu_{name}").__doc__.startswith(f"{text}\n")


def test_hallu_says_its_version(capsys):
    assert status("scripts.hallu", ["--version"]) == 0
    assert re.fullmatch(r"hallu \S+\n", capsys.readouterr().out)


def test_debug_shows_where_an_error_comes_from():
    with pytest.raises(ValueError, match="'status'"):
        status("scripts.hallu_send", ["status", "--debug"])


def test_logs_name_the_command(capsys):
    root, logger = logging.getLogger(), logging.getLogger("server.test")
    kept = root.handlers[:]
    root.handlers.clear()
    try:
        options = hallu_options(["status"])
        assert frame.run(lambda given: logger.info("seed %d", 4), options, "hallu send") == 0
    finally:
        root.handlers[:] = kept
    assert capsys.readouterr().err == "hallu send: seed 4\n"


def hallu_options(words):
    return import_module("scripts.hallu_send").parser().parse_args(words)


class Terminal:
    """A stream that says it is a terminal, and keeps what is written."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


def test_on_a_terminal_progress_is_a_bar_that_goes_away(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with show_progress("note", "playing") as progress:
        progress(0, 4)
        write("a line")
        progress(4, 4)
    assert "playing" in terminal.text and "0/4" in terminal.text and "a line\n" in terminal.text
    assert terminal.text.rpartition("\r")[0].endswith(" ")


def test_downloads_of_unknown_size_are_counted_in_megabytes(capsys):
    with show_progress(BYTES) as progress:
        progress(1_500_000, 0)
    assert capsys.readouterr().err == "1.5 MB\n"


def test_a_random_seed_is_reported(caplog):
    with caplog.at_level("INFO", "scripts"):
        seed = frame.seed(None)
    assert caplog.messages == [f"seed {seed} (use --seed {seed} to reproduce)"]
    assert frame.seed(4) == 4


def test_ctrl_c_while_a_subcommand_begins_exits_130(capsys, monkeypatch):
    monkeypatch.setattr("scripts.hallu_foley.parser", lambda: signal.raise_signal(signal.SIGINT))
    assert hallu.main(["foley", "street.mp4"]) == 130
    assert capsys.readouterr().err == "hallu foley: interrupted\n"


@pytest.mark.parametrize("name", INSTALLED)
def test_ctrl_c_while_an_installed_commands_modules_are_read_exits_130(name, capsys, monkeypatch):
    entry = ENTRIES[name].partition(":")
    command = getattr(import_module(entry[0]), entry[2])
    monkeypatch.setattr(start, "import_module", lambda module: signal.raise_signal(signal.SIGINT))
    assert command([]) == 130
    assert capsys.readouterr().err == f"{name}: interrupted\n"
