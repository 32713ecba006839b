"""ResNet-50, a classifier of photographs; its pooled features describe a frame.

Source: He et al. 2016, https://arxiv.org/abs/1512.03385, in torchvision's version, whose 3 x 3 convolution has the
stride of a block. Files of torchvision's weights are read without torch.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from core.nn import torch_layers
from core.nn.ops import Ops, Tensor
from core.nn.torch_layers import Convolution, Weights, convolve, linear_convolve
from specvqgan import classifier_file

SIZE, FEATURES = 224, 2048
# How many blocks each of the four layers has.
_BLOCKS = (3, 4, 6, 3)


def read(path: Path) -> dict[str, np.ndarray]:
    """The weights of torchvision's file, such as resnet50-19c8e357.pth, prepared for `features`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds something else.
    """
    return classifier_file.prepared(path, "torchvision's ResNet-50", prepare)


def prepare(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights for `features` from torchvision's tensors by name.

    Raises:
        ValueError: they are those of something else.
    """
    return torch_layers.prepare(arrays, convolutions())


def convolutions() -> Iterator[Convolution]:
    """The table of its convolutions."""
    yield Convolution("conv1", 3, 64, (7, 7), "bn1")
    inputs = 64
    for layer, blocks in enumerate(_BLOCKS, 1):
        inner = 32 * 2**layer
        for block in range(blocks):
            name = f"layer{layer}.{block}"
            yield Convolution(f"{name}.conv1", inputs, inner, (1, 1), f"{name}.bn1")
            yield Convolution(f"{name}.conv2", inner, inner, (3, 3), f"{name}.bn2")
            yield Convolution(f"{name}.conv3", inner, 4 * inner, (1, 1), f"{name}.bn3")
            if block == 0:
                yield Convolution(f"{name}.downsample.0", inputs, 4 * inner, (1, 1), f"{name}.downsample.1")
            inputs = 4 * inner


def features(ops: Ops, weights: Weights, pictures: Tensor) -> Tensor:
    """Features [n, 2048] of pictures [n, 224, 224, 3], see `picture_inputs.for_resnet`."""
    x = first_layer(ops, weights, pictures)
    for layer in range(2, len(_BLOCKS) + 1):
        x = _layer(ops, weights, x, layer)
    return ops.mean(x, axis=(1, 2))


def first_layer(ops: Ops, weights: Weights, pictures: Tensor) -> Tensor:
    """The maps [n, 56, 56, 256] behind torchvision's layer1."""
    x = convolve(ops, weights, "conv1", pictures, 2)
    # No value is below 0, so zeros around the map never win.
    x = ops.max_pool(ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), 3, 2, "valid")
    return _layer(ops, weights, x, 1)


def _layer(ops: Ops, weights: Weights, x: Tensor, layer: int) -> Tensor:
    for block in range(_BLOCKS[layer - 1]):
        name, stride = f"layer{layer}.{block}", 2 if block == 0 and layer > 1 else 1
        inside = convolve(ops, weights, f"{name}.conv1", x)
        inside = convolve(ops, weights, f"{name}.conv2", inside, stride)
        inside = linear_convolve(ops, weights, f"{name}.conv3", inside)
        x = ops.relu(inside + (linear_convolve(ops, weights, f"{name}.downsample.0", x, stride) if block == 0 else x))
    return x
