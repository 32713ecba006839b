"""Non-negative matrix factorisation: rows that are sums of a few parts, none of them negative.

The same start and the same steps as scikit-learn's NMF: from the strongest singular vectors (Boutsidis and Gallopoulos
2008), coordinate after coordinate (Cichocki and Phan 2009).
"""

from collections.abc import Callable

import numpy as np

_TOLERANCE = 1e-4
# What is smaller counts as nothing at the start.
_SMALL = 1e-6


def factorize(rows: np.ndarray, parts: int, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """Find parts of which rows are sums.

    Args:
        rows: float32 [n, size], nowhere negative.
        parts: how many.
        iterations: at most; it ends earlier when little changes.

    Returns:
        How strong each part is in each row, [n, parts], and the parts, [parts, size].
    """
    strengths, found = _start(rows, parts)

    def step() -> float:
        # The long matrix comes first: the other way round it takes four times as long.
        change = _improve(strengths, (rows @ found.T).T, found @ found.T)
        return change + _improve(found, (rows.T @ strengths.T).T, strengths @ strengths.T)

    _settle(step, iterations)
    return strengths.T, found


def strengths_of(rows: np.ndarray, parts: np.ndarray, iterations: int) -> np.ndarray:
    """How strong known parts [parts, size] are in rows [n, size]: [n, parts]; see `factorize`."""
    strengths = np.zeros((len(parts), len(rows)), np.float32)
    products, gram = (rows @ parts.T).T, parts @ parts.T
    _settle(lambda: _improve(strengths, products, gram), iterations)
    return strengths.T


def _settle(step: Callable[[], float], iterations: int) -> None:
    """Call `step`, which returns how much it has changed, until that is little beside the first."""
    first = 0.0
    for _ in range(iterations):
        change = step()
        first = first or change
        if change <= _TOLERANCE * first:
            break


def _improve(factor: np.ndarray, products: np.ndarray, gram: np.ndarray) -> float:
    """Bring each row of one factor [parts, n], in place, to where the error is least; how far they were from there."""
    change = 0.0
    for part, weights in enumerate(gram):
        slope = weights @ factor - products[part]
        # At 0, only what would rise counts.
        change += float(np.abs(np.where(factor[part] == 0, np.minimum(slope, 0), slope)).sum(dtype=np.float64))
        if weights[part]:
            np.maximum(factor[part] - slope / weights[part], 0, out=factor[part])
    return change


def _start(rows: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """Strengths [parts, n] and parts [parts, size] from the singular vectors; the mean where these give nothing."""
    left, values, right = _singular(rows, parts)
    strengths, found = np.zeros((parts, len(rows)), np.float32), np.zeros((parts, rows.shape[1]), np.float32)
    for part, value in enumerate(values):
        # Either sign of a pair of vectors may be taken; the first pair has one sign alone.
        signed = [(np.maximum(sign * left[part], 0), np.maximum(sign * right[part], 0)) for sign in (1, -1)]
        pair = max(signed, key=lambda pair: np.linalg.norm(pair[0]) * np.linalg.norm(pair[1]))
        lengths = [float(np.linalg.norm(each)) for each in pair]
        if min(lengths) > 0:
            scale = np.sqrt(value * lengths[0] * lengths[1])
            strengths[part], found[part] = (scale * each / length for each, length in zip(pair, lengths, strict=True))
    for factor in (strengths, found):
        factor[factor < _SMALL] = rows.mean()
    return strengths, found


def _singular(rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The strongest singular vectors and values: [k, n], [k], [k, size]; k is `count` at most."""
    wide = rows.astype(np.float64)
    gram = wide.T @ wide if rows.shape[0] > rows.shape[1] else wide @ wide.T
    squares, vectors = np.linalg.eigh(gram)
    kept = squares[::-1][:count] > _SMALL**2 * max(squares[-1], _SMALL)
    values, one = np.sqrt(squares[::-1][:count][kept]), vectors[:, ::-1][:, :count][:, kept].T
    other = (one @ (wide.T if rows.shape[0] > rows.shape[1] else wide)) / values[:, None]
    return (other, values, one) if rows.shape[0] > rows.shape[1] else (one, values, other)
