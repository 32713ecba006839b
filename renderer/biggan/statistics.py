"""Statistics of batch norm for a truncation.

A generator comes with tables of the means and variances that its maps had at truncations 0, 0.02, ... 1. In between
they are interpolated linearly. (pytorch-pretrained-biggan takes the wrong one of two rows for the nearer, and because
0.14 / 0.02 is not quite 7, the wrong row at some of the table's own truncations too.)
"""

import numpy as np

from core import checks

# 0.28 times 50 is not quite 14; nearer than this to a row, it is that row.
SAME_ROW = 1e-6


def row(table: np.ndarray, truncation: float) -> np.ndarray:
    """The row [values] of a table [rows, values] for a truncation.

    Raises:
        ValueError: the truncation is not in 0..1.
    """
    checks.in_range("truncation", truncation, 0, 1)
    place = truncation * (len(table) - 1)
    nearest = round(place)
    if abs(place - nearest) < SAME_ROW:
        return table[nearest]
    below = int(place)
    part = np.float32(place - below)
    return (1 - part) * table[below] + part * table[below + 1]
