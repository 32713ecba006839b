"""Which stage, which iteration, and files that are not as they should be."""

import shutil

import numpy as np
import pytest

import gansynth
from core.formats import tensor_bundle
from gansynth import checkpoint, variables
from gansynth.config import Config
from tests.conftest import SMALL

TINY = {"start_height": 2, "start_width": 2, "num_resolutions": 3, "latent_vector_size": 4, "fmap_base": 8}
SCHEDULE = {"stable_stage_num_images": 100, "transition_stage_num_images": 50, "audio_length": 16}


def touch(folder, stage, iteration):
    path = folder / f"stage_{stage:05d}"
    path.mkdir(exist_ok=True)
    for suffix in ("index", "data-00000-of-00001"):
        (path / f"model.ckpt-{iteration}.{suffix}").touch()


def test_the_latest_stage_that_has_a_checkpoint_is_taken(tmp_path):
    touch(tmp_path, 3, 10)
    (tmp_path / "stage_00004").mkdir()
    assert checkpoint.latest(tmp_path)[0] == 3


def test_iterations_are_compared_as_numbers(tmp_path):
    touch(tmp_path, 12, 9912344)
    touch(tmp_path, 12, 10346312)
    assert checkpoint.latest(tmp_path)[1].name == "model.ckpt-10346312"


def test_an_index_without_its_data_is_passed_over(tmp_path):
    touch(tmp_path, 12, 10)
    (tmp_path / "stage_00012" / "model.ckpt-20.index").touch()
    assert checkpoint.latest(tmp_path)[1].name == "model.ckpt-10"


def test_a_foreign_path_in_the_checkpoint_file_does_no_harm(tmp_path):
    touch(tmp_path, 12, 10)
    (tmp_path / "stage_00012" / "checkpoint").write_text('model_checkpoint_path: "/nowhere/model.ckpt-99"')
    assert checkpoint.latest(tmp_path)[1].name == "model.ckpt-10"


def test_no_checkpoint_at_all_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no stage with a checkpoint"):
        checkpoint.latest(tmp_path)


@pytest.mark.parametrize(
    ("counter", "progress"), [(0, 0), (99, 0), (100, 0), (125, 0.5), (150, 1), (249, 1), (275, 1.5), (9999, 2)]
)
def test_progress_follows_the_image_counter(tmp_path, counter, progress):
    config = Config(folder=tmp_path, **TINY, **SCHEDULE)
    assert checkpoint.progress_at(counter, config, blocks=3) == pytest.approx(progress)


def test_progress_without_progressive_training_is_the_last(tmp_path):
    assert checkpoint.progress_at(0, Config(folder=tmp_path, train_progressive=False), blocks=7) == 6


def test_weights_survive_saving(tmp_path):
    config = Config(folder=tmp_path, **TINY, **SCHEDULE)
    rng = np.random.default_rng(0)
    shapes = checkpoint.expected_shapes(config, 3)
    weights = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    checkpoint.save(tmp_path, weights, config, 375)
    loaded = checkpoint.load(config)
    assert loaded.progress == 2
    assert all(np.array_equal(weights[name], loaded.weights[name]) for name in weights)


def broken_copy(tmp_path, change):
    folder = tmp_path / "broken"
    shutil.copytree(SMALL, folder)
    change(folder)
    return folder


def test_a_cut_data_file_is_a_clear_error(tmp_path):
    def cut(folder):
        data = next(folder.glob("stage_*/*.data-*"))
        data.write_bytes(data.read_bytes()[:1000])

    with pytest.raises(ValueError, match="cannot be read"):
        gansynth.load(broken_copy(tmp_path, cut))


def test_a_scrambled_index_is_a_clear_error(tmp_path):
    def scramble(folder):
        next(folder.glob("stage_*/*.index")).write_bytes(b"no table" * 100)

    with pytest.raises(ValueError, match="cannot be read as a TensorFlow checkpoint"):
        gansynth.load(broken_copy(tmp_path, scramble))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (variables.COUNTER, np.float32([1, 2]), "global_step must be a whole number"),
        (variables.averaged("to_rgb_1/bias"), np.arange(2), "to_rgb_1/bias holds int64"),
    ],
)
def test_a_variable_of_another_type_is_named(tmp_path, name, value, words):
    folder = broken_copy(tmp_path, lambda folder: None)
    _, prefix = checkpoint.latest(folder)
    reader = tensor_bundle.Reader(prefix)
    tensor_bundle.write(prefix, {each: reader.read(each) for each in reader.names} | {name: value})
    with pytest.raises(ValueError, match=words):
        gansynth.load(folder)


def test_settings_that_do_not_fit_the_weights_name_the_variable(tmp_path):
    def shrink(folder):
        (folder / "meta.json").write_text('{"a": {"pitch": 60}}')

    with pytest.raises(ValueError, match=r"conv0_1/kernel has shape \(2, 16, 125, 16\)"):
        gansynth.load(broken_copy(tmp_path, shrink))
