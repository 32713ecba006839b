"""LPAPS, a distance of two spectrograms as a classifier perceives them; for training, and to judge a codebook.

Source: Zhang et al. 2018, https://arxiv.org/abs/1801.03924 (LPIPS, for pictures); Iashin and Rahtu 2021,
https://arxiv.org/abs/2110.08791, on VGGish-ish.

The last step of each level, a weight for each channel, is learnt from what people perceive. No released file has these
weights: the original program left them random without a word. Here their absence is an error, unless every channel
counts the same by wish (`plain`).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from core.nn import torch_layers
from core.nn.ops import Ops, Tensor
from core.nn.torch_layers import Weights
from specvqgan import classifier_file
from specvqgan.metrics import vggishish
from specvqgan.metrics.standardization import Statistics

# What the distance is called inside a codebook's checkpoint.
IN_CHECKPOINT = "loss.perceptual_loss."
# VGGish-ish's tensors, and what they are called in LPAPS.
_SLICED = {
    f"features.{number}.{part}": f"net.slice{group}.{number}.{part}"
    for group, numbers in enumerate(vggishish.GROUPS, 1)
    for number in numbers
    for part in ("weight", "bias")
}


def read(path: Path, statistics: Statistics | None = None, plain: bool = False) -> dict[str, np.ndarray]:
    """The weights of LPAPS, or of VGGish-ish alone, prepared for `distance`.

    Args:
        path: a file of torch: LPAPS, VGGish-ish, or a checkpoint of the latter's training.
        statistics: of the training set; needed where the file has none.
        plain: every channel counts the same; the file's weights of the last step are not asked for.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds something else, or weights or statistics are missing.
    """
    return classifier_file.prepared(path, "LPAPS", lambda arrays: prepare(arrays, statistics, plain))


def prepare(
    arrays: Mapping[str, np.ndarray], statistics: Statistics | None = None, plain: bool = False
) -> dict[str, np.ndarray]:
    """The weights for `distance` from torch's tensors by name; see `read`.

    Raises:
        ValueError: tensors are missing, or do not fit each other.
    """
    arrays = {name.removeprefix(IN_CHECKPOINT): value for name, value in arrays.items()}
    arrays |= {name: arrays[sliced] for name, sliced in _SLICED.items() if sliced in arrays}
    firsts = [arrays.get(f"features.{numbers[0]}.bias") for numbers in vggishish.GROUPS]
    channels = [0 if first is None else first.size for first in firsts]
    found = torch_layers.prepare(arrays, vggishish.convolutions(channels))
    found |= _scaling(arrays, statistics)
    for level, size in enumerate(channels):
        found[f"lin{level}"] = np.ones(size, np.float32) if plain else _last_step(arrays, level, size)
    return found


def _last_step(arrays: Mapping[str, np.ndarray], level: int, channels: int) -> np.ndarray:
    # With dropout the convolution is the second layer.
    names = [f"lin{level}.model.{place}.weight" for place in (1, 0)]
    name = next((each for each in names if each in arrays), None)
    if name is None:
        raise ValueError(
            f"it has no {names[0]}, the weights of the last step, which no released file has; "
            "train without the perceptual loss, or let every channel count the same (plain)"
        )
    return torch_layers.tensor(arrays, name, (1, channels, 1, 1)).reshape(channels).astype(np.float32)


def _scaling(arrays: Mapping[str, np.ndarray], statistics: Statistics | None) -> dict[str, np.ndarray]:
    """Shift and scale of spectrograms in -1..1, [mels, 1, 1]."""
    if statistics is not None:
        shift, scale = 2 * statistics.means - 1, 2 * statistics.deviations
    elif "scaling_layer.shift" in arrays and "scaling_layer.scale" in arrays:
        shift, scale = (arrays[f"scaling_layer.{name}"].reshape(-1) for name in ("shift", "scale"))
    else:
        raise ValueError("it has no scaling_layer, so the statistics of the training set are needed")
    if len(shift) != len(scale) or not (np.isfinite(shift).all() and np.isfinite(scale).all() and (scale > 0).all()):
        raise ValueError("its scaling_layer must have a shift and a scale above 0 for each mel band")
    return {"shift": shift.astype(np.float32)[:, None, None], "scale": scale.astype(np.float32)[:, None, None]}


def distance(ops: Ops, weights: Weights, first: Tensor, second: Tensor) -> Tensor:
    """Distances [n] of spectrograms in -1..1, each [n, mels, frames, 1], at least 16 frames."""
    pairs = zip(*(_directions(ops, weights, each) for each in (first, second)), strict=True)
    total = 0.0
    for level, (one, other) in enumerate(pairs):
        shares = ops.square(one - other) * weights[f"lin{level}"]
        total = total + ops.mean(ops.sum(shares, axis=-1), axis=(1, 2))
    return total


def _directions(ops: Ops, weights: Weights, spectrograms: Tensor) -> Iterator[Tensor]:
    """The maps of VGGish-ish, each pixel's channels a vector of length 1."""
    for x in vggishish.maps(ops, weights, (spectrograms - weights["shift"]) / weights["scale"]):
        square = ops.sum(ops.square(x), axis=-1, keepdims=True)
        yield x / (ops.sqrt(square) + 1e-10)
