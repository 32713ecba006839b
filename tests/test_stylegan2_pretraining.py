"""Pretraining of a StyleGAN2: images are reconstructed from latents that carry the factors they were drawn from."""

import numpy as np
import pytest

from core.training import trees
from core.training.logger import NullLogger
from core.training.loop import TrainingLoop
from core.training.random_streams import Stream, generator
from renderer.stylegan2.training import generator as network
from renderer.stylegan2.training import reconstruction, stages
from renderer.stylegan2.training import state as run_state
from renderer.stylegan2.training.batches import ImageSource
from renderer.stylegan2.training.hparams import settle
from renderer.stylegan2.training.plan import StepPlan
from renderer.stylegan2.training.trainer import StyleGan2Trainer
from renderer.training import image_folder
from renderer.training.patterns import folder

SETTINGS = {
    "size": 16,
    "start_size": 8,
    "channels": 64,
    "most_channels": 8,
    "discriminator_channels": 64,
    "discriminator_most": 8,
    "z_size": 32,
    "w_size": 16,
    "mapping_rate": 0.1,
    "batch_size": 4,
    "total_images": 400,
    "grow_images": 80,
    "warm_start_images": 400,
    "warm_start_rate": 0.01,
    "sample_images": 1000,
}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    where = tmp_path_factory.mktemp("patterns") / "data"
    folder.write(where, ["eclipse", "sign"], 6, size=16)
    return image_folder.read(where, 16)


def test_a_latent_carries_the_factors_after_it_is_scaled():
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((5, 16)).astype(np.float32)
    z = reconstruction.latents(rng.standard_normal((5, 128)).astype(np.float32), factors)
    scaled = z / np.sqrt(np.square(z).mean(axis=1, keepdims=True))
    assert np.allclose(scaled.reshape(5, 16, 8).sum(axis=2) / np.sqrt(8), factors, atol=1e-4)


def test_factors_that_are_too_large_for_a_latent_are_refused():
    with pytest.raises(ValueError, match="z_size must be larger for factors whose squares add up to 36"):
        reconstruction.latents(np.ones((1, 16), np.float32), np.full((1, 4), 3, np.float32))


def test_images_come_nearer_to_the_dataset(images, tmp_path):
    source = ImageSource(images, settle(SETTINGS))
    state = TrainingLoop(StyleGan2Trainer(tmp_path, source), NullLogger()).run()
    before = run_state.initial(source.hparams, 2, generator(0, Stream.WEIGHTS))
    plan = StepPlan(source.hparams, 2, 16)
    batch = source.batch(0) | {"images": images.images[:4], "labels": images.labels[:4]}
    batch["latents"] = reconstruction.latents(
        np.random.default_rng(0).standard_normal((4, 32)).astype(np.float32), images.factors[:4]
    )
    first, last = (
        float(reconstruction.pretraining_step(plan, trees.to_tensors(each.tree), batch)[1]["distance"])
        for each in (before, state)
    )
    assert last < 0.5 * first


def test_after_pretraining_the_discriminator_takes_part(images):
    own = settle(SETTINGS | {"warm_start_images": 100})
    found = [(stage.size, stage.end, stage.pretraining) for stage in stages.stages(own)]
    assert found == [(8, 80, True), (16, 100, True), (16, 400, False)]


class Watched(NullLogger):
    """Keeps the distances that a run reports against the discriminator."""

    def __init__(self):
        self.distances = []

    def step(self, stage, before, images, losses):
        if not stage.pretraining:
            self.distances.append(float(losses["distance"]))


def test_after_pretraining_images_still_come_nearer_to_the_dataset(images, tmp_path):
    plain = {"r1": 0.0, "path_length": 0.0, "augment_target": 0.0, "rate": 0.01, "start_size": 16}
    lengths = {"warm_start_images": 8, "total_images": 208, "reconstruction_weight": 10.0}
    watched = Watched()
    TrainingLoop(StyleGan2Trainer(tmp_path, ImageSource(images, settle(SETTINGS | plain | lengths))), watched).run()
    assert np.mean(watched.distances[-5:]) < 0.8 * np.mean(watched.distances[:5])


def test_there_is_nothing_to_stay_near_without_pretraining():
    with pytest.raises(ValueError, match="reconstruction_weight must be 0 without pretraining, not 1"):
        settle({"reconstruction_weight": 1.0})


def test_a_window_is_compared_as_it_is_in_the_whole_image():
    own = settle(SETTINGS | {"size": 64, "start_size": 64})
    state = run_state.initial(own, 1, generator(0, Stream.WEIGHTS))
    z = np.random.default_rng(0).standard_normal((4, 32)).astype(np.float32)
    w = network.mapped(state.tree["generator"], z, None, own.config(1))
    every = np.repeat(np.asarray(w)[:, None], own.config(1).num_ws, axis=1)
    whole = np.asarray(network.images(state.tree["generator"], every, None, own, 64))
    step = StepPlan(own, 1, 64)
    for place, error in (((0, 0), 1e-5), ((16, 0), 1e-5), ((7, 9), 0.1)):
        (window, same), _ = reconstruction.compared(
            step, state.tree["generator"], every, whole, np.array(place, np.int32)
        )
        assert np.abs(np.asarray(window) - np.asarray(same)).mean() < error * np.abs(whole).mean()


def test_without_factors_there_is_no_pretraining(images):
    from dataclasses import replace

    with pytest.raises(ValueError, match=r"warm_start_images must be 0 without factors\.npz"):
        ImageSource(replace(images, factors=None), settle(SETTINGS))
