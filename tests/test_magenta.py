"""Run folders that Magenta goes on from, and ours that go on from Magenta's."""

import json

import numpy as np
import pytest

import gansynth
from bench import work
from bench.common import magenta
from core.formats import tensor_bundle
from gansynth import checkpoint
from gansynth.training import run_folder
from tests import small_run
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
    reader = tensor_bundle.Reader(prefix)
    names = [name for name in reader.names if not name.startswith("hallu/")]
    listed = {name: [reader.dtype(name).name, *reader.entry(name).shape] for name in names}
    assert listed == LISTED[str(stage)]


def difference_from_magenta(folder, z, pitches):
    """Norm of the difference between Magenta's waves and ours, over the norm of Magenta's."""
    np.savez(folder / "notes.npz", z=z, pitches=pitches)
    magenta("play", folder)
    theirs = np.load(folder / "waves.npy")
    return np.linalg.norm(gansynth.load(folder).generate(z, pitches) - theirs) / np.linalg.norm(theirs)


def test_magenta_plays_what_we_save_while_a_block_fades_in(tmp_path):
    need_magenta()
    config = make_run(tmp_path, pitches=[40, 60])
    run_folder.save(tmp_path, random_state(config, 2, images=1_200_000), config, 1)
    z = np.random.default_rng(1).standard_normal([2, config.latent_size])
    error = difference_from_magenta(tmp_path, z, [40, 60])
    print(f"relative error {error:.1e}")
    assert error < 1e-3


def test_magenta_plays_what_we_train_goes_on_with_it_and_so_do_we(tmp_path):
    need_magenta()
    run = tmp_path / "run"
    data = small_run.write_tones(tmp_path / "data")
    assert small_run.train(data, run).returncode == 0
    config = gansynth.read_config(run)
    z = np.random.default_rng(1).standard_normal([len(config.pitches), config.latent_size])
    error = difference_from_magenta(run, z, list(config.pitches))
    print(f"relative error {error:.1e}")
    assert error < 1e-3

    before = run_folder.restore(run, config)
    magenta("learn", run, 4)
    after = run_folder.restore(run, config)
    assert after.images == before.images + 3 * 8
    for now, then in (
        (after.generator_adam, before.generator_adam),
        (after.discriminator_adam, before.discriminator_adam),
    ):
        assert now.steps == then.steps + 3
        # The second moments were kept: three steps with 0.99 leave 97 % of them.
        assert all(np.all(now.v[name] >= 0.97 * then.v[name]) for name in then.v)
    end = small_run.train(data, run, total_num_images=after.images + 16)
    assert end.returncode == 0, end.stderr
    assert run_folder.restore(run, config).images == after.images + 16


def test_we_go_on_from_what_magenta_trained(tmp_path):
    need_magenta()
    magenta("save", tmp_path)
    for stage in (0, 1):
        folder = tmp_path / f"run_{stage}"
        state = run_folder.restore(folder, gansynth.read_config(folder))
        assert (state.images, state.generator_adam.steps, state.discriminator_adam.steps) == (6, 3, 3)
        for adam in (state.generator_adam, state.discriminator_adam):
            # Of the two moments, only that of the squares has no negative values.
            assert all(np.all(value >= 0) for value in adam.v.values())
            assert min(value.min() for value in adam.m.values()) < 0
    assert json.loads((tmp_path / "magenta_variables.json").read_text()) == LISTED
