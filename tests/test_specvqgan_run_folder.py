"""Run folders of the original and of ours are read without torch, and nothing of them is executed."""

import os
import pickle
import shutil
import zipfile

import numpy as np
import pytest
import specvqgan_files as files
import torch_files
import yaml

import specvqgan
from core.formats import yaml_file
from specvqgan import run_folder


@pytest.mark.parametrize("name", files.RUNS)
def test_a_run_of_the_original_is_read(name):
    run = run_folder.read(files.run(name))
    part = "quantize.embedding.weight" if name == "codebook" else "first_stage_model.quantize.embedding.weight"
    assert run.weights[part].shape == (64, 32)
    assert run.config["model"]["base_learning_rate"] == 1e-6


def test_a_resumed_run_has_the_settings_of_its_last_start():
    config = run_folder.read_config(files.run("class"))
    assert config["data"]["params"]["batch_size"] == 4
    assert config["lightning"]["trainer"] == {
        "limit_train_batches": 2,
        "limit_val_batches": 2,
        "max_epochs": 2,
        "num_sanity_val_steps": 0,
        "resume_from_checkpoint": f"logs/{files.RUNS['class']}/checkpoints/last.ckpt",
    }


def test_settings_are_merged_key_by_key_and_lists_are_replaced():
    merged = run_folder.merge({"a": {"b": 1, "c": [1, 2]}, "d": 1}, {"a": {"c": [3]}, "d": {"e": 1}})
    assert merged == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}


@pytest.mark.parametrize(
    ("names", "newest"),
    [
        (("epoch_9", "epoch_10"), "epoch_10"),
        (("epoch=000012", "epoch_000002"), "epoch=000012"),
        (("epoch_99", "last"), "last"),
        (("epoch=7-step=100", "epoch=9-step=120"), "epoch=9-step=120"),
    ],
)
def test_the_newest_checkpoint_counts_however_it_is_spelled(tmp_path, names, newest):
    (tmp_path / "checkpoints").mkdir()
    for name in names:
        (tmp_path / "checkpoints" / f"{name}.ckpt").touch()
    assert run_folder.locate(tmp_path).stem == newest


def test_one_checkpoint_can_be_named(tmp_path):
    run = files.run("5feats")
    assert run_folder.read(run / "checkpoints" / "epoch_0.ckpt").config == run_folder.read_config(run)


def test_a_melgan_folder_is_read_although_its_settings_are_python_objects():
    run = run_folder.read(files.FOLDER / "melgan")
    assert run.config["ngf"] == 4
    assert run.weights["model.1.weight_v"].shape == (64, 80, 7)


def test_a_folder_of_ours_is_read_as_it_was_written(tmp_path):
    weights = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "a.bias": np.ones(2, np.float32)}
    run_folder.write(tmp_path / "own", {"format": "x", "list": [1, 2]}, weights, dtype="float16")
    run = run_folder.read(tmp_path / "own")
    assert run.config == {"format": "x", "list": [1, 2]}
    assert all((run.weights[name] == weights[name]).all() for name in weights)


def test_a_folder_without_a_network_says_what_one_has(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config.json and weights.safetensors, or checkpoints/\*.ckpt"):
        run_folder.read(tmp_path)


def test_a_run_without_settings_says_so(tmp_path):
    shutil.copytree(files.run("nofeats") / "checkpoints", tmp_path / "checkpoints")
    with pytest.raises(FileNotFoundError, match=r"no \*-project.yaml"):
        run_folder.read(tmp_path)


class Calls:
    def __reduce__(self):
        return print, ("executed",)


def test_a_checkpoint_that_calls_something_calls_nothing(tmp_path, capfd):
    (tmp_path / "checkpoints").mkdir()
    path = tmp_path / "checkpoints" / "last.ckpt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"state_dict": {}, "callbacks": Calls()}, protocol=2))
    assert run_folder.read_weights(path) == {}
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("write", [torch_files.write_zip, torch_files.write_legacy])
def test_an_optimizers_numbers_are_not_read(tmp_path, write):
    """A run's checkpoint may have two thirds of them; in this archive they are missing."""
    own, storages = torch_files.state_dict({"a": np.arange(4, dtype=np.float32)})
    other, storage = torch_files.tensor("9", np.arange(8, dtype=np.float32))
    path = tmp_path / "last.ckpt"
    kept = [*storages] if write is torch_files.write_zip else [storage, *storages]
    write(path, {"state_dict": own, "optimizer_states": [other]}, kept)
    assert run_folder.read_weights(path)["a"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x [1, 2]\nb: *x\n", "alias"),
        ("[" * 1000 + "]" * 1000, "nested"),
        ("a: [1", "expected"),
        ("a: b: c", "mapping values"),
    ],
)
def test_yaml_that_is_hostile_or_broken_is_refused(tmp_path, text, reason):
    path = tmp_path / "args.yml"
    path.write_text(text)
    with pytest.raises(ValueError, match=reason) as error:
        yaml_file.read(path)
    assert str(path) in str(error.value)


def test_yaml_of_python_objects_calls_nothing():
    assert yaml_file.parse("!!python/object/apply:os.system [echo hi]") == ["echo hi"]


def test_a_file_whose_tensors_share_numbers_is_refused(tmp_path):
    """A few bytes would otherwise become gigabytes."""
    one, storage = torch_files.tensor("0", np.ones(4096, np.float32))
    path = tmp_path / "last.ckpt"
    torch_files.write_zip(path, {"state_dict": {str(name): one for name in range(1000)}}, [storage])
    with pytest.raises(ValueError, match="more numbers than the file"):
        run_folder.read_weights(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n_embed", 10**9),
        ("embed_dim", -1),
        ("ch", 33),
        ("num_res_blocks", 10**6),
        ("ch_mult", [1] * 20),
        ("ch", "${x}"),
    ],
)
def test_a_setting_out_of_its_range_is_named(tmp_path, key, value):
    run = tmp_path / "run"
    shutil.copytree(files.run("codebook"), run)
    (path,) = (run / "configs").glob("*project.yaml")
    path.chmod(0o644)
    config = yaml.safe_load(path.read_text())
    params = config["model"]["params"]
    (params if key in params else params["ddconfig"])[key] = value
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(ValueError, match=r"last.ckpt: .* must "):
        specvqgan.load_codebook(run)


def test_settings_of_data_that_are_no_mapping_are_refused(tmp_path):
    run = tmp_path / "run"
    shutil.copytree(files.run("codebook"), run)
    (path,) = (run / "configs").glob("*project.yaml")
    path.chmod(0o644)
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "data": "target"}))
    with pytest.raises(ValueError, match="data must be a mapping of settings"):
        specvqgan.load_codebook(run)


def test_a_pipe_in_place_of_a_checkpoint_is_refused(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    os.mkfifo(tmp_path / "checkpoints" / "last.ckpt")
    with pytest.raises((ValueError, FileNotFoundError)):
        run_folder.read(tmp_path)


def test_a_tensor_of_another_shape_is_named(tmp_path):
    run = run_folder.read(files.run("codebook"))
    run.weights["quant_conv.weight"] = run.weights["quant_conv.weight"][:1]
    run_folder.write(tmp_path / "own", run.config, run.weights)
    with pytest.raises(ValueError, match=r"quant_conv.weight must have shape \[32, 48, 1, 1\], not \[1, 48, 1, 1\]"):
        specvqgan.load_codebook(tmp_path / "own")
