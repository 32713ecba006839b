"""Estimators of directions with one interface.

Each takes samples as they come and returns `EstimatedDirections` at the end. Those that work step by step can be
stopped and continued: `state` is a dict of arrays, `restore` takes it. The others (pca, fbpca, ica, spca) keep all
samples.
"""

import logging
from abc import ABC, abstractmethod
from dataclasses import fields

import numpy as np

from core.scikit_learn import scikit_learn
from ganspace import streaming
from ganspace.directions import EstimatedDirections, from_vectors
from ganspace.plan import Plan

log = logging.getLogger(__name__)

State = dict[str, np.ndarray]
# How many bytes of samples an estimator may keep.
MOST_BYTES = 8 * 2**30
ICA_ITERATIONS = 1000
SPARSITY = 1.0
_LEAST_SQUARE = 1e-10
_BY_SCIKIT_LEARN = ("ica", "spca")


class Estimator(ABC):
    """Samples in, directions out."""

    @abstractmethod
    def add(self, samples: np.ndarray, latents: np.ndarray | None = None) -> None:
        """Take samples float32 [n, size], and the latent vectors [n, latent] that they come from, which few need."""

    @abstractmethod
    def directions(self) -> EstimatedDirections:
        """The directions of all samples taken."""

    def state(self) -> State | None:
        """The state to continue from; None: it cannot be stopped at this point."""
        return None

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        raise NotImplementedError


def make(plan: Plan, size: int, latent_size: int) -> Estimator:
    """The estimator of a plan for a layer of `size` values.

    Raises:
        ValueError: too few samples, or more than it can keep, and the message says which estimators could; or ica and
            spca without scikit-learn.
    """
    name = plan.chosen_estimator
    kept = plan.kept(min(size, latent_size) if name == "linear" else size)
    if name == "ipca":
        return IncrementalPca(kept, plan.pca_batch_size or _fast_batch(size))
    if name == "stream":
        return StreamingEstimator(kept, streaming.width_for(size, kept, latent_size), plan.seed)
    if name == "linear":
        from ganspace.linear import Linear

        return Linear(kept)
    wanted = 4 * plan.count * size
    if wanted > MOST_BYTES:
        raise ValueError(
            f"{name} keeps all {plan.count} samples, {wanted / 2**30:.1f} GiB; it may keep {MOST_BYTES / 2**30:.0f}: "
            "take fewer, or --estimator ipca or stream"
        )
    return AllAtOnce(name, kept, plan.count, plan.seed)


def _fast_batch(size: int) -> int:
    """Samples in a step of ipca: more give better directions, but more than this take longer or too much memory."""
    return min(512, max(1, 2**28 // (8 * size)))


class IncrementalPca(Estimator):
    """PCA in steps (Ross et al. 2008): the same numbers as scikit-learn's IncrementalPCA.

    Each step decomposes the old directions and a batch together: a wide matrix M [m, size]. Where few directions are
    kept, its singular vectors come from the eigenvectors of M M' [m, m], which takes a tenth of the time of a singular
    value decomposition. (It squares the condition, so directions 1e-5 as weak as the first are left to the latter.)
    """

    def __init__(self, kept: int, batch_size: int) -> None:
        """Keep `kept` directions; `batch_size` samples make a step, at least as many as that."""
        self.kept = kept
        self.batch_size = max(batch_size, kept)
        self._waiting: list[np.ndarray] = []
        self._count = 0
        self._mean = self._variance = np.zeros(0)
        self._vectors = self._strengths = np.zeros(0)
        self._room = np.zeros((0, 0))

    def add(self, samples: np.ndarray, latents: np.ndarray | None = None) -> None:
        """Take samples; a step is made for each full batch."""
        self._waiting.append(samples)
        while sum(map(len, self._waiting)) >= self.batch_size:
            waiting = np.concatenate(self._waiting) if len(self._waiting) > 1 else self._waiting[0]
            self._step(waiting[: self.batch_size])
            self._waiting = [waiting[self.batch_size :]]

    def directions(self) -> EstimatedDirections:
        """The directions of all samples; what waits for a full batch makes a last, smaller step."""
        if any(map(len, self._waiting)):
            self._step(np.concatenate(self._waiting))
            self._waiting = []
        variances = self._strengths**2
        total = self._variance.sum() * self._count
        return EstimatedDirections(
            self._vectors, np.sqrt(variances / (self._count - 1)), variances / max(total, 1e-300), self._mean
        )

    def state(self) -> State:
        """Arrays of the last step, and the samples that wait."""
        waiting = np.concatenate(self._waiting) if self._waiting else np.zeros(0, np.float32)
        known = {key: getattr(self, f"_{key}") for key in ("mean", "variance", "vectors", "strengths")}
        return known | {"count": np.array(self._count), "waiting": waiting}

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        for key in ("mean", "variance", "vectors", "strengths"):
            setattr(self, f"_{key}", state[key])
        self._count = int(state["count"])
        self._waiting = [state["waiting"]] if len(state["waiting"]) else []

    def _step(self, batch: np.ndarray) -> None:
        new, old, before = len(batch), len(self._strengths), self._count
        mean, count = batch.mean(axis=0, dtype=np.float64), before + new
        rows = self._rows(old + new + (before > 0), batch.shape[1])
        centered = np.subtract(batch, mean, out=rows[old : old + new])
        variance = np.einsum("ij,ij->j", centered, centered) / new
        if before:
            apart = self._mean - mean
            np.multiply(self._strengths[:, None], self._vectors, out=rows[:old])
            rows[-1] = np.sqrt(before / count * new) * apart
            self._mean = (before * self._mean + new * mean) / count
            self._variance = (before * self._variance + new * variance + before * new / count * apart**2) / count
        else:
            self._mean, self._variance = mean, variance
        self._count = count
        self._strengths, self._vectors = _right_vectors(rows, self.kept)

    def _rows(self, count: int, size: int) -> np.ndarray:
        """Room for the matrix of a step [count, size]; kept, since fresh memory takes longer than what is written."""
        if self._room.shape != (count, size):
            self._room = np.empty((count, size))
        return self._room


def _right_vectors(rows: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    """The `kept` largest singular values [kept] and right singular vectors [kept, size] of a matrix [m, size]."""
    if 2 * kept <= min(rows.shape):
        squares, left = np.linalg.eigh(rows @ rows.T)
        squares, left = squares[::-1][:kept], left[:, ::-1][:, :kept]
        if squares[-1] > _LEAST_SQUARE * squares[0]:
            values = np.sqrt(squares)
            vectors = (left / values).T @ rows
            # Rounding has made weak directions slightly oblique; make them orthogonal again.
            # The small matrix is inverted, since solving for thousands of columns takes five times as long.
            return values, np.linalg.inv(np.linalg.cholesky(vectors @ vectors.T)) @ vectors
    _, values, vectors = np.linalg.svd(rows, full_matrices=False)
    return values[:kept], vectors[:kept]


class StreamingEstimator(Estimator):
    """The sketch of `streaming`: the first samples find the basis, then all are summed up."""

    def __init__(self, kept: int, width: int, seed: int) -> None:
        """Keep `kept` directions out of a basis of `width`."""
        self.kept, self.width, self.seed = kept, width, seed
        self._pilot: list[np.ndarray] = []
        self._basis: streaming.Basis | None = None
        self._sums: streaming.Sums | None = None

    def add(self, samples: np.ndarray, latents: np.ndarray | None = None) -> None:
        """Sum up samples, or keep them until there are enough for a basis."""
        if self._basis is not None and self._sums is not None:
            self._sums += streaming.sums_of(samples, self._basis)
            return
        self._pilot.append(samples)
        if sum(map(len, self._pilot)) >= streaming.pilot_count(samples.shape[1], self.width):
            self._start()

    def directions(self) -> EstimatedDirections:
        """The directions of all samples."""
        basis, sums = self._start()
        return streaming.directions(basis, sums, self.kept)

    def state(self) -> State | None:
        """Basis and sums; None before there is a basis."""
        if self._basis is None or self._sums is None:
            return None
        sums = {f"sums_{field.name}": np.asarray(getattr(self._sums, field.name)) for field in fields(self._sums)}
        return sums | {"center": self._basis.center, "vectors": self._basis.vectors}

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        self._basis = streaming.Basis(state["center"], state["vectors"])
        self._sums = streaming.Sums(
            int(state["sums_count"]), state["sums_first"], float(state["sums_square"]), state["sums_product"]
        )

    def _start(self) -> tuple[streaming.Basis, streaming.Sums]:
        if self._basis is None or self._sums is None:
            pilot = np.concatenate(self._pilot)
            self._basis = streaming.find_basis(pilot, self.width, np.random.default_rng(self.seed))
            self._sums = streaming.empty(self._basis)
            for samples in self._pilot:
                self._sums += streaming.sums_of(samples, self._basis)
            self._pilot = []
        return self._basis, self._sums


class AllAtOnce(Estimator):
    """Estimators that need all samples together: pca, fbpca, ica, spca."""

    def __init__(self, name: str, kept: int, count: int, seed: int) -> None:
        """Prepare for `count` samples."""
        if name in _BY_SCIKIT_LEARN:
            # Before the samples are computed, which takes long.
            scikit_learn("decomposition")
        self.name, self.kept, self.count, self.seed = name, kept, count, seed
        self._samples: np.ndarray | None = None
        self._taken = 0

    def add(self, samples: np.ndarray, latents: np.ndarray | None = None) -> None:
        """Keep samples."""
        if self._samples is None:
            self._samples = np.empty((self.count, samples.shape[1]), np.float32)
        self._samples[self._taken : self._taken + len(samples)] = samples
        self._taken += len(samples)

    def directions(self) -> EstimatedDirections:
        """Fit."""
        assert self._samples is not None
        samples = self._samples[: self._taken]
        mean = samples.mean(axis=0, dtype=np.float64).astype(np.float32)
        vectors = _FITS[self.name](samples - mean, self.kept, self.seed)
        return from_vectors(samples, mean, vectors)


def _pca(centered: np.ndarray, kept: int, seed: int) -> np.ndarray:
    """All of the singular value decomposition."""
    return np.linalg.svd(centered, full_matrices=False)[2][:kept]


def _fbpca(centered: np.ndarray, kept: int, seed: int) -> np.ndarray:
    """Randomised, as fbpca with n_iter 2 and l = 2 k (Halko et al. 2011)."""
    return _strongest(centered, kept, seed)[1]


def _strongest(centered: np.ndarray, kept: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The strongest singular values [k] and right vectors [k, size], found in a random basis of twice as many."""
    width = min(2 * kept, *centered.shape)
    basis = streaming.find_basis(centered, width, np.random.default_rng(seed)).vectors
    _, values, turned = np.linalg.svd(centered @ basis, full_matrices=False)
    return values[:kept], (turned @ basis.T)[:kept]


def _ica(centered: np.ndarray, kept: int, seed: int) -> np.ndarray:
    """FastICA within the `kept` strongest principal directions, which is where it works anyway."""
    principal = _fbpca(centered, kept, seed)
    ica = scikit_learn("decomposition").FastICA(
        kept, max_iter=ICA_ITERATIONS, whiten="unit-variance", random_state=_state(seed)
    )
    ica.fit(centered @ principal.T)
    if ica.n_iter_ >= ICA_ITERATIONS:
        log.warning("ica has not converged after %d iterations; more samples may help", ICA_ITERATIONS)
    return ica.components_ @ principal


def _spca(centered: np.ndarray, kept: int, seed: int) -> np.ndarray:
    """Sparse PCA of the 2 `kept` strongest principal axes.

    Rotating the samples changes neither the error nor the sparsity of the directions, so the left singular vectors and
    most rows can be left out.
    """
    strengths, vectors = _strongest(centered, min(2 * kept, *centered.shape), seed)
    spca = scikit_learn("decomposition").MiniBatchSparsePCA(kept, alpha=SPARSITY, random_state=_state(seed))
    return spca.fit(strengths[:, None] * vectors).components_


def _state(seed: int) -> int:
    """scikit-learn takes seeds of 32 bits."""
    return seed % 2**32


_FITS = {"pca": _pca, "fbpca": _fbpca, "ica": _ica, "spca": _spca}
