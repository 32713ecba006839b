"""Melception, a classifier of spectrograms: Inception v3 with one channel and without its early pools.

Its features and logits are what FID, KID, inception score and MKL are measured on. Sources: Szegedy et al. 2016,
https://arxiv.org/abs/1512.00567 (torchvision's version); Iashin and Rahtu 2021, https://arxiv.org/abs/2110.08791.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from core.nn import torch_layers
from core.nn.ops import Ops, Tensor
from core.nn.torch_layers import Convolution, Weights, average_around, convolve
from specvqgan import classifier_file

FEATURES = 2048
_EPSILON = 1e-3
# Name: inputs, outputs, height and width of the kernel.
_Table = Mapping[str, tuple[int, int, int, int]]
_STEM: _Table = {
    "Conv2d_1a_3x3": (1, 32, 3, 3),
    "Conv2d_2a_3x3": (32, 32, 3, 3),
    "Conv2d_2b_3x3": (32, 64, 3, 3),
    "Conv2d_3b_1x1": (64, 80, 1, 1),
    "Conv2d_4a_3x3": (80, 192, 3, 3),
}
_POOLED_5 = {"5b": 32, "5c": 64, "5d": 64}
_INNER_6 = {"6b": 128, "6c": 160, "6d": 160, "6e": 192}


def read(path: Path) -> dict[str, np.ndarray]:
    """The weights of a file of the classifier's training, prepared for `judge`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds something else.
    """
    return classifier_file.prepared(path, "Melception", prepare)


def prepare(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights for `judge` from torch's tensors by name.

    Raises:
        ValueError: they are those of something else.
    """
    classes = len(arrays["fc.bias"]) if "fc.bias" in arrays and arrays["fc.bias"].ndim else 0
    found = torch_layers.prepare(arrays, convolutions(), _EPSILON)
    found["fc"] = torch_layers.tensor(arrays, "fc.weight", (classes, FEATURES)).T.astype(np.float32)
    found["fc.bias"] = torch_layers.tensor(arrays, "fc.bias", (classes,)).astype(np.float32)
    return found


def convolutions() -> Iterator[Convolution]:
    """The table of its convolutions."""
    for block, table in _blocks():
        for name, (inputs, outputs, height, width) in table.items():
            whole = f"{block}{name}"
            yield Convolution(f"{whole}.conv", inputs, outputs, (height, width), f"{whole}.bn")


def _blocks() -> Iterator[tuple[str, _Table]]:
    yield "", _STEM
    inputs = 192
    for name, pooled in _POOLED_5.items():
        yield f"Mixed_{name}.", _table_5(inputs, pooled)
        inputs = 224 + pooled
    yield "Mixed_6a.", {"branch3x3": (inputs, 384, 3, 3), **_double(inputs)}
    for name, inner in _INNER_6.items():
        yield f"Mixed_{name}.", _table_6(inner)
    yield "Mixed_7a.", {
        "branch3x3_1": (768, 192, 1, 1), "branch3x3_2": (192, 320, 3, 3),
        "branch7x7x3_1": (768, 192, 1, 1), "branch7x7x3_2": (192, 192, 1, 7),
        "branch7x7x3_3": (192, 192, 7, 1), "branch7x7x3_4": (192, 192, 3, 3),
    }  # fmt: skip
    for name, inputs in (("7b", 1280), ("7c", 2048)):
        yield f"Mixed_{name}.", _table_7(inputs)


def _double(inputs: int) -> dict[str, tuple[int, int, int, int]]:
    return {
        "branch3x3dbl_1": (inputs, 64, 1, 1), "branch3x3dbl_2": (64, 96, 3, 3), "branch3x3dbl_3": (96, 96, 3, 3)
    }  # fmt: skip


def _table_5(inputs: int, pooled: int) -> _Table:
    return {
        "branch1x1": (inputs, 64, 1, 1), "branch5x5_1": (inputs, 48, 1, 1), "branch5x5_2": (48, 64, 5, 5),
        **_double(inputs), "branch_pool": (inputs, pooled, 1, 1),
    }  # fmt: skip


def _table_6(inner: int) -> _Table:
    return {
        "branch1x1": (768, 192, 1, 1),
        "branch7x7_1": (768, inner, 1, 1), "branch7x7_2": (inner, inner, 1, 7), "branch7x7_3": (inner, 192, 7, 1),
        "branch7x7dbl_1": (768, inner, 1, 1), "branch7x7dbl_2": (inner, inner, 7, 1),
        "branch7x7dbl_3": (inner, inner, 1, 7), "branch7x7dbl_4": (inner, inner, 7, 1),
        "branch7x7dbl_5": (inner, 192, 1, 7), "branch_pool": (768, 192, 1, 1),
    }  # fmt: skip


def _table_7(inputs: int) -> _Table:
    return {
        "branch1x1": (inputs, 320, 1, 1), "branch3x3_1": (inputs, 384, 1, 1),
        "branch3x3_2a": (384, 384, 1, 3), "branch3x3_2b": (384, 384, 3, 1),
        "branch3x3dbl_1": (inputs, 448, 1, 1), "branch3x3dbl_2": (448, 384, 3, 3),
        "branch3x3dbl_3a": (384, 384, 1, 3), "branch3x3dbl_3b": (384, 384, 3, 1),
        "branch_pool": (inputs, 192, 1, 1),
    }  # fmt: skip


def judge(ops: Ops, weights: Weights, spectrograms: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Features [n, 2048], logits without the bias and logits [n, classes] of spectrograms.

    Args:
        ops: the operations.
        weights: see `read`.
        spectrograms: standardised, [n, mels, frames, 1], at least 75 of each.
    """
    *_, last = maps(ops, weights, spectrograms)
    features = ops.mean(last, axis=(1, 2))
    unbiased = ops.matmul(features, weights["fc"])
    return features, unbiased, unbiased + weights["fc.bias"]


def maps(ops: Ops, weights: Weights, spectrograms: Tensor) -> Iterator[Tensor]:
    """The maps whose means are the features of 64, 192, 768 and 2048 numbers."""
    x = convolve(ops, weights, "Conv2d_1a_3x3.conv", spectrograms, 2, border=0)
    x = convolve(ops, weights, "Conv2d_2a_3x3.conv", x, border=0)
    x = convolve(ops, weights, "Conv2d_2b_3x3.conv", x)
    yield x
    x = convolve(ops, weights, "Conv2d_3b_1x1.conv", x)
    x = convolve(ops, weights, "Conv2d_4a_3x3.conv", x, border=0)
    yield x
    for name in _POOLED_5:
        x = _mixed_5(ops, weights, x, f"Mixed_{name}")
    single = convolve(ops, weights, "Mixed_6a.branch3x3.conv", x, 2, border=0)
    double = _chain(ops, weights, x, "Mixed_6a.branch3x3dbl_", "12")
    double = convolve(ops, weights, "Mixed_6a.branch3x3dbl_3.conv", double, 2, border=0)
    x = ops.concatenate([single, double, ops.max_pool(x, 3, 2, "valid")], axis=-1)
    for name in _INNER_6:
        x = _mixed_6(ops, weights, x, f"Mixed_{name}")
    yield x
    single = convolve(ops, weights, "Mixed_7a.branch3x3_1.conv", x)
    single = convolve(ops, weights, "Mixed_7a.branch3x3_2.conv", single, 2, border=0)
    seven = _chain(ops, weights, x, "Mixed_7a.branch7x7x3_", "123")
    seven = convolve(ops, weights, "Mixed_7a.branch7x7x3_4.conv", seven, 2, border=0)
    x = ops.concatenate([single, seven, ops.max_pool(x, 3, 2, "valid")], axis=-1)
    for name in ("7b", "7c"):
        x = _mixed_7(ops, weights, x, f"Mixed_{name}")
    yield x


def _chain(ops: Ops, weights: Weights, x: Tensor, name: str, steps: str) -> Tensor:
    for step in steps:
        x = convolve(ops, weights, f"{name}{step}.conv", x)
    return x


def _mixed_5(ops: Ops, weights: Weights, x: Tensor, block: str) -> Tensor:
    return ops.concatenate(
        [
            convolve(ops, weights, f"{block}.branch1x1.conv", x),
            _chain(ops, weights, x, f"{block}.branch5x5_", "12"),
            _chain(ops, weights, x, f"{block}.branch3x3dbl_", "123"),
            convolve(ops, weights, f"{block}.branch_pool.conv", average_around(ops, x)),
        ],
        axis=-1,
    )


def _mixed_6(ops: Ops, weights: Weights, x: Tensor, block: str) -> Tensor:
    return ops.concatenate(
        [
            convolve(ops, weights, f"{block}.branch1x1.conv", x),
            _chain(ops, weights, x, f"{block}.branch7x7_", "123"),
            _chain(ops, weights, x, f"{block}.branch7x7dbl_", "12345"),
            convolve(ops, weights, f"{block}.branch_pool.conv", average_around(ops, x)),
        ],
        axis=-1,
    )


def _mixed_7(ops: Ops, weights: Weights, x: Tensor, block: str) -> Tensor:
    def both(x: Tensor, name: str) -> list[Tensor]:
        return [convolve(ops, weights, f"{block}.{name}{way}.conv", x) for way in "ab"]

    return ops.concatenate(
        [
            convolve(ops, weights, f"{block}.branch1x1.conv", x),
            *both(convolve(ops, weights, f"{block}.branch3x3_1.conv", x), "branch3x3_2"),
            *both(_chain(ops, weights, x, f"{block}.branch3x3dbl_", "12"), "branch3x3dbl_3"),
            convolve(ops, weights, f"{block}.branch_pool.conv", average_around(ops, x)),
        ],
        axis=-1,
    )
