"""What ganspacesynth_describe does with the directions of a picture model: one sheet of all, numbers, names."""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import ganspace
from renderer import classes
from scripts import command, directions, folders

if TYPE_CHECKING:
    from ganspace.looks import Look
    from renderer.biggan.painter import Painter

# Pictures through which each direction is measured, and how many of them the sheet shows.
MEASURED, SHOWN = 8, 3


def sheets(options: argparse.Namespace) -> None:
    """Write sheet.png, variance.png and directions.csv; with --auto_names, names into the components file.

    Raises:
        ValueError: the components are not of this model, or there is no such class.
        OSError: a file cannot be written.
    """
    from ganspace import describe, looks, picture_sheets, pictures

    components = ganspace.load(options.pca_file)
    painter: Painter = folders.load(options)
    _check(components, painter)
    directions.warn_of_another(options.pca_file, components, options.ckpt_dir)
    numbers, truncation = _numbers(options, components, painter), components.origin.truncation or 1.0
    at, count = looks.points(painter, numbers, truncation, options.seed), min(options.directions, components.count)
    options.output_dir.mkdir(parents=True, exist_ok=True)
    rows, shown, labels, found = [], [], [], {}
    with command.bar("direction", count) as progress:
        for index in range(count):
            progress(index, count)
            along = looks.pictures_along(painter, components, index, at, truncation)
            each = [looks.measure(row) for row in along]
            average = [looks.mean(column) for column in zip(*each, strict=True)]
            found[index] = looks.name(each)
            if options.auto_names and found[index] and not components.name(index):
                components = components.named(index, found[index])
            shown.append(along[:SHOWN])
            labels.append(f"{index + 1}  {components.name(index) or found[index] or '-'}")
            rows += [(index + 1, components.name(index), *one) for one in zip(describe.AMOUNTS, average, strict=True)]
            print(f"{index + 1}: {describe.sentence(average, describe.AMOUNTS, looks.QUANTITIES)}")
        progress(count, count)
    if options.auto_names:
        ganspace.save(options.pca_file, components)
    columns = [painter.class_names[number] for number in numbers[:SHOWN]]
    heading = f"{painter.name}: directions of {components.origin.found_in or components.layer}, {components.estimator}"
    picture_sheets.save_sheet(options.output_dir / "sheet.png", heading, np.stack(shown), labels, columns)
    pictures.save_variance(options.output_dir / "variance.png", components)
    _write_table(options.output_dir / "directions.csv", rows)


def _numbers(options: argparse.Namespace, components: ganspace.Components, painter: "Painter") -> Sequence[int]:
    """The classes of the points: those that are asked for, the one that was sampled, or some of all."""
    if options.classes:
        return classes.find(options.classes, painter.class_names)
    if components.origin.class_number >= 0:
        return [components.origin.class_number] * MEASURED
    drawn = np.random.default_rng(options.seed).permutation(painter.num_classes)
    return [int(number) for number in np.resize(drawn, MEASURED)]


def _check(components: ganspace.Components, painter: "Painter") -> None:
    if components.layer not in painter.layers:
        raise ValueError(f"the components are of {components.layer}, which {painter.name} does not have")
    shape = painter.layer_shape(components.layer)
    if components.mean.shape != shape:
        raise ValueError(f"the components are of maps {components.mean.shape}; {painter.name} has {shape}")


def _write_table(path: Path, rows: "Sequence[tuple[int, str, float, Look]]") -> None:
    from ganspace.looks import QUANTITIES

    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["direction", "name", "sigma", *(quantity.field for quantity in QUANTITIES)])
        for number, name, amount, look in rows:
            values = [f"{getattr(look, quantity.field):.4f}" for quantity in QUANTITIES]
            table.writerow([number, name, f"{amount:g}", *values])
