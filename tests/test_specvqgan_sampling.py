"""Sampling codes: seeds, windows, conditions, and what is refused."""

import logging
import os
import threading
from pathlib import Path

import numpy as np
import pytest

import specvqgan
from specvqgan import run_folder
from specvqgan.transformer import config as settings
from specvqgan.transformer import network, weights
from specvqgan.transformer.config import TransformerConfig
from specvqgan.transformer.model import Transformer
from specvqgan.transformer.sampling import window_start

# Another grid than the original's, with features and a class.
CONFIG = TransformerConfig(3, 8, 16, 2, 2, 16, frames=4, feature_depth=6, classes=3)
FEATURES = np.random.default_rng(1).random((2, 4, 6)).astype(np.float32)
CLASSES = np.array([2, 0])


def arrays(config=CONFIG):
    """Random weights, larger than those of training, so that codes depend on what comes before."""
    found = weights.initial(config, np.random.default_rng(0))
    return {name: value * 8.0 if value.ndim == 2 else value for name, value in found.items()}


def transformer(config=CONFIG, **options):
    return Transformer(config, arrays(config), Path("small"), **options)


@pytest.fixture(scope="module")
def model():
    return transformer()


def uncached(columns, start=None, config=CONFIG):
    """Likeliest codes, all places of the window computed for each of them, as the original does."""
    from core.nn import numpy_ops

    ready = arrays(config)
    grid = np.zeros((2, config.rows, columns), np.int64)
    primed = 0 if start is None else start.shape[2]
    if primed:
        grid[:, :, :primed] = start
    for column in range(primed, columns):
        first = window_start(column, columns, config.columns)
        for row in range(config.rows):
            tokens = grid[:, :, first : column + 1].transpose(0, 2, 1).reshape(2, -1)
            place = (column - first) * config.rows + row
            logits = network.logits(numpy_ops, ready, config, tokens[:, :place], FEATURES, CLASSES)
            grid[:, row, column] = logits[:, -1].argmax(-1)
    return grid


def test_features_and_a_class_together_and_any_grid(model):
    start = np.random.default_rng(3).integers(0, 16, (2, 3, 5))
    for columns, primed in ((8, None), (5, None), (23, None), (23, start)):
        found = model.sample(FEATURES, CLASSES, start=primed, columns=columns, temperature=0)
        assert (found == uncached(columns, primed)).all()


def test_the_window_is_centred_and_stays_in_the_grid():
    assert [window_start(column, 106, 53) for column in (0, 26, 27, 60, 79, 80, 105)] == [0, 0, 1, 34, 53, 53, 53]
    assert [window_start(column, 53, 53) for column in (0, 52)] == [0, 0]
    assert window_start(10_000, None, 53) == 9974


def test_the_same_seed_gives_the_same_codes(model):
    first = model.sample(FEATURES, CLASSES, seed=5)
    assert (model.sample(FEATURES, CLASSES, seed=5) == first).all()
    assert (model.sample(FEATURES, CLASSES, seed=6) != first).any()


def test_clips_of_one_request_have_draws_of_their_own(model):
    found = model.sample(FEATURES[[0, 0]], CLASSES[[0, 0]], seed=5)
    assert (found[0] != found[1]).any()
    assert (model.sample(FEATURES[:1], CLASSES[:1], seed=5)[0] == found[0]).all()


def test_threads_do_not_disturb_each_other(model):
    alone = [model.sample(FEATURES, CLASSES, seed=seed, columns=12) for seed in range(4)]
    found = [None] * 4

    def run(seed):
        found[seed] = model.sample(FEATURES, CLASSES, seed=seed, columns=12)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((one == other).all() for one, other in zip(alone, found, strict=True))


def test_draws_follow_the_probabilities(model):
    logits = model.evaluate(np.zeros((1, 3, 0), int), FEATURES[:1], CLASSES[:1]).logits[0, 0]
    shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    count = 64 * 40
    found = np.concatenate(
        [
            model.sample(FEATURES[[0] * 64], CLASSES[[0] * 64], columns=1, seed=seed)[:, 0, 0]
            for seed in range(count // 64)
        ]
    )
    counts = np.bincount(found, minlength=16)
    assert np.abs(counts - count * shares).max() < 5 * np.sqrt(count * shares.max())


def test_only_the_likeliest_codes_are_drawn(model):
    logits = model.evaluate(np.zeros((1, 3, 0), int), FEATURES[:1], CLASSES[:1]).logits[0, 0]
    found = model.sample(FEATURES[[0] * 64], CLASSES[[0] * 64], columns=1, top_k=2, temperature=50.0)[:, 0, 0]
    assert set(found) == set(np.argsort(logits)[-2:])


def test_columns_come_one_by_one_and_are_those_of_the_whole(model):
    whole = model.sample(FEATURES, CLASSES, columns=12, seed=3)
    stream = model.stream(FEATURES, CLASSES, columns=12, seed=3)
    assert next(stream).shape == (2, 3)
    assert (np.stack(list(stream), axis=2) == whole[:, :, 1:]).all()


def used_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def test_a_stream_needs_no_end_and_no_more_memory(model):
    stream = model.stream(FEATURES, CLASSES)
    for _ in range(100):
        next(stream)
    # Memory that is never given back would grow in each round; what else runs in this process grows in one.
    grown = []
    for _ in range(3):
        before = used_mb()
        for _ in range(300):
            next(stream)
        grown.append(used_mb() - before)
    assert min(grown) < 2


def test_progress_counts_columns_and_may_end_the_work(model):
    calls = []
    model.sample(FEATURES, CLASSES, columns=3, progress=lambda *call: calls.append(call))
    assert calls == [(1, 3), (2, 3), (3, 3)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.sample(FEATURES, CLASSES, columns=1_000_000, progress=stop)


def test_random_features_follow_from_the_seed():
    config = TransformerConfig(3, 8, 16, 1, 2, 16, frames=1, feature_depth=6, random_features=True)
    model = transformer(config)
    assert model.sample(count=3).shape == (3, 3, 8)
    assert (model.sample(seed=1, count=2) == model.sample(seed=1, count=2)).all()


def test_features_that_are_all_zero_are_reported(model, caplog):
    with caplog.at_level(logging.WARNING):
        model.sample(np.stack([FEATURES[0], np.zeros_like(FEATURES[0])]), CLASSES, columns=1)
    assert "features are all 0" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((FEATURES, None), {}, "small needs a class"),
        ((None, CLASSES), {}, "small needs features"),
        ((FEATURES, [2, 3]), {}, r"a class must be in 0\.\.2, not 3"),
        ((FEATURES, [2, 0.5]), {}, "a class must be a whole number, not 0.5"),
        ((FEATURES, [2]), {}, r"for as many clips, not \[1, 2\]"),
        ((FEATURES[:, :3], CLASSES), {}, r"features must have shape \[2, 4, 6\], not \[2, 3, 6\]"),
        ((FEATURES * np.nan, CLASSES), {}, "a value of features is not finite"),
        ((FEATURES * np.float32(1e38), CLASSES), {}, r"the largest feature must be in 0\.\.1000000, not 9"),
        ((FEATURES, CLASSES), {"temperature": -1}, r"temperature must be in 0\.\.100, not -1"),
        ((FEATURES, CLASSES), {"top_k": 0}, r"top_k must be in 1\.\.16, not 0"),
        ((FEATURES, CLASSES), {"top_k": 17}, r"top_k must be in 1\.\.16, not 17"),
        ((FEATURES, CLASSES), {"columns": 0}, "columns must be in"),
        ((FEATURES, CLASSES), {"seed": -1}, "seed must be at least 0, not -1"),
        ((FEATURES, CLASSES), {"start": np.full((2, 3, 1), 16)}, r"a code must be in 0\.\.15, not 16"),
        ((FEATURES, CLASSES), {"start": np.zeros((2, 5, 1), int)}, r"start must have shape \[2, 3, columns\]"),
        ((FEATURES, CLASSES), {"start": np.zeros((2, 3, 9), int)}, r"columns of start must be in 0\.\.8, not 9"),
        ((FEATURES, CLASSES), {"start": np.zeros((2, 3, 1))}, "start must be whole numbers"),
    ],
)
def test_what_cannot_be_sampled_is_refused_in_a_sentence(model, arguments, options, message):
    with pytest.raises(ValueError, match=message):
        model.stream(*arguments, columns=options.pop("columns", 8), **options)


def test_our_folder_gives_back_what_was_saved(tmp_path):
    config = TransformerConfig(3, 8, 16, 2, 2, 16, classes=2, class_names=("dog", "rain"))
    run_folder.write(tmp_path / "small", settings.to_json(config), arrays(config))
    found = specvqgan.load_transformer(tmp_path / "small")
    assert (found.config, found.class_names) == (config, ("dog", "rain"))
    expected = transformer(config).sample(classes=[1], seed=2)
    assert (found.sample(classes=[1], seed=2) == expected).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": 10**9}, r"layers must be in 1\.\.256"),
        ({"width": 10**9}, "width must be in"),
        ({"width": 17}, "width must be a multiple of the 2 heads, not 17"),
        ({"heads": 0}, "heads must be in"),
        ({"rows": 10**6}, "rows must be in"),
        ({"columns": 10**9}, "columns must be in"),
        ({"codes": 2**40}, "codes must be in"),
        ({"frames": 10**6}, "frames must be in"),
        ({"classes": 10**9}, "classes must be in"),
        ({"positions": 5}, "positions must be in"),
        ({"frames": 0, "classes": 0}, "frames must be in 1"),
        ({"feature_depth": "many"}, "feature_depth must be a whole number"),
        ({"embedding": "lstm"}, "embedding must be one of conv, linear, none"),
        ({"class_names": [1]}, "class_names must be a list of names"),
        ({"layers": 3}, "blocks.2.ln1.weight is missing"),
        ({"codes": 17}, r"tok_emb.weight must have shape \[17, 16\]"),
        ({"format": "other"}, "format must be one of hallu-specvqgan-transformer"),
    ],
)
def test_a_hostile_folder_is_refused_in_a_sentence(tmp_path, change, message):
    run_folder.write(tmp_path / "bad", {**settings.to_json(CONFIG), **change}, arrays())
    with pytest.raises(ValueError, match=message) as error:
        specvqgan.load_transformer(tmp_path / "bad")
    assert "weights.safetensors: " in str(error.value)


@pytest.mark.parametrize(("precision", "matrices"), [("bf16", "float"), ("f32", "int8"), ("bf16", "int8")])
def test_smaller_numbers_change_logits_a_little(model, precision, matrices):
    grid = np.random.default_rng(3).integers(0, 16, (2, 3, 8))
    exact = model.evaluate(grid, FEATURES, CLASSES).logits
    found = transformer(precision=precision, matrices=matrices).evaluate(grid, FEATURES, CLASSES).logits
    assert np.abs(found - exact).max() < 0.4 * exact.std()
    assert matrices == "float" or np.abs(found - exact).max() > 0.0


def test_keras_samples_the_same_codes(model):
    expected = model.sample(FEATURES, CLASSES, columns=12, temperature=0)
    found = transformer(engine="tensorflow").sample(FEATURES, CLASSES, columns=12, temperature=0)
    assert (found == expected).all()
