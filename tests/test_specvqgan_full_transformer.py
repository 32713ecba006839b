"""A transformer of full size (24 layers, width 1024) computes what the original does."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import specvqgan_files as files
from specvqgan_recipe import GAIN, tensor, transformer_inputs

from specvqgan.codebook import permutation
from specvqgan.transformer import weights
from specvqgan.transformer.config import TransformerConfig
from specvqgan.transformer.model import Transformer

NAME = "full_transformer_5feats"
CONFIG = TransformerConfig(5, 53, 1024, 24, 16, 1024, frames=5, feature_depth=2048)


def arrays(known):
    """Weights as the original was given them; two threads make them, and no masks, which follow from the shape."""
    shapes = json.loads((files.FOLDER / "full_size" / f"{NAME}_state_dict.json").read_text(encoding="utf-8"))
    names = [name for name in shapes if not name.endswith(".mask")]
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(names, pool.map(lambda name: tensor(name, shapes, 91, GAIN[NAME]), names), strict=True))
    found["transformer.head.weight"] *= known["head_weight_factor"]
    return weights.from_original(found, CONFIG)


@pytest.fixture(scope="module")
def known():
    return files.arrays(f"full_size/{NAME}")


@pytest.fixture(scope="module")
def model(known):
    return Transformer(CONFIG, arrays(known), Path("full"))


def test_logits(model, known):
    tokens, features = transformer_inputs()
    logits = model.evaluate(permutation.to_grid(tokens[None], 5), features.transpose(0, 2, 1)).logits[0]
    np.testing.assert_allclose(logits[known["steps"]], known["logits_at_steps"], rtol=0, atol=1e-4)
    shares = np.exp(logits[:265] - logits[:265].max(axis=1, keepdims=True))
    found = np.log(shares[np.arange(265), tokens] / shares.sum(axis=1))
    np.testing.assert_allclose(found, known["log_softmax_of_tokens"], rtol=0, atol=1e-4)


def test_likeliest_codes(model, known):
    found = model.sample(transformer_inputs()[1].transpose(0, 2, 1), columns=3, temperature=0)
    assert (permutation.to_sequence(found)[0, :12] == known["greedy_first_12"]).all()
