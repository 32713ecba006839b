"""The commands around datasets and voices: their help, and what they import."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from scripts import start

ROOT = Path(__file__).parent.parent
PROGRAMS = {
    "gansynth_chop_audio": "chop_audio",
    "gansynth_dataset_report": "dataset_report",
    "gansynth_make_dataset": "make_dataset",
    "gansynth_pad_audio": "pad_audio",
    "gansynth_postprocess_model": "postprocess_model",
    "gansynth_soundfont_dataset": "soundfont_dataset",
    "gansynth_train": "gansynth_train",
    "gansynth_voice_report": "voice_report",
}


@pytest.mark.parametrize(("program", "module"), PROGRAMS.items())
def test_programs_explain_themselves(program, module, capsys):
    (entry,) = entry_points(group="console_scripts", name=program)
    assert start.module(program) == f"scripts.{module}"
    with pytest.raises(SystemExit) as stop:
        entry.load()(["--help"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {program}")


def test_importing_the_programs_loads_no_tensorflow():
    names = ", ".join(f"scripts.{module}" for module in PROGRAMS.values())
    loaded = f"import {names}, sys; print({{'tensorflow', 'keras', 'matplotlib'}} & set(sys.modules) or 'none')"
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True, cwd=ROOT).strip() == "none"
