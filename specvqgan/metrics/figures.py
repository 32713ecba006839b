"""The figures that SpecVQGAN is measured by, as its own program computes them.

FID, KID and the inception score are those of torch-fidelity on the features and logits of Melception; MKL is the
divergence of a classifier's opinion of a generated sound from its opinion of the real one. Source: Iashin and Rahtu
2021, https://arxiv.org/abs/2110.08791.
"""

import logging
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import checks, distances
from core.distances import Spread
from core.scikit_learn import scikit_learn

log = logging.getLogger(__name__)
SEED = 2020
SUBSETS, SUBSET_SIZE, SPLITS = 100, 1000, 10
_SMALL = 1e-6


def frechet_distance(generated: np.ndarray, real: np.ndarray) -> float:
    """FID of features [n, k] and [m, k], with float32 means, as the original's are.

    Raises:
        ValueError: a side has fewer than two rows.
    """
    return distances.frechet(generated, real, precision="float32")


def kernel_distance(
    generated: np.ndarray, real: np.ndarray, subsets: int = SUBSETS, size: int = SUBSET_SIZE, seed: int = SEED
) -> Spread:
    """KID of features [n, k] and [m, k]; see `distances.kernel_of_subsets`."""
    return distances.kernel_of_subsets(generated, real, subsets, size, seed)


def inception_score(logits: np.ndarray, splits: int = SPLITS, seed: int | None = SEED) -> Spread:
    """The inception score of parts of a set, from logits [n, classes] without their bias.

    Args:
        logits: of each sound.
        splits: how many parts; at most as many as there are sounds.
        seed: of the order in which the parts are taken; None: as they are.

    Raises:
        ValueError: there is no sound.
    """
    checks.whole("splits", splits, 1)
    count = checks.whole("sounds", len(logits), 1)
    values = np.asarray(logits, np.float64)
    values = values if seed is None else values[np.random.RandomState(seed).permutation(count)]
    shares, splits = _log_softmax(values), min(splits, count)
    parts = [shares[i * count // splits : (i + 1) * count // splits] for i in range(splits)]
    scores = [distances.inception_score(part) for part in parts]
    return Spread(float(np.mean(scores)), float(np.std(scores)))


def mean_divergence(generated: np.ndarray, real: np.ndarray) -> float:
    """MKL: the mean Kullback-Leibler divergence KL(real | generated) of pairs, from logits, each [pairs, classes].

    As in the original, 1e-6 is added to a generated sound's probabilities, and the result is rounded to float32.

    Raises:
        ValueError: there are no pairs, or the two have other shapes.
    """
    checks.shape("logits of generated sounds", generated, real.shape)
    checks.whole("pairs", len(real), 1)
    wanted, found = (_log_softmax(np.asarray(each, np.float64)) for each in (real, generated))
    divergences = np.exp(wanted) * (wanted - np.log(np.exp(found) + _SMALL))
    return float(np.float32(divergences.sum() / len(real)))


@dataclass(frozen=True)
class Classification:
    """How well a classifier recognises sounds.

    Attributes:
        accuracies: by k, the share of sounds whose class is among the k likeliest.
        mean_average_precision: of the classes that occur.
        mean_auc: area under the curve of hits against false alarms, of the classes that occur.
        d_prime: the distance of two normal distributions with that area, in deviations.
        classes: how many occur; the means are those of these.
    """

    accuracies: dict[int, float]
    mean_average_precision: float
    mean_auc: float
    d_prime: float
    classes: int


def classification(targets: np.ndarray, logits: np.ndarray, most_likely: Sequence[int] = (1, 5)) -> Classification:
    """How well logits [n, classes] name the classes [n] of sounds.

    A class without a sound has neither a precision nor an area. The original gives 0 and 0.5 for all classes then; here
    the means are those of the others.

    Raises:
        ValueError: a class is not among the logits' classes, all sounds are of one, or scikit-learn is not installed.
    """
    metrics, count = scikit_learn("metrics"), logits.shape[1]
    for target in (targets.min(), targets.max()):
        checks.whole("a class", target, 0, count - 1)
    present = np.unique(targets)
    if len(present) < 2:
        raise ValueError(f"sounds must be of at least two classes, not all of class {present[0]}")
    if len(present) < count:
        log.warning("%d of %d classes have no sound and do not count", count - len(present), count)
    ranked, shares = np.argsort(-logits, axis=1, kind="stable"), np.exp(_log_softmax(np.asarray(logits, np.float32)))
    hits = ranked == targets[:, None]
    area = float(np.mean([metrics.roc_auc_score(targets == one, shares[:, one]) for one in present]))
    return Classification(
        {k: float(hits[:, :k].any(axis=1).mean()) for k in most_likely},
        float(np.mean([metrics.average_precision_score(targets == one, shares[:, one]) for one in present])),
        area,
        # Where every sound is recognised the distance has no bound.
        math.sqrt(2) * statistics.NormalDist().inv_cdf(area) if 0 < area < 1 else math.copysign(math.inf, area - 0.5),
        len(present),
    )


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
