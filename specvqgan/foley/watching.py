"""What a model sees of pictures: a steady number of moments in each of its windows, and their features."""

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.nn.engine import CompiledFunctions
from specvqgan.features import clips, extractors, picture_inputs, resnet

RESNET = "resnet50"


@dataclass(frozen=True)
class Watch:
    """How pictures become features.

    Attributes:
        moments: of a window.
        keep: what is kept of a frame uint8 [height, width, 3].
        measure: features float32 [frames, depth] of what was kept in a window, [moments, ...].
    """

    moments: int
    keep: Callable[[np.ndarray], np.ndarray]
    measure: Callable[[np.ndarray], np.ndarray]

    def features(self, kept: list[np.ndarray]) -> np.ndarray:
        """Features of a window; of one that is too short, the pictures are repeated."""
        places = np.arange(self.moments) % len(kept)
        return np.asarray(self.measure(np.stack([kept[place] for place in places])), np.float32)


def small(name: str, frames: int) -> Watch:
    """The features of small models, by their name, see `specvqgan.features.extractors`.

    Raises:
        ValueError: there are none of this name.
        FileNotFoundError: they need a package that is not installed.
    """
    found = extractors.find(name)
    return Watch(frames, found.keep, found.measure)


def photographs(path: Path, frames: int, engine: str) -> Watch:
    """ResNet-50's features at 21.5 frames a second, of which `frames` are taken.

    Args:
        path: torchvision's file.
        frames: how many the transformer takes.
        engine: see `core.nn.engine.compile`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not torchvision's ResNet-50.
    """
    look = functools.partial(_look, CompiledFunctions(engine, "f32"), resnet.read(path))
    return Watch(clips.CROPPED, look, functools.partial(clips.resampled, count=frames))


def blind(reason: str) -> Watch:
    """No features: whoever shows pictures gets the reason; features that are measured elsewhere will do."""

    def refuse(_: np.ndarray) -> np.ndarray:
        raise ValueError(reason)

    return Watch(clips.CROPPED, refuse, refuse)


def moments(frames: Iterable[np.ndarray], fps: float, rate: float, repeat: bool) -> Iterator[np.ndarray]:
    """The frames that are seen at each moment, at a steady rate; moment k is (k + 0.5) / rate seconds.

    Args:
        frames: uint8 [height, width, 3] each.
        fps: frames in a second.
        rate: moments in a second.
        repeat: whether there is no end: where the frames end they begin again, or, if they come once only, the last
            one stays.

    Raises:
        ValueError: there are no frames.
    """
    checks.above("fps", fps, 0)
    number, moment, last = -1, 0, None
    for number, last in enumerate(_endless(frames) if repeat else frames):
        while int((moment + 0.5) / rate * fps + 1e-6) <= number:
            yield last
            moment += 1
    if last is None:
        raise ValueError("frames must be at least one, not none")
    # To the end, though the last moment may be half beyond it.
    end = math.ceil((number + 1) / fps * rate - 1e-6)
    yield from itertools.repeat(last, max(0, end - moment))


def _endless(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    once = iter(frames) is frames
    last = None
    for last in frames:
        yield last
    if last is None:
        return
    if once:
        yield from itertools.repeat(last)
    while True:
        yield from frames


def _look(functions: CompiledFunctions, weights: Mapping[str, np.ndarray], frame: np.ndarray) -> np.ndarray:
    """The features [2048] of a frame."""
    picture = picture_inputs.for_resnet(frame)
    run = functions.get("features", resnet.features, weights, [(1, *picture.shape)])
    found: Any = run(picture[None])
    return np.asarray(found[0], np.float32)
