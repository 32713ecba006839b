"""BigGAN-deep, painting: a folder with a generator -> pictures of any noise and any mixture of classes.

Source: Brock et al. 2019, Large Scale GAN Training for High Fidelity Natural Image Synthesis, appendix B.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from renderer.biggan.folders import find, read_config

if TYPE_CHECKING:
    from renderer.biggan.painter import Painter

__all__ = ["find", "load", "read_config"]


def load(folder: str | Path) -> "Painter":
    """Load a picture model: a Hugging Face folder, or one of ours.

    Raises:
        FileNotFoundError: there is no picture model in the folder, or a file of it is missing.
        ValueError: a file breaks a rule; the message names it.
    """
    from renderer.biggan import folders
    from renderer.biggan.painter import Painter

    path = Path(folder)
    config = read_config(path)
    return Painter(config, folders.read_weights(path, config), folders.class_names(path, config))
