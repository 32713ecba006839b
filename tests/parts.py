"""System parts that some tests need; HALLU_REQUIRE_ALL=1 (set by .ci/run) turns a skip into a failure."""

import importlib.util
import os
import shutil
import socket
from typing import NoReturn

import pytest


def need_program(name: str) -> str:
    """Path of a program, or a skip that says what is missing."""
    # Debian keeps servers where only root's shell looks.
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    return path or _missing(name)


def need_module(name: str) -> None:
    """Skip where a Python package is missing."""
    if importlib.util.find_spec(name) is None:
        _missing(name)


def _missing(name: str) -> NoReturn:
    reason = f"{name} is not installed"
    if os.environ.get("HALLU_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def need_ipv6() -> None:
    """Skip where the system has no IPv6; many containers have none."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("the system has no IPv6")


def need_magenta() -> None:
    """Skip where no environment with Magenta is named (docs/magenta.md makes one); CI has none either."""
    if "MAGENTA_PYTHON" not in os.environ:
        pytest.skip("MAGENTA_PYTHON does not name the interpreter of Magenta's environment")
