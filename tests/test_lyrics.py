"""Lyrics: lines, the classes that are nearest to them, and what turns both into vectors."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from renderer.video import lyrics
from renderer.video.lyrics_encoding import encoding

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


@pytest.mark.parametrize(("name", "package"), [("sbert", "sentence-transformers"), ("doc2vec", "gensim")])
def test_a_missing_package_is_named_with_its_extra(monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.setitem(sys.modules, "gensim.models.doc2vec", None)
    with pytest.raises(ValueError, match=rf"{package}: pip install 'hallu\[lyrics\]'"):
        encoding(name, ["a line"], 0)


class Miser:
    """A stand-in for sentence-transformers: the language model is there, or only in the web."""

    def __init__(self, there):
        self.there, self.asked = there, []

    def SentenceTransformer(self, name, local_files_only=False):  # noqa: N802
        self.asked.append(local_files_only)
        if not self.there:
            raise OSError("no such model here")
        return self

    def encode(self, texts, show_progress_bar):
        return [[len(text)] for text in texts]


def sbert(monkeypatch, there):
    package = Miser(there)
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    monkeypatch.setitem(sys.modules, "huggingface_hub.constants", SimpleNamespace(ENDPOINT="http://127.0.0.1:9"))
    return package, lambda: encoding("sbert", ["a line"], 0)


def test_a_language_model_that_is_there_needs_no_network(monkeypatch):
    package, make_it = sbert(monkeypatch, there=True)
    assert make_it()(["ab", "c"]).tolist() == [[2], [1]]
    assert package.asked == [True]


def test_without_a_network_sbert_fails_at_once_and_says_what_does_not(monkeypatch):
    package, make_it = sbert(monkeypatch, there=False)
    with pytest.raises(OSError, match=r"sbert needs the language model .*refused.*; --encoding doc2vec needs none"):
        make_it()
    assert package.asked == [True]


def test_doc2vec_knows_what_is_sung():
    pytest.importorskip("gensim")
    lines = ["the cat sleeps on the warm stone", "the stone burns in the fire"] * 10
    embed = encoding("doc2vec", lines, 3)
    rows = embed(["cat", "zebra", "a warm cat"])
    assert not rows[1].any()
    assert rows[0].any()
    assert np.array_equal(rows, encoding("doc2vec", lines, 3)(["cat", "zebra", "a warm cat"]))
