"""A sound's codes in a file: a header of 32 bytes, then the codes, column after column, as few bits each as they need.

| bytes | what, little-endian |
|---|---|
| 4 | "HVQ1": the format and its version |
| 1 | rows of the grid: codes of a column |
| 1 | 0 |
| 2 | frames of a column |
| 4 | how many codes the codebook has |
| 8 | samples of the sound, at 22050 Hz |
| 8 | of the SHA-256 of the codebook's weights, the first ones |
| 4 | CRC-32 of everything else |
"""

import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import checks
from core.files import atomic
from core.files.regular import open_regular
from specvqgan.mel import spectrogram

SUFFIX = ".hvq"
_MAGIC, _HEADER = b"HVQ1", struct.Struct("<4sBBHIQ8sI")
_MOST_CODES = 2**16


@dataclass(frozen=True)
class Tokens:
    """A sound as codes.

    Attributes:
        codes: int [rows, columns].
        stride: frames of a column.
        count: how many codes the codebook has.
        samples: of the sound, at 22050 Hz.
        codebook: of the SHA-256 of its weights, the first 8 bytes.
    """

    codes: np.ndarray
    stride: int
    count: int
    samples: int
    codebook: bytes

    def __post_init__(self) -> None:
        checks.shape("codes", self.codes, ("rows", "columns"))
        checks.whole("rows", self.codes.shape[0], 1, 255)
        checks.whole("frames of a column", self.stride, 1, 2**16 - 1)
        checks.whole("codes of the codebook", self.count, 2, _MOST_CODES)
        checks.whole("samples", self.samples, 1, 2**63)
        checks.whole("columns", self.codes.shape[1], self.columns, self.columns)
        checks.whole("a code", self.codes.max(initial=0), 0, self.count - 1)
        checks.whole("a code", self.codes.min(initial=0), 0)

    @property
    def columns(self) -> int:
        """Columns that a sound of so many samples has."""
        return column_count(self.samples, self.stride)

    @property
    def bits(self) -> int:
        """Bits of a code."""
        return (self.count - 1).bit_length()

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return self.samples / spectrogram.SAMPLE_RATE


def column_count(samples: int, stride: int) -> int:
    """Columns that a sound of so many samples has; the last one may be followed by silence."""
    return -(-spectrogram.frame_count(samples) // stride)


def write(path: Path, tokens: Tokens) -> int:
    """Write codes; a file of this name is replaced.

    Returns:
        How many bytes it has.
    """
    flat = tokens.codes.T.reshape(-1).astype(np.uint32)
    bits = flat[:, None] >> np.arange(tokens.bits - 1, -1, -1, dtype=np.uint32) & 1
    payload = np.packbits(bits.astype(np.uint8)).tobytes()
    rows = tokens.codes.shape[0]
    head = (_MAGIC, rows, 0, tokens.stride, tokens.count, tokens.samples, tokens.codebook)
    content = _HEADER.pack(*head, zlib.crc32(payload, zlib.crc32(_HEADER.pack(*head, 0)))) + payload
    atomic.write_bytes(path, content)
    return len(content)


def read(path: Path) -> Tokens:
    """Read codes.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a file of codes, or damaged; the message names it.
    """
    with open_regular(path) as file:
        head = file.read(_HEADER.size)
        if not head.startswith(_MAGIC):
            raise ValueError(f"{path} is not a file of codes: it does not begin with {_MAGIC.decode()}")
        if len(head) < _HEADER.size:
            raise ValueError(f"{path} is damaged: it has {len(head)} bytes, fewer than its header of {_HEADER.size}")
        _, rows, _, stride, count, samples, codebook, checksum = _HEADER.unpack(head)
        try:
            checks.whole("frames of a column", stride, 1)
            checks.whole("codes of the codebook", count, 2, _MOST_CODES)
            bits, columns = (count - 1).bit_length(), column_count(samples, stride)
            size = -(-bits * rows * columns // 8)
            # Before anything of that length is read.
            if (found := os.fstat(file.fileno()).st_size - _HEADER.size) != size:
                raise ValueError(f"its codes have {found} bytes instead of {size}")
            payload = file.read(size)
            if zlib.crc32(payload, zlib.crc32(head[:-4] + bytes(4))) != checksum:
                raise ValueError("its checksum is wrong")
            return Tokens(_unpacked(payload, bits, rows, columns), stride, count, samples, codebook)
        except ValueError as error:
            raise ValueError(f"{path} is damaged: {error}") from None


def _unpacked(payload: bytes, bits: int, rows: int, columns: int) -> np.ndarray:
    spread = np.unpackbits(np.frombuffer(payload, np.uint8), count=bits * rows * columns).reshape(-1, bits)
    found = np.zeros(len(spread), np.int64)
    for bit in range(bits):
        found = found * 2 + spread[:, bit]
    return found.reshape(columns, rows).T
