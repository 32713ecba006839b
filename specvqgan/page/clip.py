"""A clip that the page works on: the pictures of a film, and the codes of its own sound."""

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio import sound_files
from core.audio.sound_files import BadFileError
from core.video.decoding import DecodingError, frames
from specvqgan.foley.model import Foley
from specvqgan.mel import spectrogram

log = logging.getLogger(__name__)

FPS = 21.5
LONGEST_S = 60.0
_SHOWN, _HEIGHT, _MARGIN = 8, 90, 2


@dataclass(frozen=True, eq=False)
class Clip:
    """A film.

    Attributes:
        name: of its file.
        path: where it is.
        seconds: of its pictures, at most LONGEST_S.
        codes: of its own sound, int [rows, columns]; none: it is silent.
        sheet: some of its pictures beside each other, JPEG.
    """

    name: str
    path: Path
    seconds: float
    codes: np.ndarray
    sheet: bytes

    def frames(self) -> Iterator[np.ndarray]:
        """The pictures, FPS in a second, uint8 [height, width, 3] each."""
        return frames(self.path, FPS, LONGEST_S)


def read(path: Path, name: str, model: Foley) -> Clip:
    """A clip of a file.

    Raises:
        ValueError: it has no pictures; the message names it.
        OSError: it cannot be read.
    """
    try:
        count, shown = _look(path)
    except DecodingError as error:
        raise ValueError(f"{name} cannot be read as a film: {error}") from None
    return Clip(name, path, count / FPS, _codes(path, name, model), _sheet(shown))


def _look(path: Path) -> tuple[int, list[np.ndarray]]:
    """How many frames there are, and some of them, small."""
    from PIL import Image

    step, count, shown = 1, 0, list[np.ndarray]()
    for frame in frames(path, FPS, LONGEST_S):
        if count % step == 0:
            picture = Image.fromarray(frame)
            width = max(1, min(4 * _HEIGHT, round(_HEIGHT * picture.width / picture.height)))
            shown.append(np.asarray(picture.resize((width, _HEIGHT))))
            if len(shown) == 2 * _SHOWN:
                shown, step = shown[::2], 2 * step
        count += 1
    return count, shown


def _sheet(shown: list[np.ndarray]) -> bytes:
    from PIL import Image

    places = np.linspace(0, len(shown) - 1, min(_SHOWN, len(shown))).round().astype(int)
    memory = io.BytesIO()
    Image.fromarray(np.concatenate([shown[place] for place in places], axis=1)).save(memory, "JPEG", quality=80)
    return memory.getvalue()


def _codes(path: Path, name: str, model: Foley) -> np.ndarray:
    """The codes of a film's sound; none where it has none."""
    none = np.zeros((model.codebook.config.rows, 0), np.int64)
    try:
        wave = sound_files.read(path, spectrogram.SAMPLE_RATE, longest_s=LONGEST_S)
    except BadFileError as error:
        log.info("%s is taken as silent: %s", name, str(error).replace(str(path), "it"))
        return none
    mel = spectrogram.spectrogram(wave)
    stride = model.codebook.config.stride
    if mel.shape[1] < stride:
        return none
    return model.codebook.encode(mel[None, :, : mel.shape[1] // stride * stride])[0]
