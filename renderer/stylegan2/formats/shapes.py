"""What the shapes of a generator's arrays say about its architecture, for formats that do not state it."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from core import checks
from renderer.stylegan2.config import FIRST_SIZE, LARGEST_SIZE, StyleGan2Config
from renderer.stylegan2.network import LABELS
from renderer.stylegan2.weights import Arrays

_FC = re.compile(r"mapping\.fc(\d+)\.weight")


def present(arrays: Mapping[str, np.ndarray | None]) -> Arrays:
    """The arrays that there are, as numbers of float32.

    Raises:
        ValueError: one is not of numbers.
    """
    found = {}
    for name, array in arrays.items():
        if array is None:
            continue
        if array.dtype.kind not in "fiu":
            raise checks.mismatch(name, "be an array of numbers", array.dtype)
        found[name] = np.asarray(array, np.float32)
    return found


def config(arrays: Arrays, labels: str, **settings: Any) -> StyleGan2Config:
    """The architecture that arrays under our names have.

    Args:
        arrays: of the generator.
        labels: how it would take labels.
        settings: what shapes do not say, as `StyleGan2Config` takes it.

    Raises:
        ValueError: an array is missing, or has no shape that a generator can have.
    """
    depth = sum(bool(_FC.fullmatch(name)) for name in arrays)
    first, last = _matrix(arrays, "mapping.fc0.weight"), _matrix(arrays, f"mapping.fc{max(depth, 1) - 1}.weight")
    classes, z_size, embedded = 0, first[0], None
    if labels == "concat" and LABELS in arrays:
        classes, z_size = _matrix(arrays, LABELS)
    elif labels == "embed" and "mapping.embed.weight" in arrays:
        classes, embedded = _matrix(arrays, "mapping.embed.weight")
        z_size = first[0] - embedded
    channels = _channels(arrays)
    last_size = FIRST_SIZE * 2 ** (len(channels) - 1)
    return StyleGan2Config(
        channels=channels,
        z_size=z_size,
        w_size=last[1],
        num_classes=classes,
        labels=labels,
        embed_size=None if embedded == last[1] else embedded,
        mapping_layers=depth,
        mapping_size=first[1],
        colors=_last(arrays, f"b{last_size}.torgb.weight"),
        **settings,
    )


def noisy_layer(number: int) -> str:
    """The name of a layer with noise, counted from 0: one of 4 pixels, then two of each size.

    Raises:
        ValueError: no generator has as many.
    """
    checks.whole("the number of a noise", number, 0, 2 * LARGEST_SIZE.bit_length())
    return f"b{2 ** ((number + 5) // 2)}.conv{(number + 1) % 2}"


def _channels(arrays: Arrays) -> tuple[int, ...]:
    found, size = [], FIRST_SIZE
    while size <= LARGEST_SIZE and f"b{size}.conv1.weight" in arrays:
        found.append(_last(arrays, f"b{size}.conv1.weight"))
        size *= 2
    if not found:
        raise ValueError(f"b{FIRST_SIZE}.conv1.weight is missing")
    return tuple(found)


def _matrix(arrays: Arrays, name: str) -> tuple[int, int]:
    if name not in arrays:
        raise ValueError(f"{name} is missing")
    rows, columns = checks.shape(name, arrays[name], ("in", "out")).shape
    return rows, columns


def _last(arrays: Arrays, name: str) -> int:
    if name not in arrays:
        raise ValueError(f"{name} is missing")
    return checks.shape(name, arrays[name], ("height", "width", "in", "out")).shape[-1]
