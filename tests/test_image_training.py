"""Image training as a whole: steps that learn, runs that are stopped and resume, and the exported model."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from keras import ops
from parts import need_module

from core.training import saves, trees
from core.training.loop import TrainingLoop
from core.training.random_streams import Stream, generator
from core.training.timeline import Clock, Timeline
from renderer import biggan
from renderer.training import continuation, export, exported_settings, sample_grid, statistics, steps
from renderer.training import generator as training_generator
from renderer.training import state as run_state
from renderer.training.batches import ImageSource
from renderer.training.generator import BatchNorm
from renderer.training.hparams import ImageHparams, describe, read
from renderer.training.image_folder import LabelledImages
from renderer.training.image_folder import read as read_images
from renderer.training.patterns import folder
from renderer.training.stages import ImageStage
from renderer.training.steps import ImageStepPlan
from renderer.training.trainer import ImageTrainer, scheduled
from scripts import biggan_train

# Two sizes, then the end of pretraining, then statistics that settle: all that a run goes through.
SETTINGS = {
    "size": 16,
    "start_size": 8,
    "channel_width": 2,
    "z_dim": 16,
    "discriminator_width": 1,
    "attention_size": 8,
    "batch_size": 4,
    "total_images": 64,
    "warm_start_images": 40,
    "grow_images": 16,
    "fade_images": 8,
    "settle_images": 16,
    "reconstruction_weight": 1.0,
    "sample_images": 64,
}
# One size, one kind of step.
SHORT = SETTINGS | {"start_size": 16, "settle_images": 0, "total_images": 24, "warm_start_images": 24}
PLAIN = ImageStage(0, 1000, 16, False, True, False)


class Recorder:
    """A logger that keeps its reports, and asks to stop after some steps."""

    def __init__(self, stop_after=None):
        self.losses, self.saves, self.samples, self.stop_after = [], [], [], stop_after

    def step(self, stage, before, images, losses):
        self.losses.append({name: float(value) for name, value in losses.items()})

    def saved(self, path):
        self.saves.append(path.name)

    def sample(self, stage, tree, images):
        self.samples.append(images)

    def stopping(self):
        return self.stop_after is not None and len(self.losses) >= self.stop_after


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    where = tmp_path_factory.mktemp("pictures") / "data"
    folder.write(where, ["rose", "silk", "rings"], 8, size=16)
    return where


@pytest.fixture(scope="module")
def source(data):
    return ImageSource(read_images(data, 16), ImageHparams(**SETTINGS))


@pytest.fixture(scope="module")
def unbroken(source, tmp_path_factory):
    """A run from its first image to its last: its folder, its last state, its logger."""
    run, logger = tmp_path_factory.mktemp("unbroken"), Recorder()
    describe(run, source.hparams, source.dataset.classes)
    return run, TrainingLoop(ImageTrainer(run, source), logger).run(), logger


def largest_difference(one, other):
    one, other = (trees.flatten(tree) for tree in (one.tree, other.tree))
    assert set(one) == set(other)
    return max(float(np.abs(np.asarray(one[name]) - np.asarray(other[name])).max()) for name in one)


def tensors(source, latents=0):
    first = run_state.initial(source.hparams, source.classes, latents, np.random.default_rng(1))
    return trees.to_tensors(first.tree)


def batch(source, images=0):
    more = {"fade": np.float32(1), "with_r1": np.bool_(True)}
    return source.batch(images, 16) | more | scheduled(images, source.hparams)


def test_a_run_goes_through_its_sizes_and_both_kinds_of_learning(unbroken):
    _, state, logger = unbroken
    assert (state.images, state.size) == (64, 16)
    assert logger.saves == [f"save-{images:09d}.npz" for images in (16, 24, 40, 48, 64)]
    assert ["discriminator" in losses for losses in logger.losses] == [False] * 10 + [True] * 6
    assert logger.samples == [64]
    assert all(np.isfinite(list(losses.values())).all() for losses in logger.losses)


def test_only_the_last_saves_stay(unbroken):
    assert [path.name for path in saves.found(unbroken[0])] == ["save-000000048.npz", "save-000000064.npz"]


@pytest.mark.parametrize("after", [3, 11, 14])
def test_a_run_that_was_stopped_ends_as_the_unbroken_one(source, unbroken, tmp_path, after):
    logger = Recorder(after)
    assert TrainingLoop(ImageTrainer(tmp_path, source), logger, stopping=logger.stopping).run().images == 4 * after
    assert largest_difference(TrainingLoop(ImageTrainer(tmp_path, source), Recorder()).run(), unbroken[1]) < 1e-5


def test_a_run_with_a_time_limit_goes_through_its_whole_schedule(source, tmp_path):
    timeline = Timeline()
    clock = Clock(timeline, source.hparams.total_images, ends_at=time.monotonic() + 4)
    short = ImageSource(source.dataset, replace(source.hparams, start_size=16, settle_images=0))
    state = TrainingLoop(ImageTrainer(tmp_path, short, timeline), Recorder(), timeline=timeline, clock=clock).run()
    assert timeline.reached(state.images, 64)
    assert Timeline.load(tmp_path).position(state.images) == pytest.approx(timeline.position(state.images))
    again = Recorder()
    TrainingLoop(ImageTrainer(tmp_path, short, Timeline.load(tmp_path)), again, timeline=Timeline.load(tmp_path)).run()
    assert not again.losses


def test_pretraining_learns_the_images(source):
    plan, tree = ImageStepPlan(source.hparams, source.classes, PLAIN), tensors(source)
    step = steps.compiled_step(steps.pretraining_step, plan)
    found = []
    for images in range(0, 400, 4):
        tree, losses = step(tree, batch(source, images) | {"rate": np.float32(0.01)})
        found.append(float(losses["distance"]))
    assert np.mean(found[-10:]) < 0.75 * np.mean(found[:3])


def gradients(plan, tree, fed, step, monkeypatch):
    """What a step descends along, as one vector."""
    seen = {}

    def watch(tensors, network, learned, found, *others):
        seen.update(found)
        return tensors

    monkeypatch.setattr(steps, "descend", watch)
    step(plan, tree, fed)
    return np.concatenate([np.ravel(ops.convert_to_numpy(seen[name])) for name in sorted(seen)])


@pytest.mark.parametrize("step", [steps.pretraining_step, steps.generator_step, steps.discriminator_step])
def test_bfloat16_descends_along_nearly_the_same_gradient(source, step, monkeypatch):
    tree, fed, found = tensors(source), batch(source), []
    for precision in ("float32", "bfloat16"):
        plan = ImageStepPlan(replace(source.hparams, precision=precision), source.classes, PLAIN)
        found.append(gradients(plan, tree, fed, step, monkeypatch))
    exact, near = found
    assert exact @ near > 0.97 * np.linalg.norm(exact) * np.linalg.norm(near)


def test_r1_is_computed_where_it_is_due(source):
    plan = ImageStepPlan(replace(source.hparams, r1_weight=1.0), source.classes, PLAIN)
    _, due = steps.discriminator_step(plan, tensors(source), batch(source))
    _, not_due = steps.discriminator_step(plan, tensors(source), batch(source) | {"with_r1": np.bool_(False)})
    assert float(due["r1"]) > 0
    assert np.isnan(float(not_due["r1"]))
    assert float(due["discriminator"]) == pytest.approx(float(not_due["discriminator"]))


def test_the_discriminator_learns_to_tell_them_apart(source):
    plan, tree = ImageStepPlan(source.hparams, source.classes, PLAIN), tensors(source)
    step = steps.compiled_step(steps.discriminator_step, plan)
    found = []
    for images in range(0, 400, 4):
        tree, losses = step(tree, batch(source, images) | {"rate": np.float32(5)})
        found.append(float(losses["discriminator"]))
    assert np.mean(found[-20:]) < 0.8 * np.mean(found[:3])


def test_the_generator_learns_to_please_a_still_discriminator(source):
    alone = ImageSource(
        source.dataset, ImageHparams(**SETTINGS | {"reconstruction_weight": 0.0, "warm_start_images": 0})
    )
    plan, tree = ImageStepPlan(alone.hparams, alone.classes, PLAIN), tensors(alone)
    step = steps.compiled_step(steps.generator_step, plan)
    found = []
    for images in range(0, 160, 4):
        tree, losses = step(tree, batch(alone, images) | {"rate": np.float32(20)})
        found.append(float(losses["generator"]))
    assert np.mean(found[-5:]) < np.mean(found[:5]) - 0.3


def test_the_average_follows_slowly(source):
    plan, tree = ImageStepPlan(source.hparams, source.classes, PLAIN), tensors(source)
    after, _ = steps.pretraining_step(plan, tree, batch(source))
    name, decay = "generator.layers.0.conv_1.weight", 2 / 11
    before, now, average = (
        ops.convert_to_numpy(one[name]) for one in (tree["average"], after["generator"], after["average"])
    )
    assert (now != before).any()
    assert average == pytest.approx(decay * before + (1 - decay) * now, abs=1e-6)


def test_moving_statistics_follow_the_batches(source):
    plan, tree = ImageStepPlan(source.hparams, source.classes, PLAIN), tensors(source)
    for images in range(0, 40, 4):
        tree, _ = steps.pretraining_step(plan, tree, batch(source, images) | {"rate": np.float32(0)})
    name = "generator.layers.0.bn_0"
    weights = statistics.ready(tree, source.hparams)
    standing = statistics.Collector(weights, source.hparams, 3, 16).collect(1.0, 2, np.random.default_rng(0))[name]
    moving = ops.convert_to_numpy(tree["moving"][name])
    share = 1 - steps.MOVING_DECAY**10
    # The variance began at 1.
    assert moving[1] == pytest.approx(share * standing[1] + (1 - share), rel=0.25)


def test_latents_are_learned_where_no_factors_are_known(source, tmp_path):
    data = source.dataset
    plain = ImageSource(LabelledImages(data.images, data.labels, data.classes), ImageHparams(**SHORT))
    assert plain.latents == 24
    first = run_state.initial(plain.hparams, 3, 24, generator(0, Stream.WEIGHTS)).tree["latents"]
    state = TrainingLoop(ImageTrainer(tmp_path, plain), Recorder()).run()
    assert (state.tree["latents"]["latent/mean"] != first["latent/mean"]).any(axis=1).all()
    again = run_state.restore(tmp_path, plain.hparams, 3, 24)
    assert largest_difference(again, state) == 0


def test_a_run_without_pretraining_learns_against_the_discriminator_alone(source, tmp_path):
    alone = ImageHparams(**SHORT | {"reconstruction_weight": 0.0, "warm_start_images": 0, "normed_conditions": True})
    logger = Recorder()
    TrainingLoop(ImageTrainer(tmp_path, ImageSource(source.dataset, alone)), logger).run()
    assert set(logger.losses[0]) == {"discriminator", "told_apart", "generator"}


def test_a_damaged_save_is_named(source, unbroken, tmp_path):
    whole = (unbroken[0] / "save-000000064.npz").read_bytes()
    (tmp_path / "save-000000064.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"save-000000064\.npz is damaged .*delete it to resume"):
        run_state.restore(tmp_path, source.hparams, 3, 0)


def test_a_save_of_another_shape_is_refused(source, unbroken):
    with pytest.raises(ValueError, match="does not fit this run"):
        run_state.restore(unbroken[0], source.hparams, 4, 0)


def test_another_run_is_not_overwritten(unbroken):
    run, _, _ = unbroken
    own, classes = read(run)
    with pytest.raises(ValueError, match="holds a run with channel_width 2, not 3; name a new folder"):
        describe(run, ImageHparams(**SETTINGS | {"channel_width": 3}), classes)
    describe(run, own, classes)


@pytest.fixture(scope="module")
def exported(source, unbroken, tmp_path_factory):
    where = tmp_path_factory.mktemp("models") / "biggan" / "small"
    export.export(where, unbroken[1], source, batches=2)
    return where


def test_the_exported_folder_renders_the_averaged_generators_pictures(source, unbroken, exported):
    model = biggan.load(exported)
    assert (model.name, model.size, model.z_size) == ("small", 16, 16)
    assert model.class_names == ("rings", "rose", "silk")
    rng = np.random.default_rng(0)
    z, labels = rng.standard_normal((6, 16), np.float32), np.eye(3, dtype=np.float32)[np.arange(6) % 3]
    weights = statistics.ready(trees.to_tensors(unbroken[1].tree), source.hparams)
    render = sample_grid.SampleRenderer(weights, source.hparams, 3, 16)
    rng = np.random.default_rng([0, Stream.STATISTICS])
    render._given = statistics.Collector(weights, source.hparams, 3, 16).collect(1.0, 2, rng)
    # The difference is that of half precision.
    assert np.abs(model.generate(z, labels, 1.0) - render(z, labels)).max() < 0.02


def test_each_truncation_has_its_own_statistics(exported):
    with np.load(exported / "weights.npz", allow_pickle=False) as file:
        means = file["generator.layers.0.bn_0.running_vars"]
    assert means.shape == (51, 32)
    assert means[50].mean() > means[0].mean()


def test_the_sheet_has_a_row_for_each_class(exported):
    from PIL import Image

    # A real image, the same from its latent, six others.
    assert Image.open(exported / "sheet.png").size == (8 * 16, 3 * 16)


def test_a_run_that_is_still_growing_is_not_exported(source, unbroken, tmp_path):
    early = run_state.ImageState(unbroken[1].tree, 16, 8)
    with pytest.raises(ValueError, match="at 8 pixels; it can be exported once it is at 16"):
        export.export(tmp_path / "small", early, source)
    assert not (tmp_path / "small").exists()


def normalised(state, own):
    """Images of a run's average; batch norm takes the batch's own moments."""
    z = np.random.default_rng(1).standard_normal((6, own.z_dim)).astype(np.float32)
    weights = statistics.ready(trees.to_tensors(state.tree), own)
    return np.asarray(
        training_generator.render(weights, z, np.eye(3, dtype=np.float32)[[0, 1, 2] * 2], own, BatchNorm())
    )


def test_an_export_with_the_trainers_state_goes_on_where_the_run_was(source, unbroken, exported, tmp_path):
    folder, before = tmp_path / "model", unbroken[1]
    shutil.copytree(exported, folder)
    continuation.write(folder, before, source.hparams, source.dataset.classes)
    longer = ImageSource(source.dataset, replace(source.hparams, total_images=72))
    begun = ImageTrainer(tmp_path / "run", longer, start_from=folder).begin()
    assert (begun.images, begun.size) == (64, 16)
    for branch in ("average", "discriminator", "moving", "discriminator_vectors"):
        for name, value in before.tree[branch].items():
            np.testing.assert_allclose(begun.tree[branch][name], value, rtol=1e-3, atol=1e-5)
    recorder = Recorder()
    assert TrainingLoop(ImageTrainer(tmp_path / "run", longer, start_from=folder), recorder).run().images == 72
    assert len(recorder.losses) == 2


def test_an_export_alone_gives_a_run_its_generator(source, unbroken, exported):
    settings = exported_settings.settings(exported)
    assert settings == {"size": 16, "start_size": 16, "channel_width": 2, "z_dim": 16, "attention_size": 8}
    own = replace(source.hparams, **settings)
    begun = continuation.read(exported, own, source.dataset.classes, 0)
    wanted = normalised(unbroken[1], source.hparams)
    another = normalised(run_state.initial(own, 3, 0, generator(0, Stream.WEIGHTS)), own)
    error = np.abs(normalised(begun, own) - wanted).mean()
    assert error < 0.02
    assert error < 0.1 * np.abs(another - wanted).mean()


def test_a_run_does_not_begin_with_a_model_of_other_classes(source, exported):
    with pytest.raises(ValueError, match="has the classes rings, rose, silk; the images have rose, silk"):
        continuation.read(exported, source.hparams, ("rose", "silk"), 0)


def test_a_model_that_has_seen_the_whole_run_is_refused(source, unbroken, exported, tmp_path):
    shutil.copytree(exported, tmp_path / "model")
    continuation.write(tmp_path / "model", unbroken[1], source.hparams, source.dataset.classes)
    with pytest.raises(ValueError, match=r"total_images must be above 64, as .* has seen so many, not 64"):
        continuation.read(tmp_path / "model", source.hparams, source.dataset.classes, 0)


def words(data, run, *flags, **settings):
    given = [word for name, value in (SETTINGS | settings).items() for word in ("--set", f"{name}={value}")]
    return [sys.executable, "-m", "scripts.biggan_train", str(data), str(run), *given, *map(str, flags)]


def train(data, run, *flags, environment=None, **settings):
    return subprocess.run(
        words(data, run, *flags, **settings),
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **(environment or {})},
    )


@pytest.fixture(scope="module")
def commanded(data, tmp_path_factory):
    """The command's own run."""
    run = tmp_path_factory.mktemp("commanded") / "run"
    done = train(data, run)
    assert done.returncode == 0, done.stderr
    return run, done.stdout


def final(run):
    own, classes = read(run)
    return run_state.restore(run, own, len(classes), 0)


def test_the_command_says_how_far_it_is_and_leaves_a_sheet(commanded):
    run, out = commanded
    assert "training on 24 images of 3 classes" in out
    assert "16 px, adversarial: 64 of 64 images" in out
    assert "told_apart" in out
    assert [path.name for path in (run / "samples").iterdir()] == ["images_000000064.png"]


def test_a_killed_run_ends_as_the_unbroken_one(commanded, data, tmp_path):
    run = tmp_path / "run"
    never = {"sample_images": 1000}
    process = subprocess.Popen(words(data, run, "--save_every_s", 0.001, **never), stdout=subprocess.DEVNULL)
    while not any(int(path.stem[5:]) > 24 for path in saves.found(run)):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert train(data, run, **never).returncode == 0
    assert largest_difference(final(run), final(commanded[0])) < 1e-3


def test_ctrl_c_saves_the_step_at_hand(data, tmp_path):
    endless = {"total_images": 10**7, "grow_images": 10**6, "warm_start_images": 10**6}
    process = subprocess.Popen(words(data, tmp_path / "run", **endless), stdout=subprocess.PIPE, text=True)
    while not process.stdout.readline().startswith("training"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "stopped" in out
    assert saves.found(tmp_path / "run")


def rendered(state, own):
    """Images of a run's averaged generator."""
    render = sample_grid.SampleRenderer(statistics.ready(trees.to_tensors(state.tree), own), own, 3, own.size)
    z = np.random.default_rng(0).standard_normal((6, own.z_dim), np.float32)
    return render(z, np.eye(3, dtype=np.float32)[np.arange(6) % 3])


def test_jax_learns_what_tensorflow_learns(source, data, tmp_path):
    need_module("jax")
    short = SHORT | {"total_images": 16, "warm_start_images": 8, "sample_images": 1000}
    done = train(data, tmp_path / "jax", environment={"KERAS_BACKEND": "jax"}, **short)
    assert done.returncode == 0, done.stderr
    own, _ = read(tmp_path / "jax")
    here = TrainingLoop(ImageTrainer(tmp_path, ImageSource(source.dataset, own)), Recorder()).run()
    first = run_state.initial(own, 3, 0, generator(0, Stream.WEIGHTS))
    # Weights differ by up to a step where batch norm undoes their effect and Adam enlarges the rounding.
    learned = np.abs(rendered(here, own) - rendered(first, own)).mean()
    assert np.abs(rendered(final(tmp_path / "jax"), own) - rendered(here, own)).mean() < 0.02 * learned


def test_the_command_exports_and_measures(commanded, data, tmp_path, capsys):
    run, _ = commanded
    model = tmp_path / "model"
    assert biggan_train.main([str(data), str(run), "--export", str(model), "--continuable", "--report"]) == 0
    out = capsys.readouterr().out
    assert "after 64 images" in out
    assert "| rings |" in out
    assert biggan.read_config(model).num_classes == 3
    assert exported_settings.settings(model)["batch_size"] == SETTINGS["batch_size"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "run"], "nowhere is not a folder"),
        (["nowhere", "run", "--export", "model"], "run is not a run of biggan_train"),
        (["nowhere", "run", "--set", "sise=16"], "no hyper-parameter 'sise'"),
        (["nowhere", "run", "--continuable"], "--continuable needs --export"),
        (["nowhere", "run", "--start_from", "there"], "there"),
        (["nowhere", "run", "--set", "size=17"], "size must be one of 16, 32, 64, 128, 256, not 17"),
    ],
)
def test_a_wrong_command_is_one_sentence(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert biggan_train.main(words) == 1
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_failed_run_leaves_no_folder(data, tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise ValueError("no trainer today")

    monkeypatch.setattr("renderer.training.trainer.ImageTrainer", fail)
    flags = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    assert biggan_train.main([str(data), str(tmp_path / "run"), *flags]) == 1
    assert "no trainer today" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
