"""The distribution that a model's random latents are drawn from.

It is the standard normal one, unless the model's folder says otherwise. Pretraining learns a normal distribution of
latents for each instrument (core/training/learned_latents.py). Together they fill the standard one only roughly: a
random z often falls between instruments, and sounds like their average. Drawn from the mixture that was learned, random
z sound as various as the dataset. Source: Ghosh et al. 2020, density estimation after training. Such z are as long as
others, and any z can still be played.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core import checks
from core.formats import safetensors_file
from gansynth import conditions
from gansynth.conditions import CONDITIONS, ConditionValue
from gansynth.config import Config

FILE = "prior.safetensors"
# Names of the arrays in it, as of those of `LatentMixture`.
MEANS, DEVIATIONS, LABELS, NOTES = ARRAYS = ("means", "deviations", "labels", "notes")


@dataclass(frozen=True)
class LatentMixture:
    """Normal distributions of latents, each of an instrument's notes with the same conditions.

    Attributes:
        config: of the model.
        means: float32 [1 or 2, n, latent]; the last for notes that are asked for without all conditions.
        deviations: likewise.
        labels: [n, labels], the conditions' part of the notes' label vectors.
        notes: int [n], how many there were.
    """

    config: Config
    means: np.ndarray
    deviations: np.ndarray
    labels: np.ndarray
    notes: np.ndarray

    @property
    def checksum(self) -> str:
        """The checksum of its numbers."""
        arrays = (self.means, self.deviations, self.labels, self.notes)
        return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()

    def draw(
        self, rng: np.random.Generator, count: int, wanted: Mapping[str, ConditionValue], precision: type
    ) -> np.ndarray:
        """As `LatentPrior.draw`; where no notes had all that is wanted, of any."""
        codes, names = conditions.check(self.config, wanted), self.config.conditions
        parts = [CONDITIONS[name].vectors(np.array([codes.get(name, 0)]))[0] * (name in codes) for name in names]
        fits = (self.labels >= np.concatenate([[], *parts])).all(axis=1)
        chances = np.where(fits if fits.any() else True, self.notes, 0)
        rows = rng.choice(len(chances), count, p=chances / chances.sum())
        half = 0 if len(codes) == len(names) else -1
        noise = rng.standard_normal((count, self.config.latent_size), precision)
        found: np.ndarray = self.means[half, rows] + self.deviations[half, rows] * noise
        return found


@dataclass(frozen=True)
class LatentPrior:
    """What random latents of length `latent_size` are drawn from: a mixture, or the standard normal distribution."""

    latent_size: int
    mixture: LatentMixture | None = None

    @property
    def checksum(self) -> str:
        """The checksum of the mixture; "" for the standard normal distribution."""
        return self.mixture.checksum if self.mixture else ""

    def draw(
        self,
        rng: np.random.Generator,
        count: int,
        wanted: Mapping[str, ConditionValue] | None = None,
        precision: type = np.float32,
    ) -> np.ndarray:
        """Random latents, [count, latent].

        Args:
            rng: source of randomness.
            count: how many.
            wanted: the conditions of the notes that they are for, as `Model.generate` takes them.
            precision: NumPy's type of them; another one gives other random numbers.

        Raises:
            ValueError: the model has no such condition, or it has no such value.
        """
        if self.mixture is not None:
            return self.mixture.draw(rng, count, wanted or {}, precision)
        return rng.standard_normal((count, self.latent_size), precision)


def read(config: Config) -> LatentPrior:
    """The distribution of the model in a folder.

    Raises:
        ValueError: its file is damaged, or does not fit the model.
    """
    path = config.folder / FILE
    if not path.exists():
        return LatentPrior(config.latent_size)
    found = safetensors_file.widened(safetensors_file.read(path))
    try:
        mixture = LatentMixture(config, *(found[name] for name in ARRAYS))
        _check(mixture)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} does not fit {config.name}: {error}; delete it for latents of any kind") from None
    return LatentPrior(config.latent_size, mixture)


def _check(mixture: LatentMixture) -> None:
    config = mixture.config
    width = conditions.label_size(config) - len(config.pitches)
    rows = len(checks.shape(NOTES, mixture.notes, ("n",)))
    halves = 2 if config.conditions else 1
    for name, value in ((MEANS, mixture.means), (DEVIATIONS, mixture.deviations)):
        checks.finite(name, checks.shape(name, value, (halves, rows, config.latent_size)))
    checks.shape(LABELS, mixture.labels, (rows, width))
    if not rows or mixture.notes.dtype.kind not in "iu" or mixture.notes.min() < 1:
        raise checks.mismatch(NOTES, "be whole numbers above 0", mixture.notes.tolist()[:3])
