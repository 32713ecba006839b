"""Training of a StyleGAN2: steps that learn, sizes that grow, runs that are stopped and resume, the exported model."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import small_stylegan2
from keras import ops
from parts import need_module

from core.nn import numpy_ops
from core.nn.backend import value_and_gradients
from core.nn.stateless_random import StatelessRandom
from core.training import trees
from core.training.logger import NullLogger
from core.training.loop import TrainingLoop
from core.training.random_streams import Stream, generator
from renderer import stylegan2
from renderer.stylegan2 import network
from renderer.stylegan2.formats import own_format
from renderer.stylegan2.training import augment, continuation, discriminator, export, exported_settings, samples, steps
from renderer.stylegan2.training import generator as training_generator
from renderer.stylegan2.training import state as run_state
from renderer.stylegan2.training.batches import ImageSource
from renderer.stylegan2.training.hparams import read, settle
from renderer.stylegan2.training.stages import stages
from renderer.stylegan2.training.trainer import StyleGan2Trainer
from renderer.stylegan2.training.training_ops import ops as training_ops
from renderer.training import image_folder
from renderer.training.drawings import folder
from scripts import stylegan2_train

SHIPPED = Path(__file__).parents[1] / "models" / "stylegan2" / "drawings"
SETTINGS = {
    "size": 16,
    "start_size": 8,
    "channels": 64,
    "most_channels": 8,
    "discriminator_channels": 64,
    "discriminator_most": 8,
    "z_size": 8,
    "w_size": 8,
    "batch_size": 4,
    "total_images": 24,
    "grow_images": 16,
    "r1_every": 2,
    "path_length_every": 2,
    "augment_target": 0.0,
    "sample_images": 1000,
}
# JAX then takes a third less processor time to compile these small networks.
QUICK_TO_COMPILE = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
# One size, without what takes long to compile.
SHORT = SETTINGS | {"size": 8, "r1": 0.0, "path_length": 0.0, "total_images": 16}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    where = tmp_path_factory.mktemp("drawings") / "data"
    folder.write(where, ["coral", "fire"], 6, size=16)
    return where


@pytest.fixture(scope="module")
def images(data):
    return image_folder.read(data, 16)


def source_of(images, **settings):
    return ImageSource(images, settle(SETTINGS | settings))


def first(source):
    return run_state.initial(source.hparams, source.classes, generator(0, Stream.WEIGHTS))


def run(where, source, stopping=lambda: False):
    return TrainingLoop(StyleGan2Trainer(where, source), NullLogger(), stopping=stopping).run()


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    """A whole run of two sizes."""
    source = source_of(images)
    return source, run(tmp_path_factory.mktemp("run"), source)


def test_a_run_goes_through_its_sizes(trained):
    source, state = trained
    assert [(stage.size, stage.end) for stage in stages(source.hparams)] == [(8, 16), (16, 24)]
    assert (state.size, state.images) == (16, 24)


def test_a_run_shorter_than_its_first_size_ends_there(images):
    short = source_of(images, total_images=8).hparams
    assert [stage.end for stage in stages(short)] == [8, 8]


def test_every_part_of_both_networks_learns(trained):
    source, state = trained
    before = first(source).tree
    still = [
        f"{branch} {name}"
        for branch in ("generator", "discriminator", "average")
        for name, value in state.tree[branch].items()
        if np.array_equal(value, before[branch][name])
    ]
    # The input of the smaller image has its own; the image's noise has no strength before the first step.
    assert not still


def test_a_stopped_run_ends_as_the_unbroken_one(trained, images, tmp_path):
    unbroken = trained[1]
    calls = iter([False, False, True])
    stopped = run(tmp_path, source_of(images), lambda: next(calls, True))
    assert stopped.images < unbroken.images
    resumed = run(tmp_path, source_of(images))
    pairs = zip(trees.flatten(resumed.tree).values(), trees.flatten(unbroken.tree).values(), strict=True)
    assert max(float(np.abs(one - other).max()) for one, other in pairs) < 1e-3


def test_the_exported_model_gives_the_images_of_the_average(trained, tmp_path):
    source, state = trained
    export.export(tmp_path / "model", state, source, "float32")
    config, arrays = own_format.read_config(tmp_path / "model"), own_format.read_arrays(tmp_path / "model")
    ready = network.prepare(numpy_ops, arrays, config)
    z, labels = np.random.default_rng(0).standard_normal((2, 8)).astype(np.float32), np.eye(2, dtype=np.float32)
    w = network.mapping(numpy_ops, ready, z, labels, config)
    played = network.synthesis(numpy_ops, ready, np.repeat(w[:, None], config.num_ws, axis=1), (), config)
    quiet = {name: value * 0 if name.endswith("noise_strength") else value for name, value in arrays.items()}
    learned = {name: quiet[name] for name in training_generator.used(config)}
    here = samples.SampleRenderer(learned, source.hparams, 2, 16)(z, labels)
    assert np.abs(played - here).max() < 1e-4


def test_the_exported_model_has_the_average_of_each_class(trained, tmp_path):
    source, state = trained
    export.export(tmp_path / "model", state, source, "float32")
    model = stylegan2.load(tmp_path / "model")
    z, labels = np.random.default_rng(0).standard_normal((2, 8)), np.eye(2, dtype=np.float32)
    averages = samples.averages(state.tree["average"], source.hparams, 2)
    np.testing.assert_allclose(model.mapping(z, labels, 0.0)[:, 0], averages, atol=1e-5)


def test_a_new_size_changes_neither_images_nor_scores(images):
    source = source_of(images)
    tree = first(source).tree
    random = StatelessRandom(ops.convert_to_tensor(np.array((1, 2), np.uint32)), 0)
    quiet = {name: value * 0 if name.endswith("noise_strength") else value for name, value in tree["generator"].items()}
    latents = np.random.default_rng(0).standard_normal((4, 6, 8)).astype(np.float32)
    small = training_generator.images(quiet, latents[:, :4], random, source.hparams, 8)
    large = training_generator.images(quiet, latents, random, source.hparams, 16)
    assert np.allclose(network.enlarged(training_ops, small), large, atol=1e-5)
    real = np.random.default_rng(1).uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)
    labels = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    halved = discriminator.halved(real)
    scores = [discriminator.score(tree["discriminator"], each, labels, source.hparams) for each in (halved, real)]
    assert np.allclose(*scores, atol=1e-5)


def test_r1_is_the_squared_slope_of_the_scores(images):
    source = source_of(images, size=8, flips=False)
    tree, rows = first(source).tree, np.arange(4)
    batch = source.batch(0) | {"images": images.at(8)[rows], "labels": images.labels[rows], "rate": np.float32(0)}
    _, penalty = steps.penalty_phase(steps.StepPlan(source.hparams, 2, 8), trees.to_tensors(tree), batch)
    real = images.at(8)[rows].astype(np.float32) / 127.5 - 1
    labels = np.eye(2, dtype=np.float32)[images.labels[rows]]
    weights = {name: np.asarray(value) for name, value in tree["discriminator"].items()}
    nudge = np.random.default_rng(0).standard_normal(real.shape).astype(np.float32)

    def total(at):
        return float(np.sum(discriminator.score(weights, real + at * nudge, labels, source.hparams)))

    (_, _), slope = value_and_gradients(
        lambda at: (ops.sum(discriminator.score(weights, at["x"], labels, source.hparams)), None),
        {"x": ops.convert_to_tensor(real)},
    )
    found = np.asarray(slope["x"])
    assert np.sum(found * nudge) == pytest.approx((total(1e-3) - total(-1e-3)) / 2e-3, rel=0.03)
    assert float(penalty) == pytest.approx(np.square(found).sum(axis=(1, 2, 3)).mean(), rel=1e-4)


def test_bfloat16_learns_in_the_same_direction():
    found = []
    for short in (False, True):
        real = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 3)).astype(np.float32)
        wide = settle(SETTINGS | {"size": 32, "start_size": 32, "bfloat16": short})
        weights = trees.to_tensors(discriminator.initial(wide, 1, np.random.default_rng(3)))
        _, slopes = value_and_gradients(
            lambda at, real=real, wide=wide: (ops.sum(discriminator.score(at, real, None, wide)), None), weights
        )
        found.append(np.concatenate([np.ravel(np.asarray(value)) for value in slopes.values()]))
    assert found[0] @ found[1] / np.linalg.norm(found[0]) / np.linalg.norm(found[1]) > 0.995
    assert not np.array_equal(*found)


def test_without_probability_augmentation_changes_nothing():
    image = np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 3)).astype(np.float32)
    random = StatelessRandom(ops.convert_to_tensor(np.array((1, 2), np.uint32)), 0)
    assert np.allclose(augment.augment(image, 0.0, random), image, atol=1e-5)


def test_a_quarter_turn_moves_pixels():
    image = np.zeros((1, 8, 8, 3), np.float32)
    image[0, 0, 3] = 1.0
    turned = np.asarray(augment.warped(image, np.array([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]], np.float32)))
    assert np.allclose(turned, np.rot90(image, 1, (1, 2)), atol=1e-5)


def test_the_probability_rises_while_real_images_are_known_too_well():
    known, unknown = np.ones(4, np.float32), -np.ones(4, np.float32)
    assert float(augment.next_probability(0.2, known, 0.6, 100)) == pytest.approx(0.24)
    assert float(augment.next_probability(0.02, unknown, 0.6, 100)) == 0.0


def test_a_filter_as_slices_equals_the_convolution():
    x = np.random.default_rng(0).standard_normal((2, 6, 6, 3)).astype(np.float32)
    kernel = np.repeat(np.outer((1, 3, 3, 1), (1, 3, 3, 1))[:, :, None, None] / 16.0, 3, axis=2).astype(np.float32)
    expected = numpy_ops.depthwise_conv(x, kernel)
    assert np.allclose(training_ops.depthwise_conv(x, kernel), expected, atol=1e-5)
    with pytest.raises(ValueError, match="same for all channels"):
        training_ops.depthwise_conv(x, np.random.default_rng(0).standard_normal((4, 4, 3, 1)))


@pytest.fixture
def signals():
    """What a command does at Ctrl-C stays the command's."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


def words(data, run_dir, *flags, **settings):
    given = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    return [str(data), str(run_dir), *given, *map(str, flags)]


def test_the_command_trains_exports_and_measures(data, tmp_path, capsys, signals):
    run_dir, model = tmp_path / "run", tmp_path / "model"
    settings = SHORT | {"size": 16, "start_size": 16, "sample_images": 16}
    assert stylegan2_train.main(words(data, run_dir, "--export", model, **settings)) == 0
    out = capsys.readouterr().out
    assert "training on 12 images of 2 classes" in out
    assert "the model after 16 images, 16 px" in out
    assert [path.name for path in (run_dir / "samples").iterdir()] == ["images_000000016.png"]
    assert own_format.read_config(model).resolution == 16
    assert stylegan2_train.main(words(data, run_dir, "--report")) == 0
    out = capsys.readouterr().out
    assert "| coral |" in out
    assert "EfficientNet-Lite0" in out


def test_a_finished_model_is_measured_without_a_training_engine(data, tmp_path):
    model = small_stylegan2.write(tmp_path / "model", ("coral", "fire"), num_classes=2)
    run = f"from scripts import stylegan2_train as t; assert t.main({words(data, model, '--report')!r}) == 0"
    code = f"import sys; {run}; assert not {{'keras', 'tensorflow', 'jax'}} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "| fire |" in done.stdout


def test_a_model_of_other_classes_is_not_measured(data, tmp_path, capsys, signals):
    model = small_stylegan2.write(tmp_path / "model", ("coral", "ink"), num_classes=2)
    assert stylegan2_train.main(words(data, model, "--report")) == 1
    assert "has the classes coral, ink; the images have coral, fire" in capsys.readouterr().err


def test_an_export_with_the_trainers_state_goes_on_where_the_run_was(data, tmp_path, capsys, signals):
    model, run_dir = tmp_path / "model", tmp_path / "run"
    assert stylegan2_train.main(words(data, run_dir, "--export", model, "--continuable", **SHORT)) == 0
    before = run_state.restore(run_dir, settle(SHORT), 2)
    more = words(data, tmp_path / "more", "--start_from", model, total_images=24)
    assert stylegan2_train.main(more) == 0
    assert "24 of 24 images" in capsys.readouterr().out
    begun = continuation.read(model, settle(SHORT | {"total_images": 24}), ("coral", "fire"))
    assert (begun.images, begun.size) == (16, 8)
    for branch in ("average", "discriminator", "path"):
        for name, value in before.tree[branch].items():
            np.testing.assert_allclose(begun.tree[branch][name], value, rtol=1e-3, atol=1e-5)


def test_an_export_alone_gives_a_run_its_generator(images, trained, tmp_path):
    source, state = trained
    export.export(tmp_path / "model", state, source, "float32")
    own = settle({**exported_settings.settings(tmp_path / "model"), "discriminator_channels": 64})
    begun = continuation.read(tmp_path / "model", own, images.classes)
    assert begun.size == 16
    assert begun.images == 0
    for name, value in state.tree["average"].items():
        np.testing.assert_array_equal(begun.tree["average"][name], value)


def test_the_model_that_ships_can_be_trained_further():
    own = settle(exported_settings.settings(SHIPPED))
    names = tuple(json.loads((SHIPPED / "classes.json").read_text()))
    assert continuation.read(SHIPPED, own, names).size == 256


def test_jax_trains_alone_on_a_folder_without_classes(data, tmp_path):
    need_module("jax")
    settings = SHORT | {"total_images": 8}
    command = [sys.executable, "-m", "scripts.stylegan2_train"]
    done = subprocess.run(
        command + words(data / "fire", tmp_path / "run", "--export", tmp_path / "model", **settings),
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": QUICK_TO_COMPILE},
    )
    assert done.returncode == 0, done.stderr
    assert own_format.read_config(tmp_path / "model").num_classes == 0


def test_a_setting_that_breaks_a_rule_is_named(data, tmp_path, capsys):
    assert stylegan2_train.main(words(data, tmp_path / "run", batch_size=6)) == 1
    assert "batch_size must be a multiple of 4, not 6" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("rate", float("nan")), ("r1", float("inf")), ("z_size", 0)])
def test_a_setting_that_nothing_can_be_learned_with_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must be "):
        settle({name: value})


def test_a_run_of_small_images_starts_with_these():
    assert settle({"size": 32}).sizes == (32,)


@pytest.mark.parametrize("text", ["{}", '{"classes": 3}', '{"classes": [], "sizes": 8}'])
def test_a_damaged_description_of_a_run_is_refused(tmp_path, text):
    (tmp_path / "train.json").write_text(text)
    with pytest.raises(ValueError, match=r"train\.json must have|there is no hyper-parameter 'sizes'"):
        read(tmp_path)
