"""What turns lyrics and class names into vectors: packages that come with the extra `lyrics`, imported when used."""

import importlib
import logging
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from renderer.video.lyrics import Embed

log = logging.getLogger(__name__)

# What goes with which when no strategy is named.
STRATEGY_OF = {"sbert": "random", "doc2vec": "ransac"}
_SBERT = "all-MiniLM-L6-v2"
_SILENCE_S = 10
_DOC2VEC = {"vector_size": 20, "window": 2, "min_count": 1, "epochs": 100, "workers": 1}


def encoding(name: str, lines: Sequence[str], seed: int) -> Embed:
    """The embedding of that name.

    Args:
        name: "sbert": Sentence-BERT, which fetches its model the first time. "doc2vec": learned from the lyrics.
        lines: of the lyrics.
        seed: of what is learned.

    Raises:
        ValueError: there is none of that name, or its package is not installed.
        OSError: the language model of "sbert" cannot be fetched.
    """
    makers = {"sbert": lambda: _sbert(), "doc2vec": lambda: _doc2vec(lines, seed)}
    if name not in makers:
        raise ValueError(f"encoding must be one of {', '.join(makers)}, not {name!r}")
    return makers[name]()


def _sbert() -> Embed:
    try:
        package = importlib.import_module("sentence_transformers")
    except ImportError:
        raise _missing("sbert", "sentence-transformers") from None
    model = _language_model(package.SentenceTransformer)
    return lambda texts: np.asarray(model.encode(list(texts), show_progress_bar=False))


def _language_model(load: Callable[..., Any]) -> Any:
    """The model that was fetched before, or is fetched now.

    Raises:
        OSError: it cannot be had.
    """
    try:
        return load(_SBERT, local_files_only=True)
    except (OSError, ValueError):
        log.info("fetching the language model %s (90 MB)", _SBERT)
    try:
        # Tried first, for the package would try for minutes.
        _reach(importlib.import_module("huggingface_hub.constants").ENDPOINT)
        return load(_SBERT)
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "reason", error)).partition("\n")[0]
        raise OSError(
            f"sbert needs the language model {_SBERT}, which cannot be fetched: {reason}; --encoding doc2vec needs none"
        ) from None


def _reach(address: str) -> None:
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=_SILENCE_S).close()
    except urllib.error.HTTPError:
        # Somebody is there.
        return


def _doc2vec(lines: Sequence[str], seed: int) -> Embed:
    try:
        package = importlib.import_module("gensim.models.doc2vec")
    except ImportError:
        raise _missing("doc2vec", "gensim") from None
    documents = [package.TaggedDocument(_words(line), [number]) for number, line in enumerate(lines)]
    model = package.Doc2Vec(documents, seed=seed % 2**31, **_DOC2VEC)

    def infer(text: str) -> np.ndarray:
        known = [word for word in _words(text) if word in model.wv]
        model.random.seed(seed % 2**31)
        # Of a text without a single word of the lyrics, nothing can be said.
        return model.infer_vector(known) if known else np.zeros(model.vector_size)

    return lambda texts: np.stack([infer(text) for text in texts])


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _missing(name: str, package: str) -> ValueError:
    return ValueError(f"--lyrics with {name} needs the package {package}: pip install 'hallu[lyrics]'")
