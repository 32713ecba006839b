"""The backend that Keras trains on, chosen before Keras is imported."""

import os
import sys
from importlib.util import find_spec

VARIABLE = "KERAS_BACKEND"


def choose() -> None:
    """Let Keras run on JAX where TensorFlow is not installed, unless KERAS_BACKEND says what it runs on.

    Raises:
        ValueError: neither is installed.
    """
    if VARIABLE in os.environ or "keras" in sys.modules:
        return
    installed = [name for name in ("tensorflow", "jax") if find_spec(name)]
    if not installed:
        raise ValueError("training needs TensorFlow or JAX: pip install 'hallu[train]' or 'hallu[train-jax]'")
    os.environ[VARIABLE] = installed[0]
