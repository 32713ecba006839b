"""Steps of image training: what they learn, and runs of one size."""

import time
from dataclasses import replace

import numpy as np
import pytest
from image_runs import (
    SETTINGS,
    SHORT,
    Recorder,
    a_folder_of_pictures,  # noqa: F401 - a fixture
    largest_difference,
    their_source,  # noqa: F401 - a fixture
)
from keras import ops

from core.training import trees
from core.training.loop import TrainingLoop
from core.training.random_streams import Stream, generator
from core.training.timeline import Clock, Timeline
from renderer.training import state as run_state
from renderer.training import statistics, steps
from renderer.training.batches import ImageSource
from renderer.training.hparams import ImageHparams
from renderer.training.image_folder import LabelledImages
from renderer.training.stages import ImageStage
from renderer.training.steps import ImageStepPlan
from renderer.training.trainer import ImageTrainer, scheduled

PLAIN = ImageStage(0, 1000, 16, False, True, False)


def tensors(source, latents=0):
    first = run_state.initial(source.hparams, source.classes, latents, np.random.default_rng(1))
    return trees.to_tensors(first.tree)


def batch(source, images=0):
    more = {"fade": np.float32(1), "with_r1": np.bool_(True)}
    return source.batch(images, 16) | more | scheduled(images, source.hparams)


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


def losses_of(source, step, name, rate, images=400):
    """A loss by name, as a step lowers it."""
    tree, found = tensors(source), []
    run = steps.compiled_step(step, ImageStepPlan(source.hparams, source.classes, PLAIN))
    for seen in range(0, images, 4):
        tree, losses = run(tree, batch(source, seen) | {"rate": np.float32(rate)})
        found.append(float(losses[name]))
    return found


def test_pretraining_learns_the_images(source):
    found = losses_of(source, steps.pretraining_step, "distance", 0.01)
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
    found = losses_of(source, steps.discriminator_step, "discriminator", 5)
    assert np.mean(found[-20:]) < 0.8 * np.mean(found[:3])


def test_the_generator_learns_to_please_a_still_discriminator(source):
    alone = ImageSource(
        source.dataset, ImageHparams(**SETTINGS | {"reconstruction_weight": 0.0, "warm_start_images": 0})
    )
    found = losses_of(alone, steps.generator_step, "generator", 20, 160)
    assert np.mean(found[-5:]) < np.mean(found[:5]) - 0.3


def test_the_average_follows_slowly(source):
    plan, tree = ImageStepPlan(source.hparams, source.classes, PLAIN), tensors(source)
    after, _ = steps.compiled_step(steps.pretraining_step, plan)(tree, batch(source))
    name, decay = "generator.layers.0.conv_1.weight", 2 / 11
    before, now, average = (
        ops.convert_to_numpy(one[name]) for one in (tree["average"], after["generator"], after["average"])
    )
    assert (now != before).any()
    assert average == pytest.approx(decay * before + (1 - decay) * now, abs=1e-6)


def test_moving_statistics_follow_the_batches(source):
    plan, tree = ImageStepPlan(source.hparams, source.classes, PLAIN), tensors(source)
    step = steps.compiled_step(steps.pretraining_step, plan)
    for images in range(0, 40, 4):
        tree, _ = step(tree, batch(source, images) | {"rate": np.float32(0)})
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
