"""Hyper-parameters of a StyleGAN2 run: sizes of the networks, lengths, rates and regularisation."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from core import checks
from core.training import settings
from renderer.stylegan2.config import FIRST_SIZE, StyleGan2Config

FILE = "train.json"
PAGE = "docs/train-stylegan2.md"
SIZES = (8, 16, 32, 64, 128, 256, 512, 1024)
# Images among which the discriminator compares; a batch is made of such groups.
GROUP = 4
# Numbers in a latent vector, and layers of the mapping.
_LARGEST, _MOST_LAYERS = 8192, 32


@dataclass(frozen=True)
class StyleGan2Hparams:
    """The hyper-parameters of a run.

    Networks: `size` of the images in pixels; `channels` and `most_channels`: the generator's maps have `channels`
    divided by their size in pixels, at most `most_channels`, at least `least_channels`; the discriminator's have
    `discriminator_channels` and `discriminator_most` in the same way; `z_size`, `w_size`, `mapping_layers`,
    `mapping_rate`.

    Lengths are counted in images of the dataset that were seen: `total_images`; `start_size` is the size that training
    starts with, and `grow_images` how long each size before the last one lasts; `average_images`: the half-life of the
    average that plays.

    For the first `warm_start_images` the generator learns to reconstruct the dataset, whose factors must be known
    (pretraining), with Adam's rate `warm_start_rate`, which falls along a cosine. With `windows`, it compares a part of
    each image in a step, which takes less time. `reconstruction_weight`: of the same loss after pretraining, beside the
    adversarial one.

    `rate`: Adam's. `r1`: weight of the gradient penalty R1 at 256 pixels, smaller at smaller sizes, every `r1_every`
    steps. `path_length`: weight of the path length penalty, every `path_length_every` steps; 0: none. `mixing`: the
    share of images that are made of two latents. `flips`: whether images are mirrored at random. `augment_target`:
    how far the discriminator may tell real images before they are changed more (ADA); 0: no augmentation.
    `augment_images`: in how many images the probability of a change can rise from 0 to 1. `bfloat16`: products of maps
    of 32 pixels and more have 8 bits of mantissa. `seed`: of everything random.
    """

    size: int = 256
    channels: int = 16384
    most_channels: int = 512
    least_channels: int = 8
    discriminator_channels: int = 16384
    discriminator_most: int = 512
    z_size: int = 512
    w_size: int = 512
    mapping_layers: int = 2
    mapping_rate: float = 0.01
    total_images: int = 5_000_000
    start_size: int = 64
    grow_images: int = 400_000
    average_images: int = 10_000
    warm_start_images: int = 0
    warm_start_rate: float = 0.015
    windows: bool = True
    reconstruction_weight: float = 0.0
    batch_size: int = 32
    rate: float = 2.5e-3
    r1: float = 1.0
    r1_every: int = 16
    path_length: float = 2.0
    path_length_every: int = 8
    mixing: float = 0.9
    flips: bool = True
    augment_target: float = 0.6
    augment_images: int = 500_000
    bfloat16: bool = False
    sample_images: int = 50_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: one breaks a rule; the message names the value and the rule.
        """
        checks.one_of("size", self.size, SIZES)
        checks.one_of("start_size", self.start_size, tuple(size for size in SIZES if size <= self.size))
        for name in ("channels", "most_channels", "least_channels", "discriminator_channels", "discriminator_most",
                     "total_images", "average_images", "r1_every", "path_length_every", "augment_images",
                     "sample_images"):  # fmt: skip
            checks.in_range(name, getattr(self, name), 1)
        for name in ("z_size", "w_size"):
            checks.in_range(name, getattr(self, name), 1, _LARGEST)
        checks.in_range("mapping_layers", self.mapping_layers, 1, _MOST_LAYERS)
        for name in ("rate", "warm_start_rate"):
            checks.above(name, getattr(self, name), 0, 1)
        checks.above("mapping_rate", self.mapping_rate, 0, 1)
        for name in ("grow_images", "warm_start_images", "reconstruction_weight", "r1", "path_length", "seed"):
            checks.in_range(name, getattr(self, name), 0)
        if self.reconstruction_weight and not self.warm_start_images:
            raise checks.mismatch("reconstruction_weight", "be 0 without pretraining", self.reconstruction_weight)
        if self.batch_size < GROUP or self.batch_size % GROUP:
            raise checks.mismatch("batch_size", f"be a multiple of {GROUP}", self.batch_size)
        for name in ("mixing", "augment_target"):
            checks.in_range(name, getattr(self, name), 0, 1)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes that the run goes through, in pixels."""
        return tuple(size for size in SIZES if self.start_size <= size <= self.size)

    def config(self, classes: int, size: int | None = None) -> StyleGan2Config:
        """The generator's shape, up to maps of `size` pixels; None: whole.

        A single class is none.
        """
        largest = size or self.size
        edges = [FIRST_SIZE * 2**step for step in range(int(largest // FIRST_SIZE).bit_length())]
        return StyleGan2Config(
            tuple(self._width(self.channels, self.most_channels, edge) for edge in edges), self.z_size, self.w_size,
            classes if classes > 1 else 0, mapping_layers=self.mapping_layers, mapping_size=self.w_size,
            mapping_rate=self.mapping_rate,
        )  # fmt: skip

    def discriminator_width(self, size: int) -> int:
        """Channels of the discriminator's map at a size."""
        return self._width(self.discriminator_channels, self.discriminator_most, size)

    def gamma(self, size: int) -> float:
        """Weight of R1 at a size: it falls with the number of pixels' root, as gradients do."""
        return self.r1 * size / 256

    def _width(self, base: int, most: int, size: int) -> int:
        return max(self.least_channels, min(most, base // size))


def settle(given: Mapping[str, Any]) -> StyleGan2Hparams:
    """The defaults with the given values on top; a run of small images starts with these.

    Raises:
        ValueError: a value is unknown, of the wrong kind or breaks a rule.
    """
    hints = get_type_hints(StyleGan2Hparams)
    settings.check_known(given, hints, PAGE)
    typed = {key: checks.of_kind(key, value, hints[key]) for key, value in given.items()}
    start_size = min(StyleGan2Hparams.start_size, typed.get("size", StyleGan2Hparams.size))
    return StyleGan2Hparams(**{"start_size": start_size} | typed)


# These may change while a run goes on: they do not shape the networks.
_CHANGEABLE = {field.name for field in fields(StyleGan2Hparams)} - {
    "size", "channels", "most_channels", "least_channels", "discriminator_channels", "discriminator_most",
    "z_size", "w_size", "mapping_layers", "mapping_rate", "seed",
}  # fmt: skip


def describe(folder: Path, own: StyleGan2Hparams, classes: tuple[str, ...]) -> None:
    """Write train.json, which describes the run, or check that it describes this one.

    Raises:
        ValueError: the folder holds another run.
    """
    settings.write_run(folder / FILE, asdict(own), classes, _CHANGEABLE)


def read(folder: Path) -> tuple[StyleGan2Hparams, tuple[str, ...]]:
    """Read a run folder's hyper-parameters and class names.

    Raises:
        FileNotFoundError: there is no run.
        ValueError: train.json does not describe one.
    """
    described, classes = settings.read_run(folder / FILE, "stylegan2_train")
    return settle(described), classes
