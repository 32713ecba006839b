"""Compile a network to a function of NumPy arrays: with OpenVINO, or with Keras on TensorFlow or JAX.

    play = compile(network, weights, [(1, 256)])
    wave = play(z)

The network is a function (ops, weights, *inputs) -> tensor, or a tuple of tensors; see `core.nn.ops`.

Compiled networks are not kept on disk: the largest sound model compiles in 0.1 s, and reading it takes longer.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np

from core.nn import openvino_ops
from core.nn.names import check
from core.nn.openvino_runtime import core, openvino, opset
from core.nn.openvino_tensor import GraphTensor
from core.processes import core_count

Network = Callable[..., Any]
Shape = tuple[int, ...]
_PROCESSOR = "CPU"


def compile(
    network: Network,
    weights: Mapping[str, Any],
    shapes: Sequence[Shape],
    *,
    engine: str = "openvino",
    precision: str = "f32",
) -> Callable[..., Any]:
    """Compile a network for inputs of fixed shapes.

    Args:
        network: a function (ops, weights, *inputs).
        weights: NumPy arrays by name; they become part of the result.
        shapes: of the inputs, float32.
        engine: one of `names.ENGINES`.
        precision: one of `names.PRECISIONS`. f32 is the same everywhere; bf16 multiplies with 8 bits of mantissa, and
            is several times faster where the processor has it.

    Returns:
        A function of float32 arrays of these shapes. It gives float32 arrays of its own and may be called from several
        threads.

    Raises:
        ValueError: an unknown engine or precision, one that is not installed, or an operation that cannot be compiled;
            the message names it.
    """
    check(engine, precision)
    if engine == "openvino":
        return Compiled(network, weights, shapes, precision)
    from core.nn import keras_engine

    return keras_engine.compile(network, weights, engine, precision)


def thread_count() -> int:
    """How many threads a network may use: this process's cores, or OMP_NUM_THREADS, which Dask sets for its workers."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(core_count(), int(limit)) if limit.isdecimal() and int(limit) else core_count()


class CompiledFunctions:
    """Functions that `compile` gives, each compiled once, whichever thread is the first to need it.

    The `most` that were used last are kept: each has the network's weights, and compiling takes a tenth of a second.
    """

    def __init__(self, engine: str = "openvino", precision: str = "f32", most: int = 4) -> None:
        check(engine, precision)
        self._options = {"engine": engine, "precision": precision}
        self._most = most
        self._functions: dict[Hashable, Future[Callable[..., Any]]] = {}
        self._lock = threading.Lock()

    def get(
        self, key: Hashable, network: Network, weights: Mapping[str, Any], shapes: Sequence[Shape]
    ) -> Callable[..., Any]:
        """The function with this key; if there is none, it is compiled from the rest, see `compile`."""
        with self._lock:
            known = self._functions.pop(key, None)
            found = known or Future()
            # The last one is the one that was used last.
            self._functions[key] = found
            for oldest in list(self._functions)[: -self._most]:
                del self._functions[oldest]
        if known is None:
            # Without the lock, so that functions that are there can be used meanwhile.
            try:
                found.set_result(compile(network, weights, shapes, **self._options))
            except BaseException as error:
                self._forget(key, found)
                found.set_exception(error)
        return found.result()

    def _forget(self, key: Hashable, failed: "Future[Callable[..., Any]]") -> None:
        with self._lock:
            if self._functions.get(key) is failed:
                del self._functions[key]


class Compiled:
    """A network on OpenVINO. It runs on the processor, or on what OPENVINO_DEVICE names, such as GPU."""

    def __init__(self, network: Network, weights: Mapping[str, Any], shapes: Sequence[Shape], precision: str) -> None:
        self._shapes = [tuple(shape) for shape in shapes]
        model, self._single = graph(network, weights, self._shapes)
        self._model = compile_model(model, precision)
        # Requests that no thread uses now.
        self._requests: deque[Any] = deque()

    def __call__(self, *inputs: np.ndarray) -> Any:
        """Run the network: float32 arrays of the shapes that it was compiled for -> float32 arrays."""
        arrays = [np.ascontiguousarray(value, np.float32) for value in inputs]
        if [array.shape for array in arrays] != self._shapes:
            raise ValueError(f"the inputs have shapes {[array.shape for array in arrays]}; they must be {self._shapes}")
        try:
            request = self._requests.pop()
        except IndexError:
            request = self._model.create_infer_request()
        try:
            found = request.infer(arrays, share_inputs=True, share_outputs=True)
            results = [np.array(found[place]) for place in range(len(found))]
        finally:
            self._requests.append(request)
        return results[0] if self._single else tuple(results)


def compile_model(model: Any, precision: str) -> Any:
    """Compile a graph for the processor, or for what OPENVINO_DEVICE names.

    Raises:
        ValueError: it cannot be compiled.
    """
    device = os.environ.get("OPENVINO_DEVICE", "").strip().upper() or _PROCESSOR
    # Without the first line OpenVINO takes bfloat16 wherever the processor has it.
    settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    if device == _PROCESSOR:
        # Pinned threads would wait for a core on which something else runs.
        settings |= {"INFERENCE_NUM_THREADS": thread_count(), "ENABLE_CPU_PINNING": False}
        # Where matrices have 8 bits, what they multiply is rounded to 8 bits too, in groups of so many.
        settings |= {"DYNAMIC_QUANTIZATION_GROUP_SIZE": "32"}
    try:
        return core().compile_model(model, device, settings)
    except RuntimeError as error:
        raise ValueError(_refusal(device, _reason(error))) from error


def _refusal(device: str, reason: str) -> str:
    """Why a network cannot be compiled, in one sentence; where the device is not there, which ones are."""
    there = core().available_devices
    if device == _PROCESSOR or device.partition(".")[0] in {each.partition(".")[0] for each in there}:
        return f"OpenVINO cannot compile the network for {device}: {reason}"
    return f"OPENVINO_DEVICE is {device}, which OpenVINO does not find here (it finds {', '.join(there)}): {reason}"


def graph(network: Network, weights: Mapping[str, Any], shapes: Sequence[Shape]) -> tuple[Any, bool]:
    """A network's graph for inputs of these shapes, in which -1 is any size; and whether it gives a single tensor."""
    inputs = [opset().parameter(openvino().PartialShape(list(shape)), np.float32) for shape in shapes]
    found = network(_NAMED_OPS, weights, *map(GraphTensor, inputs))
    single = isinstance(found, GraphTensor)
    outputs = [each.last().node for each in ([found] if single else found)]
    return openvino().Model(outputs, inputs), single


class _NamedOps:
    """The operations of `openvino_ops`, whose errors name the operation and the shapes that it was given."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = getattr(openvino_ops, name, None)
        if operation is None:
            raise ValueError(f"OpenVINO cannot run the operation {name}; core/nn/openvino_ops.py does not have it")

        def named(*args: Any, **options: Any) -> Any:
            try:
                return operation(*args, **options)
            except (RuntimeError, ValueError, TypeError, AttributeError, IndexError) as error:
                given = ", ".join(map(_described, args))
                raise ValueError(f"OpenVINO cannot build {name} of {given}: {_reason(error)}") from error

        return named


_NAMED_OPS = _NamedOps()


def _described(value: Any) -> str:
    return f"array {list(value.shape)}" if isinstance(value, np.ndarray) else repr(value)


def _reason(error: Exception) -> str:
    """The last line of OpenVINO's message, which says what is wrong; the others say where in its source."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
