"""What biggan_train does at Ctrl-C, on JAX, and when it is asked for what cannot be."""

import os
import signal
import subprocess

import numpy as np
import pytest
from image_runs import (
    BIGGAN_TRAIN,
    SHORT,
    Recorder,
    a_folder_of_pictures,  # noqa: F401 - a fixture
    final,
    their_source,  # noqa: F401 - a fixture
    words,
)
from parts import need_module
from waiting import PATIENCE_S

from core.training import saves, trees
from core.training.loop import TrainingLoop
from core.training.random_streams import Stream, generator
from renderer.training import sample_grid, statistics
from renderer.training import state as run_state
from renderer.training.batches import ImageSource
from renderer.training.hparams import read
from renderer.training.trainer import ImageTrainer
from scripts import biggan_train


def test_ctrl_c_saves_the_step_at_hand(data, tmp_path):
    endless = {"total_images": 10**7, "grow_images": 10**6, "warm_start_images": 10**6}
    process = subprocess.Popen(
        [*BIGGAN_TRAIN, *words(data, tmp_path / "run", **endless)], stdout=subprocess.PIPE, text=True
    )
    while not process.stdout.readline().startswith("training"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=2 * PATIENCE_S)
    assert process.returncode == 130
    assert "stopped" in out
    assert saves.found(tmp_path / "run")


def rendered(state, own):
    """Images of a run's averaged generator."""
    render = sample_grid.SampleRenderer(statistics.ready(trees.to_tensors(state.tree), own), own, 3, own.size)
    z = np.random.default_rng(0).standard_normal((6, own.z_dim), np.float32)
    return render(z, np.eye(3, dtype=np.float32)[np.arange(6) % 3])


def test_jax_learns_what_tensorflow_learns(source, data, tmp_path):
    need_module("jax")
    short = SHORT | {"total_images": 16, "warm_start_images": 8, "sample_images": 1000}
    command = [*BIGGAN_TRAIN, *words(data, tmp_path / "jax", **short)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"KERAS_BACKEND": "jax"})
    assert done.returncode == 0, done.stderr
    own, _ = read(tmp_path / "jax")
    here = TrainingLoop(ImageTrainer(tmp_path, ImageSource(source.dataset, own)), Recorder()).run()
    first = run_state.initial(own, 3, 0, generator(0, Stream.WEIGHTS))
    # Weights differ by up to a step where batch norm undoes their effect and Adam enlarges the rounding.
    learned = np.abs(rendered(here, own) - rendered(first, own)).mean()
    assert np.abs(rendered(final(tmp_path / "jax"), own) - rendered(here, own)).mean() < 0.02 * learned


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["nowhere", "run"], "nowhere is not a folder"),
        (["nowhere", "run", "--export", "model"], "run is not a run of biggan_train"),
        (["nowhere", "run", "--set", "sise=16"], "no hyper-parameter 'sise'"),
        (["nowhere", "run", "--continuable"], "--continuable needs --export"),
        (["nowhere", "run", "--start_from", "there"], "there"),
        (["nowhere", "run", "--set", "size=17"], "size must be one of 16, 32, 64, 128, 256, not 17"),
    ],
)
def test_a_wrong_command_is_one_sentence(wrong, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert biggan_train.main(wrong) == 1
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_failed_run_leaves_no_folder(data, tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise ValueError("no trainer today")

    monkeypatch.setattr("renderer.training.trainer.ImageTrainer", fail)
    assert biggan_train.main(words(data, tmp_path / "run")) == 1
    assert "no trainer today" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
