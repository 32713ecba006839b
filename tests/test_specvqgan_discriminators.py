"""The discriminators at full size judge as the originals do; their weights come from a recipe."""

import numpy as np
import pytest
import specvqgan_files as files
from keras import ops

from core.nn import numpy_ops
from specvqgan.codebook import discriminator as patches
from specvqgan.vocoder import discriminators, weights


@pytest.fixture(scope="module")
def known():
    return files.arrays("full_size/full_discriminators")


@pytest.fixture(scope="module")
def judged():
    """What all layers give for the real and the generated sound, as arrays [time, channels]."""
    config = discriminators.DiscriminatorConfig()
    arrays = discriminators.from_original(files.full_size("full_melgan_discriminator")[0], config)
    folded = weights.folded(numpy_ops, arrays)
    real = files.clip("clip_a")[51200:59392]
    fake = files.arrays("full_size/full_melgan")["wave"]
    return tuple(discriminators.judge(ops, folded, wave.reshape(1, 1, -1, 1), config) for wave in (real, fake))


def test_every_layer_is_the_originals(judged, known):
    _, fake = judged
    for scale, layers in enumerate(fake):
        for number, layer in enumerate(layers):
            values = np.asarray(layer, np.float64)
            expected = known[f"melgan_scale_{scale}_layer_{number}_mean_std"]
            np.testing.assert_allclose((values.mean(), values.std()), expected, rtol=1e-4, atol=1e-5)
        scores = np.asarray(layers[-1]).ravel()
        np.testing.assert_allclose(scores, known[f"melgan_scale_{scale}_score"], rtol=0, atol=1e-4)


def test_the_losses_are_the_originals(judged, known):
    real, fake = judged
    assert float(discriminators.discriminator_loss(ops, real, fake)) == pytest.approx(known["melgan_loss_D"], rel=1e-5)
    assert float(discriminators.generator_loss(ops, fake)) == pytest.approx(known["melgan_loss_G"], rel=1e-4)
    assert float(discriminators.feature_loss(ops, real, fake)) == pytest.approx(known["melgan_loss_feat"], rel=1e-5)


def test_patches_are_judged_as_the_original_does(known):
    config = patches.PatchConfig()
    arrays = patches.from_original(files.full_size("full_discriminators")[0], config)
    x = 2.0 * files.mel()[None, :, 6:854, None] - 1.0
    scores, _ = patches.judge(ops, arrays, x, config)
    np.testing.assert_allclose(np.asarray(scores)[0, :, :, 0], known["patchgan_logits"], rtol=0, atol=1e-4)


def test_in_training_a_batch_is_normalised_by_itself():
    config = patches.PatchConfig(width=4, layers=2)
    arrays = patches.initial(config, np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal((3, 40, 48, 1)).astype(np.float32)
    one, seen = patches.judge(ops, arrays, x, config, training=True)
    before, _ = patches.judge(ops, arrays, x, config)
    after, _ = patches.judge(ops, arrays | {name: np.asarray(value) for name, value in seen.items()}, x, config)
    # What is stored of a variance is a little larger than what the batch itself is divided by.
    assert np.abs(one - after).max() < 5e-3 < 0.02 < np.abs(one - before).max()
