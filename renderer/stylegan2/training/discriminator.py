"""The discriminator of StyleGAN2: residual blocks, the spread of small groups, and the class by projection.

Sources: Karras et al. 2020; Miyato and Koyama 2018 (projection). Each size has an input of its own from the image, made
smaller: so a run can start with small images, and a new size is added without a jump, since the block for it gives
zeros at first. Weights are as training changes them (equalised learning rate).
"""

import math
from collections.abc import Mapping

import numpy as np

from core.nn import products
from core.training.trees import Tensor, Tensors
from renderer.stylegan2.config import FIRST_SIZE
from renderer.stylegan2.training.hparams import GROUP, StyleGan2Hparams
from renderer.stylegan2.training.training_ops import blurred, halved, ops

# Maps of this size and larger are multiplied in bfloat16, where that is asked for.
SHORT_FROM = 32
_GAIN = math.sqrt(2.0)


def shapes(hparams: StyleGan2Hparams, classes: int) -> dict[str, tuple[int, ...]]:
    """The shape of every weight."""
    width = hparams.discriminator_width
    found: dict[str, tuple[int, ...]] = {}
    for size in hparams.sizes:
        found |= _layer(f"b{size}.fromrgb", 1, 3, width(size))
    size = hparams.size
    while size > FIRST_SIZE:
        before, after = width(size), width(size // 2)
        found |= _layer(f"b{size}.conv0", 3, before, before) | _layer(f"b{size}.conv1", 3, before, after)
        found[f"b{size}.skip.weight"] = (1, 1, before, after)
        size //= 2
    last = width(FIRST_SIZE)
    found |= _layer("b4.conv", 3, last + 1, last)
    found |= {"b4.fc.weight": (FIRST_SIZE * FIRST_SIZE * last, last), "b4.fc.bias": (last,)}
    found |= {"score.weight": (last, 1), "score.bias": (1,)}
    return found | ({"classes.weight": (classes, last)} if classes > 1 else {})


def used(hparams: StyleGan2Hparams, classes: int, size: int) -> list[str]:
    """Names of the weights that score images of a size."""
    larger = tuple(f"b{other}." for other in hparams.sizes if other > size)
    return [name for name in shapes(hparams, classes) if not name.startswith(larger or ("-",))]


def initial(hparams: StyleGan2Hparams, classes: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """First weights: standard normal; zeros for what blocks of later sizes give, and for the classes' part."""
    grown = tuple(f"b{size}.{part}." for size in hparams.sizes[1:] for part in ("conv1", "skip"))
    empty = (*grown, "classes.")
    return {
        name: np.zeros(shape, np.float32)
        if name.endswith(".bias") or name.startswith(empty)
        else rng.standard_normal(shape, np.float32)
        for name, shape in shapes(hparams, classes).items()
    }


def score(weights: Mapping[str, Tensor], images: Tensor, labels: Tensor | None, hparams: StyleGan2Hparams) -> Tensor:
    """Scores of images: high where they look real and of their class.

    Args:
        weights: as training changes them.
        images: [n, size, size, 3] in -1..1; n is a multiple of GROUP, and each GROUP is compared within itself.
        labels: [n, classes]; None without classes.
        hparams: give the shape.

    Returns:
        [n].
    """
    ready = _prepared(weights, hparams)
    size = images.shape[1]
    x = _from_rgb(ready, images, size)
    while size > FIRST_SIZE:
        x = _block(ready, x, size)
        size //= 2
        if size >= hparams.start_size:
            images = halved(images)
            x = x + _from_rgb(ready, images, size)
    x = ops.concatenate([x, _spread(x)], axis=-1)
    x = _activated(_convolved(ready, x, "b4.conv"))
    x = ops.reshape(x, (x.shape[0], -1)) if x.shape[0] is not None else ops.reshape(x, (-1, math.prod(x.shape[1:])))
    x = _activated(products.multiply(ops, x, ready["b4.fc.weight"]) + ready["b4.fc.bias"])
    scores = (products.multiply(ops, x, ready["score.weight"]) + ready["score.bias"])[:, 0]
    if labels is None:
        return scores
    own = products.multiply(ops, labels, ready["classes.weight"])
    return scores + ops.sum(own * x, axis=-1)


def _prepared(weights: Mapping[str, Tensor], hparams: StyleGan2Hparams) -> Tensors:
    """Weights times their gains; kernels of large maps in bfloat16 where that is asked for."""
    ready = {}
    for name, value in weights.items():
        shape = value.shape
        if not name.endswith(".bias"):
            value = value * (1.0 / math.sqrt(math.prod(shape[:-1]) if not name.startswith("classes.") else shape[-1]))
        short = hparams.bfloat16 and len(shape) == 4 and int(name[1:].partition(".")[0]) >= SHORT_FROM
        ready[name] = ops.cast(value, "bfloat16") if short else value
    return ready


def _from_rgb(ready: Mapping[str, Tensor], images: Tensor, size: int) -> Tensor:
    return _activated(_convolved(ready, images, f"b{size}.fromrgb"))


def _block(ready: Mapping[str, Tensor], x: Tensor, size: int) -> Tensor:
    """[n, size, size, before] -> [n, size / 2, size / 2, after]."""
    short = products.convolve(ops, halved(x), ready[f"b{size}.skip.weight"])
    x = _activated(_convolved(ready, x, f"b{size}.conv0"))
    name = f"b{size}.conv1"
    x = _activated(_strided(blurred(x, 2, 2), ready[f"{name}.weight"]) + ready[f"{name}.bias"])
    return (x + short) * math.sqrt(0.5)


def _strided(x: Tensor, kernel: Tensor) -> Tensor:
    """Convolve with steps of two pixels, in the kernel's precision."""
    return ops.cast(ops.conv(ops.cast(x, kernel.dtype), kernel, 2, "valid"), "float32")


def _convolved(ready: Mapping[str, Tensor], x: Tensor, name: str) -> Tensor:
    return products.convolve(ops, x, ready[f"{name}.weight"]) + ready[f"{name}.bias"]


def _activated(x: Tensor) -> Tensor:
    return ops.leaky_relu(x, 0.2) * _GAIN


def _spread(x: Tensor) -> Tensor:
    """How much the images of a group differ, as one more channel [n, h, w, 1] (minibatch standard deviation)."""
    count, height, width, channels = x.shape
    groups = ops.reshape(x, (count // GROUP, GROUP, height, width, channels))
    centred = groups - ops.mean(groups, axis=1, keepdims=True)
    deviation = ops.sqrt(ops.mean(ops.square(centred), axis=1) + 1e-8)
    value = ops.mean(deviation, axis=(1, 2, 3))
    return ops.broadcast_to(ops.repeat(value, GROUP, axis=0)[:, None, None, None], (count, height, width, 1))


def _layer(name: str, edge: int, before: int, after: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (edge, edge, before, after), f"{name}.bias": (after,)}
