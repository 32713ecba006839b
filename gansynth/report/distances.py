"""Distances between real and generated notes: Fréchet distance, inception score, bins in which their shares differ."""

import numpy as np

# A bin's shares differ where a two-sample test of proportions says so at this level.
_SIGNIFICANT_Z = 1.96
_ROUNDS = 30


def frechet_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """Distance of two clouds of points [n, size], each taken as a normal distribution (Heusel et al. 2017).

    Raises:
        ValueError: one of them has fewer than two points.
    """
    if min(len(real), len(generated)) < 2:
        raise ValueError(f"each side needs at least 2 notes, not {len(real)} and {len(generated)}")
    means, covariances = zip(
        *((side.mean(axis=0), np.cov(side, rowvar=False)) for side in (real, generated)), strict=True
    )
    # The trace of the root of their product is the sum of the roots of its eigenvalues, which are real and not below 0.
    roots = np.sqrt(np.maximum(np.linalg.eigvals(np.atleast_2d(covariances[0] @ covariances[1])).real, 0.0))
    gap = float(((means[0] - means[1]) ** 2).sum())
    return gap + float(np.trace(np.atleast_2d(covariances[0] + covariances[1])) - 2 * roots.sum())


def inception_score(probabilities: np.ndarray) -> float:
    """How sure a classifier is of each note, and how much notes differ: 1 to the number of classes.

    Source: Salimans et al. 2016.

    Args:
        probabilities: [n, classes].
    """
    known = np.maximum(probabilities, 1e-12)
    divergences = (known * np.log(known / known.mean(axis=0))).sum(axis=1)
    return float(np.exp(divergences.mean()))


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
