"""Matrices whose numbers have 8 bits: a quarter of the memory to read for each product."""

from dataclasses import dataclass

import numpy as np

_LARGEST = 127


@dataclass(frozen=True)
class QuantizedMatrix:
    """A matrix as whole numbers in -127..127, and what each row is multiplied by.

    Attributes:
        values: int8 [out, in].
        scale: float32 [out, 1].
    """

    values: np.ndarray
    scale: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes of both."""
        return self.values.nbytes + self.scale.nbytes

    def widened(self) -> np.ndarray:
        """The matrix as float32 [out, in]."""
        return self.values * self.scale


def quantized(matrix: np.ndarray) -> QuantizedMatrix:
    """The nearest matrix of 8 bits to a float32 one [out, in]; the largest value of each row stays as it is."""
    scale = np.abs(matrix).max(axis=1, keepdims=True, initial=0.0).astype(np.float32) / _LARGEST
    # A row of zeros has any scale.
    values = np.rint(matrix / np.where(scale > 0, scale, 1.0)).astype(np.int8)
    return QuantizedMatrix(values, scale)
