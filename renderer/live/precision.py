"""The precision of live frames: bf16 where the processor has it and nobody sees the difference."""

from pathlib import Path

import numpy as np

from core import families
from core.nn import openvino_runtime
from core.protocols import ImageModel

AUTO = "auto"
# Grey levels, root mean square, that frames may differ by.
INVISIBLE = 1.0
SEEN_FRAMES = 8


def load(folder: Path, precision: str = AUTO) -> ImageModel:
    """Load an image model for live frames.

    Args:
        folder: of the model.
        precision: f32 or bf16; AUTO: bf16 if the processor computes with it and SEEN_FRAMES frames differ from those of
            f32 by less than INVISIBLE, else f32.

    Raises:
        FileNotFoundError: there is no image model in the folder, or a file of it is missing.
        ValueError: a file breaks a rule; the message names it.
    """
    model: ImageModel = families.load(folder, "image", precision="f32" if precision == AUTO else precision)
    if precision != AUTO or not has_bf16():
        return model
    fast: ImageModel = families.load(folder, "image", precision="bf16")
    return fast if grey_levels_apart(model, fast) < INVISIBLE else model


def has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 numbers itself."""
    return "BF16" in openvino_runtime.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def grey_levels_apart(one: ImageModel, other: ImageModel) -> float:
    """Root mean square of the difference of the same frames of two models, in grey levels of 0..255."""
    z = one.draw(np.random.default_rng(0), SEEN_FRAMES, 1.0)
    classes = np.zeros((SEEN_FRAMES, one.num_classes), np.float32)
    if one.num_classes:
        classes[np.arange(SEEN_FRAMES), np.arange(SEEN_FRAMES) % one.num_classes] = 1.0
    pairs = zip(one.render(z, classes, 1.0), other.render(z, classes, 1.0), strict=True)
    return float(np.sqrt(np.mean([np.square(np.subtract(*pair, dtype=np.float64)).mean() for pair in pairs])))
