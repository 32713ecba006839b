"""The report of a finished model: `--report` of the trainers, where a model's folder stands in the place of a run."""

import argparse
from pathlib import Path

from core import families
from core.progress import show_progress


def is_model(folder: Path) -> bool:
    """Whether a folder is an image model's; a run has other files."""
    return any(family.detect(folder) for family in families.families("image"))


def text(options: argparse.Namespace, classless: bool = False) -> str:
    """The report of the model in `options.run_dir` on the images in `options.data_dir`.

    Args:
        options: of a trainer.
        classless: whether the images may be without classes.

    Raises:
        FileNotFoundError: there are no images.
        ValueError: they cannot be read, or do not have the model's classes.
    """
    from renderer.training import image_folder, report

    size = families.image_description(options.run_dir).size
    with show_progress("image", "reading") as progress:
        images = image_folder.read(options.data_dir, size, options.skip_bad, progress, classless)
    return report.of_model(options.run_dir, images, getattr(options, "features", None))
