"""The few things that keras.ops leaves to its backend."""

import os
from collections.abc import Callable
from typing import Any

import keras


def devices() -> str:
    """What networks run on here, such as "tensorflow on 2 CPU cores" or "jax on 1 GPU"."""
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
