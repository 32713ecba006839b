"""Bins in which the shares of real and generated notes differ."""

import numpy as np

# A bin's shares differ where a two-sample test of proportions says so at this level.
_SIGNIFICANT_Z = 1.96
_ROUNDS = 30


def different_bins(real: np.ndarray, generated: np.ndarray, bins: int, rng: np.random.Generator) -> float:
    """Share of bins of real notes in which significantly more or fewer generated ones lie: NDB/k.

    Source: Richardson and Weiss 2018.

    Args:
        real: points [n, size]; bins are their nearest neighbourhoods, by k-means.
        generated: points [m, size].
        bins: k, at most n.
        rng: where the first centres come from.
    """
    scale = real.std(axis=0) + 1e-9
    centres = _centres(real / scale, bins, rng)
    shares, sizes = [], []
    for side in (real, generated):
        counts = np.bincount(_nearest(side / scale, centres), minlength=len(centres))
        shares.append(counts / len(side))
        sizes.append(len(side))
    pooled = (shares[0] * sizes[0] + shares[1] * sizes[1]) / sum(sizes)
    error = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1]), 1e-12))
    return float(np.mean(np.abs(shares[0] - shares[1]) / error > _SIGNIFICANT_Z))


def _centres(points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Centres of k-means [count, size]."""
    centres = points[rng.choice(len(points), min(count, len(points)), replace=False)]
    for _ in range(_ROUNDS):
        nearest = _nearest(points, centres)
        centres = np.stack(
            [points[nearest == i].mean(axis=0) if (nearest == i).any() else centre for i, centre in enumerate(centres)]
        )
    return centres


def _nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return (((points**2).sum(axis=1)[:, None] - 2 * points @ centres.T) + (centres**2).sum(axis=1)).argmin(axis=1)
