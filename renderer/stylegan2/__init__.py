"""StyleGAN2: load a generator of any of five programs, and render pictures of any latent vector, bent if need be.

Source: Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from renderer.stylegan2.model import StyleGan2

__all__ = ["convert", "load"]


def load(place: str | Path, engine: str = "openvino", precision: str = "f32") -> "StyleGan2":
    """Load a generator.

    Args:
        place: a folder with one; or a file: a .pkl of NVIDIA's (TensorFlow or ADA), a .pt of rosinality's, the prefix
            of an AIART checkpoint, or weights.safetensors in our own format.
        engine: what computes it; see `core.nn.engine.compile`.
        precision: f32, or bf16.

    Raises:
        FileNotFoundError: there is none, or a file is missing.
        ValueError: a file breaks a rule; the message names it.
    """
    from renderer.stylegan2.formats import model_files
    from renderer.stylegan2.model import StyleGan2

    path = Path(place)
    config, arrays = model_files.read(path)
    names = model_files.class_names(path, config)
    noise, checksum = model_files.usual_noise(path), model_files.checksum(path)
    return StyleGan2(config, arrays, names, path, engine, precision, noise, checksum)


def convert(source: str | Path, folder: str | Path, dtype: str = "float16", kept: Sequence[str] = ()) -> None:
    """Convert a generator of any format into our own, which is smaller and loads faster.

    Args:
        source: what `load` reads.
        folder: the new folder.
        dtype: of the arrays in the file, float16 or float32.
        kept: names of the classes that it keeps, each with an average w of its own; none: all, as they are.

    Raises:
        FileNotFoundError: there is no generator, or a file is missing.
        FileExistsError: the new folder exists and is not empty.
        ValueError: a file breaks a rule; the message names it.
    """
    from renderer.stylegan2.formats import classes, model_files, own_format

    path = Path(source)
    config, arrays = model_files.read(path)
    names = model_files.class_names(path, config) if config.num_classes else ()
    if kept:
        (config, arrays), names = classes.keep(config, arrays, names, kept), tuple(kept)
    own_format.write(Path(folder), config, arrays, names, dtype)
