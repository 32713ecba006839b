"""A loaded codebook: spectrograms to codes, and codes to spectrograms."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.nn import numpy_ops
from core.nn.engine import CompiledFunctions
from core.nn.ops import Ops, Tensor
from specvqgan import run_folder
from specvqgan.codebook import config as settings
from specvqgan.codebook import network, weights
from specvqgan.codebook.config import CodebookConfig


def load(place: Path, engine: str, precision: str) -> "Codebook":
    """Load a codebook; see `specvqgan.load_codebook`."""
    config, arrays = run_folder.load(place, settings.from_run, weights.from_original)
    return Codebook(config, arrays, place, engine, precision)


class Codebook:
    """A codebook of spectrograms; may be used from several threads.

    A spectrogram's width may be any multiple of `config.stride`; what is left over is for the caller to keep, see
    `specvqgan.codec`.
    """

    def __init__(
        self,
        config: CodebookConfig,
        arrays: Mapping[str, np.ndarray],
        folder: Path,
        engine: str = "openvino",
        precision: str = "f32",
    ) -> None:
        self.config = config
        self.folder = folder
        self.name = folder.name
        self._arrays = {name: np.ascontiguousarray(value) for name, value in network.prepare(numpy_ops, arrays).items()}
        self._functions = CompiledFunctions(engine, precision)

    @functools.cached_property
    def checksum(self) -> str:
        """The SHA-256 of the file with the weights."""
        return run_folder.checksum(self.folder)

    def encode(self, mel: Any) -> np.ndarray:
        """The codes of spectrograms.

        Args:
            mel: [n, mels, frames] in 0..1, low bands first. Frames beyond a multiple of `config.stride` do not count.

        Returns:
            int64 [n, rows, frames // stride].

        Raises:
            ValueError: it has another shape, is shorter than one code, or contains a value that is not finite.
        """
        z = self.embed(mel)
        flat = z.reshape(-1, self.config.code_size)
        codes = self._arrays[network.CODES]
        lengths = np.square(flat).sum(axis=1, keepdims=True) + np.square(codes).sum(axis=1)
        found: np.ndarray = np.argmin(lengths - 2.0 * flat @ codes.T, axis=1)
        return found.reshape(z.shape[:3])

    def embed(self, mel: Any) -> np.ndarray:
        """What codes are looked up for: [n, mels, frames] -> float32 [n, rows, columns, code_size]; see `encode`."""
        mel = checks.finite("mel", np.asarray(mel, np.float32))
        checks.shape("mel", mel, ("n", self.config.mels, "frames"))
        checks.whole("frames of mel", mel.shape[2], self.config.stride)
        images = 2.0 * mel[:, :, :, None] - 1.0
        shape = (1, *images.shape[1:])
        run = self._functions.get(("encode", shape[2]), self._encode, self._arrays, [shape])
        size = (self.config.rows, mel.shape[2] // self.config.stride, self.config.code_size)
        return np.concatenate([np.zeros((0, *size), np.float32), *(run(image[None]) for image in images)])

    def decode(self, codes: Any, *, clip: bool = True) -> np.ndarray:
        """The spectrograms of codes.

        Args:
            codes: int [n, rows, columns].
            clip: whether values are held in 0..1, as spectrograms are; the decoder goes a little beyond.

        Returns:
            float32 [n, mels, stride * columns].

        Raises:
            ValueError: the shape is another one, or there is no such code.
        """
        codes = np.asarray(codes)
        checks.shape("codes", codes, ("n", self.config.rows, "columns"))
        if codes.dtype.kind not in "iu":
            raise checks.mismatch("codes", "be whole numbers", codes.dtype)
        columns = checks.whole("columns of codes", codes.shape[2], 1)
        for number in (codes.min(initial=0), codes.max(initial=0)):
            checks.whole("a code", number, 0, self.config.codes - 1)
        shape = (1, self.config.rows, columns, self.config.code_size)
        run = self._functions.get(("decode", columns), self._decode, self._arrays, [shape])
        vectors = self._arrays[network.CODES][codes]
        found = [np.zeros((0, self.config.mels, columns * self.config.stride), np.float32)]
        found += [(run(grid[None])[..., 0] + 1.0) / 2.0 for grid in vectors]
        mel: np.ndarray = np.concatenate(found)
        return np.clip(mel, 0.0, 1.0) if clip else mel

    def _encode(self, ops: Ops, arrays: Any, x: Tensor) -> Tensor:
        return network.encode(ops, arrays, x, self.config)

    def _decode(self, ops: Ops, arrays: Any, z: Tensor) -> Tensor:
        return network.decode(ops, arrays, z, self.config)
