"""gansynth_train with a time limit on JAX, the whole way: a dataset, a run that is stopped and resumes, a voice."""

import json
import os
import signal
import subprocess
import time

import numpy as np
import pytest
import small_run
from parts import need_module
from waiting import PATIENCE_S

import gansynth
from core.training.timeline import Timeline
from gansynth import config
from gansynth.training import run_folder

# Half of the schedule is pretraining.
SETTINGS = {"warm_start_images": 48, "adversarial_loss": "logistic", "gradient_penalty_interval": 2}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run that was stopped at a save, and then went on to its end; its folder, its images at the stop, the output."""
    need_module("jax")
    folder = tmp_path_factory.mktemp("minutes")
    data, run = small_run.write_tones(folder / "data"), folder / "run"
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    cache = ("--cache", folder / "cache")
    words = small_run.words(data, run, "--minutes", 30, "--save_every_s", 0.001, *cache, **SETTINGS)
    first = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)
    while not list(run.glob("stage_00004/*.index")):
        assert first.poll() is None
        time.sleep(0.05)
    first.send_signal(signal.SIGINT)
    assert "stopped" in first.communicate(timeout=PATIENCE_S)[0]
    images = run_folder.restore(run, config.read_config(run)).images
    done = small_run.train(data, run, "--minutes", 0.35, *cache, environment={"KERAS_BACKEND": "jax"}, **SETTINGS)
    assert done.returncode == 0, done.stderr
    return run, images, done


def test_it_trains_at_full_size_from_the_start(trained):
    assert [path.name for path in trained[0].glob("stage_*")] == ["stage_00004"]
    assert json.loads((trained[0] / "experiment.json").read_text())["train_progressive"] is False


def test_the_schedule_is_at_its_end_when_the_time_is(trained):
    run, stopped, _ = trained
    timeline, images = Timeline.load(run), run_folder.restore(run, config.read_config(run)).images
    assert timeline.position(stopped) < 48
    assert images > stopped
    assert timeline.reached(images, small_run.SETTINGS["total_num_images"])


def test_compiled_programs_are_kept(trained):
    assert list((trained[0].parent / "cache").iterdir())


def test_what_it_trained_plays(trained):
    model = gansynth.load(trained[0])
    waves = model.generate(np.random.default_rng(0).standard_normal((1, model.latent_size)), [60])
    assert np.isfinite(waves).all()


def test_a_run_that_grows_has_no_time_limit(tmp_path):
    done = small_run.train(tmp_path / "data", tmp_path / "run", "--minutes", 1, train_progressive=True)
    assert done.returncode == 1
    assert "train_progressive must be false with --minutes" in done.stderr
