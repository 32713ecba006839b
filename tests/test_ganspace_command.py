"""gansynth_ganspace, as the course's page writes it, on Magenta's own small checkpoint."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from waiting import PATIENCE_S

import ganspace
from core.progress import Lines
from ganspace import analysis, sampling
from ganspace.plan import Plan
from scripts.gansynth_ganspace import main
from tests.conftest import SMALL


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command; its exit status, stdout and stderr."""

    def run(*flags, out="a.npz"):
        words = ["--ckpt_dir", SMALL, *flags, "--pca_out_file", tmp_path / out]
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return run


def test_the_courses_command_line(run, tmp_path):
    flags = "--seed 0 --layer conv0 --random_z_count 1024 --estimator ipca"
    status, said, _ = run(*flags.split(), out="mymodel_conv0_ipca_1024.pickle")
    assert status == 0
    found = ganspace.load(tmp_path / "mymodel_conv0_ipca_1024.pickle")
    assert (found.layer, found.estimator, found.count, found.mean.shape) == ("conv0", "ipca", 128, (2, 16, 16))
    assert "128 directions of conv0 by ipca" in said


def test_the_file_says_where_it_is_from(run, tmp_path):
    run("--random_z_count", 200, "--components", 4, "--seed", 5, "--pitch", 40)
    origin = ganspace.load(tmp_path / "a.npz").origin
    assert (origin.checkpoint, origin.pitch, origin.seed, origin.count) == ("magenta_small", 40, 5, 200)
    assert len(origin.checksum) == 64


@pytest.mark.parametrize("estimator", ["ipca", "stream"])
def test_the_same_seed_gives_the_same_file(run, tmp_path, estimator):
    for out in ("a.npz", "b.npz"):
        run("--random_z_count", 3000, "--components", 8, "--seed", 1, "--estimator", estimator, out=out)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_another_seed_gives_other_samples(run, tmp_path):
    for seed in (1, 2):
        run("--random_z_count", 200, "--components", 4, "--seed", seed, out=f"{seed}.npz")
    first, second = (ganspace.load(tmp_path / f"{seed}.npz") for seed in (1, 2))
    assert not np.array_equal(first.mean, second.mean)


def test_the_components_are_those_of_the_course(magenta, tmp_path, run):
    """Other latents from the same model: the strongest directions and their stdevs are the same but for chance."""
    course = ganspace.load(SMALL / "magenta_small_conv0_ipca_1024.pickle")
    run("--random_z_count", 20000, "--components", 64, "--estimator", "stream", "--pitch", course.origin.pitch or 32)
    ours = ganspace.load(tmp_path / "a.npz")
    np.testing.assert_allclose(ours.stdev[:8], course.stdev[:8], rtol=0.1)


@pytest.mark.parametrize("layer", ["conv0", "conv1", "conv0_2", "conv1_3"])
def test_any_layer_can_be_hooked_and_played_from(run, tmp_path, magenta, layer):
    run("--random_z_count", 64, "--components", 3, "--layer", layer)
    found = ganspace.load(tmp_path / "a.npz")
    assert found.mean.shape == magenta.layer_shape(layer)
    wave = magenta.generate_from_activations(layer, found.activations([[1.0]]), [40], length=2000)
    assert np.isfinite(wave).all()


def test_zero_edits_at_a_pitch_are_the_mean_of_that_pitch(run, tmp_path, magenta):
    run("--random_z_count", 4096, "--components", 4)
    found = ganspace.load(tmp_path / "a.npz")
    assert found.pitches == magenta.pitches
    z = np.random.default_rng(9).standard_normal((4096, magenta.latent_size))
    at_60 = magenta.activations(z, [60] * len(z), "conv0", at_once=512).mean(axis=0)
    missed = np.linalg.norm(found.activations([[0.0]], [60])[0] - at_60)
    assert missed < 0.25 * np.linalg.norm(found.mean - at_60)


def test_a_direction_followed_in_z_moves_the_activations_along_it(run, tmp_path, magenta):
    run("--random_z_count", 4096, "--components", 8)
    found = ganspace.load(tmp_path / "a.npz")
    z = np.random.default_rng(9).standard_normal((64, magenta.latent_size))
    moved = []
    for amount in (-1.0, 1.0):
        there = z + found.latent_offsets([[amount]])
        moved.append(found.coordinates(magenta.activations(there, [32] * 64, "conv0")).mean(axis=0))
    change = moved[1] - moved[0]
    assert change[0] > 1
    assert np.abs(change[1:]).max() < 0.3 * change[0]


def test_batches_of_a_layer_are_the_models_own_activations(magenta):
    sampler = sampling.make(magenta, "conv0", 40, 0)
    z = sampler.latents(sampling.SAMPLES, 0, 100)
    ours = np.concatenate(list(sampler.batches(z))).reshape(100, *sampler.shape)
    np.testing.assert_allclose(ours, magenta.activations(z, [40] * 100, "conv0"), atol=1e-6)


def test_a_chunk_of_latents_does_not_need_those_before_it(magenta):
    one, other = (sampling.make(magenta, "conv0", 40, seed=3).latents(sampling.SAMPLES, 5) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one, sampling.make(magenta, "conv0", 40, seed=4).latents(sampling.SAMPLES, 5))


class StopError(Exception):
    pass


@pytest.mark.parametrize("estimator", ["ipca", "stream"])
def test_stopped_work_goes_on_and_gives_the_same_file(magenta, tmp_path, monkeypatch, caplog, estimator):
    monkeypatch.setattr(analysis, "SAVE_EVERY_S", 0.0)
    plan, path = Plan(count=8000, components=8, estimator=estimator), tmp_path / "a.npz"
    analysis.compute_file(magenta, plan, path)
    whole = path.read_bytes()
    path.unlink()

    def stop(done, total):
        if done > 5000:
            raise StopError

    with pytest.raises(StopError):
        analysis.compute_file(magenta, plan, path, progress=stop)
    assert analysis.state_path(path).exists()
    seen = []
    with caplog.at_level("INFO", "ganspace"):
        analysis.compute_file(magenta, plan, path, progress=lambda done, total: seen.append(done))
    assert "continuing from" in caplog.text
    assert seen[1] >= 4096
    assert path.read_bytes() == whole
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npz"]


def test_a_state_of_other_work_is_not_taken_up(magenta, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(analysis, "SAVE_EVERY_S", 0.0)
    state = tmp_path / "state.npz"
    analysis.compute(magenta, Plan(count=3000, components=4), state=state)
    analysis.compute(magenta, Plan(count=3000, components=4, seed=1), state=state)
    assert "belongs to another computation" in caplog.text


def test_a_broken_state_is_not_taken_up(magenta, tmp_path, caplog):
    (tmp_path / "state.npz").write_bytes(b"half a fi")
    analysis.compute(magenta, Plan(count=300, components=4), state=tmp_path / "state.npz")
    assert "starting from the beginning" in caplog.text


def test_killed_work_goes_on(tmp_path):
    out = tmp_path / "a.npz"
    flags = f"--ckpt_dir {SMALL} --random_z_count 40000 --components 8 --seed 1 --pca_out_file {out}"
    code = "import sys; from ganspace import analysis; from scripts.gansynth_ganspace import main; "
    code += "analysis.SAVE_EVERY_S = 0.0; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *flags.split()]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    state = analysis.state_path(out)
    deadline = time.monotonic() + PATIENCE_S
    while not state.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert state.exists() and not out.exists()
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * PATIENCE_S)
    assert done.returncode == 0, done.stderr
    assert "continuing from" in done.stderr
    assert ganspace.load(out).origin.count == 40_000
    assert not state.exists()


def test_away_from_a_terminal_progress_is_lines(run):
    _, _, received = run("--random_z_count", 200, "--components", 4)
    lines = [line for line in received.splitlines() if line.endswith(" samples")]
    total = 200 + 200 + 61 * 32
    assert lines[0] == f"0 of {total} samples"
    assert lines[-1] == f"{total} of {total} samples"


def test_lines_say_how_long_it_will_take(capsys):
    now = iter([0.0, 0.0, 5.0, 11.0, 12.0])
    lines = Lines("sample", clock=lambda: next(now))
    for done in (0, 10, 20, 100):
        lines(done, 100)
    said = capsys.readouterr().err.splitlines()
    assert said == ["0 of 100 samples", "20 of 100 samples, 0:00:44 left", "100 of 100 samples"]


def test_layers_are_listed_with_their_shapes(capsys):
    assert main(["--ckpt_dir", str(SMALL), "--list_layers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "conv0: 2 x 16 x 16 = 512 values"
    assert lines[-1].startswith("conv1_7: 128 x 1024 x 1 = ")


def test_all_components_are_the_courses_full_rank(run, tmp_path):
    run("--random_z_count", 600, "--components", "all", "--estimator", "stream")
    assert ganspace.load(tmp_path / "a.npz").count == 512


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--pitch", 3], "magenta_small has no pitch 3; it has 24..84"),
        (["--layer", "conv9"], "'conv9' is not a layer of magenta_small; its layers are conv0, conv1"),
        (["--components", 300], "300 components need at least as many samples, not 200"),
    ],
)
def test_a_failure_is_one_line_and_status_1(run, flags, words):
    status, _, errors = run("--random_z_count", 200, *flags)
    assert status == 1
    assert words in errors.splitlines()[-1]
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "either --list_layers or --random_z_count"),
        (["--list_layers", "--random_z_count", "10"], "either --list_layers or --random_z_count"),
        (["--random_z_count", "200"], "--pca_out_file names the file to write"),
        (["--random_z_count", "200", "--pca_out_file", "a.txt"], "must end with .npz"),
        (["--random_z_count", "200", "--components", "0"], "whole number of at least 1"),
        (["--random_z_count", "200", "--estimator", "tsne"], "invalid choice"),
    ],
)
def test_wrong_usage_is_status_2(flags, words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--ckpt_dir", str(SMALL), *flags])
    assert stop.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    ["gansynth_ganspace", "ganspacesynth_describe", "ganspacesynth_spectrograms", "gan2n", "gansynth_generate"],
)
def test_help_comes_before_anything_large_is_loaded(name):
    heavy = "{'tensorflow', 'keras', 'matplotlib', 'sklearn', 'distributed'}"
    code = f"import sys; from scripts import {name}; {name}.parser(); print({heavy} & set(sys.modules) or 'none')"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "none"
