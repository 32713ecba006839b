"""A spectrogram as a picture."""

import io

import numpy as np

# From silence to the loudest: dark blue, violet, orange, nearly white.
_STOPS = (0.0, 0.35, 0.7, 1.0)
_COLOURS = ((8, 8, 20), (92, 40, 120), (240, 130, 60), (255, 246, 210))
_SCALE = 3


def spectrogram_png(mel: np.ndarray) -> bytes:
    """A spectrogram [mels, frames] in 0..1 as a PNG, low bands at the bottom."""
    from PIL import Image

    values = np.clip(mel[::-1], 0.0, 1.0)
    planes = [np.interp(values, _STOPS, [colour[plane] for colour in _COLOURS]) for plane in range(3)]
    pixels = np.repeat(np.stack(planes, axis=-1).round().astype(np.uint8), _SCALE, axis=0)
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, "PNG")
    return memory.getvalue()
