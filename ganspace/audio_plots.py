"""Plots of directions: their share of the variance, what each does, and the plane of sounds that two of them span."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.plots import COOL, DARK, LIGHT, WARM, dark_figure, draw_spectrogram, style
from ganspace.audio_metrics import AMOUNTS, QUANTITIES, SoundMeasurement, sentence
from ganspace.components import Components

SIGMA = "\N{GREEK SMALL LETTER SIGMA}"


def title(components: Components, index: int) -> str:
    """The title of a direction (from 0)."""
    name = components.name(index)
    return f"direction {index + 1}" + (f": {name}" if name else "")


def save_variance(path: Path, components: Components) -> None:
    """Plot each direction's share of the variance, and the cumulative share."""
    figure = dark_figure(9, 4.5)
    axes = figure.subplots()
    numbers = np.arange(1, components.count + 1)
    shares = 100 * components.var_ratio
    axes.bar(numbers, shares, width=1.0, color=WARM, linewidth=0)
    axes.set(xlabel="direction", ylabel="share of the variance / %", xlim=(0.5, components.count + 0.5))
    axes.set_title(f"{components.layer}, {components.estimator}: {components.count} directions", color=LIGHT)
    together = axes.twinx()
    together.plot(numbers, np.cumsum(shares), color=COOL, linewidth=1.5)
    together.set(ylabel="together / %", ylim=(0, 105))
    style(axes)
    style(together)
    axes.yaxis.label.set_color(WARM)
    together.yaxis.label.set_color(COOL)
    figure.savefig(path, dpi=100)


def save_sheet(
    path: Path, heading: str, waves: np.ndarray, sounds: Sequence[SoundMeasurement], sample_rate: int
) -> None:
    """Plot one direction: a spectrogram for each amount, and below them the measures that change.

    Args:
        path: .png, .svg or .pdf.
        heading: the direction's name.
        waves: [amounts, samples].
        sounds: their measures.
        sample_rate: in Hz.
    """
    figure = dark_figure(14, 5.6)
    upper, lower = figure.subfigures(2, 1, height_ratios=[1.25, 1], facecolor=DARK)
    tiles = upper.subplots(1, len(waves), sharey=True)
    reference = float(np.abs(waves).max(initial=0.0))
    for axes, wave, amount in zip(tiles, waves, AMOUNTS, strict=True):
        draw_spectrogram(axes, wave, sample_rate)
        level = 20 * np.log10(max(np.abs(wave).max(initial=0.0), 1e-10) / max(reference, 1e-10))
        axes.set_title(f"{amount:+.0f} {SIGMA}   peak {level:.0f} dB", color=LIGHT, fontsize=9)
        axes.set_xlabel("s")
        style(axes)
    tiles[0].set_ylabel("kHz")
    upper.suptitle(f"{heading}\n{sentence(sounds)}", color=LIGHT, fontsize=12)
    for axes, quantity in zip(lower.subplots(1, len(QUANTITIES)), QUANTITIES, strict=True):
        values = [getattr(sound, quantity.field) for sound in sounds]
        axes.plot(AMOUNTS, values, "o-", color=WARM, markersize=4)
        middle, half = (max(values) + min(values)) / 2, max(max(values) - min(values), quantity.span) / 2
        axes.set_ylim(middle - 1.1 * half, middle + 1.1 * half)
        axes.set(xlabel=SIGMA, xticks=AMOUNTS)
        axes.set_title(quantity.label, color=LIGHT, fontsize=10)
        style(axes)
    figure.savefig(path, dpi=90)


def save_plane(
    paths: Sequence[Path], waves: np.ndarray, amounts: Sequence[float], titles: tuple[str, str], sample_rate: int
) -> None:
    """Plot the spectrograms of a plane of sounds, into each of the paths.

    Args:
        paths: .png, .svg or .pdf.
        waves: [rows, columns, samples]; rows follow the second direction, upwards.
        amounts: in standard deviations, of rows and columns.
        titles: of the first direction (to the right) and the second (upwards).
        sample_rate: in Hz.
    """
    steps = len(amounts)
    figure = dark_figure(2.0 + 2.1 * steps, 1.2 + 1.6 * steps)
    grid = figure.subplots(steps, steps, sharex=True, sharey=True, squeeze=False)
    for row, column in np.ndindex(steps, steps):
        axes = grid[steps - 1 - row, column]
        draw_spectrogram(axes, waves[row, column], sample_rate)
        style(axes)
        if row == 0:
            axes.set_xlabel(f"{amounts[column]:+g} {SIGMA}", fontsize=9)
        if column == 0:
            axes.set_ylabel(f"{amounts[row]:+g} {SIGMA}", fontsize=9)
    figure.supxlabel(f"{titles[0]}  →", color=WARM)
    figure.supylabel(f"{titles[1]}  →", color=COOL)
    figure.suptitle("each tile: seconds, and kHz upwards", color=LIGHT, fontsize=9)
    for path in paths:
        figure.savefig(path, dpi=90)
