"""A loaded MelGAN: spectrograms to sound."""

import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.nn import numpy_ops
from core.nn.engine import CompiledFunctions
from core.nn.ops import Ops, Tensor
from specvqgan import run_folder
from specvqgan.vocoder import config as settings
from specvqgan.vocoder import network, weights
from specvqgan.vocoder.config import VocoderConfig
from specvqgan.windows import windows

# The ends of a spectrogram are mirrored, three frames of each.
SHORTEST = 4
# New frames of a window, but for its margins.
BLOCK = 256


def load(place: Path, engine: str, precision: str) -> "Vocoder":
    """Load a MelGAN; see `specvqgan.load_vocoder`."""
    config, arrays = run_folder.load(place, settings.from_run, weights.from_original)
    return Vocoder(config, arrays, place, engine, precision)


class Vocoder:
    """A MelGAN; may be used from several threads."""

    def __init__(
        self,
        config: VocoderConfig,
        arrays: Mapping[str, np.ndarray],
        folder: Path,
        engine: str = "openvino",
        precision: str = "f32",
    ) -> None:
        self.config = config
        self.folder = folder
        self.name = folder.name
        self.sample_rate = config.sample_rate
        ready = weights.folded(numpy_ops, arrays)
        self._arrays = {name: np.ascontiguousarray(value, np.float32) for name, value in ready.items()}
        self._functions = CompiledFunctions(engine, precision)

    @functools.cached_property
    def checksum(self) -> str:
        """The SHA-256 of the file with the weights."""
        return run_folder.checksum(self.folder)

    def generate(self, mel: Any) -> np.ndarray:
        """The sounds of spectrograms.

        Args:
            mel: [n, mels, frames], nominally in 0..1, low bands first; at least 4 frames.

        Returns:
            float32 [n, hop * frames] in -1..1.

        Raises:
            ValueError: it has another shape, or contains a value that is not finite.
        """
        mel = np.asarray(mel, np.float32)
        checks.shape("mel", mel, ("n", self.config.mels, "frames"))
        checks.whole("frames of mel", mel.shape[2], SHORTEST)
        found = [np.concatenate(list(self.stream([each])))[None] for each in mel]
        return np.concatenate([np.zeros((0, mel.shape[2] * self.config.hop), np.float32), *found])

    def stream(self, mels: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """The sound of one spectrogram that comes in pieces, in blocks: the same as of the whole.

        Args:
            mels: [mels, frames] each, together at least 4 frames.

        Yields:
            float32 [samples], at most `self.margin` frames behind what has come.

        Raises:
            ValueError: a piece has another shape, or contains a value that is not finite.
        """
        for window, begin, end in windows(map(self._checked, mels), BLOCK + 2 * self.margin, self.margin):
            frames = checks.whole("frames of mel", window.shape[1], SHORTEST)
            run = self._functions.get(frames, self._generate, self._arrays, [(1, 1, frames, self.config.mels)])
            wave = run(window.T[None, None])[0, 0, :, 0]
            yield wave[begin * self.config.hop : end * self.config.hop]

    @property
    def margin(self) -> int:
        """How many frames before and after its own a sample depends on, at most."""
        return network.reach(self.config)

    def _checked(self, mel: Any) -> np.ndarray:
        mel = checks.finite("mel", np.asarray(mel, np.float32))
        return checks.shape("mel", mel, (self.config.mels, "frames"))

    def _generate(self, ops: Ops, arrays: Any, mel: Tensor) -> Tensor:
        return network.generate(ops, arrays, mel, self.config)
