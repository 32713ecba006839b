"""System parts that some tests need; HALLU_REQUIRE_ALL=1 (set by .ci/run) turns a skip into a failure."""

import os
import shutil

import pytest


def need_program(name: str) -> str:
    """Path of a program, or a skip that says what is missing."""
    path = shutil.which(name)
    if path:
        return path
    reason = f"{name} is not installed"
    if os.environ.get("HALLU_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def need_magenta() -> None:
    """Skip where no environment with Magenta is named (docs/magenta.md makes one); CI has none either."""
    if "MAGENTA_PYTHON" not in os.environ:
        pytest.skip("MAGENTA_PYTHON does not name the interpreter of Magenta's environment")
