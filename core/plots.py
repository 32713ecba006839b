"""Matplotlib figures in the colours of the instrument, and spectrograms on them."""

from typing import Any

import numpy as np

from core.audio import stft

DARK, LIGHT, EDGE, WARM, COOL = "#15131d", "#cfc8dc", "#4a4458", "#f5b971", "#7fe0d0"
FRAME, DYNAMIC_RANGE_DB = 1024, 80.0
# More frames than this are not distinguished in a plot.
_MAX_FRAMES = 3000


def dark_figure(width: float, height: float) -> Any:
    """An empty figure of a size in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor=DARK)
    FigureCanvasAgg(figure)
    return figure


def style(axes: Any, labelsize: int = 8) -> None:
    """Give axes the colours of the figures; `labelsize` is the size of the tick labels in points."""
    axes.set_facecolor(DARK)
    axes.tick_params(colors=LIGHT, labelsize=labelsize)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(LIGHT)
    for spine in axes.spines.values():
        spine.set_color(EDGE)


def draw_spectrogram(axes: Any, wave: np.ndarray, sample_rate: int, **options: Any) -> None:
    """Draw the spectrogram of a wave [samples] in seconds and kHz; `options` go to imshow."""
    axes.imshow(
        spectrogram_db(wave).T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=-DYNAMIC_RANGE_DB,
        vmax=0,
        extent=(0, len(wave) / sample_rate, 0, sample_rate / 2000),
        **options,
    )


def spectrogram_db(wave: np.ndarray) -> np.ndarray:
    """Spectrogram [frames, frequencies] in dB below the loudest bin."""
    padded = np.pad(wave, (FRAME // 2, FRAME))
    frames = stft.frames(padded, FRAME, max(FRAME // 4, len(wave) // _MAX_FRAMES))
    magnitudes = stft.magnitudes(frames, stft.hann_symmetric(FRAME))
    return 20 * np.log10(np.maximum(magnitudes, 1e-10) / max(magnitudes.max(initial=0), 1e-9))
