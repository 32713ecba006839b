"""The sketch on a local Dask cluster of two workers: one machine's result, and a dead worker loses nothing."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import MissingPackageError
from ganspace import analysis, cluster
from ganspace.plan import Plan
from gansynth import read_config
from scripts.gansynth_ganspace import main
from tests.conftest import SMALL

PLAN = Plan(count=12_000, components=8, estimator="stream", seed=3)


@pytest.fixture(scope="module")
def workers():
    """Two worker processes, and a client."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local,
        Client(local) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch):
    monkeypatch.setattr(cluster, "TASK_CHUNKS", 1)


@pytest.fixture(scope="module")
def alone(magenta):
    return analysis.compute(magenta, PLAN)


def assert_equal_to_rounding(ours, theirs):
    np.testing.assert_allclose(ours.stdev, theirs.stdev, rtol=1e-5)
    np.testing.assert_allclose(ours.mean, theirs.mean, atol=1e-5)
    np.testing.assert_allclose(ours.components, theirs.components, atol=1e-3)
    np.testing.assert_allclose(ours.pitch_means, theirs.pitch_means, atol=1e-5)


def test_two_workers_find_what_one_machine_finds(magenta, workers, alone):
    seen = []
    found = cluster.compute(magenta, PLAN, workers, progress=lambda done, total: seen.append((done, total)))
    assert_equal_to_rounding(found, alone)
    assert seen[-1][0] == seen[-1][1]


def test_a_worker_that_dies_loses_nothing(magenta, workers, alone):
    victims = list(workers.run(os.getpid).values())[:1]

    def progress(done, total):
        if done and victims:
            os.kill(victims.pop(), signal.SIGKILL)

    found = cluster.compute(magenta, PLAN, workers, progress=progress)
    assert not victims
    assert_equal_to_rounding(found, alone)


def test_the_command_uses_a_scheduler(workers, tmp_path):
    flags = f"--ckpt_dir {SMALL} --random_z_count 2000 --components 4 --pca_out_file {tmp_path / 'a.npz'}"
    assert main([*flags.split(), "--scheduler", workers.scheduler.address]) == 0
    assert (tmp_path / "a.npz").exists()


def test_workers_compute_with_the_engine_of_the_command(workers, tmp_path):
    flags = f"--ckpt_dir {SMALL} --random_z_count 2000 --components 4 --pca_out_file {tmp_path / 'a.npz'}"
    flags += f" --engine tensorflow --scheduler {workers.scheduler.address}"
    assert main(flags.split()) == 0
    assert any(workers.run(lambda: "tensorflow" in __import__("sys").modules).values())


def test_only_sketches_can_be_added(magenta, tmp_path):
    with pytest.raises(ValueError, match="--scheduler goes with --estimator stream, not ica"):
        cluster.compute_file(magenta, Plan(count=200, estimator="ica"), tmp_path / "a.npz", "tcp://127.0.0.1:1")


def test_without_dask_one_sentence_says_what_to_install(magenta, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackageError, match=r"--scheduler needs Dask: pip install 'hallu\[cluster\]'"):
        cluster.compute_file(magenta, PLAN, tmp_path / "a.npz", "tcp://127.0.0.1:1")


def test_a_worker_with_another_checkpoint_says_so():
    folder = read_config(SMALL).folder
    with pytest.raises(ValueError, match="contains another checkpoint on this worker"):
        cluster.sums_of_chunks(str(Path(folder)), "0" * 64, PLAN, 32, np.zeros(1), np.zeros((1, 1)), range(1))
