"""SpecVQGAN: sounds for pictures, by way of a codebook of spectrograms. Run folders of the original, or ours.

Source: Iashin and Rahtu 2021, Taming Visually Guided Sound Generation.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specvqgan.codebook.model import Codebook
    from specvqgan.foley.model import Foley
    from specvqgan.transformer.model import Transformer
    from specvqgan.vocoder.model import Vocoder

__all__ = ["load_codebook", "load_foley", "load_transformer", "load_vocoder"]


def load_codebook(place: str | Path, *, engine: str = "openvino", precision: str = "f32") -> "Codebook":
    """Load a codebook of spectrograms.

    Args:
        place: a run folder of the original's with `checkpoints` and `configs` (of a codebook, or of a transformer,
            which contains one), one of its checkpoints, or a folder of ours.
        engine: what computes it; see `core.nn.engine.compile`.
        precision: f32, or bf16, which is faster where the processor has it and changes some codes.

    Raises:
        FileNotFoundError: there is none, or a file is missing.
        ValueError: a file is damaged or breaks a rule; the message names it.
    """
    from specvqgan.codebook import model

    return model.load(Path(place), engine, precision)


def load_transformer(
    place: str | Path, *, engine: str = "openvino", precision: str = "f32", weights: str = "float"
) -> "Transformer":
    """Load a transformer, which samples codes that follow pictures, a class, both or nothing.

    Args:
        place: a run folder of the original's with `checkpoints` and `configs`, one of its checkpoints, or a folder of
            ours.
        engine: what computes it; see `core.nn.engine.compile`.
        precision: f32; or bf16, which is about twice as fast where the processor has it, and changes some codes.
        weights: "float", as in the file; or "int8", matrices of 8 bits, a quarter of the memory and three times as
            fast where they are large; it changes some codes.

    Raises:
        FileNotFoundError: there is none, or a file is missing.
        ValueError: a file is damaged or breaks a rule, and the message names it; or the engine is not installed.
    """
    from specvqgan.transformer import model

    return model.load(Path(place), engine, precision, weights)


def load_vocoder(place: str | Path, *, engine: str = "openvino", precision: str = "f32") -> "Vocoder":
    """Load a MelGAN, which turns spectrograms into sound.

    Args:
        place: a folder of the original's with best_netG.pt and args.yml, or a folder of ours.
        engine: what computes it; see `core.nn.engine.compile`.
        precision: f32, or bf16.

    Raises:
        FileNotFoundError: there is none, or a file is missing.
        ValueError: a file is damaged or breaks a rule; the message names it.
    """
    from specvqgan.vocoder import model

    return model.load(Path(place), engine, precision)


def load_foley(
    place: str | Path,
    *,
    vocoder: str | Path | None = None,
    features: str | Path | None = None,
    engine: str = "openvino",
    precision: str = "f32",
) -> "Foley":
    """Load a foley model: codebook, transformer and vocoder, which give pictures a sound.

    Args:
        place: a folder with foley.json and the three; or a run folder of a transformer of the original's, which
            contains its codebook.
        vocoder: the folder of the vocoder, for such a run.
        features: torchvision's file of ResNet-50, for a transformer of photographs; None: the .pth in the folder.
        engine: what computes it; see `core.nn.engine.compile`.
        precision: f32, or bf16, which is faster where the processor has it and changes some codes.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged, or the parts do not fit each other; the message names it.
    """
    from specvqgan.foley import model

    found, look = (None if each is None else Path(each) for each in (vocoder, features))
    return model.load(Path(place), found, look, engine, precision)
