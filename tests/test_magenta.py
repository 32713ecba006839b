"""Run folders that Magenta goes on from, and ours that go on from Magenta's."""

import json

import numpy as np
import pytest

import gansynth
from bench import work
from bench.common import magenta
from gansynth import checkpoint, run_folder, tensor_file
from tests.conftest import DATA
from tests.parts import need_magenta
from tests.test_run_folder import random_state

# Written by bench/magenta_side.py: stage -> name -> kind and shape of what Magenta saves for work.SAVED.
LISTED = json.loads((DATA / "magenta_variables.json").read_text(encoding="utf-8"))


def make_run(folder, pitches=None, **settings):
    """A run that has not saved yet."""
    (folder / "stage_00000").mkdir(parents=True)
    (folder / "experiment.json").write_text(json.dumps(work.SAVED | settings))
    if pitches:
        (folder / "meta.json").write_text(json.dumps({str(pitch): {"pitch": pitch} for pitch in pitches}))
    return gansynth.read_config(folder)


@pytest.mark.parametrize("stage", [0, 1])
def test_a_save_has_the_variables_that_magenta_saves(tmp_path, stage):
    config = make_run(tmp_path)
    prefix = run_folder.save(tmp_path, random_state(config, checkpoint.blocks_of(stage)), config, stage)
    reader = tensor_file.open_save(prefix)
    kinds, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
    listed = {name: [kinds[name].name, *shapes[name]] for name in shapes if not name.startswith("hallu/")}
    assert listed == LISTED[str(stage)]


@pytest.mark.parametrize(("stage", "images"), [(1, 1_200_000), (12, 10_999_999)])
def test_magenta_plays_what_we_save(tmp_path, stage, images):
    need_magenta()
    pitches = [40, 60]
    config = make_run(tmp_path, pitches, fmap_base=512)
    run_folder.save(tmp_path, random_state(config, checkpoint.blocks_of(stage), images), config, stage)
    z = np.random.default_rng(1).standard_normal([2, config.latent_size])
    np.savez(tmp_path / "notes.npz", z=z, pitches=pitches)
    magenta("play", tmp_path)
    theirs = np.load(tmp_path / "waves.npy")
    error = np.linalg.norm(gansynth.load(tmp_path).generate(z, pitches) - theirs) / np.linalg.norm(theirs)
    print(f"stage {stage}: relative error {error:.1e}")
    assert error < 1e-3


def test_we_go_on_from_what_magenta_trained(tmp_path):
    need_magenta()
    magenta("save", tmp_path)
    for stage in (0, 1):
        folder = tmp_path / f"run_{stage}"
        state = run_folder.restore(folder, gansynth.read_config(folder))
        assert (state.images, state.generator_adam.steps, state.discriminator_adam.steps) == (6, 3, 3)
        for adam in (state.generator_adam, state.discriminator_adam):
            # Of the two moments, only that of the squares has no negative values; and three steps were not lost.
            assert all(np.all(value >= 0) for value in adam.v.values())
            assert min(value.min() for value in adam.m.values()) < 0
    assert json.loads((tmp_path / "magenta_variables.json").read_text()) == LISTED
