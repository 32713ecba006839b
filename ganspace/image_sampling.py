"""Sample an image model: latent vectors and classes -> activations of one layer, relative to the mean of their class.

The class is to images what the pitch is to sounds: it changes more than z does, and is chosen separately. So that
directions are those within a class and not those between classes, latent vectors come in groups of one class each, and
the mean of each group's activations is subtracted. (The mean of n samples is nearer to them than the true mean; a
factor of sqrt(n / (n - 1)) corrects that, so that the variance is exactly that within classes, in any layer.)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.protocols import ImageModel
from ganspace.components import Components, Origin
from ganspace.plan import Plan
from ganspace.sampler import CHUNK, MEANS, Means, Report, Sampler, fast_batch

# Samples of one class in a group; a fifteenth of the variance goes into its mean.
GROUP = 16
MEAN_SAMPLES = 256
# The latent vector itself: it enters each layer, and moves them all.
NOISE = "z"
# What z is mapped to first, in models that do so.
MAPPED = "w"


@dataclass(frozen=True)
class ImageSampler(Sampler):
    """A layer of an image model at one truncation, in one class (its number) or in random classes (-1)."""

    model: ImageModel
    truncation: float
    class_number: int

    @property
    def latent_size(self) -> int:
        """Length of a latent vector."""
        return self.model.z_size

    @property
    def checksum(self) -> str:
        """The checksum of the weights."""
        return self.model.checksum

    @property
    def what(self) -> str:
        """What is sampled, for the log."""
        within = "within random classes" if self.class_number < 0 else f"within class {self.class_number}"
        return f"{within}, truncation {self.truncation:g}"

    @property
    def key(self) -> list[Any]:
        """What the samples depend on beside plan and weights."""
        return [self.class_number, self.truncation]

    def drawn(self, stream: int, chunk: int) -> tuple[np.ndarray, np.ndarray]:
        """A chunk's latent vectors [CHUNK, z] and class numbers [CHUNK], the same within each GROUP."""
        rng = self.random(stream, chunk)
        z = self.model.draw(rng, CHUNK, self.truncation)
        numbers = rng.integers(max(1, self.model.num_classes), size=CHUNK // GROUP)
        if self.class_number >= 0:
            numbers[:] = self.class_number
        return z, np.repeat(numbers, GROUP)

    def activations(self, z: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Activations of latent vectors [n, z] and class numbers [n]: float32 [n, size]."""
        classes = one_hot(numbers, self.model.num_classes)
        found = self.model.activations(z, classes, self.truncation, self.layer, at_once=self.batch_size)
        return found.reshape(len(z), -1)

    def samples(self, stream: int, chunk: int, count: int = CHUNK) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The first `count` of a chunk, batch by batch: latent vectors and activations, relative to their group's mean.

        A sample that is alone in its group is left out.
        """
        z, numbers = self.drawn(stream, chunk)
        count -= count % GROUP == 1
        step = GROUP * max(1, self.batch_size // GROUP)
        for start in range(0, count, step):
            part = slice(start, min(start + step, count))
            activations = self.activations(z[part], numbers[part])
            yield from_group_means(z[part].copy()), from_group_means(activations)

    def mean_samples(self, count: int) -> int:
        """The number of samples that `means` takes."""
        return min(MEAN_SAMPLES, count)

    def means(self, mean: np.ndarray, count: int, report: Report) -> Means:
        """The mean of the activations; that of the samples is 0."""
        wanted = self.mean_samples(count)
        z, numbers = self.drawn(MEANS, 0)
        total = np.zeros(self.size)
        for start in range(0, wanted, self.batch_size):
            part = slice(start, min(start + self.batch_size, wanted))
            total += self.activations(z[part], numbers[part]).sum(axis=0, dtype=np.float64)
        report(wanted)
        return Means(mean + total / wanted)

    def origin(self, count: int) -> Origin:
        """The origin of directions from `count` samples."""
        return Origin(
            self.model.name,
            self.checksum,
            seed=self.seed,
            count=count,
            class_number=self.class_number,
            truncation=self.truncation,
            found_in=self.layer,
        )


def one_hot(numbers: Sequence[int] | np.ndarray, num_classes: int) -> np.ndarray:
    """Class vectors float32 [n, num_classes] of class numbers [n]; [n, 0] for a model without classes."""
    classes = np.zeros((len(numbers), num_classes), np.float32)
    if num_classes:
        classes[np.arange(len(numbers)), numbers] = 1.0
    return classes


def from_group_means(activations: np.ndarray) -> np.ndarray:
    """Activations [n, size] in groups of GROUP or fewer at the end -> relative to their group's mean; in place."""
    for start in range(0, len(activations), GROUP):
        group = activations[start : start + GROUP]
        group -= group.mean(axis=0)
        group *= np.sqrt(len(group) / (len(group) - 1))
    return activations


def make(model: ImageModel, plan: Plan) -> ImageSampler:
    """A sampler.

    Raises:
        ValueError: the model has no such layer or class, or the plan has a pitch.
    """
    layer, number = plan.layer or model.default_layer, -1 if plan.class_number is None else plan.class_number
    if plan.pitch is not None:
        raise ValueError("a pitch is for sound models, not for image models")
    if layer == NOISE:
        raise ValueError(
            "z varies equally in all directions, so no directions can be found in it; choose a layer after it"
        )
    if number >= 0 and not model.num_classes:
        raise ValueError(f"{model.name} has no classes, so there is no class {number}")
    if number >= model.num_classes > 0:
        raise ValueError(f"{model.name} has no class {number}; its classes are 0 to {model.num_classes - 1}")
    shape = model.layer_shape(layer)
    return ImageSampler(model, layer, plan.seed, shape, plan.batch_size or fast_batch(shape), plan.truncation, number)


def followed_in_z(components: Components) -> Components:
    """Directions of a layer -> the same directions in z, which they then move instead of the layer.

    Raises:
        ValueError: they have no directions in z.
    """
    latents = components.latents
    if latents is None:
        raise ValueError("these directions have no latent directions, so they cannot move z")
    return replace(
        components,
        layer=NOISE,
        components=latents.directions[:, None, None],
        stdev=latents.stdev.astype(np.float64),
        mean=latents.mean[None, None],
    )
