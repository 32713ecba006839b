"""The few things that keras.ops leaves to its backend."""

import functools
import logging
import math
import os
from collections.abc import Callable
from typing import Any

import keras

log = logging.getLogger(__name__)
# Below this many values a pass is cheaper than the fraction of a second that compiling it takes.
WORTH_FUSING = 2**20


def devices() -> str:
    """What the networks run on here, for people: "tensorflow on 2 CPU cores", "jax on 1 GPU"."""
    name = keras.backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        gpus = len(tf.config.list_physical_devices("GPU"))
    else:
        import jax

        gpus = sum(device.platform == "gpu" for device in jax.devices())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name} on {gpus} GPU{'s' * (gpus > 1)}" if gpus else f"{name} on {cores} CPU cores"


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors, traced once for each shape and then run as a graph."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, autograph=False)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return function


def value_and_gradients(function: Callable[[Any], tuple[Any, Any]], at: Any) -> tuple[tuple[Any, Any], Any]:
    """What a function of a dict of tensors gives, (scalar, anything else), and the scalar's gradient, shaped as `at`.

    Raises:
        RuntimeError: the backend is neither TensorFlow nor JAX.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(at)
            value, others = function(at)
        return (value, others), tape.gradient(value, at, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    if keras.backend.backend() == "jax":
        import jax

        return jax.value_and_grad(function, has_aux=True)(at)
    raise RuntimeError(f"training runs on tensorflow or jax, not on {keras.backend.backend()} (KERAS_BACKEND)")


def fused(function: Callable[..., Any], least: int = WORTH_FUSING) -> Callable[..., Any]:
    """Elementwise work as one pass over memory, where the first argument has at least so many values.

    TensorFlow runs one pass for each operation; XLA, where it is built in, merges them. Other backends merge by
    themselves inside `compiled`.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    merged = tf.function(function, autograph=False, jit_compile=True)

    @functools.wraps(function)
    def run(*args: Any) -> Any:
        big = math.prod(args[0].shape) >= least
        return merged(*args) if big and _has_xla() else function(*args)

    return run


@functools.cache
def _has_xla() -> bool:
    import tensorflow as tf

    try:
        with tf.init_scope():
            return float(tf.function(lambda x: x + 1.0, jit_compile=True)(tf.constant(1.0))) == 2.0
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        log.info("XLA is not available, notes take a little longer: %s", str(error).splitlines()[0])
        return False
