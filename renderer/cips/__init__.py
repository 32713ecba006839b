"""CIPS: load a generator that computes each pixel by itself, and render pictures of any latent vector.

Source: Anokhin et al. 2021, Image Generators with Conditionally-Independent Pixel Synthesis; `network` says what is
ours.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from renderer.cips.model import Cips

__all__ = ["load"]


def load(folder: str | Path, engine: str = "openvino", precision: str = "f32") -> "Cips":
    """Load a generator.

    Args:
        folder: of the model.
        engine: what computes it; see `core.nn.engine.compile`.
        precision: f32, or bf16.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file breaks a rule; the message names it.
    """
    from renderer.cips import model_files
    from renderer.cips.model import Cips

    path = Path(folder)
    config, arrays = model_files.read(path)
    names, checksum = model_files.class_names(path, config), model_files.checksum(path)
    return Cips(config, arrays, names, path, engine, precision, checksum)
