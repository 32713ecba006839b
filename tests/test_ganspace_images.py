"""Directions of image models: those within a class, in any layer, found as a sound model's are."""

import dataclasses

import numpy as np
import pytest

import ganspace
from ganspace import Plan, analysis, image_sampling
from ganspace.linear import Linear
from ganspace.sampler import SAMPLES
from renderer import biggan
from renderer.biggan import model_formats
from tests import small_biggan


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return biggan.load(small_biggan.write(tmp_path_factory.mktemp("biggan") / "small"))


@pytest.fixture(scope="module")
def first_map(model):
    """The noise's part of the linear layer that makes the first map: [size, z]."""
    arrays = model_formats.read_weights(model.folder, model.config)
    return arrays["generator.gen_z.weight"][:, : model.z_size]


def same_up_to_sign(a, b):
    return np.abs(np.abs(np.einsum("ij,ij->i", a, b)) - 1).max()


def test_of_the_first_map_they_are_the_singular_vectors_of_its_matrix(model, first_map):
    """Exactly, from few samples, and whatever the class, which shifts the map by far more."""
    left, values, right = np.linalg.svd(first_map, full_matrices=False)
    found = ganspace.compute(model, Plan(layer="gen_z", count=200, move="layer"))
    assert found.components.shape == (8, 4, 4, 64)
    assert same_up_to_sign(found.components.reshape(8, -1), left.T) < 1e-4
    assert same_up_to_sign(found.latents.directions, right) < 1e-4
    np.testing.assert_allclose(found.stdev / found.stdev[0], values / values[0], rtol=1e-4)
    assert found.var_ratio.sum() == pytest.approx(1.0, abs=0.02)


def test_pca_too_sees_noise_and_not_the_classes(model, first_map):
    plan = Plan(layer="gen_z", count=1024, components=8, estimator="stream", move="layer")
    found = ganspace.compute(model, plan)
    assert found.stdev == pytest.approx(0.88 * np.linalg.svd(first_map)[1], rel=0.15)
    apart = model.activations(np.zeros((2, 8)), np.eye(3)[:2], 1.0, "gen_z")
    assert np.linalg.norm(apart[0] - apart[1]) > 5 * found.stdev[0]


def test_deeper_layers_have_the_variance_of_their_classes(model):
    """Against each class by itself: the mean of their variances, without that between them."""
    sizes = {"layer": "layers.0", "count": 1024, "components": 1, "move": "layer"}
    together, *alone = (ganspace.compute(model, Plan(class_number=number, **sizes)) for number in (None, 0, 1, 2))
    total = [float(found.stdev[0] ** 2 / found.var_ratio[0]) for found in (together, *alone)]
    numbers = image_sampling.make(model, Plan(layer="layers.0")).drawn(SAMPLES, 0)[1]
    assert total[0] == pytest.approx(np.average(total[1:], weights=np.bincount(numbers)), rel=0.05)


def test_a_group_seen_from_its_mean_keeps_its_variance():
    samples = np.random.default_rng(0).normal(5.0, 2.0, (16 * 500, 3)).astype(np.float32)
    seen = image_sampling.from_group_means(samples)
    assert seen.var(axis=0) == pytest.approx([4.0] * 3, rel=0.05)
    assert np.abs(seen.reshape(500, 16, 3).mean(axis=1)).max() < 1e-5


def test_edits_move_the_noise_and_with_it_every_layer(model):
    found = ganspace.compute(model, Plan(layer="layers.0", count=500))
    assert (found.layer, found.origin.found_in, found.components.shape) == ("z", "layers.0", (8, 1, 1, 8))
    z, classes, edits = np.zeros((1, 8)), np.eye(3)[:1], np.array([[2.0, -1.0]])
    moved = model.generate(z, classes, 1.0, moves=[(found.layer, found.offsets(edits))])
    np.testing.assert_array_equal(moved, model.generate(z + found.latent_offsets(edits), classes, 1.0))
    assert np.abs(moved - model.generate(z, classes, 1.0)).max() > 0.01


def test_the_first_direction_moves_its_layer_most(model):
    found = ganspace.compute(model, Plan(layer="layers.0", count=1024))
    z = model.draw(np.random.default_rng(1), 64, 1.0)
    classes = np.eye(3)[np.arange(64) % 3]
    here = model.activations(z, classes, 1.0, "layers.0")
    moves = [
        np.square(model.activations(z + found.latent_offsets(edit[None]), classes, 1.0, "layers.0") - here).mean()
        for edit in np.eye(8)[[0, 3, 7]]
    ]
    assert moves[0] > moves[1] > moves[2]


def test_a_class_by_itself_has_its_own_mean(model):
    z, sizes = model.draw(np.random.default_rng(1), 512, 1.0), {"layer": "layers.0", "count": 256, "move": "layer"}
    found = ganspace.compute(model, Plan(class_number=1, **sizes))
    means = [model.activations(z, np.eye(3)[[number] * 512], 1.0, "layers.0").mean(axis=0) for number in range(3)]
    assert np.argmin([np.square(found.mean - mean).mean() for mean in means]) == 1
    assert found.origin.class_number == 1


def test_the_file_says_where_it_is_from(model, tmp_path):
    ganspace.compute_file(model, Plan(layer="gen_z", count=64, seed=5, truncation=0.5), tmp_path / "a.npz")
    origin = ganspace.load(tmp_path / "a.npz").origin
    assert (origin.checkpoint, origin.checksum, origin.seed, origin.count) == ("small", model.checksum, 5, 64)
    assert (origin.class_number, origin.truncation, origin.found_in) == (-1, 0.5, "gen_z")


def test_stopped_and_taken_up_again_they_are_the_same(model, tmp_path, monkeypatch):
    monkeypatch.setattr(analysis, "SAVE_EVERY_S", 0.0)
    plan = Plan(layer="gen_z", count=2100)
    ganspace.compute_file(model, plan, tmp_path / "whole.npz")

    def stop(done, total):
        if done >= 2048:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ganspace.compute_file(model, plan, tmp_path / "parts.npz", progress=stop)
    seen = []
    ganspace.compute_file(model, plan, tmp_path / "parts.npz", progress=lambda done, total: seen.append(done))
    assert seen[1] >= 1024
    assert (tmp_path / "parts.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


def test_a_models_own_are_saved_beside_it_and_found_again_for_other_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(analysis, "OWN_IMAGES", Plan(count=64, components=4))
    folder = small_biggan.write(tmp_path / "mine")
    model = biggan.load(folder)
    first = ganspace.own(model)
    assert ganspace.own_file(model) == folder / "mine_layers.0.npz"
    ganspace.save(ganspace.own_file(model), first.named(0, "warm"))
    assert ganspace.own(model).name(0) == "warm"
    (small_biggan.write(tmp_path / "other", seed=1) / "weights.npz").replace(folder / "weights.npz")
    again = ganspace.own(biggan.load(folder))
    assert again.name(0) == ""
    assert again.origin.checksum != first.origin.checksum


def test_what_bends_both_ways_is_no_direction():
    """Of activations of which one goes straight with z and a stronger one with its square, `linear` finds the first."""
    z = np.random.default_rng(0).standard_normal((20_000, 3)).astype(np.float32)
    samples = np.stack([0.5 * z[:, 1], 3 * z[:, 0] ** 2, np.zeros(len(z))], axis=1).astype(np.float32)
    estimator = Linear(1)
    for part in range(0, len(z), 5000):
        estimator.add(samples[part : part + 5000], z[part : part + 5000])
    found = estimator.directions().signed()
    np.testing.assert_allclose(found.vectors, [[1, 0, 0]], atol=0.2)
    np.testing.assert_allclose(found.latents.directions, [[0, 1, 0]], atol=0.2)


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ({"pitch": 60}, "a pitch is for sound models"),
        ({"layer": "z"}, "z varies equally in all directions"),
        ({"layer": "conv0"}, "'conv0' is not a layer of small; its layers are z, gen_z, layers.0"),
        ({"class_number": 3}, "small has no class 3; its classes are 0 to 2"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(model, job, message):
    with pytest.raises(ValueError, match=message):
        ganspace.compute(model, dataclasses.replace(Plan(count=64, components=2), **job))


@pytest.mark.parametrize("job", [{"class_number": 0}, {"truncation": 0.5}, {"move": "z"}])
def test_a_sound_model_takes_no_plan_for_images(magenta, job):
    with pytest.raises(ValueError, match="are for image models, not for sound models"):
        ganspace.compute(magenta, dataclasses.replace(Plan(count=64, components=2), **job))


def test_linear_finds_directions_of_sounds_too(magenta):
    found = ganspace.compute(magenta, Plan(count=1024, components=4, estimator="linear"))
    whole = ganspace.compute(magenta, Plan(count=1024, components=4))
    assert found.layer == "conv0"
    assert found.pitches
    assert (found.stdev <= whole.stdev * 1.05).all()
