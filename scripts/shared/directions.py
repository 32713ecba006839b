"""Flags and input of the commands that play directions: the components file, its checkpoint, the pitch."""

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, cast

import ganspace
from ganspace.edited_models import EditedModel, check_layer
from gansynth.config import check_pitch
from scripts import frame
from scripts.flags import engine, models
from scripts.shared import model_folder

if TYPE_CHECKING:
    from gansynth.model import Model

DEFAULT_PITCH = 32


def add_flags(flags: argparse.ArgumentParser) -> None:
    """Add --pca_file, --ckpt_dir and --pitch."""
    flags.add_argument("--pca_file", type=frame.path, required=True, help="components file: .pickle or .npz")
    models.add_model(flags, "the model's name, or its folder (default: that of the file)", required=False)
    engine.add(flags)
    flags.add_argument("--pitch", type=int, help="MIDI pitch (default: that of the components, or the nearest to 32)")


def load(options: argparse.Namespace) -> tuple["Model", ganspace.Components, int]:
    """The model, the components and the pitch that the flags ask for.

    Raises:
        FileNotFoundError: a file or checkpoint is missing.
        ValueError: they do not go together, or the pitch is not the model's.
    """
    components = ganspace.load(options.pca_file)
    if options.ckpt_dir is None:
        options.ckpt_dir = beside(options.pca_file)
    if model_folder.makes_images(options.ckpt_dir):
        raise ValueError(f"{options.ckpt_dir} is an image model; this command is for sounds")
    model = frame.load(options)
    check_layer(model, components)
    warn_of_another(options.pca_file, components, options.ckpt_dir)
    wanted = options.pitch
    if wanted is None:
        wanted = model.nearest_pitch(components.origin.pitch or DEFAULT_PITCH)
    check_pitch(model.name, model.pitches, wanted)
    return model, components, wanted


def beside(file: Path) -> Path:
    """The sound model or image model whose folder a components file is in.

    Raises:
        ValueError: it is in none.
    """
    folder = file.absolute().parent
    try:
        model_folder.makes_images(folder)
    except FileNotFoundError:
        raise ValueError(f"{file} is not in a checkpoint's folder; name the checkpoint with --ckpt_dir") from None
    return folder


def warn_of_another(file: Path, components: ganspace.Components, folder: Path) -> None:
    """Print a note where the components belong to another checkpoint."""
    known = components.origin.checksum
    if known and known != model_folder.checksum(folder):
        print(f"note: {file} belongs to another checkpoint, {components.origin.checkpoint}; directions may differ")


def edits(text: str) -> list[float]:
    """Numbers with commas between them.

    Raises:
        argparse.ArgumentTypeError: one is not a finite number.
    """
    try:
        values = [float(word) for word in text.split(",")]
    except ValueError:
        values = [math.nan]
    if not all(map(math.isfinite, values)):
        raise argparse.ArgumentTypeError(f"must be numbers with commas between them, such as 2,-0.5, not {text!r}")
    return values


def edited(model: "Model", options: argparse.Namespace) -> "Model":
    """The model, moved by options.edits along the directions of options.edits_file where these are given.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: file and model do not go together, or there are more edits than directions.
    """
    if options.edits is None:
        return model
    components = ganspace.load(options.edits_file)
    warn_of_another(options.edits_file, components, options.ckpt_dir)
    # What plays a model's notes can play these.
    return cast("Model", EditedModel(model, components, options.edits))
