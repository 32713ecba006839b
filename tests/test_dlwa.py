"""The course's wrapper for virtual machines: names instead of paths, and training that outlives the terminal."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import small_run
import soundfile
from waiting import PATIENCE_S, until

HOUSE = Path(__file__).parent.parent


def dlwa(folder, *words):
    command = [sys.executable, str(HOUSE / "scripts" / "dlwa.py"), "gansynth", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(HOUSE)}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=2 * PATIENCE_S, env=environment)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A folder with recordings and a dataset in the course's places."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "inputs" / "mytunes").mkdir(parents=True)
    for pitch in small_run.PITCHES:
        soundfile.write(folder / "inputs" / "mytunes" / f"tune_{pitch}.wav", small_run.tone(pitch, 3), small_run.RATE)
    small_run.write_tones(folder / "datasets" / "gansynth" / "tones")
    return folder


def test_setup_makes_the_folders_and_says_what_computes(tmp_path):
    done = dlwa(tmp_path, "setup")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "datasets" / "gansynth").is_dir()
    assert "training will run on tensorflow on " in done.stdout


def test_names_become_the_courses_paths(machine):
    done = dlwa(machine, "chop-audio", "--input_name", "mytunes", "--len", 600, "--step", 600)
    assert done.returncode == 0, done.stderr
    assert "> gansynth_chop_audio inputs/mytunes inputs/mytunes_chopped --len 600 --step 600" in done.stdout
    assert len(list((machine / "inputs" / "mytunes_chopped").iterdir())) == 6


def test_short_sounds_become_a_dataset(machine):
    padded = dlwa(machine, "pad-audio", "--input_name", "mytunes", "--output_name", "long", "--length", 1300)
    assert padded.returncode == 0, padded.stderr
    made = dlwa(machine, "make-dataset", "--input_name", "long", "--dataset_name", "long", "--length", 1300)
    assert made.returncode == 0, made.stderr
    assert {p.name for p in (machine / "datasets" / "gansynth" / "long").iterdir()} == {"data.tfrecord", "meta.json"}


def test_training_goes_on_in_the_background(machine):
    tiny = json.dumps(small_run.SETTINGS | {"total_num_images": 10**6, "stable_stage_num_images": 10**6})
    wanted = ("train", "--dataset_name", "tones", "--model_name", "mymodel")
    done = dlwa(machine, *wanted, f"--hparams={tiny}")
    assert done.returncode == 0, done.stderr
    assert "tail -f models/gansynth/mymodel/dlwa_train.log" in done.stdout
    model = machine / "models" / "gansynth" / "mymodel"
    process = int((model / "dlwa_train.pid").read_text())
    log = model / "dlwa_train.log"
    try:
        until(lambda: "training on 6 notes" in log.read_text())
        again = dlwa(machine, *wanted)
        assert again.returncode == 1
        assert f"dlwa: it is already running, as process {process}" in again.stderr
    finally:
        os.kill(process, signal.SIGTERM)
    until(lambda: "stopped" in log.read_text())
    assert list(model.glob("stage_00000/*.index"))


def test_a_dataset_that_is_not_there_is_named(machine):
    done = dlwa(machine, "train", "--dataset_name", "nothing", "--model_name", "x")
    assert done.returncode == 1
    assert "there is no datasets/gansynth/nothing" in done.stderr
