"""What the settings of the original's transformers say, and which of them are refused."""

import numpy as np
import pytest

import specvqgan
from specvqgan import run_folder
from specvqgan.transformer import config as settings
from specvqgan.transformer import weights
from specvqgan.transformer.config import TransformerConfig


def original(kind="GPTFeatsClass", embedder="torch.nn.Conv1d", grid=(3, 8), **sizes):
    """Settings as the project files of the original nest them."""
    modules = "specvqgan.modules.transformer"
    features = {"in_channels": 6, "in_features": 6, "out_channels": 16, "kernel_size": 1, "padding": 0}
    inner = {
        "feat_embedding_config": {"target": embedder, "params": features},
        "token_embedding_config": {"target": "torch.nn.Embedding", "params": {"num_embeddings": 3}},
        "GPT_config": {"vocab_size": 16, "block_size": 29, "n_layer": 2, "n_head": 2, "n_embd": 16, **sizes},
    }
    permuter = {"target": f"{modules}.permuter.ColumnMajor", "params": {"H": grid[0], "W": grid[1]}}
    transformer = {"target": f"{modules}.mingpt.{kind}", "params": inner}
    return {"model": {"params": {"transformer_config": transformer, "first_stage_permuter_config": permuter}}}


BOTH = TransformerConfig(3, 8, 16, 2, 2, 16, frames=4, feature_depth=6, classes=3, positions=29)


def test_features_and_a_class_are_read_from_a_run_of_the_originals(tmp_path):
    arrays = weights.initial(BOTH, np.random.default_rng(0))
    named = {f"transformer.{name}": array for name, array in arrays.items()}
    run_folder.write(tmp_path / "both", original(), named)
    model = specvqgan.load_transformer(tmp_path / "both")
    assert model.config == BOTH
    assert {"transformer.feat_embedder.weight", "transformer.cls_embedder.weight"} <= set(named)
    assert model.sample(np.ones((1, 4, 6)), [2]).shape == (1, 3, 8)


@pytest.mark.parametrize(
    ("embedder", "sizes", "embedding"),
    [("torch.nn.Linear", {}, "linear"), ("torch.nn.Identity", {"n_embd": 6}, "none")],
)
def test_features_may_be_embedded_otherwise(embedder, sizes, embedding):
    config = settings.from_run(original("GPTFeats", embedder, **sizes))
    assert (config.embedding, config.frames, config.feature_depth, config.classes) == (embedding, 5, 6, 0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (original("DummyGPT"), "the transformer's target must be one of GPTFeats, GPTClass, GPTFeatsClass"),
        (original(embedder="torch.nn.LSTM"), "the target that embeds features must be one of"),
        (original(n_unmasked=4), "n_unmasked must be one of 0, not 4"),
        (original(block_size=24), "frames must be in"),
        (original(n_layer="many"), "n_layer must be a whole number"),
        (original(grid=(3, 10**12)), "columns must be in"),
        ({"model": {"params": {"ddconfig": {}}}}, "transformer_config must be a mapping of settings"),
        ({}, "model must be a mapping of settings"),
    ],
)
def test_other_settings_are_refused_in_a_sentence(given, message):
    with pytest.raises(ValueError, match=message):
        settings.from_run(given)


def test_a_run_that_was_trained_on_random_features_says_so():
    given = {**original("GPTFeats"), "data": {"params": {"replace_feats_with_random": True}}}
    assert settings.from_run(given).random_features
    assert not settings.from_run(original("GPTFeats")).random_features


def test_random_weights_begin_as_the_originals_do():
    found = weights.initial(BOTH, np.random.default_rng(0))
    assert {name: array.shape for name, array in found.items()} == weights.expected(BOTH)
    assert found["blocks.0.mlp.0.weight"].std() == pytest.approx(0.02, rel=0.1)
    assert np.abs(found["feat_embedder.weight"]).max() <= 1 / np.sqrt(6)
    assert (found["ln_f.weight"] == 1).all()
    assert not found["pos_emb"].any()


def test_weight_decay_is_for_dense_layers_alone():
    names = weights.decayed(BOTH)
    assert {"head.weight", "blocks.0.attn.key.weight", "blocks.1.mlp.2.weight"} <= names
    assert not names & {
        "tok_emb.weight",
        "pos_emb",
        "blocks.0.ln1.weight",
        "blocks.0.mlp.0.bias",
        "feat_embedder.weight",
    }
