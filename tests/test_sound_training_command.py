"""gansynth_train from the outside: stages, a kill, Ctrl-C, two machines, and what it leaves for people."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import numpy as np
import pytest
import small_run
from parts import need_module
from waiting import PATIENCE_S

import gansynth
from gansynth import config
from gansynth.training import run_folder
from scripts import gansynth_train

# Two stages: the first resolution, and the second fading in.
SHORT = {"total_num_images": 32, "conditions": ["family"]}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return small_run.write_tones(tmp_path_factory.mktemp("tones") / "data")


@pytest.fixture(scope="module")
def unbroken(data, tmp_path_factory):
    """A run from its first image to its last."""
    run = tmp_path_factory.mktemp("unbroken") / "run"
    done = small_run.train(data, run, **SHORT, save_summaries_num_images=32)
    assert done.returncode == 0, done.stderr
    return run, done


def state(run):
    return run_folder.restore(run, config.read_config(run))


def largest_difference(one, other):
    parts = [(getattr(one, part), getattr(other, part)) for part in ("generator", "discriminator", "average")]
    return max(np.abs(a[name] - b[name]).max() for a, b in parts for name in a)


def train_here(data, run, **hparams):
    """Run the command in this process, which has its libraries already; the exit status."""
    return gansynth_train.main(small_run.words(data, run, **hparams)[3:])


def test_it_goes_through_the_stages_as_magenta_does(unbroken):
    run, _ = unbroken
    saves = [(path.parent.name, path.stem) for path in sorted(run.glob("stage_*/*.index"))]
    assert saves == [("stage_00000", "model.ckpt-16"), ("stage_00001", "model.ckpt-32")]


def test_notes_of_libraries_to_developers_stay_off_the_terminal(unbroken):
    told = unbroken[1].stdout + unbroken[1].stderr
    assert not re.search(r"(?i)retracing|cuda|cuInit|oneDNN|absl|rebuild TensorFlow|XLA", told), told


def test_what_it_trained_plays(unbroken):
    model = gansynth.load(unbroken[0])
    z = np.random.default_rng(0).standard_normal((2, model.latent_size))
    reed, flute = (model.generate(z, [60, 67], conditions={"family": family}) for family in ("reed", "flute"))
    assert reed.shape == (2, small_run.LENGTH)
    assert (reed != flute).any()


def test_it_says_how_far_it_is(unbroken):
    _, done = unbroken
    assert "stage 1: 32 of 32 images" in done.stdout
    assert "discriminator" in done.stdout


def summaries(path):
    """The events that TensorBoard would show."""
    from tensorflow.compat.v1.train import summary_iterator

    return summary_iterator(str(path))


def test_it_leaves_sounds_pictures_and_scalars(unbroken):
    run, _ = unbroken
    assert {path.name for path in (run / "samples").iterdir()} == {"images_000000032.wav", "images_000000032.png"}
    (events,) = (run / "logs").glob("events.out.tfevents.*")
    values = [value for event in summaries(events) for value in event.summary.value]
    assert {value.tag for value in values} >= {"discriminator", "images_per_second"}
    assert all(np.isfinite(value.simple_value) for value in values)


def test_the_joint_counts_stand_in_experiment_json(unbroken):
    counts = json.loads((unbroken[0] / "experiment.json").read_text())["label_counts"]
    assert counts == {"columns": ["pitch", "family"], "rows": [[p, f, 1] for p in (60, 64, 67) for f in (2, 7)]}


def test_a_run_that_is_done_stays_as_it_is(unbroken, data):
    run, _ = unbroken
    before = state(run)
    assert train_here(data, run, **SHORT) == 0
    assert largest_difference(state(run), before) == 0


def test_a_killed_run_ends_as_the_unbroken_one(unbroken, data, tmp_path):
    run = tmp_path / "run"
    process = subprocess.Popen(small_run.words(data, run, "--save_every_s", 0.001, **SHORT), stdout=subprocess.DEVNULL)
    while not list(run.glob("stage_00001/*.index")):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert train_here(data, run, **SHORT) == 0
    assert largest_difference(state(run), state(unbroken[0])) < 1e-4


def test_ctrl_c_saves_the_step_at_hand(data, tmp_path):
    endless = {"total_num_images": 10**6, "stable_stage_num_images": 10**6}
    process = subprocess.Popen(small_run.words(data, tmp_path / "run", **endless), stdout=subprocess.PIPE, text=True)
    while not process.stdout.readline().startswith("training"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=2 * PATIENCE_S)
    assert process.returncode == 130
    assert "stopped" in out
    assert state(tmp_path / "run").images % 8 == 0


def test_a_failed_run_leaves_no_folder(data, tmp_path):
    broken = shutil.copytree(data, tmp_path / "broken", ignore=shutil.ignore_patterns("*.npy", ".*"))
    records = (broken / "data.tfrecord").read_bytes()
    (broken / "data.tfrecord").write_bytes(records[: len(records) // 2])
    assert train_here(broken, tmp_path / "runs" / "new", **SHORT) == 1
    assert not (tmp_path / "runs").exists()


def test_another_run_is_not_overwritten(unbroken, data):
    done = small_run.train(data, unbroken[0], **SHORT | {"latent_vector_size": 4})
    assert done.returncode == 1
    assert "holds a run with latent_vector_size 8, not 4; name a new train_root_dir" in done.stderr
    # Not even TensorFlow says anything there.
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("hparams", "message"),
    [
        ({"train_data_path": "nowhere"}, "nowhere/meta.json"),
        ({"train_min_pitch": 90, "train_max_pitch": 99}, "no note has a pitch in 90..99"),
        ({"generator_learning_rat": 1}, "did you mean generator_learning_rate?"),
        ({"audio_length": 1216}, "has 1200 samples; audio_length is 1216"),
        ({"conditions": ["colour"]}, "must be names out of family, source, qualities, not 'colour'"),
    ],
)
def test_a_wrong_setting_is_one_sentence(data, tmp_path, capsys, hparams, message):
    assert train_here(data, tmp_path / "run", **hparams) == 1
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


def two_workers(data, run, **hparams):
    """Two processes on loopback; what they printed."""
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    cluster = {"worker": [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]}
    for one in sockets:
        one.close()
    processes = []
    for index in range(2):
        task = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        environment = {**os.environ, "TF_CONFIG": task}
        words = small_run.words(data, run, **hparams)
        processes.append(
            subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
    try:
        return [(process.communicate(timeout=2 * PATIENCE_S), process.returncode) for process in processes]
    finally:
        for process in processes:
            process.kill()


def test_two_workers_end_with_the_weights_of_one(unbroken, tmp_path):
    # A dataset of their own, so that both make its spectra.
    for (_, error), code in two_workers(small_run.write_tones(tmp_path / "data"), tmp_path / "run", **SHORT):
        assert code == 0, error
    assert largest_difference(state(tmp_path / "run"), state(unbroken[0])) < 1e-3


@pytest.mark.parametrize("devices", [1, 2])
def test_jax_ends_with_the_weights_of_tensorflow(unbroken, data, tmp_path, devices):
    need_module("jax")
    environment = {"KERAS_BACKEND": "jax", "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    done = small_run.train(data, tmp_path / "run", environment=environment, **SHORT)
    assert done.returncode == 0, done.stderr
    assert largest_difference(state(tmp_path / "run"), state(unbroken[0])) < 1e-4
