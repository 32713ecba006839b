"""Distances between two sets of feature vectors: of Fréchet (FID) and of kernels (KID).

Sources: Heusel et al. 2017 (FID); Binkowski et al. 2018 (KID).
"""

import numpy as np


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    """The Fréchet distance of two normal distributions that have the means and covariances of two sets.

    Args:
        first: [n, k].
        second: [m, k].

    Raises:
        ValueError: a set has fewer than two vectors.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError(f"each set must have at least 2 vectors, not {min(len(first), len(second))}")
    one, other = (np.asarray(each, np.float64) for each in (first, second))
    shift = one.mean(axis=0) - other.mean(axis=0)
    a, b = (np.cov(each, rowvar=False) for each in (one, other))
    root = _root(a)
    # The trace of the root of a product is that of the root of a symmetric matrix with the same eigenvalues.
    shared = np.sqrt(np.clip(np.linalg.eigvalsh(root @ b @ root), 0, None)).sum()
    return float(shift @ shift + np.trace(a) + np.trace(b) - 2 * shared)


def kernel(first: np.ndarray, second: np.ndarray) -> float:
    """The unbiased squared distance of two sets under the kernel (x y / k + 1) ** 3; it may be a little below 0.

    Args:
        first: [n, k].
        second: [m, k].

    Raises:
        ValueError: a set has fewer than two vectors.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError(f"each set must have at least 2 vectors, not {min(len(first), len(second))}")
    one, other = (np.asarray(each, np.float64) for each in (first, second))
    size = one.shape[1]
    a, b, both = ((x @ y.T / size + 1) ** 3 for x, y in ((one, one), (other, other), (one, other)))
    own = [(each.sum() - np.trace(each)) / (len(each) * (len(each) - 1)) for each in (a, b)]
    return float(own[0] + own[1] - 2 * both.mean())


def _root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
