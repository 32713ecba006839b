"""A sheet of clips: frames above, their spectrogram below, the notes' beginnings between."""

from collections.abc import Sequence

import numpy as np

_PICTURES, _SIZE = 9, 48


def sheet(frames: Sequence[np.ndarray], mels: Sequence[np.ndarray]) -> np.ndarray:
    """Clips of frames uint8 [moments, h, w, 3] and spectrograms [mels, columns] in 0..1 as uint8 [height, width, 3]."""
    from matplotlib import colormaps
    from PIL import Image

    width, found = _PICTURES * _SIZE, []
    for pictures, mel in zip(frames, mels, strict=True):
        places = np.linspace(0, len(pictures) - 1, _PICTURES).round().astype(int)
        small = [np.asarray(Image.fromarray(pictures[place]).resize((_SIZE, _SIZE))) for place in places]
        colours = (colormaps["magma"](np.clip(mel, 0, 1)[::-1])[..., :3] * 255).astype(np.uint8)
        found += [np.concatenate(small, axis=1), np.asarray(Image.fromarray(colours).resize((width, mel.shape[0])))]
        found.append(np.zeros((4, width, 3), np.uint8))
    return np.concatenate(found)
