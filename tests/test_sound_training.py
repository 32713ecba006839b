"""The steps of training: what is lowered, and by how much, on networks of a few channels."""

from dataclasses import replace

import numpy as np
import pytest
import small_run
from keras import ops

from core.nn import adam
from core.nn.backend import compiled
from core.training import data_order, learned_latents
from core.training.gradient_penalty import r1_penalty
from gansynth import network
from gansynth.training import discriminator, losses, progressive_growing, run_setup, steps, trainer
from gansynth.training.hparams import from_settings
from gansynth.training.stages import stages
from gansynth.training.step_plan import plan_of
from gansynth.training.tensors import NETWORKS, from_state, to_state

SETTINGS = small_run.SETTINGS | {"conditions": ["family"]}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    data = small_run.write_tones(folder / "data")
    return run_setup.set_up(folder / "run", SETTINGS | {"train_data_path": str(data)}, lambda done, total: None)


@pytest.fixture(scope="module")
def stage(source):
    return stages(source.config, source.hparams)[3]


@pytest.fixture(scope="module")
def plan(source, stage):
    return plan_of(source, stage)


@pytest.fixture
def tensors(source, plan):
    return from_state(progressive_growing.initial(source.config, plan.blocks, source.groups, np.random.default_rng(1)))


@pytest.fixture
def batch(source, plan):
    return source.batch(0, 8, plan.blocks) | {
        "fade": np.float32(0.5),
        "rate": np.float32(1.0),
        "kl_weight": np.float32(1e-3),
    }


def test_the_trained_generator_is_the_one_that_plays(source, tensors):
    weights, batch = {k: np.array(v) for k, v in tensors["generator"].items()}, source.batch(0, 4, 3)
    x = network.generator_input(ops, batch["z"], batch["z_labels"])
    played = network.generator(
        ops, network.prepare(ops, weights, source.config), x, source.config, 3, network.block_weights(1.25, 3)
    )
    ready = network.prepare(ops, tensors["generator"], source.config)
    trained = network.stage_specgrams(ops, ready, batch["z"], batch["z_labels"], source.config, 3, np.float32(0.25))
    np.testing.assert_allclose(np.array(trained), np.array(played), atol=1e-5)


def test_a_run_that_fades_in_nothing_yet_shows_the_resolution_before(source, tensors):
    batch = source.batch(0, 4, 3)
    ready = network.prepare(ops, tensors["generator"], source.config)
    z = (batch["z"], batch["z_labels"], source.config)
    fading = network.stage_specgrams(ops, ready, *z, 3, np.float32(0))
    before = network.stage_specgrams(ops, ready, *z, 2)
    np.testing.assert_allclose(np.array(fading), np.array(network.enlarge(ops, before, 2, source.config)), atol=1e-6)


def test_a_discriminator_that_fades_in_nothing_yet_is_the_one_before(source, tensors):
    config, pictures = source.config, source.batch(0, 4, 3)["real"]
    ready = discriminator.prepare_training(tensors["discriminator"])
    small = discriminator.shrink(ops.convert_to_tensor(pictures), 2, config)
    fading, _ = discriminator.discriminator(ready, pictures, config, 3, np.float32(0))
    before, _ = discriminator.discriminator(ready, small, config, 2)
    np.testing.assert_allclose(np.array(fading), np.array(before), rtol=1e-4, atol=1e-5)


def test_batch_deviation_is_that_of_the_values():
    x = np.random.default_rng(0).normal(0, 3, (5000, 2, 2, 2)).astype(np.float32)
    assert float(discriminator.batch_deviation(x, lambda mean: mean)) == pytest.approx(3, rel=0.02)


def test_the_gradient_penalty_of_a_plane_is_its_slope():
    slope = np.array([3.0, 4.0], np.float32) / np.sqrt(6)
    real, fake = np.ones((2, 2, 3, 2), np.float32), np.zeros((2, 2, 3, 2), np.float32)
    mix, scale = np.full((2, 1, 1, 1), 0.3, np.float32), np.full(2, 2.0, np.float32)
    penalty = losses.gradient_penalty(lambda x: ops.sum(x * slope, axis=(1, 2, 3)), real, fake, mix, scale, 1.0)
    assert float(penalty) == pytest.approx((2 * 5 - 1) ** 2, rel=1e-4)


def test_a_phase_off_by_a_turn_is_right():
    made, real = np.zeros((1, 2, 2, 2), np.float32), np.zeros((1, 2, 2, 2), np.float32)
    made[..., 1], real[..., 1] = 0.75, -0.75
    assert float(losses.reconstruction_loss(made, real, np.ones((1, 2, 2)), np.float32(1.6))) == pytest.approx(0.1)


def test_energy_may_be_anywhere_in_its_patch_but_has_to_be_there():
    scale = np.array([0.1, 1.0], np.float32)
    real = np.full((1, 4, 16, 2), -1.0, np.float32)
    moved, blurred = real.copy(), real.copy()
    real[0, 1, 2, 0] = moved[0, 2, 5, 0] = 0.0
    blurred[0, 0:4, 0:8, 0] = -1.0 + 1.0 / 32
    assert float(losses.energy_loss(moved, real, scale, 1.0)) == pytest.approx(0, abs=1e-6)
    assert float(losses.energy_loss(blurred, real, scale, 1.0)) > 0.1


def test_silent_bins_phases_hardly_count(plan):
    specgram = np.zeros((1, 4, 4, 2), np.float32)
    specgram[:, 1:, :, 0] = -0.8
    weight = np.array(steps.loudness_weight(specgram, plan))
    assert weight.mean() == pytest.approx(1, rel=1e-5)
    assert weight[0, 0, 0] > 20 * weight[0, 1, 0]


def test_the_standard_normal_distribution_costs_nothing():
    assert float(learned_latents.kl_divergence(np.zeros((3, 4), np.float32), np.zeros((3, 4), np.float32))) == 0


def test_label_loss_passes_over_conditions_that_are_not_set(plan):
    labels = np.zeros((2, plan.config.label_size), np.float32)
    labels[:, 0] = 1
    logits = {part.head: np.zeros((2, part.stop - part.start), np.float32) for part in plan.parts}
    assert float(losses.label_loss(logits, labels, plan.parts)) == pytest.approx(np.log(3), rel=1e-5)


def test_adams_first_step_is_the_learning_rate():
    weights, gradients = {"w": np.array([1.0, 2.0], np.float32)}, {"w": np.array([5.0, -0.1], np.float32)}
    still = {"w": np.zeros(2, np.float32)}
    moved, _, _ = adam.update(weights, gradients, still, still, np.float32(1), np.float32(0.01), 0.0, 0.99)
    np.testing.assert_allclose(np.array(moved["w"]), [0.99, 2.01], rtol=1e-5)


@pytest.mark.parametrize("step", [steps.generator_step, steps.discriminator_step])
def test_a_step_lowers_what_it_is_to_lower(plan, tensors, batch, step):
    quick = replace(plan, hparams=replace(plan.hparams, generator_learning_rate=1e-4, discriminator_learning_rate=1e-4))
    moved, before = step(quick, tensors, batch)
    _, after = step(quick, moved, batch)
    assert total(quick, after) < total(quick, before)


@pytest.fixture
def logistic(plan):
    """A plan with our adversarial loss alone."""
    off = {f"{network}_ac_loss_weight": 0.0 for network in NETWORKS}
    rates = {f"{network}_learning_rate": 1e-4 for network in NETWORKS}
    return replace(plan, hparams=replace(plan.hparams, adversarial_loss="logistic", **off, **rates))


def test_logistic_steps_move_the_scores_apart_and_together(logistic, tensors, batch):
    after, first = steps.discriminator_step(logistic, tensors, batch)
    _, second = steps.discriminator_step(logistic, after, batch)
    assert float(second["discriminator"]) < float(first["discriminator"])
    after, first = steps.generator_step(logistic, tensors, batch)
    _, second = steps.generator_step(logistic, after, batch)
    assert float(second["generator_score"]) > float(first["generator_score"])


def test_r1_of_a_plane_is_half_its_squared_slope():
    slope, real = np.array([3.0, 4.0], np.float32), np.ones((2, 2, 3, 2), np.float32)
    penalty = r1_penalty(lambda x: ops.sum(x * slope, axis=(1, 2, 3)), real)
    assert float(penalty) == pytest.approx(0.5 * 6 * 25)


def test_a_generator_whose_discriminator_warms_up_does_not_follow_it(logistic, tensors, batch):
    warming = replace(logistic, hparams=replace(logistic.hparams, discriminator_warm_up_images=100))
    moved, _ = steps.generator_step(warming, tensors, batch | {"adversarial": np.float32(0)})
    assert all(np.array_equal(moved["generator"][name], value) for name, value in tensors["generator"].items())


def test_a_warm_up_delays_the_adversarial_loss_and_then_raises_it():
    own = from_settings({"warm_start_images": 100, "discriminator_warm_up_images": 40, "total_num_images": 300})
    rise = [float(trainer.scheduled(images, own)["adversarial"]) for images in (0, 100, 140, 160, 180, 300)]
    assert rise == pytest.approx([0, 0, 0, 0.5, 1, 1])


def test_rates_fall_at_the_end_where_asked():
    own = from_settings({"total_num_images": 100, "falling_rate_share": 0.5})
    rates = [float(trainer.scheduled(images, own)["rate"]) for images in (0, 50, 75, 100)]
    assert rates == pytest.approx([1, 1, 0.5, 0.1])


def test_a_pretraining_step_lowers_the_reconstruction(plan, tensors, batch):
    moved, before = steps.pretraining_step(plan, tensors, batch | {"rate": np.float32(1e-4)})
    _, after = steps.pretraining_step(plan, moved, batch | {"rate": np.float32(1e-4)})
    assert float(after["reconstruction"]) < float(before["reconstruction"])


def total(plan, reports):
    """A step's loss from its parts."""
    hparams = plan.hparams
    weights = {
        "generator_score": -1,
        "generator_labels": hparams.generator_ac_loss_weight,
        "discriminator": 1,
        "discriminator_labels": hparams.discriminator_ac_loss_weight,
        "gradient_penalty": hparams.gradient_penalty_weight,
    }
    return sum(weights[name] * float(value) for name, value in reports.items())


def test_the_average_follows_slowly(plan, tensors, batch):
    moved, _ = steps.generator_step(plan, tensors, batch)
    name = "conv1_1/kernel"
    step = np.array(moved["generator"][name]) - np.array(tensors["generator"][name])
    followed = np.array(moved["average"][name]) - np.array(tensors["average"][name])
    np.testing.assert_allclose(followed, step / 1000, atol=1e-6)


def test_a_state_comes_back_from_its_tensors(source, plan):
    state = progressive_growing.initial(source.config, plan.blocks, source.groups, np.random.default_rng(1))
    again = to_state(from_state(state), plan.blocks, 7)
    assert again.images == 7
    assert again.extra.keys() == state.extra.keys()
    assert again.generator_adam.m.keys() == state.generator.keys()
    assert all((again.average[name] == state.average[name]).all() for name in state.average)


def test_growing_keeps_what_was_learned(source):
    small = progressive_growing.initial(source.config, 2, 0, np.random.default_rng(1))
    big = progressive_growing.grown(small, source.config, 3, np.random.default_rng(2))
    assert "conv0_3/kernel" in big.generator
    assert (big.discriminator["conv0_2/kernel"] == small.discriminator["conv0_2/kernel"]).all()


def test_a_batch_depends_on_nothing_but_the_image_counter(source):
    first, again = source.batch(40, 8, 2), source.batch(40, 8, 2)
    assert all((first[name] == again[name]).all() for name in first)
    assert (first["z"] != source.batch(48, 8, 2)["z"]).any()


def test_each_epoch_shows_every_example_once():
    shown = np.concatenate([data_order.rows(seed=5, images=images, size=3, count=12) for images in range(12, 24, 3)])
    assert sorted(shown) == list(range(12))


def test_prefetched_values_come_in_order_and_end():
    assert list(data_order.prefetch(lambda place: place**2, range(4))) == [(0, 0), (1, 1), (2, 4), (3, 9)]


def test_dropped_conditions_have_latents_of_their_own(source):
    batch = source.batch(0, 64, 1)
    dropped = batch["labels"][:, len(source.config.pitches) :].sum(axis=1) == 0
    assert ((batch["group"] >= len(source.instruments)) == dropped).all()


def test_mixed_precision_is_near_single_precision(plan, tensors, batch):
    _, exact = steps.discriminator_step(plan, tensors, batch)
    half = replace(plan, hparams=replace(plan.hparams, precision="bfloat16"))
    _, rough = steps.discriminator_step(half, tensors, batch)
    assert float(rough["discriminator"]) == pytest.approx(float(exact["discriminator"]), abs=0.05)


@pytest.mark.parametrize("kind", ["specgrams_simple_normalizer", "specgrams_freq_normalizer"])
def test_a_fitted_normalizer_uses_the_whole_range_up_to_its_margin(tmp_path, kind):
    settings = small_run.SETTINGS | {"train_data_path": str(small_run.write_tones(tmp_path / "data"))}
    source = run_setup.set_up(tmp_path / "run", settings | {"data_normalizer": kind}, lambda done, total: None)
    pictures = source.spectra.levels[3]
    assert pictures.max() == pytest.approx(0.8, abs=1e-3)
    assert pictures.min() == pytest.approx(-0.8, abs=1e-3)


def test_without_growing_only_the_full_resolution_is_kept(source, tmp_path):
    data = small_run.write_tones(tmp_path / "data")
    settings = SETTINGS | {"train_data_path": str(data), "train_progressive": False}
    flat = run_setup.set_up(tmp_path / "run", settings, lambda done, total: None)
    assert list(flat.spectra.levels) == [3]
    assert np.array_equal(flat.spectra.levels[3], source.spectra.levels[3])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"precision": "int8"}, "precision must be one of float32, bfloat16, not 'int8'"),
        ({"batch_size_schedule": [0]}, "batch_size_schedule"),
        ({"dataset_name": "nsynth_tfds"}, "nsynth_tfrecord"),
        ({"train_min_pitch": 90}, "train_max_pitch"),
        ({"gen_gl_consistency_loss_weight": 1.0}, "must be 0"),
    ],
)
def test_a_wrong_hyper_parameter_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        from_settings(wrong)


@pytest.mark.parametrize("wanted", [True, False])
def test_a_step_that_may_have_the_penalty_is_the_step_with_or_without_it(plan, tensors, batch, wanted):
    def step(with_penalty):
        return lambda tensors, batch: steps.discriminator_step(plan, tensors, batch, with_penalty)

    expected, _ = compiled(step(wanted))(tensors, batch)
    moved, reports = compiled(
        lambda tensors, batch: steps.discriminator_step(plan, tensors, batch, batch["with_penalty"])
    )(tensors, batch | {"with_penalty": np.bool_(wanted)})
    for name, value in expected["discriminator"].items():
        np.testing.assert_allclose(np.array(moved["discriminator"][name]), np.array(value), atol=1e-5)
    assert np.isfinite(float(reports["gradient_penalty"])) == wanted


def gradients(plan, tensors, batch, step, monkeypatch):
    """What a step descends along, as one vector."""
    seen = {}

    def watch(tree, network, learned, gradients, *others):
        seen.update(gradients)
        return tree

    monkeypatch.setattr(steps, "descend", watch)
    step(plan, tensors, batch)
    return np.concatenate([np.ravel(np.array(seen[name])) for name in sorted(seen)])


@pytest.mark.parametrize("step", [steps.generator_step, steps.discriminator_step, steps.pretraining_step])
def test_bfloat16_descends_along_nearly_the_same_gradient(plan, tensors, batch, step, monkeypatch):
    rounded = replace(plan, hparams=replace(plan.hparams, precision="bfloat16"))
    exact, near = (gradients(one, tensors, batch, step, monkeypatch) for one in (plan, rounded))
    assert exact @ near > 0.99 * np.linalg.norm(exact) * np.linalg.norm(near)
    assert np.linalg.norm(near) == pytest.approx(np.linalg.norm(exact), rel=0.05)
