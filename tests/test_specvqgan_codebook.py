"""The codebook computes what the original does: every array of reference/codebook.npz."""

import numpy as np
import pytest
import specvqgan_files as files

import specvqgan
from core.nn import engine, numpy_ops
from specvqgan.codebook import network, permutation, weights
from specvqgan.codebook.model import Codebook

CROPPED = slice(6, 854)


@pytest.fixture(scope="module")
def codebook():
    return specvqgan.load_codebook(files.run("codebook"))


@pytest.fixture(scope="module")
def known():
    return files.arrays("reference/codebook")


def test_what_is_looked_up(codebook, known):
    z = codebook.embed(files.mel()[None, :, CROPPED])[0]
    np.testing.assert_allclose(z.transpose(2, 0, 1), known["z"], rtol=0, atol=3e-4)


def test_codes_are_the_originals(codebook, known):
    codes = codebook.encode(files.mel()[None, :, CROPPED])
    assert codes.shape == (1, 5, 53)
    assert (codes.ravel() == known["tokens_row_major"]).all()
    assert (codebook.encode(files.mel()[None]).ravel() == known["tokens_860_row_major"]).all()


def test_the_reconstruction_is_the_originals(codebook, known):
    codes = known["tokens_row_major"].reshape(1, 5, 53)
    found = 2.0 * codebook.decode(codes, clip=False)[0] - 1.0
    np.testing.assert_allclose(found, known["reconstruction"], rtol=0, atol=1e-4)


def test_a_decoded_spectrogram_is_one(codebook, known):
    codes = known["tokens_row_major"].reshape(1, 5, 53)
    assert codebook.decode(codes, clip=False).max() > 1.0
    assert 0.0 <= codebook.decode(codes).min() <= codebook.decode(codes).max() == 1.0


def test_the_order_of_a_sequence_is_the_originals(known):
    codes = known["tokens_row_major"].reshape(1, 5, 53)
    assert (permutation.to_sequence(codes)[0] == known["tokens_permuted"]).all()
    places = np.arange(265).reshape(1, 5, 53)
    assert (permutation.to_sequence(places)[0] == known["forward_shuffle_idx"]).all()
    assert (permutation.to_grid(np.arange(265)[None], 5).ravel() == known["backward_shuffle_idx"]).all()


def test_a_codebook_within_a_transformers_checkpoint_is_found():
    run = files.run("nofeats")
    known = files.arrays("reference/transformer_nofeats")
    codes = permutation.to_grid(known["greedy_tokens"].reshape(1, -1), 5)
    found = 2.0 * specvqgan.load_codebook(run).decode(codes, clip=False)[0, :, ::8] - 1.0
    np.testing.assert_allclose(found, known["greedy_spectrogram_every_8th_column"], rtol=0, atol=1e-4)


PLACES = [0, 1, 2, 3, -4, -3, -2, -1]
SIDES = {"enc": ("encoder.", "down"), "dec": ("decoder.", "up")}


def part(name):
    """The name of a part as our network has it."""
    side, _, rest = name.partition("_")
    stem, levels = SIDES[side]
    if not rest.startswith("level_"):
        return stem + rest.replace("mid_", "mid.")
    _, level, *kind = rest.split("_")
    last = 0 if side == "enc" else 1
    kinds = {"last_block": f"block.{last}", "last_attn": f"attn.{last}"}
    return f"{stem}{levels}.{level}.{kinds.get('_'.join(kind), '_'.join(kind))}"


def test_every_activation_is_the_originals(codebook, known):
    names = [key.removeprefix("corner_") for key in known if key.startswith("corner_")]
    last = "encoder.conv_out"
    config, arrays = codebook.config, codebook._arrays
    codes = known["tokens_row_major"].reshape(1, 5, 53)

    def run(ops, arrays, x, z):
        seen = {}

        def hook(name, value):
            seen[name] = value
            return value

        network.encode(ops, arrays, x, config, hook)
        network.decode(ops, arrays, z, config, hook)
        return *(seen[part(name)] for name in names), seen[last]

    x, z = 2.0 * files.mel()[None, :, CROPPED, None] - 1.0, arrays[network.CODES][codes]
    *found, end = engine.compile(run, arrays, [x.shape, z.shape])(x, z)
    np.testing.assert_allclose(end[0].transpose(2, 0, 1), known["encoder_out"], rtol=0, atol=3e-4)
    for name, value in zip(names, found, strict=True):
        corner = value[0, ..., :3].transpose(2, 0, 1)[:, [place % value.shape[1] for place in PLACES]][:, :, PLACES]
        scale = np.abs(known[f"corner_{name}"]).max()
        np.testing.assert_allclose(corner, known[f"corner_{name}"], rtol=0, atol=1e-5 * scale + 1e-5, err_msg=name)
        spread = (value.mean(dtype=np.float64), value.std(dtype=np.float64))
        np.testing.assert_allclose(spread, known[f"mean_std_{name}"], rtol=1e-5, atol=1e-5, err_msg=name)


def test_what_is_left_of_the_codes_is_the_originals(codebook, known):
    """Codes, the loss that they cost, and how many are used."""
    arrays = codebook._arrays
    z = codebook.embed(files.mel()[None, :, CROPPED])
    tokens = network.nearest(numpy_ops, arrays, z)
    assert (tokens.ravel() == known["tokens_row_major"]).all()
    quant = network.look_up(numpy_ops, arrays, tokens)
    np.testing.assert_allclose(quant[0].transpose(2, 0, 1), known["quant"], rtol=0, atol=1e-6)
    assert 1.25 * np.square(quant - z).mean() == pytest.approx(float(known["vq_loss"]), rel=1e-5)
    shares = np.bincount(tokens.ravel(), minlength=64) / tokens.size
    assert np.exp(-(shares * np.log(shares + 1e-10)).sum()) == pytest.approx(float(known["perplexity"]), rel=1e-5)


def test_weights_travel_to_the_originals_layout_and_back(codebook):
    arrays = weights.initial(codebook.config, np.random.default_rng(0))
    back = weights.from_original(weights.to_original(arrays), codebook.config)
    assert all((back[name] == arrays[name]).all() for name in arrays)


@pytest.mark.parametrize(
    ("mel", "reason"),
    [
        (np.zeros((1, 79, 848)), r"mel must have shape \[n, 80, frames\], not \[1, 79, 848\]"),
        (np.zeros((1, 80, 15)), "frames of mel must be at least 16, not 15"),
        (np.full((1, 80, 16), np.nan), "not finite"),
    ],
)
def test_a_spectrogram_that_has_no_codes_is_refused(codebook, mel, reason):
    with pytest.raises(ValueError, match=reason):
        codebook.encode(mel)


def test_a_code_that_there_is_not_is_refused(codebook):
    with pytest.raises(ValueError, match=r"a code must be in 0..63, not 64"):
        codebook.decode(np.full((1, 5, 2), 64))


def test_a_new_codebook_takes_the_shapes_that_it_asks_for(codebook):
    arrays = weights.initial(codebook.config, np.random.default_rng(0))
    assert {name: array.shape for name, array in arrays.items()} == weights.expected(codebook.config)
    assert Codebook(codebook.config, arrays, codebook.folder).encode(np.zeros((2, 80, 32))).shape == (2, 5, 2)
