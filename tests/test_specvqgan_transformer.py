"""The transformer computes what the original does: every array of reference/transformer_*.npz."""

import dataclasses

import keras.ops
import numpy as np
import pytest
import specvqgan_files as files

import specvqgan
from core.nn import numpy_ops
from specvqgan.codebook import permutation
from specvqgan.transformer import network
from specvqgan.transformer.sampling import Choice, top_k_logits

NAMES = ("5feats", "class", "nofeats")


class Reference:
    """A transformer of the original's, its arrays, and its condition as ours takes it."""

    def __init__(self, name):
        self.known = files.arrays(f"reference/transformer_{name}")
        self.model = specvqgan.load_transformer(files.run(name))
        self.config, self.weights = self.model.config, weights_of(name)
        self.features = self.known["feature"].transpose(0, 2, 1) if "feature" in self.known else None
        self.classes = self.known["class"][0] if "class" in self.known else None
        self.grid = permutation.to_grid(self.known["tokens"][None], 5)

    def sample(self, **options):
        found = self.model.sample(self.features, self.classes, temperature=0, **options)
        return permutation.to_sequence(found)[0]

    def network(self, function, tokens, ops=numpy_ops, config=None):
        return function(ops, self.weights, config or self.config, tokens[None], self.features, self.classes)


def weights_of(name):
    from specvqgan import run_folder
    from specvqgan.transformer import config, weights

    run = run_folder.read(files.run(name))
    return weights.from_original(run.weights, config.from_run(run.config))


@pytest.fixture(scope="module", params=NAMES)
def reference(request):
    return Reference(request.param)


def test_what_enters_and_leaves_the_first_block(reference):
    known, condition = reference.known, reference.config.condition
    x = reference.network(network.sequence, known["tokens"][:-1])
    found = network.condition(numpy_ops, reference.weights, reference.config, reference.features, reference.classes)
    np.testing.assert_allclose(found[0], known["condition_embedding"], rtol=0, atol=1e-5)
    places = [0, condition - 1, condition, x.shape[1] - 1]
    np.testing.assert_allclose(x[0, places], known["block0_input_first_last"], rtol=0, atol=1e-5)
    first = dataclasses.replace(reference.config, layers=1)
    found = network.blocks(numpy_ops, reference.weights, first, x, network.causal_mask(x.shape[1]))
    np.testing.assert_allclose(found.x[0, places], known["block0_output_first_last"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("ops", [numpy_ops, keras.ops], ids=["numpy", "keras"])
def test_logits_and_cross_entropy_of_the_whole_sequence(reference, ops):
    tokens, known = reference.known["tokens"], reference.known
    found = np.asarray(reference.network(network.logits, tokens[:-1], ops))
    np.testing.assert_allclose(found[0], known["logits"], rtol=0, atol=1e-4)
    loss = float(reference.network(network.cross_entropy, tokens, ops))
    assert loss == pytest.approx(float(known["cross_entropy"]), abs=1e-5)


def test_logits_and_attention_of_what_is_played(reference):
    known, condition = reference.known, reference.config.condition
    found = reference.model.evaluate(reference.grid, reference.features, reference.classes)
    np.testing.assert_allclose(found.logits[0, :265], known["logits"], rtol=0, atol=1e-4)
    heads, length = known["attention_shape"][1:3]
    assert found.attention.shape == (1, heads, length + 1, length + 1)
    rows = found.attention[0, :, [0, condition, condition + 99, length - 1], :length].transpose(1, 0, 2)
    np.testing.assert_allclose(rows, known["attention_last_layer_rows"], rtol=0, atol=1e-5)


def test_likeliest_codes_one_by_one(reference):
    assert (reference.sample() == reference.known["greedy_tokens"]).all()


def test_the_second_half_of_a_grid_that_begins_with_a_real_one(reference):
    start = reference.grid[:, :, : reference.config.half]
    assert start.shape == (1, 5, 26)
    assert (reference.sample(start=start) == reference.known["half_tokens"]).all()


def test_a_grid_wider_than_the_window(reference):
    for start, name in ((None, "long_full_tokens"), (reference.grid[:, :, :26], "long_half_tokens")):
        known = reference.known[name]
        assert (reference.sample(start=start, columns=len(known) // 5) == known).all()


def test_what_the_codes_decode_to(reference):
    codebook = specvqgan.load_codebook(reference.model.folder)
    for name, step, tokens in (("greedy", 8, "greedy_tokens"), ("long", 16, "long_full_tokens")):
        grid = permutation.to_grid(reference.known[tokens][None], 5)
        found = 2.0 * codebook.decode(grid, clip=False)[0] - 1.0
        known = reference.known[f"{name}_spectrogram_every_{step}th_column"]
        np.testing.assert_allclose(found[:, ::step], known, rtol=0, atol=1e-4)


def test_shares_of_the_likeliest_codes(reference):
    known = reference.known
    choice = Choice(float(known["topk_temperature"]), int(known["topk_k"]))
    logits = known["logits"][known["topk_step"]]
    scores = top_k_logits(logits / np.float32(choice.temperature), choice.top_k)
    np.testing.assert_allclose(scores, known["topk_logits"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(choice.probabilities(logits), known["topk_probabilities"], rtol=0, atol=1e-6)


def test_codes_that_tie_with_the_last_of_the_likeliest_are_kept(reference):
    assert (top_k_logits(reference.known["tie_logits"], 3) == reference.known["tie_top3"]).all()
