"""BN-Inception, a classifier of photographs; its pooled features describe a frame, or the motion between two.

Source: Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167, as in temporal segment networks (Wang et al. 2016),
whose pools count zeros outside of a map and round sizes up. The network for motion is the same one with the first
kernel's mean over the three colours in the place of each colour.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.nn import torch_layers
from core.nn.ops import Ops, Tensor
from core.nn.torch_layers import Convolution, Weights, average_around, convolve
from specvqgan import classifier_file

SIZE, FEATURES = 224, 1024
_PREFIXES = ("module.", "base_model.")
_FIRST = "conv1_7x7_s2"


@dataclass(frozen=True)
class _Block:
    """An inception block: output channels of its convolutions; 0: it has none.

    Attributes:
        name: such as "3a".
        plain: of the 1 x 1 convolution.
        reduced: before the 3 x 3 one.
        single: of the 3 x 3 one.
        reduced_double: before two of 3 x 3.
        double: of both.
        pooled: behind the pool.
        takes_largest: the pool takes the largest, not the mean.
    """

    name: str
    plain: int
    reduced: int
    single: int
    reduced_double: int
    double: int
    pooled: int
    takes_largest: bool = False

    @property
    def halves(self) -> bool:
        """Whether the block halves its maps: these have neither the first branch nor a convolution at the pool."""
        return not self.plain

    def outputs(self, inputs: int) -> int:
        """Channels behind it."""
        return self.plain + self.single + self.double + (self.pooled or inputs)


_BLOCKS = (
    _Block("3a", 64, 64, 64, 64, 96, 32),
    _Block("3b", 64, 64, 96, 64, 96, 64),
    _Block("3c", 0, 128, 160, 64, 96, 0, True),
    _Block("4a", 224, 64, 96, 96, 128, 128),
    _Block("4b", 192, 96, 128, 96, 128, 128),
    _Block("4c", 160, 128, 160, 128, 160, 128),
    _Block("4d", 96, 128, 192, 160, 192, 128),
    _Block("4e", 0, 128, 192, 192, 256, 0, True),
    _Block("5a", 352, 192, 320, 160, 224, 128),
    _Block("5b", 352, 192, 320, 192, 224, 128, True),
)


def read(path: Path, flow: bool = False) -> dict[str, np.ndarray]:
    """The weights of a file of torch, such as bn_inception-9f5701afb96c8044.pth, prepared for `features`.

    Args:
        path: the file.
        flow: for motion; a file for colours becomes one for motion, as temporal segment networks do it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds something else, or a network for motion where one for colours is wanted.
    """
    return classifier_file.prepared(path, "BN-Inception", lambda arrays: prepare(arrays, flow))


def prepare(arrays: Mapping[str, np.ndarray], flow: bool = False) -> dict[str, np.ndarray]:
    """The weights for `features` from torch's tensors by name; see `read`.

    Raises:
        ValueError: they are those of something else.
    """
    for prefix in _PREFIXES:
        arrays = {name.removeprefix(prefix): value for name, value in arrays.items()}
    first = arrays.get(f"{_FIRST}.weight")
    if flow and first is not None and first.shape == (64, 3, 7, 7):
        arrays = {**arrays, f"{_FIRST}.weight": first.mean(axis=1, keepdims=True).repeat(2, axis=1)}
    return torch_layers.prepare(arrays, convolutions(flow))


def convolutions(flow: bool = False) -> Iterator[Convolution]:
    """The table of its convolutions."""

    def one(name: str, inputs: int, outputs: int, size: int) -> Convolution:
        return Convolution(name, inputs, outputs, (size, size), f"{name}_bn")

    yield one(_FIRST, 2 if flow else 3, 64, 7)
    yield one("conv2_3x3_reduce", 64, 64, 1)
    yield one("conv2_3x3", 64, 192, 3)
    inputs = 192
    for block in _BLOCKS:
        branches = (
            one("1x1", inputs, block.plain, 1),
            one("3x3_reduce", inputs, block.reduced, 1),
            one("3x3", block.reduced, block.single, 3),
            one("double_3x3_reduce", inputs, block.reduced_double, 1),
            one("double_3x3_1", block.reduced_double, block.double, 3),
            one("double_3x3_2", block.double, block.double, 3),
            one("pool_proj", inputs, block.pooled, 1),
        )
        for each in branches:
            if each.outputs:
                own = f"inception_{block.name}_"
                yield replace(each, name=own + each.name, norm=own + each.norm)
        inputs = block.outputs(inputs)


def features(ops: Ops, weights: Weights, pictures: Tensor) -> Tensor:
    """Features [n, 1024] of pictures [n, 224, 224, 3] or motion [n, 224, 224, 2]; see `picture_inputs`."""
    x = _half(ops, convolve(ops, weights, _FIRST, pictures, 2))
    x = convolve(ops, weights, "conv2_3x3", convolve(ops, weights, "conv2_3x3_reduce", x))
    x = _half(ops, x)
    for block in _BLOCKS:
        x = _inception(ops, weights, x, block)
    return ops.mean(x, axis=(1, 2))


def _inception(ops: Ops, weights: Weights, x: Tensor, block: _Block) -> Tensor:
    def branch(name: str, x: Tensor, stride: int = 1) -> Tensor:
        return convolve(ops, weights, f"inception_{block.name}_{name}", x, stride)

    stride = 2 if block.halves else 1
    single = branch("3x3", branch("3x3_reduce", x), stride)
    double = branch("double_3x3_2", branch("double_3x3_1", branch("double_3x3_reduce", x)), stride)
    if block.halves:
        return ops.concatenate([single, double, _half(ops, x)], axis=-1)
    pooled = ops.max_pool(x, 3, 1, "same") if block.takes_largest else average_around(ops, x)
    return ops.concatenate([branch("1x1", x), single, double, branch("pool_proj", pooled)], axis=-1)


def _half(ops: Ops, x: Tensor) -> Tensor:
    """Largest values of boxes of 3 x 3 in steps of 2; the last box may reach beyond the map."""
    return ops.max_pool(x, 3, 2, "same")
