"""TensorFlow without its notes to developers."""

import os

from core.nn.tf_logs import quiet_import

__all__ = ["import_tensorflow", "quiet_import"]


def import_tensorflow() -> None:
    """Import what makes pictures, quietly unless somebody set TF_CPP_MIN_LOG_LEVEL to 0, as --debug does."""
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0":
        _wake()
    else:
        with quiet_import():
            _wake()


def _wake() -> None:
    from keras import ops

    # The first tensor is when it looks for a GPU, and complains of the lack of one.
    ops.zeros(1)
