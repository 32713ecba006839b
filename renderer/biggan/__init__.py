"""BigGAN-deep: load the generator of a folder, and render images of any latent vector and any mixture of classes.

Source: Brock et al. 2019, Large Scale GAN Training for High Fidelity Natural Image Synthesis, appendix B.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from renderer.biggan.model_formats import find, read_config

if TYPE_CHECKING:
    from renderer.biggan.model import BigGan

__all__ = ["convert", "find", "load", "read_config"]


def load(folder: str | Path, engine: str = "openvino", precision: str = "f32") -> "BigGan":
    """Load a generator: a Hugging Face folder, a TF-Hub module folder, or one in our own format.

    Args:
        folder: of the model.
        engine: what computes it; see `core.nn.engine.compile`.
        precision: f32, or bf16.

    Raises:
        FileNotFoundError: the folder is not one of a BigGAN-deep, or a file is missing.
        ValueError: a file breaks a rule; the message names it.
    """
    from renderer.biggan import model_formats
    from renderer.biggan.model import BigGan

    path = Path(folder)
    config = read_config(path)
    weights, names = model_formats.read_weights(path, config), model_formats.class_names(path, config)
    return BigGan(config, weights, names, path, engine, precision, model_formats.checksum(path))


def convert(source: str | Path, folder: str | Path, dtype: str = "float16") -> None:
    """Convert a model folder of any format into our own, which is smaller and loads faster.

    Args:
        source: a folder that `load` reads.
        folder: the new folder.
        dtype: of the arrays in the file, float16 or float32.

    Raises:
        FileNotFoundError: the folder is not one of a BigGAN-deep, or a file is missing.
        FileExistsError: the new folder exists and is not empty.
        ValueError: a file breaks a rule; the message names it.
    """
    from renderer.biggan import model_formats

    path, config = Path(source), read_config(source)
    names = model_formats.class_names(path, config)
    model_formats.save(Path(folder), config, model_formats.read_weights(path, config), names, dtype)
