"""AIART's signals of a synthetic song, as its own code computed them, and the song's sounds."""

import functools
from pathlib import Path

import numpy as np
import soundfile

from core.audio.signals.signal import Signal

FOLDER = Path(__file__).parent / "data" / "aiart"
FRAMES, FPS = 192, 24


@functools.cache
def arrays(name="aiart_audio"):
    with np.load(FOLDER / f"{name}.npz") as file:
        return {key: file[key] for key in file.files if not key.startswith("trace/noise/")}


@functools.cache
def sound(name):
    """One of drums, bass and other, or their sum, the mix."""
    if name == "mix":
        return sum(sound(stem) for stem in ("drums", "bass", "other"))
    samples, _ = soundfile.read(FOLDER / f"song_{name}.wav", dtype="int16")
    return (samples / 32768).astype(np.float32)


def signal(name, rate=FPS, late=False):
    return Signal(arrays("aiart_audio_late" if late else "aiart_audio")[name], rate)
