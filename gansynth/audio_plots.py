"""Plots of sound: spectrograms, and a hallucination with its waveform and key points."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.plots import COOL, WARM, dark_figure, draw_spectrogram, style


def save_hallucination(path: Path, wave: np.ndarray, sample_rate: int, key_times_s: Sequence[float]) -> None:
    """Plot a hallucination: its waveform above its spectrogram, with the key points marked; the suffix is the format.

    Args:
        path: .png, .svg or .pdf.
        wave: float [samples].
        sample_rate: Hz.
        key_times_s: when each key point's note starts.
    """
    figure = dark_figure(11, 5)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[1, 4])
    seconds = len(wave) / sample_rate
    low, high = _outline(wave, 1600)
    top.fill_between(np.linspace(0, seconds, len(low)), low, high, color=WARM, linewidth=0)
    top.set(ylim=(-0.55, 0.55), yticks=[-0.5, 0, 0.5], ylabel="level")
    draw_spectrogram(bottom, wave, sample_rate, interpolation="nearest")
    bottom.set(xlabel="time / s", ylabel="frequency / kHz", xlim=(0, seconds))
    for number, time_s in enumerate(key_times_s, 1):
        _mark(top, bottom, number, time_s)
    for axes in (top, bottom):
        style(axes, labelsize=10)
    figure.savefig(path, dpi=100)


def _mark(top: Any, bottom: Any, number: int, time_s: float) -> None:
    """Draw a line and a number at a key point."""
    for axes in (top, bottom):
        axes.axvline(time_s, color=COOL, linewidth=0.8, alpha=0.8)
    top.annotate(str(number), (time_s, 0.56), color=COOL, ha="center", va="bottom", fontsize=9, annotation_clip=False)


def save_notes(path: Path, waves: np.ndarray, sample_rate: int, columns: int = 4) -> None:
    """Plot the spectrograms of notes, row by row; the suffix is the format.

    Args:
        path: .png, .svg or .pdf.
        waves: float [n, samples].
        sample_rate: Hz.
        columns: notes in a row.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = -(-len(waves) // columns)
    figure = Figure(figsize=(3 * columns, 2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for place, wave in enumerate(waves):
        draw_spectrogram(axes.flat[place], wave, sample_rate)
    for empty in axes.flat[len(waves) :]:
        empty.set_visible(False)
    figure.supxlabel("time / s")
    figure.supylabel("frequency / kHz")
    figure.savefig(path, dpi=80)


def _outline(wave: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest sample of each of `columns` equal parts of a wave."""
    pieces = np.array_split(wave, min(columns, max(1, len(wave))))
    return np.array([p.min(initial=0) for p in pieces]), np.array([p.max(initial=0) for p in pieces])
