"""The order in which a transformer reads a grid of codes: column after column, each from its lowest band."""

import numpy as np


def to_sequence(codes: np.ndarray) -> np.ndarray:
    """Grids [n, rows, columns] as sequences [n, rows * columns]."""
    return np.ascontiguousarray(np.swapaxes(codes, 1, 2)).reshape(len(codes), -1)


def to_grid(sequence: np.ndarray, rows: int) -> np.ndarray:
    """Sequences [n, rows * columns] as grids [n, rows, columns].

    Raises:
        ValueError: a sequence does not end with a column.
    """
    if sequence.shape[1] % rows:
        raise ValueError(f"a sequence of {sequence.shape[1]} codes does not end with a column of {rows}")
    return np.ascontiguousarray(np.swapaxes(sequence.reshape(len(sequence), -1, rows), 1, 2))
