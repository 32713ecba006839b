"""The few things that keras.ops leaves to its backend."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras


def is_jax() -> bool:
    """Whether networks run on JAX here."""
    return bool(keras.backend.backend() == "jax")


def keep_programs(folder: Path) -> None:
    """Keep compiled programs in a folder, so that the next process need not compile them again.

    Raises:
        ValueError: networks do not run on JAX.
    """
    if not is_jax():
        raise ValueError("only JAX keeps its compiled programs (KERAS_BACKEND=jax)")
    import jax

    folder.mkdir(parents=True, exist_ok=True)
    jax.config.update("jax_compilation_cache_dir", str(folder.resolve()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def compiled_exactly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Like `compiled`, with products of matrices in full float32 on every device, as spectra need.

    A GPU's default, TF32, leaves phases of spectra off by 0.3 % of a half turn on average (measured on an H100).
    """
    run = compiled(function)

    def exact(*arguments: Any) -> Any:
        if is_jax():
            import jax

            with jax.default_matmul_precision("highest"):
                return run(*arguments)
        import tensorflow as tf

        before = tf.config.experimental.tensor_float_32_execution_enabled()
        tf.config.experimental.enable_tensor_float_32_execution(False)
        try:
            return run(*arguments)
        finally:
            tf.config.experimental.enable_tensor_float_32_execution(before)

    return exact


@cache
def gpus() -> int:
    """How many GPUs networks can run on here."""
    if is_jax():
        import jax

        return sum(device.platform == "gpu" for device in jax.devices())
    import tensorflow as tf

    return len(tf.config.list_physical_devices("GPU"))


def devices() -> str:
    """What networks run on here, such as "tensorflow on 2 CPU cores" or "jax on 1 GPU"."""
    name, count = keras.backend.backend(), gpus()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name} on {count} GPU{'s' * (count > 1)}" if count else f"{name} on {cores} CPU cores"


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors, traced once for each shape and then run as a graph."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, autograph=False)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return function


def random_normal(key: Any, shape: tuple[int, ...]) -> Any:
    """Standard normal numbers that follow from a key, float32.

    Args:
        key: uint32 [2], such as a batch has it; the same key gives the same numbers, on the same backend.
        shape: of the result.
    """
    if is_jax():
        import jax

        return jax.random.normal(jax.random.wrap_key_data(key, impl="threefry2x32"), shape)
    import tensorflow as tf

    return tf.random.stateless_normal(shape, seed=tf.cast(key, tf.int32))


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
        found = tape.gradient(value, at, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        # Rows that were looked up in a table have a gradient of these rows alone.
        return (value, others), tf.nest.map_structure(tf.convert_to_tensor, found)
    if keras.backend.backend() == "jax":
        import jax

        return jax.value_and_grad(function, has_aux=True)(at)
    raise RuntimeError(f"training runs on tensorflow or jax, not on {keras.backend.backend()} (KERAS_BACKEND)")
