"""Latents of a song's frames: tracks (tracks.py), stacked block by block.

Source: AIART. Two stacks, A and B, are mixed by a signal. Where a model maps its latent vectors, a latent is what is
given to its layers, [layers, w], and a block is a resolution; elsewhere it is the latent vector itself, [z], and a
block is a part of its axes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core import checks
from core.protocols import ImageModel, MappedImageModel
from renderer.react.tracks import Keys, Track

# Into how many blocks the axes of a latent vector are divided: as many as AIART's network has.
BLOCKS = 8
_FIRST_SIZE = 4


class Space:
    """The latents of one model: what they look like, and how they are mixed.

    Mapped ones are here relative to their average, so that a slerp between two of them is as far from it as both. They
    are mapped for each class, and mixed frame by frame: layers of different classes do not fit together.

    Args:
        model: renders them.
        classes: class vectors [k, num_classes]; k = 0: the model has none.
        weights: of the classes, [frames, k].
        from_zero: mapped ones are not relative to their average, as in AIART.

    Attributes:
        mapped: whether they are mapped latents.
        blocks: how many blocks there are.
        block_of: the block of each layer, or of each axis, int [layers] or [z].
    """

    def __init__(self, model: ImageModel, classes: np.ndarray, weights: np.ndarray, from_zero: bool = False) -> None:
        self._model, self._classes, self._weights = model, classes, weights
        self.mapped = isinstance(model, MappedImageModel)
        self._from_zero = from_zero and self.mapped
        if self.mapped:
            self._averages = self._mapped(np.zeros((1, model.z_size), np.float32), 0.0)[0]
            self.blocks = int(np.log2(model.size // _FIRST_SIZE)) + 1
            self.block_of = layer_blocks(self._averages.shape[-2], self.blocks)
        else:
            self._averages = np.zeros((1, model.z_size), np.float32)
            self.blocks = min(BLOCKS, model.z_size)
            self.block_of = np.arange(model.z_size) * self.blocks // model.z_size

    def keys(self, z: np.ndarray) -> Keys:
        """Latents of latent vectors [n, z_size]."""
        if not self.mapped:
            return Keys(np.asarray(z, np.float32))
        found = self._mapped(z, 1.0) - (0.0 if self._from_zero else self._averages)
        return Keys(found, self._weights) if len(self._classes) else Keys(found[:, 0])

    def _mapped(self, z: np.ndarray, truncation: float) -> np.ndarray:
        """Mapped latents for each class, [n, k or 1, layers, w]."""
        model: MappedImageModel = self._model  # type: ignore[assignment]
        if not len(self._classes):
            return model.mapping(z, None, truncation)[:, None]
        each = [model.mapping(z, np.repeat(one[None], len(z), axis=0), truncation) for one in self._classes]
        return np.stack(each, axis=1)

    def _average(self, frame: int) -> np.ndarray:
        """The average latent of a frame's classes."""
        if not self.mapped or not len(self._classes):
            return np.asarray(self._averages[0])
        return np.tensordot(self._weights[frame], self._averages, axes=1)

    def weighed(self, weights: np.ndarray, latents: np.ndarray) -> np.ndarray:
        """A mixture of latents [k, ...] by weights [k] whose sum is 1; of latent vectors, as far from 0 as each."""
        mixed = np.tensordot(weights.astype(np.float32), latents, axes=1)
        return mixed if self.mapped else mixed / max(float(np.sqrt(np.sum(weights**2))), 1e-6)

    def mixed(self, a: np.ndarray, b: np.ndarray, part: float, differ: np.ndarray) -> np.ndarray:
        """From a (part 0) to b (part 1); latent vectors stay as far from 0 where `differ`, bool [layers or z]."""
        found = (1.0 - part) * a + part * b
        if not self.mapped:
            found[differ] /= np.sqrt((1.0 - part) ** 2 + part**2)
        return found

    def truncated(self, latent: np.ndarray, truncation: float, frame: int) -> np.ndarray:
        """A latent nearer to the average of a frame, as it is given to the model."""
        average = self._average(frame)
        away = latent - average if self._from_zero else latent
        return np.asarray(average + truncation * away, np.float32)


def layer_blocks(layers: int, blocks: int) -> np.ndarray:
    """The block of each layer's latent, int [layers].

    With one latent per block it is the block itself. With two, the first layer of a block shares its latent with the
    colours of the block before, and the last one has its own.
    """
    if layers == blocks:
        return np.arange(blocks)
    return np.minimum((np.arange(layers) + 1) // 2, blocks - 1)


class Stack:
    """Tracks for the blocks, from the lowest resolution up.

    Args:
        space: of the latents.
        tracks: by name.
        parts: (name of a track, how many blocks); the last takes all that are left.
    """

    def __init__(self, space: Space, tracks: Mapping[str, Track], parts: Sequence[tuple[str, int]]) -> None:
        self._tracks = tracks
        names: list[str] = []
        for name, count in parts:
            checks.one_of("a track", name, tracks)
            names += [name] * count
        names = (names + [names[-1]] * space.blocks)[: space.blocks]
        self.names = np.array(names)[space.block_of]

    def at(self, frame: int) -> np.ndarray:
        """The latent of a frame."""
        found = None
        for name in dict.fromkeys(self.names.tolist()):
            latent = self._tracks[name].at(frame)
            found = np.array(latent) if found is None else found
            here = self.names == name
            found[here] = latent[here]
        assert found is not None
        return found


@dataclass(frozen=True)
class Latents:
    """The latents of all frames: two stacks, mixed by a curve, and truncated by another one.

    Attributes:
        space: of the latents.
        a: the first stack.
        b: the second one; None: only the first.
        modulation: [frames], 0: a, 1: b.
        truncation: [frames], 0..1.
    """

    space: Space
    a: Stack
    b: Stack | None
    modulation: np.ndarray
    truncation: np.ndarray

    def at(self, frame: int) -> np.ndarray:
        """The latent of a frame, float32 [layers, w] or [z]."""
        found = self.a.at(frame)
        part = float(self.modulation[frame])
        if self.b is not None and part:
            found = self.space.mixed(found, self.b.at(frame), part, self.a.names != self.b.names)
        return self.space.truncated(found, float(self.truncation[frame]), frame)


def seeded(model: ImageModel, seed: Sequence[int]) -> np.ndarray:
    """One latent vector [z_size] for a seed, as the model draws them."""
    return np.asarray(model.draw(np.random.default_rng(list(seed)), 1, 1.0)[0], np.float32)
