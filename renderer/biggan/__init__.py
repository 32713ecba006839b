"""BigGAN-deep, painting: a folder with a generator -> pictures of any noise and any mixture of classes.

Source: Brock et al. 2019, Large Scale GAN Training for High Fidelity Natural Image Synthesis, appendix B.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from renderer.biggan.model_formats import find, read_config

if TYPE_CHECKING:
    from renderer.biggan.model import BigGan

__all__ = ["convert", "find", "load", "read_config"]


def load(folder: str | Path, engine: str = "openvino", precision: str = "f32") -> "BigGan":
    """Load an image model: a Hugging Face folder, a TF-Hub module folder, or one of ours.

    Args:
        folder: of the model.
        engine: what computes it; see `core.nn.engine.compile`.
        precision: f32, or bf16.

    Raises:
        FileNotFoundError: there is no image model in the folder, or a file of it is missing.
        ValueError: a file breaks a rule; the message names it.
    """
    from renderer.biggan import model_formats
    from renderer.biggan.model import BigGan

    path = Path(folder)
    config = read_config(path)
    weights, names = model_formats.read_weights(path, config), model_formats.class_names(path, config)
    return BigGan(config, weights, names, path, engine, precision)


def convert(source: str | Path, folder: str | Path, dtype: str = "float16") -> None:
    """Write an image model of any kind as one of ours, which loads faster and is smaller.

    Args:
        source: a folder that `load` reads.
        folder: a new one.
        dtype: float16 or float32, of the numbers in the file.

    Raises:
        FileNotFoundError: there is no image model in the folder, or a file of it is missing.
        FileExistsError: the new folder is there and not empty.
        ValueError: a file breaks a rule; the message names it.
    """
    from renderer.biggan import model_formats

    path, config = Path(source), read_config(source)
    names = model_formats.class_names(path, config)
    model_formats.save(Path(folder), config, model_formats.read_weights(path, config), names, dtype)
