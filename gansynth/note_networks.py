"""The compiled networks of a model's notes.

Notes of different lengths need different networks, each with its own copy of the weights in the engine's order. The
first layers have most of the weights, and compute nearly the same for every length. So they are one network, the stem,
and each length compiles only what comes after it.
"""

import numpy as np

from core.nn import numpy_ops
from core.nn.engine import CompiledFunctions
from core.nn.kernel_layout import kernels_first
from core.nn.ops import Ops, Tensor
from gansynth import checkpoint, network, normalizer
from gansynth.config import Config

# Networks that are kept: stems, whole notes, heads, those from a layer on, a layer, and lengths of hallucinations.
_MOST = 12
# Frames of the shortest note that is usual.
SHORTEST = 8


class NoteNetworks:
    """What computes spectrograms and activations of one checkpoint. Methods may be called from any thread."""

    def __init__(self, config: Config, weights: checkpoint.Checkpoint, engine: str, precision: str) -> None:
        """Prepare the weights."""
        self._config, self._blocks = config, weights.blocks
        self._blend = network.block_weights(weights.progress, weights.blocks)
        self._weights = kernels_first(network.prepare(numpy_ops, weights.weights, config))
        self._denormalised = normalizer.for_playing(config)
        self._functions = CompiledFunctions(engine, precision, _MOST)
        self._stem = network.stem(config, weights.blocks, self._blend, SHORTEST)

    def specgram(self, x: np.ndarray, start: str | None, frames: int) -> np.ndarray:
        """The first frames of a note's spectrogram, denormalised: float32 [frames, frequencies, 2].

        Args:
            x: one row of `network.generator_input`, or the activations [time, frequency, channels] of layer `start`.
            start: the layer that x is the output of; None: x is the input.
            frames: how many.
        """
        if self._stem and network.position(start, self._blocks) < network.position(self._stem, self._blocks):
            (x,), start = self.activations(x[None], self._stem, start=start), self._stem

        def find(ops: Ops, weights: network.Tensors, x: Tensor) -> Tensor:
            return network.generator(
                ops, weights, x, self._config, self._blocks, self._blend, frames=frames, start=start
            )

        run = self._functions.get((start, frames), find, self._weights, [(1, *x.shape)])
        return self._denormalised(run(x[None])[0])

    def activations(self, x: np.ndarray, layer: str, *, start: str | None = None, at_once: int = 1) -> np.ndarray:
        """A layer's output: float32 [n, time, frequency, channels].

        Args:
            x: [n, ...], see `specgram`.
            layer: which one, above `start`.
            start: the layer that x is the output of; None: x is the input.
            at_once: rows that go through the network together.
        """

        def find(ops: Ops, weights: network.Tensors, x: Tensor) -> Tensor:
            return network.activations(ops, weights, x, self._config, layer, start=start)

        run = self._functions.get((start, layer, at_once), find, self._weights, [(at_once, *x.shape[1:])])
        parts = [run(_padded(x[i : i + at_once], at_once))[: len(x) - i] for i in range(0, len(x), at_once)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _padded(rows: np.ndarray, count: int) -> np.ndarray:
    """Rows [n, ...] with zeros after them: [count, ...]."""
    if len(rows) == count:
        return rows
    return np.concatenate([rows, np.zeros((count - len(rows), *rows.shape[1:]), rows.dtype)])
