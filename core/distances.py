"""Distances between two sets of feature vectors, of Fréchet (FID) and of kernels (KID); the inception score.

Sources: Heusel et al. 2017 (FID); Binkowski et al. 2018 (KID); Salimans et al. 2016 (inception score).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of a figure that was measured several times."""

    mean: float
    deviation: float


def frechet(first: np.ndarray, second: np.ndarray, precision: str = "float64") -> float:
    """The Fréchet distance of two normal distributions that have the means and covariances of two sets.

    Args:
        first: [n, k].
        second: [m, k].
        precision: of the means. The programs of float32 features that others compare with have float32 means, which
            changes the 8th digit.

    Raises:
        ValueError: a set has fewer than two vectors.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError(f"each set must have at least 2 vectors, not {min(len(first), len(second))}")
    means = [np.asarray(each, precision).mean(axis=0) for each in (first, second)]
    a, b = map(_deviations, (first, second))
    # The trace of the root of a product of covariances is the sum of the singular values of what they are squares of.
    shared = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return float(np.square(means[0] - means[1]).sum() + np.square(a).sum() + np.square(b).sum() - 2 * shared)


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


def kernel_of_subsets(first: np.ndarray, second: np.ndarray, subsets: int, size: int, seed: int) -> Spread:
    """The mean distance under `kernel` of random subsets, as KID is reported; smaller sets have smaller subsets.

    Args:
        first: [n, k].
        second: [m, k].
        subsets: how many pairs are compared.
        size: vectors of each; at most as many as the smaller set has are taken.
        seed: which ones are taken.

    Raises:
        ValueError: there are fewer than two vectors, or no subsets.
    """
    if subsets < 1:
        raise ValueError(f"there must be at least 1 pair of subsets, not {subsets}")
    size, rng = min(size, len(first), len(second)), np.random.RandomState(seed)
    found = [
        kernel(*(each[rng.choice(len(each), size, replace=False)] for each in (first, second))) for _ in range(subsets)
    ]
    return Spread(float(np.mean(found)), float(np.std(found)))


def inception_score(log_probabilities: np.ndarray) -> float:
    """How sure a classifier is of each thing, and how much they differ: 1 to the number of classes.

    Args:
        log_probabilities: natural logarithms, [n, classes].
    """
    shares = np.exp(log_probabilities)
    divergences = (shares * (log_probabilities - np.log(shares.mean(axis=0)))).sum(axis=1)
    return float(np.exp(divergences.mean()))


def _deviations(vectors: np.ndarray) -> np.ndarray:
    """Rows [min(n, k), k] whose squares add up to the covariance of vectors [n, k]."""
    centred = np.asarray(vectors, np.float64)
    centred = (centred - centred.mean(axis=0)) / np.sqrt(len(centred) - 1)
    if len(centred) <= centred.shape[1]:
        return centred
    rows: np.ndarray = np.linalg.qr(centred, mode="r")  # type: ignore[assignment]
    return rows
