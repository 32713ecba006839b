"""Describe the directions of an image model: one sheet of all, measures, names."""

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import ganspace
from core.progress import show_progress
from renderer import classes
from scripts import frame
from scripts.shared import directions, model_folder

if TYPE_CHECKING:
    from core.protocols import ImageModel
    from ganspace.image_metrics import ImageMeasurement

# Images at which each direction is measured, and how many of them the sheet shows.
MEASURED, SHOWN = 8, 3


@dataclass(frozen=True)
class Described:
    """One direction: images [points, amounts, height, width, 3], their average measures, and a name, "" for none."""

    images: np.ndarray
    average: "list[ImageMeasurement]"
    name: str


def sheets(options: argparse.Namespace) -> None:
    """Write sheet.png, variance.png and directions.csv; with --auto_names, names too.

    Raises:
        ValueError: the components are not of this model, or there is no such class.
        OSError: a file cannot be written.
    """
    from ganspace import audio_plots

    frame.refuse_existing(*(options.output_dir / name for name in ("sheet.png", "variance.png", "directions.csv")))
    components, model = ganspace.load(options.pca_file), model_folder.load(options)
    _check(components, model)
    directions.warn_of_another(options.pca_file, components, options.ckpt_dir)
    numbers = _numbers(options, components, model)
    described = list(_described(options, components, model, numbers))
    if options.auto_names:
        components = _named(components, described)
        ganspace.save_names(options.pca_file, components)
    _save_sheet(options.output_dir / "sheet.png", components, described, model, numbers)
    audio_plots.save_variance(options.output_dir / "variance.png", components)
    _write_table(options.output_dir / "directions.csv", components, described)


def _described(
    options: argparse.Namespace, components: ganspace.Components, model: "ImageModel", numbers: Sequence[int]
) -> Iterator[Described]:
    """Describe the directions one after the other, and print a line for each."""
    from ganspace import audio_metrics, image_metrics

    truncation, count = components.origin.truncation or 1.0, min(options.directions, components.count)
    at = image_metrics.points(model, numbers, truncation, options.seed)
    options.output_dir.mkdir(parents=True, exist_ok=True)
    with show_progress("direction") as progress:
        for index in range(count):
            progress(index, count)
            along = image_metrics.images_along(model, components, index, at, truncation)
            each = [image_metrics.measure(row) for row in along]
            average = [image_metrics.mean(column) for column in zip(*each, strict=True)]
            print(f"{index + 1}: {audio_metrics.sentence(average, audio_metrics.AMOUNTS, image_metrics.QUANTITIES)}")
            yield Described(along[:SHOWN], average, image_metrics.name(each))
        progress(count, count)


def _named(components: ganspace.Components, described: Sequence[Described]) -> ganspace.Components:
    """The components with a name for each direction that had none."""
    for index, one in enumerate(described):
        if one.name and not components.name(index):
            components = components.named(index, one.name)
    return components


def _save_sheet(
    path: Path,
    components: ganspace.Components,
    described: Sequence[Described],
    model: "ImageModel",
    numbers: Sequence[int],
) -> None:
    from ganspace import image_grids

    labels = [f"{index + 1}  {components.name(index) or one.name or '-'}" for index, one in enumerate(described)]
    columns = [model.class_names[number] if model.num_classes else "" for number in numbers[:SHOWN]]
    heading = f"{model.name}: directions of {components.origin.found_in or components.layer}, {components.estimator}"
    image_grids.save_sheet(path, heading, np.stack([one.images for one in described]), labels, columns)


def _numbers(options: argparse.Namespace, components: ganspace.Components, model: "ImageModel") -> Sequence[int]:
    """The classes of the images: those that were asked for, the one that was sampled, or a random selection."""
    if options.classes:
        return classes.find(options.classes, model.class_names)
    if components.origin.class_number >= 0:
        return [components.origin.class_number] * MEASURED
    if not model.num_classes:
        return [0] * MEASURED
    drawn = np.random.default_rng(options.seed).permutation(model.num_classes)
    return [int(number) for number in np.resize(drawn, MEASURED)]


def _check(components: ganspace.Components, model: "ImageModel") -> None:
    if components.layer not in model.layers:
        raise ValueError(f"the components are of {components.layer}, which {model.name} does not have")
    shape = model.layer_shape(components.layer)
    if components.mean.shape != shape:
        raise ValueError(f"the components are of maps {components.mean.shape}; {model.name} has {shape}")


def _write_table(path: Path, components: ganspace.Components, described: Sequence[Described]) -> None:
    from ganspace.audio_metrics import AMOUNTS
    from ganspace.image_metrics import QUANTITIES

    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["direction", "name", "sigma", *(quantity.field for quantity in QUANTITIES)])
        for index, one in enumerate(described):
            for amount, measures in zip(AMOUNTS, one.average, strict=True):
                values = [f"{getattr(measures, quantity.field):.4f}" for quantity in QUANTITIES]
                table.writerow([index + 1, components.name(index), f"{amount:g}", *values])
