"""OpenVINO, imported without its telemetry. Nothing else in this project imports openvino."""

import functools
import importlib
import sys
from typing import Any


@functools.cache
def openvino() -> Any:
    """The module openvino.

    Importing it sends an event to an analytics service unless its telemetry package is missing; it then uses a stub.

    Raises:
        ValueError: it is not installed; the message says what to do.
    """
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("openvino")
    except ModuleNotFoundError as error:
        if error.name != "openvino":
            raise
        raise ValueError(
            "OpenVINO is not installed (there is none for this system or Python); install hallu[train] and use "
            "--engine tensorflow, or hallu[train-jax] and --engine jax"
        ) from None


@functools.cache
def opset() -> Any:
    """The operations that graphs are made of."""
    openvino()
    return importlib.import_module("openvino.opset13")


@functools.cache
def core() -> Any:
    """The process's one OpenVINO core.

    Each core gives the thread that creates it a stack for signals, and takes it away when it is deleted, in whatever
    order and thread that happens: with several of them, Ctrl-C finds a stack that is gone, and the process crashes.
    """
    return openvino().Core()
