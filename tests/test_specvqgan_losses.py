"""The codebook's losses and gradients in training are the original's; the corrected ones differ as they must."""

import numpy as np
import pytest
import specvqgan_files as files
from keras import ops
from torch_files import state_dict, write_zip

from core.nn.backend import value_and_gradients
from specvqgan import run_folder
from specvqgan.codebook import config as settings
from specvqgan.codebook import discriminator, weights
from specvqgan.training import run_config
from specvqgan.training.codebook import hparams, losses, perceptual, steps
from specvqgan.training.settings import settle

GRADIENTS = [
    "encoder.conv_in.weight",
    "encoder.mid.attn_1.q.weight",
    "quant_conv.weight",
    "quantize.embedding.weight",
    "post_quant_conv.weight",
    "decoder.conv_out.weight",
]


@pytest.fixture(scope="module")
def known():
    return files.arrays("reference/codebook")


@pytest.fixture(scope="module")
def run():
    return run_folder.read(files.run("codebook"))


@pytest.fixture(scope="module")
def computed(run):
    """By step: the loss, its parts, the discriminator's loss; and the gradients at step 10."""
    checkpoint = run_folder.locate(files.run("codebook"))
    given = run_config.parse(run.config).training | {"perceptual_weights": str(checkpoint)}
    own = settle(hparams.CodebookHparams, given)
    x = ops.convert_to_tensor(2.0 * files.mel()[None, :, 6:854, None] - 1.0)
    config = settings.from_run(run.config)
    arrays = discriminator.from_original(run.weights, own.discriminator)
    averages = {name: value for name, value in arrays.items() if ".running_" in name}
    tree = {"discriminator": {name: value for name, value in arrays.items() if name not in averages}}
    tree |= {"averages": averages}
    learned = {name: ops.convert_to_tensor(value) for name, value in weights.from_original(run.weights, config).items()}
    found = {}
    for step in (0, 10):
        plan = steps.StepPlan(own, config, step >= own.adversarial_start, perceptual.load(checkpoint))

        def loss(at, plan=plan):
            total, (made, parts, _) = steps.autoencoder_loss(plan, at, tree, x, training=False)
            return total, (made.picture, parts)

        (total, (picture, parts)), gradients = value_and_gradients(loss, learned)
        judged, (_, real, fake) = steps.discriminator_loss(
            plan, tree["discriminator"], averages, x, picture, training=False
        )
        found[step] = parts | {"total": total, "judged": judged, "real": real, "fake": fake}
    return found, gradients


def test_a_released_config_has_the_originals_losses(run):
    training = run_config.parse(run.config).training
    assert (training["adversarial_start"], training["adversarial_weight"]) == (2, 0.8)
    assert training["original_loss"] and training["rate"] == pytest.approx(2e-6)


def test_the_losses_before_and_after_the_discriminator_joins_are_the_originals(computed, known):
    for step in (0, 10):
        found = computed[0][step]
        assert float(found["total"]) == pytest.approx(float(known[f"step{step}_total_loss"]), abs=3e-5)
        assert float(found["codes"]) == pytest.approx(float(known[f"step{step}_quant_loss"]), abs=3e-5)
        # What the original logs as rec_loss holds the perceptual part.
        assert float(found["nll"]) == pytest.approx(float(known[f"step{step}_rec_loss"]), abs=3e-5)
        assert float(found["perceptual"]) == pytest.approx(float(known[f"step{step}_p_loss"]), abs=3e-5)


def test_the_discriminators_loss_is_the_originals(computed, known):
    found = computed[0][10]
    assert float(found["judged"]) == pytest.approx(float(known["step10_disc_loss"]), abs=3e-5)
    assert float(found["generator"]) == pytest.approx(float(known["step10_g_loss"]), abs=3e-5)
    assert float(found["real"]) == pytest.approx(float(known["step10_logits_real"]), abs=3e-5)


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_are_the_originals(computed, known, name):
    found = weights.to_original({name: ops.convert_to_numpy(computed[1][name])})[name]
    np.testing.assert_allclose(found, known[f"grad_{name}"], rtol=0, atol=3e-5)


def test_the_corrected_loss_draws_the_codes_more_and_the_encoder_less():
    z, codes = (np.random.default_rng(seed).standard_normal((1, 2, 3, 4)).astype(np.float32) for seed in (0, 1))

    def slopes(original):
        def loss(at):
            return losses.code_loss(at["z"], at["codes"], 0.25, original), None

        at = {"z": ops.convert_to_tensor(z), "codes": ops.convert_to_tensor(codes)}
        return {name: ops.convert_to_numpy(value) for name, value in value_and_gradients(loss, at)[1].items()}

    was, corrected = slopes(True), slopes(False)
    np.testing.assert_allclose(corrected["codes"], 4 * was["codes"], rtol=1e-5)
    np.testing.assert_allclose(corrected["z"], 0.25 * was["z"], rtol=1e-5)


def test_a_perceptual_weight_without_weights_is_refused():
    with pytest.raises(ValueError, match="perceptual_weights is missing"):
        settle(hparams.CodebookHparams, {"perceptual_weight": 1.0})


def test_a_file_without_the_last_step_of_lpaps_is_refused(tmp_path, run):
    kept = {name: value for name, value in run.weights.items() if "perceptual_loss" in name and ".lin" not in name}
    write_zip(tmp_path / "vggishish.pt", *state_dict(kept))
    with pytest.raises(ValueError, match="which no released file has"):
        perceptual.load(tmp_path / "vggishish.pt")
