"""The result of an estimator."""

from dataclasses import dataclass, replace

import numpy as np

from ganspace.components import Latents


@dataclass(frozen=True)
class EstimatedDirections:
    """`vectors` [k, size] of unit length, strongest first; `stdev` and `var_ratio` [k]; `mean` [size].

    `latents` are the same directions in z, where the estimator knows them.
    """

    vectors: np.ndarray
    stdev: np.ndarray
    var_ratio: np.ndarray
    mean: np.ndarray
    latents: Latents | None = None

    def signed(self) -> "EstimatedDirections":
        """The same with each vector's largest value above zero: the sign is arbitrary, and so the same everywhere."""
        largest = np.abs(self.vectors).argmax(axis=1)
        signs = np.where(self.vectors[np.arange(len(largest)), largest] < 0, -1.0, 1.0)[:, None]
        latents = self.latents and replace(
            self.latents, directions=(self.latents.directions * signs).astype(np.float32)
        )
        return replace(self, vectors=self.vectors * signs, latents=latents)


def from_vectors(samples: np.ndarray, mean: np.ndarray, vectors: np.ndarray) -> EstimatedDirections:
    """Any vectors [k, size], scaled to unit length, with the samples' spread along each; strongest first.

    A vector of zeros (a direction that an estimator dropped) stays zero, with no spread.
    """
    centered = samples - mean
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    variances = (centered @ vectors.T).var(axis=0, ddof=1, dtype=np.float64)
    total = np.einsum("ij,ij->i", centered, centered).sum(dtype=np.float64) / (len(samples) - 1)
    order = np.argsort(variances)[::-1]
    return EstimatedDirections(vectors[order], np.sqrt(variances[order]), variances[order] / total, mean)
