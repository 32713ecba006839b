"""What computes a model: the flags --engine and --precision, and what they mean to `core.families.load`."""

import argparse
from typing import Any

from core.nn.names import ENGINES, PRECISIONS

# What is chosen without a flag: sounds and videos are exact, live images decide for themselves.
AUTO = "auto"


def add(flags: argparse.ArgumentParser) -> None:
    """Add --engine and --precision. Where they are not given their values are None."""
    add_engine(flags)
    flags.add_argument(
        "--precision",
        choices=(AUTO, *PRECISIONS),
        help="f32 (auto and default), or bf16: several times faster where the processor has it, and not quite the same"
        " result",
    )


def add_engine(flags: argparse.ArgumentParser) -> None:
    """Add --engine alone, for files that must be the same everywhere. Where it is not given its value is None."""
    flags.add_argument(
        "--engine",
        choices=ENGINES,
        help="what computes notes and images (default openvino; tensorflow or jax for an NVIDIA GPU)",
    )


def given(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments for `load` that the flags give."""
    found = {name: getattr(options, name, None) for name in ("engine", "precision")}
    return {name: value for name, value in found.items() if value not in (None, AUTO)}
