"""gansynth_postprocess_model: a run folder becomes one for playing, and sounds as before."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gansynth
from core.formats import checkpoint_files, safetensors_file
from gansynth import checkpoint, shrink
from gansynth.training import run_folder
from scripts import postprocess_model
from tests.conftest import DATA, SMALL
from tests.test_run_folder import KilledError, kill_at, make_config, random_state

ROOT = Path(__file__).parent.parent
EXPERIMENT = {
    "start_height": 2,
    "start_width": 2,
    "num_resolutions": 3,
    "latent_vector_size": 4,
    "fmap_base": 8,
    "stable_stage_num_images": 100,
    "transition_stage_num_images": 50,
    "audio_length": 16,
    "train_root_dir": "/home/student/run",
    "train_data_path": "/home/student/data.tfrecord",
    "train_meta_path": "/home/student/meta.json",
}
FOLDERS = [SMALL, *sorted((DATA / "magenta_kinds").iterdir())]


def two_pitches():
    return json.dumps({str(pitch): {"pitch": pitch} for pitch in (60, 61)})


@pytest.fixture
def run(tmp_path):
    """A run in its third stage, with all that training leaves."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "experiment.json").write_text(json.dumps(EXPERIMENT))
    (folder / "meta.json").write_text(two_pitches())
    config = make_config(folder)
    for stage, images in ((0, 100), (1, 150), (2, 9_912_344), (2, 10_346_312)):
        run_folder.save(folder, random_state(config, checkpoint.blocks_of(stage), images, images), config, stage)
    (folder / "stage_00003").mkdir()
    (folder / "stage_00002" / "events.out.tfevents.1.host").write_bytes(bytes(1000))
    (folder / "stage_00002" / "model.ckpt-10346312.meta").write_bytes(bytes(2000))
    for name in ("samples/images_000000100.wav", "logs/events.out.tfevents.2.host", "assets/some.npz", "own/notes.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(bytes(100))
    return folder


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def shrink_it(folder, *words):
    return postprocess_model.main(["--ckpt_dir", str(folder), *map(str, words)])


def waves(folder):
    model = gansynth.load(folder)
    z = np.random.default_rng(0).standard_normal([2, model.latent_size])
    return model.generate(z, [model.pitches[0], model.pitches[-1]])


def test_without_execute_it_tells_and_changes_nothing(run, capsys):
    before = files(run)
    assert shrink_it(run) == 0
    said = capsys.readouterr().out.splitlines()
    assert files(run) == before
    assert any(line.startswith("shrink stage_00002/model.ckpt-10346312 ") for line in said)
    assert any(line.startswith("delete stage_00001/ ") for line in said)
    assert "write  experiment.json, without train_root_dir, train_data_path, train_meta_path" in said
    assert "keep   assets/  100 bytes" in said
    assert said[-1].endswith("with --execute")


def test_what_playing_needs_stays_and_nothing_of_training(run):
    assert shrink_it(run, "--execute") == 0
    save = "stage_00002/model.ckpt-10346312"
    assert files(run) == [
        "assets/some.npz",
        "experiment.json",
        "meta.json",
        "own/notes.txt",
        "stage_00002/checkpoint",
        f"{save}.data-00000-of-00001",
        f"{save}.index",
    ]


def test_the_promised_size_is_what_comes_out(run, capsys):
    shrink_it(run)
    promised = shrink.plan(run).new_size
    shrink_it(run, "--execute")
    (prefix,) = checkpoint_files.saves(run / "stage_00002").values()
    # What is left of the index is a few hundred bytes more or less.
    assert sum(map(shrink.size_of, checkpoint_files.files(prefix))) == pytest.approx(promised, abs=6000)


def test_paths_of_the_training_machine_leave_experiment_json_and_nothing_else(run):
    shrink_it(run, "--execute")
    left = json.loads((run / "experiment.json").read_text())
    assert left == {key: value for key, value in EXPERIMENT.items() if not key.startswith("train_")}


def test_a_meta_json_is_copied_in(run, tmp_path):
    (run / "meta.json").unlink()
    (tmp_path / "meta.json").write_text(two_pitches())
    assert shrink_it(run, "--meta_path", tmp_path / "meta.json", "--execute") == 0
    assert gansynth.load(run).pitches == (60, 61)


def test_a_meta_json_of_another_dataset_is_refused_before_anything_changes(run, tmp_path, capsys):
    before = files(run)
    (tmp_path / "meta.json").write_text('{"a": {"pitch": 60}}')
    assert shrink_it(run, "--meta_path", tmp_path / "meta.json", "--execute") == 1
    assert "conv0_1/kernel has shape" in capsys.readouterr().err
    assert files(run) == before


def test_a_second_time_there_is_nothing_to_do(run, capsys):
    shrink_it(run, "--execute")
    capsys.readouterr()
    assert shrink_it(run, "--execute") == 0
    said = capsys.readouterr().out.splitlines()
    assert all(line.startswith("keep ") for line in said[:-1])


@pytest.mark.parametrize("source", FOLDERS, ids=lambda path: path.name)
def test_a_folder_of_magentas_sounds_the_same_afterwards(source, tmp_path):
    folder = tmp_path / source.name
    shutil.copytree(source, folder)
    before = waves(folder)
    assert shrink_it(folder, "--execute") == 0
    assert np.array_equal(waves(folder), before)
    (prefix,) = checkpoint_files.saves(checkpoint.latest(folder)[1].parent).values()
    assert (prefix.parent / "checkpoint").read_text() == f'model_checkpoint_path: "{prefix.name}"\n'


def test_a_kill_leaves_a_folder_that_plays_and_can_be_shrunk_again(run, tmp_path):
    config = make_config(run)
    expected = checkpoint.load(config)
    for step in range(100):
        folder = tmp_path / str(step)
        shutil.copytree(run, folder)
        steps = shrink.plan(folder)
        with pytest.MonkeyPatch.context() as monkeypatch:
            kill_at(monkeypatch, step)
            try:
                shrink.execute(steps)
                finished = True
            except KilledError:
                finished = False
        for _ in range(2):
            found = checkpoint.load(gansynth.read_config(folder))
            assert found.progress == expected.progress
            assert all(np.array_equal(found.weights[name], value) for name, value in expected.weights.items())
            shrink.execute(shrink.plan(folder))
        assert len(files(folder)) == 7
        if finished:
            assert step > 10
            return
    pytest.fail("shrinking takes more steps than were tried")


def test_a_folder_that_is_not_a_run_is_refused(tmp_path, capsys):
    assert shrink_it(tmp_path) == 1
    assert capsys.readouterr().err == (
        f"gansynth_postprocess_model: {tmp_path} is not a run folder: it has no stage_* folders\n"
    )


def test_the_program_explains_itself_without_tensorflow(capsys):
    loaded = "import scripts.postprocess_model, sys; print({'tensorflow', 'keras'} & set(sys.modules) or 'none')"
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True, cwd=ROOT).strip() == "none"
    with pytest.raises(SystemExit) as stop:
        postprocess_model.main(["--help"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("usage: gansynth_postprocess_model")


@pytest.fixture
def whole(run):
    """The run at its end, which is what is kept in half precision."""
    assert shrink_it(run, "--execute") == 0
    return run


def test_half_precision_takes_half_the_space_and_sounds_the_same(whole, capsys):
    before = waves(whole)
    assert shrink_it(whole, "--half", "--execute") == 0
    assert [path.name for path in (whole / "stage_00002").iterdir()] == ["model.ckpt-10346312.safetensors"]
    assert "2.5 kB -> 1.2 kB, half precision" in capsys.readouterr().out
    after = waves(whole)
    assert np.abs(after - before).max() < 0.01 * np.abs(before).max()


def test_float32_brings_tensorflows_format_back_with_the_same_numbers(whole):
    shrink_it(whole, "--half", "--execute")
    halves = checkpoint.load(gansynth.read_config(whole)).weights
    assert shrink_it(whole, "--float32", "--execute") == 0
    assert {path.suffix for path in (whole / "stage_00002").iterdir()} == {"", ".index", ".data-00000-of-00001"}
    found = checkpoint.load(gansynth.read_config(whole)).weights
    assert all(np.array_equal(found[name], halves[name]) for name in halves)


def test_a_run_goes_to_half_precision_in_one_step(run, capsys):
    assert shrink_it(run, "--half", "--execute") == 0
    assert "half precision" in capsys.readouterr().out
    assert checkpoint.load(gansynth.read_config(run)).path.name == "model.ckpt-10346312"


def test_shrinking_leaves_half_precision_as_it_is(run, capsys):
    shrink_it(run, "--half", "--execute")
    before = files(run)
    assert shrink_it(run, "--execute") == 0
    assert files(run) == before


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x10\0\0\0\0\0\0\0not an object at all"])
def test_a_damaged_file_of_halves_is_one_sentence(run, content):
    shrink_it(run, "--half", "--execute")
    next(run.glob("stage_*/*.safetensors")).write_bytes(content)
    with pytest.raises(ValueError, match=r"model.ckpt-10346312.safetensors cannot be read as safetensors"):
        checkpoint.load(gansynth.read_config(run))


def test_weights_that_half_precision_cannot_hold_are_refused():
    with pytest.raises(ValueError, match=r"w has numbers above 65504"):
        safetensors_file.halved({"w": np.array([1e5], np.float32)})


def test_halves_have_a_checksum_that_changes_with_them(run):
    shrink_it(run, "--half", "--execute")
    before = checkpoint.checksum(run)
    path = next(run.glob("stage_*/*.safetensors"))
    tensors = safetensors_file.read(path)
    safetensors_file.write(path, safetensors_file.halved({name: value + 1 for name, value in tensors.items()}))
    assert checkpoint.checksum(run) != before
