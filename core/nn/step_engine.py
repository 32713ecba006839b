"""Compile a network that runs again and again on inputs of a few sizes, such as one step of a sequence.

    step = Step(network, weights, [(-1, -1, 256), (-1, -1, 256)])
    run = step.start()
    run.keep(1, memory)                    # read where it is at every step from now on, not copied
    outputs = run({0: x})

Axes of any size are -1, so that one graph, with one set of weights, takes a whole sequence and then its next element.
The first run with each new size prepares it, and some of that stays in memory: use few sizes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.nn.engine import Network, Shape, compile_model, graph
from core.nn.names import check
from core.nn.openvino_runtime import openvino


class Step:
    """A compiled network; see `core.nn.engine.compile` for its arguments and errors.

    The weights are read where they are and must not change.
    """

    def __init__(
        self,
        network: Network,
        weights: Mapping[str, Any],
        shapes: Sequence[Shape],
        *,
        engine: str = "openvino",
        precision: str = "f32",
    ) -> None:
        check(engine, precision)
        # The graph does not keep what it reads.
        self._weights = weights
        self._function = self._model = None
        if engine == "openvino":
            model, _ = graph(network, weights, [tuple(shape) for shape in shapes])
            self._model = compile_model(model, precision)
        else:
            from core.nn import keras_engine

            self._function = keras_engine.compile(network, weights, engine, precision)

    def start(self) -> "StepRun":
        """What runs it, for one thread at a time; each has inputs and outputs of its own."""
        if self._model is None:
            return StepRun(self._function)
        return OpenVinoRun(self._model.create_infer_request())


class StepRun:
    """Runs a step. Belongs to one thread at a time."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self._kept: dict[int, np.ndarray] = {}

    def keep(self, place: int, array: np.ndarray) -> None:
        """Read an input from an array, float32 and contiguous, at every run until another one is given.

        The array may change between runs, and must not during one.
        """
        if array.dtype != np.float32 or not array.flags.c_contiguous:
            raise ValueError(f"input {place} is {array.dtype}, or has gaps; it must be contiguous float32")
        self._kept[place] = array

    def __call__(self, inputs: Mapping[int, np.ndarray]) -> list[np.ndarray]:
        """Run it on new inputs by their places; float32.

        Returns:
            The outputs, which the next run overwrites.
        """
        for place, value in inputs.items():
            self.keep(place, np.ascontiguousarray(value, np.float32))
        return self._outputs()

    def _outputs(self) -> list[np.ndarray]:
        return list(self._function(*(self._kept[place] for place in sorted(self._kept))))


class OpenVinoRun(StepRun):
    """Runs a step on OpenVINO, which reads arrays where they are."""

    def keep(self, place: int, array: np.ndarray) -> None:
        """Read an input from an array; see `StepRun.keep`."""
        # The request does not keep what it reads.
        super().keep(place, array)
        self._function.set_input_tensor(place, openvino().Tensor(array, shared_memory=True))

    def _outputs(self) -> list[np.ndarray]:
        self._function.infer()
        return [tensor.data for tensor in self._function.output_tensors]
