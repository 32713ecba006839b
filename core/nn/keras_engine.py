"""Networks on Keras, with TensorFlow or JAX: for an NVIDIA GPU, and for comparison with `core.nn.engine`."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def compile(network: Callable[..., Any], weights: Mapping[str, Any], engine: str, precision: str) -> Callable[..., Any]:
    """Compile a network; see `core.nn.engine.compile`. Each new shape of inputs is traced once.

    Raises:
        ValueError: Keras or its backend is not installed, or this process uses another backend already.
    """
    select(engine)
    from keras import ops

    from core.nn.backend import compiled

    dtype = "bfloat16" if precision == "bf16" else "float32"
    ready = {name: ops.convert_to_tensor(value, _type(np.asarray(value), dtype)) for name, value in weights.items()}
    run = compiled(lambda *inputs: network(ops, ready, *inputs))

    def call(*inputs: np.ndarray) -> Any:
        found = run(*(ops.convert_to_tensor(np.asarray(value, np.float32)) for value in inputs))
        if isinstance(found, (tuple, list)):
            return tuple(np.array(ops.convert_to_numpy(each)) for each in found)
        return np.array(ops.convert_to_numpy(found))

    return call


def select(engine: str) -> None:
    """Let Keras run on "tensorflow" or "jax" in this process, with matrix products in full float32 on a GPU too.

    Raises:
        ValueError: that is not installed, or Keras runs on another backend already.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = engine
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    extra = "train" if engine == "tensorflow" else "train-jax"
    try:
        import keras

        _full_float32(engine)
    except ModuleNotFoundError as error:
        raise ValueError(f"--engine {engine} needs {error.name}; install hallu[{extra}]") from None
    if keras.backend.backend() != engine:
        raise ValueError(f"Keras runs on {keras.backend.backend()} in this process; {engine} needs another process")


def _full_float32(engine: str) -> None:
    if engine == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(False)
    else:
        import jax

        jax.config.update("jax_default_matmul_precision", "highest")


def _type(value: np.ndarray, dtype: str) -> str:
    """Matrices and kernels have the precision that is asked for; networks compute their products in it."""
    return dtype if value.ndim >= 2 and value.dtype == np.float32 else str(value.dtype)
