"""VGGish-ish, a classifier of spectrograms, whose maps the distance LPAPS compares.

Source: Simonyan and Zisserman 2015, https://arxiv.org/abs/1409.1556 (16 layers, without the last pool); Iashin and
Rahtu 2021, https://arxiv.org/abs/2110.08791.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.nn import torch_layers
from core.nn.ops import Ops, Tensor
from core.nn.torch_layers import Convolution, Weights, adaptive_means, convolve
from specvqgan import classifier_file

# Numbers of the convolutions in torch's list of layers, in groups between the pools.
GROUPS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
CHANNELS = (64, 128, 256, 512, 512)
_POOLED = (5, 10)
_DENSE = ("classifier.0", "classifier.2", "classifier.4")
_HIDDEN = 4096


def read(path: Path) -> dict[str, np.ndarray]:
    """The weights of a file of the classifier's training, prepared for `logits`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds something else.
    """
    return classifier_file.prepared(path, "VGGish-ish", prepare)


def prepare(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights for `logits` from torch's tensors by name.

    Raises:
        ValueError: they are those of something else.
    """
    last = arrays.get(f"{_DENSE[-1]}.bias")
    sizes = (CHANNELS[-1] * _POOLED[0] * _POOLED[1], _HIDDEN, _HIDDEN, 0 if last is None else last.size)
    found = torch_layers.prepare(arrays, convolutions())
    for name, inputs, outputs in zip(_DENSE, sizes[:-1], sizes[1:], strict=True):
        # The first of these has 105 million numbers, so they are not copied.
        found[name] = torch_layers.tensor(arrays, f"{name}.weight", (outputs, inputs)).T
        found[f"{name}.bias"] = torch_layers.tensor(arrays, f"{name}.bias", (outputs,)).astype(np.float32)
    return found


def convolutions(channels: Sequence[int] = CHANNELS) -> Iterator[Convolution]:
    """The table of its convolutions.

    Args:
        channels: of the five groups.
    """
    inputs = 1
    for numbers, outputs in zip(GROUPS, channels, strict=True):
        for number in numbers:
            yield Convolution(f"features.{number}", inputs, outputs, (3, 3))
            inputs = outputs


def logits(ops: Ops, weights: Weights, spectrograms: Tensor) -> Tensor:
    """Logits [n, classes] of standardised spectrograms [n, mels, frames, 1], at least 16 of each."""
    return classify(ops, weights, pooled(ops, weights, spectrograms))


def classify(ops: Ops, weights: Weights, x: Tensor) -> Tensor:
    """Logits [n, classes] of pooled maps [n, 5, 10, 512]."""
    # torch puts a map's channels first.
    x = ops.reshape(ops.transpose(x, (0, 3, 1, 2)), (-1, x.shape[1] * x.shape[2] * x.shape[3]))
    for name in _DENSE[:-1]:
        x = ops.relu(ops.matmul(x, weights[name]) + weights[f"{name}.bias"])
    return ops.matmul(x, weights[_DENSE[-1]]) + weights[f"{_DENSE[-1]}.bias"]


def pooled(ops: Ops, weights: Weights, spectrograms: Tensor) -> Tensor:
    """Means of the last maps over 5 x 10 boxes, [n, 5, 10, 512]."""
    *_, last = maps(ops, weights, spectrograms)
    return adaptive_means(ops, last, *_POOLED)


def maps(ops: Ops, weights: Weights, spectrograms: Tensor) -> Iterator[Tensor]:
    """The maps behind each of the five groups of convolutions."""
    x = spectrograms
    for group, numbers in enumerate(GROUPS):
        x = ops.max_pool(x, 2, 2, "valid") if group else x
        for number in numbers:
            x = convolve(ops, weights, f"features.{number}", x)
        yield x
