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
