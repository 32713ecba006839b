"""What computes a model: the flags --engine and --precision, and what they mean to `core.families.load`."""

import argparse
from typing import Any

from core.nn.names import ENGINES, PRECISIONS


def add(flags: argparse.ArgumentParser) -> None:
    """Add --engine and --precision. Where they are not given their values are None."""
    flags.add_argument(
        "--engine",
        choices=ENGINES,
        help="what computes notes and images (default openvino; tensorflow or jax for an NVIDIA GPU)",
    )
    flags.add_argument(
        "--precision",
        choices=PRECISIONS,
        help="f32 (default), or bf16: several times faster where the processor has it, and not quite the same result",
    )


def given(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments for `load` that the flags give."""
    names = ("engine", "precision")
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}
