"""A training run on disk: everything comes back, nothing is lost by a kill, and Magenta reads it."""

import contextlib
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from core.formats import checkpoint_files, tensor_bundle
from gansynth import checkpoint, shrink, variables
from gansynth.config import Config
from gansynth.training import continuation, run_folder
from gansynth.training.state import AdamMoments, SoundState

SETTINGS = {"start_height": 2, "start_width": 2, "num_resolutions": 3, "latent_vector_size": 4, "fmap_base": 8}
SCHEDULE = {"stable_stage_num_images": 100, "transition_stage_num_images": 50, "audio_length": 16}


def make_config(folder, **settings):
    return Config(folder=folder, pitches=(60, 61), **SETTINGS | SCHEDULE | settings)


def random_state(config, blocks, images=7, steps=3, seed=0, **extra):
    rng = np.random.default_rng(seed)

    def weights(shapes):
        return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}

    def adam(shapes):
        return AdamMoments(weights(shapes), weights(shapes), steps)

    own, other = checkpoint.expected_shapes(config, blocks), checkpoint.discriminator_shapes(config, blocks)
    return SoundState(weights(own), weights(other), weights(own), adam(own), adam(other), blocks, images, extra)


def equal(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[name], b[name]) for name in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return a == b


def same(a, b):
    return equal(dataclasses.asdict(a), dataclasses.asdict(b))


@pytest.mark.parametrize("stage", [0, 1, 2, 3, 4])
def test_a_state_comes_back_to_the_bit(tmp_path, stage):
    config = make_config(tmp_path)
    state = random_state(config, checkpoint.blocks_of(stage))
    run_folder.save(tmp_path, state, config, stage)
    assert same(run_folder.restore(tmp_path, config), state)


def test_what_only_we_know_comes_back_with_its_kind(tmp_path):
    config = make_config(tmp_path)
    extra = {"latents": np.float32([[1, 2]]), "latents/m": np.zeros((0, 3)), "order": np.arange(5)}
    state = random_state(config, 1, **extra)
    run_folder.save(tmp_path, state, config, 0)
    assert same(run_folder.restore(tmp_path, config), state)


def test_heads_of_conditions_come_back(tmp_path):
    config = make_config(tmp_path, conditions=("family", "qualities"))
    state = random_state(config, 2)
    assert state.discriminator["family_logits/kernel"].shape == (8, 11)
    run_folder.save(tmp_path, state, config, 2)
    assert same(run_folder.restore(tmp_path, config), state)


def test_the_instrument_plays_the_moving_average(tmp_path):
    config = make_config(tmp_path)
    state = random_state(config, 2, images=125)
    run_folder.save(tmp_path, state, config, 1)
    loaded = checkpoint.load(config)
    assert equal(loaded.weights, state.average)
    assert loaded.progress == 0.5


def test_the_last_stage_and_the_greatest_number_are_taken(tmp_path):
    config = make_config(tmp_path)
    for stage, images in ((0, 99), (2, 10346312), (2, 9912344)):
        run_folder.save(tmp_path, random_state(config, checkpoint.blocks_of(stage), images), config, stage)
    assert run_folder.restore(tmp_path, config).images == 10346312


def test_the_last_few_saves_stay_and_one_of_each_stage_before(tmp_path):
    config = make_config(tmp_path)
    for stage, images in ((0, 8), (0, 9), (0, 10), (1, 98), (1, 99), (1, 100), (1, 101)):
        run_folder.save(tmp_path, random_state(config, checkpoint.blocks_of(stage), images), config, stage, keep=2)
    kept = [list(checkpoint_files.saves(path)) for path in checkpoint.stages(tmp_path).values()]
    assert kept == [[10], [100, 101]]


def test_the_checkpoint_file_names_the_last_save_without_a_path(tmp_path):
    config = make_config(tmp_path)
    for images in (9, 10):
        prefix = run_folder.save(tmp_path, random_state(config, 1, images), config, 0)
    assert (prefix.parent / "checkpoint").read_text() == 'model_checkpoint_path: "model.ckpt-10"\n'


class KilledError(BaseException):
    """Stands for a kill: no handler may tidy up after it."""


def kill_at(monkeypatch, step):
    """Fail before the step-th change of a name on disk."""
    left = [step]

    def guard(change):
        def guarded(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                raise KilledError
            return change(*args, **kwargs)

        return guarded

    for name in ("replace", "rename", "unlink"):
        monkeypatch.setattr(Path, name, guard(getattr(Path, name)))


def latest_of_tensorflow(folder):
    import tensorflow as tf

    return tf.train.latest_checkpoint(str(max(checkpoint.stages(folder).values())))


@pytest.mark.parametrize(
    ("stage", "images"), [(0, 200), (1, 200), (0, 100)], ids=["next save", "next stage", "same number again"]
)
def test_a_kill_while_saving_leaves_a_save_before_or_after(tmp_path, stage, images):
    for step in range(30):
        folder = tmp_path / str(step)
        config = make_config(folder)
        before = random_state(config, 1, 100, seed=1)
        after = random_state(config, checkpoint.blocks_of(stage), images, seed=2)
        run_folder.save(folder, before, config, 0, keep=1)
        with pytest.MonkeyPatch.context() as monkeypatch:
            kill_at(monkeypatch, step)
            try:
                run_folder.save(folder, after, config, stage, keep=1)
                finished = True
            except KilledError:
                finished = False
        restored = run_folder.restore(folder, config)
        assert same(restored, before) or same(restored, after)
        assert tensor_bundle.Reader(Path(latest_of_tensorflow(folder)))
        run_folder.save(folder, after, config, stage, keep=1)
        assert same(run_folder.restore(folder, config), after)
        if finished:
            assert step > 3
            return
    pytest.fail("saving takes more steps than were tried")


@pytest.mark.parametrize("images", [0, 100])
def test_a_second_kill_while_saving_the_same_number_does_no_harm_either(tmp_path, images):
    config = make_config(tmp_path)
    known = [random_state(config, 1, images, seed=seed) for seed in range(3)]
    run_folder.save(tmp_path, known[0], config, 0)
    for steps in np.ndindex(10, 10):
        for step, state in zip(steps, known[1:], strict=True):
            with pytest.MonkeyPatch.context() as monkeypatch:
                kill_at(monkeypatch, step)
                with contextlib.suppress(KilledError):
                    run_folder.save(tmp_path, state, config, 0)
            restored = run_folder.restore(tmp_path, config)
            assert any(same(restored, state) for state in known)


def test_nothing_is_left_of_a_killed_save_after_the_next(tmp_path, monkeypatch):
    config = make_config(tmp_path)
    state = random_state(config, 1, 100)
    (tmp_path / ".stage_00000-dead.part" / ".model.ckpt-100.part").mkdir(parents=True)
    run_folder.save(tmp_path, state, config, 0)
    (tmp_path / "stage_00000" / ".model.ckpt-200.part").mkdir()
    (tmp_path / "stage_00000" / "model.ckpt-200.data-00000-of-00001").touch()
    run_folder.save(tmp_path, dataclasses.replace(state, images=200), config, 0)
    names = sorted(path.name for path in (tmp_path / "stage_00000").iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["stage_00000"]
    files = [f"model.ckpt-{n}.{kind}" for n in (100, 200) for kind in ("data-00000-of-00001", "index")]
    assert names == ["checkpoint", *files]


def test_a_stage_with_other_blocks_is_refused(tmp_path):
    config = make_config(tmp_path)
    with pytest.raises(ValueError, match="stage 1 has 2 blocks; the state has 1"):
        run_folder.save(tmp_path, random_state(config, 1), config, 1)


def test_a_missing_weight_is_named_before_anything_is_written(tmp_path):
    config = make_config(tmp_path)
    state = random_state(config, 1)
    del state.discriminator_adam.v["logits/bias"]
    with pytest.raises(ValueError, match=r"discriminator_adam\.v: logits/bias is missing"):
        run_folder.save(tmp_path, state, config, 0)
    assert not list(tmp_path.iterdir())


def test_a_weight_that_would_be_lost_is_named(tmp_path):
    config = make_config(tmp_path)
    state = random_state(config, 1)
    state.average["to_rgb_2/bias"] = np.zeros(2, np.float32)
    with pytest.raises(ValueError, match="average: to_rgb_2/bias is not one of its weights"):
        run_folder.save(tmp_path, state, config, 0)


def test_a_checkpoint_for_playing_alone_cannot_go_on(tmp_path):
    config = make_config(tmp_path)
    checkpoint.save(tmp_path, random_state(config, 3).average, config, 375)
    with pytest.raises(ValueError, match="holds only what playing needs"):
        run_folder.restore(tmp_path, config)


@pytest.mark.parametrize("steps", [0, 1, 5000])
def test_adams_steps_follow_from_magentas_accumulators(tmp_path, steps):
    config = make_config(tmp_path)
    prefix = run_folder.save(tmp_path, random_state(config, 1, steps=steps), config, 0)
    reader = tensor_bundle.Reader(prefix)
    tensors = {name: reader.read(name) for name in reader.sizes()}
    assert tensors[variables.powers("generator")[0]] == 0
    assert tensors[variables.powers("generator")[1]] == pytest.approx(0.99 ** (steps + 1))
    checkpoint_files.write(prefix.parent, 7, {name: value for name, value in tensors.items() if "/steps" not in name})
    assert run_folder.restore(tmp_path, config).generator_adam.steps == steps


@pytest.mark.parametrize("half", [False, True])
def test_a_shrunk_run_goes_on_with_what_was_kept_for_it(tmp_path, half):
    settings = make_config(tmp_path)
    latents = {"latent/mean": np.ones((2, 4), np.float32), "latent/mean/m": np.ones((2, 4), np.float32)}
    before = random_state(settings, 3, **latents)
    run_folder.save(tmp_path, before, settings, 4)
    (tmp_path / "meta.json").write_text('{"a": {"pitch": 60}, "b": {"pitch": 61}}')
    (tmp_path / "experiment.json").write_text(json.dumps(SETTINGS | SCHEDULE))
    continuation.write(tmp_path, run_folder.restore(tmp_path, settings))
    shrink.execute(shrink.plan(tmp_path, half=half))
    after = run_folder.restore(tmp_path, settings)
    assert (after.images, after.blocks) == (before.images, before.blocks)
    assert not any(value.any() for value in after.generator_adam.v.values())
    assert after.extra["latent/mean"].all()
    assert not after.extra["latent/mean/m"].any()
    for name, value in before.discriminator.items():
        np.testing.assert_allclose(after.discriminator[name], value, atol=2e-3)
    for name, value in before.average.items():
        np.testing.assert_allclose(after.generator[name], value, atol=2e-3 if half else 0)
    run_folder.save(tmp_path, after, settings, 4)
