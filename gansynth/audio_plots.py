"""Plots of sound: spectrograms, and a hallucination with its waveform and key points."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.audio import stft

FRAME, DYNAMIC_RANGE_DB = 1024, 80.0


def save_hallucination(path: Path, wave: np.ndarray, sample_rate: int, key_times_s: Sequence[float]) -> None:
    """Plot a hallucination: its waveform above its spectrogram, with the key points marked; the suffix is the format.

    Args:
        path: .png, .svg or .pdf.
        wave: float [samples].
        sample_rate: Hz.
        key_times_s: when each key point's note starts.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained", facecolor="#15131d")
    FigureCanvasAgg(figure)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[1, 4])
    seconds = len(wave) / sample_rate
    low, high = _outline(wave, 1600)
    top.fill_between(np.linspace(0, seconds, len(low)), low, high, color="#f5b971", linewidth=0)
    top.set(ylim=(-0.55, 0.55), yticks=[-0.5, 0, 0.5], ylabel="level")
    draw_spectrogram(bottom, wave, sample_rate, interpolation="nearest")
    bottom.set(xlabel="time / s", ylabel="frequency / kHz", xlim=(0, seconds))
    for number, time in enumerate(key_times_s, 1):
        for axes in (top, bottom):
            axes.axvline(time, color="#7fe0d0", linewidth=0.8, alpha=0.8)
        top.annotate(
            str(number), (time, 0.56), color="#7fe0d0", ha="center", va="bottom", fontsize=9, annotation_clip=False
        )
    for axes in (top, bottom):
        axes.set_facecolor("#15131d")
        axes.tick_params(colors="#cfc8dc")
        axes.xaxis.label.set_color("#cfc8dc")
        axes.yaxis.label.set_color("#cfc8dc")
        for spine in axes.spines.values():
            spine.set_color("#4a4458")
    figure.savefig(path, dpi=100)


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


def draw_spectrogram(axes: Any, wave: np.ndarray, sample_rate: int, **style: Any) -> None:
    """Draw a spectrogram in seconds and kHz on matplotlib axes; `style` goes to imshow."""
    axes.imshow(
        _spectrogram_db(wave).T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=-DYNAMIC_RANGE_DB,
        vmax=0,
        extent=(0, len(wave) / sample_rate, 0, sample_rate / 2000),
        **style,
    )


def _outline(wave: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest sample of each of `columns` equal parts of a wave."""
    pieces = np.array_split(wave, min(columns, max(1, len(wave))))
    return np.array([p.min(initial=0) for p in pieces]), np.array([p.max(initial=0) for p in pieces])


def _spectrogram_db(wave: np.ndarray) -> np.ndarray:
    """[frames, frequencies] in dB below the loudest bin."""
    padded = np.pad(wave, (FRAME // 2, FRAME))
    frames = stft.frames(padded, FRAME, max(FRAME // 4, len(wave) // 3000))
    magnitude = stft.magnitudes(frames, stft.hann_symmetric(FRAME))
    return 20 * np.log10(np.maximum(magnitude, 1e-10) / max(magnitude.max(initial=0), 1e-9))
