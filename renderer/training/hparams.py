"""Hyper-parameters of image training (sizes, lengths, rates), and the recipes that bundle them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, get_type_hints

from core import checks
from core.training import settings
from renderer.biggan.config import FIRST_SIZE, BigGANConfig

FILE = "train.json"
PRECISIONS = ("float32", "bfloat16")
AUGMENTATIONS = ("colour", "translation", "cutout")
# BigGAN-deep's blocks: (doubles the size, channels in, channels out), channels in multiples of the channel width.
# Each list begins at 4 x 4 pixels.
LAYERS: Mapping[int, tuple[tuple[bool, int, int], ...]] = {
    16: ((True, 16, 8), (True, 8, 4), (False, 4, 2), (False, 2, 1)),
    32: ((True, 16, 8), (True, 8, 4), (True, 4, 2), (False, 2, 1)),
    64: ((False, 16, 16), (True, 16, 8), (True, 8, 4), (False, 4, 4), (True, 4, 2), (True, 2, 1)),
    128: (
        (False, 16, 16), (True, 16, 16), (False, 16, 16), (True, 16, 8), (False, 8, 8),
        (True, 8, 4), (False, 4, 4), (True, 4, 2), (False, 2, 2), (True, 2, 1),
    ),
    256: (
        (False, 16, 16), (True, 16, 16), (False, 16, 16), (True, 16, 8), (False, 8, 8), (True, 8, 8),
        (False, 8, 8), (True, 8, 4), (False, 4, 4), (True, 4, 2), (False, 2, 2), (True, 2, 1),
    ),
}  # fmt: skip
_AT_LEAST_ONE = (
    "channel_width", "z_dim", "discriminator_width", "total_images", "batch_size", "sample_images", "r1_interval",
)  # fmt: skip
# Batch norm's, as in BigGAN; and how many truncations have statistics of their own: 0, 0.02 ... 1.
EPSILON, TRUNCATIONS = 1e-4, 51


@dataclass(frozen=True)
class ImageHparams:
    """The hyper-parameters of a run.

    Sizes of the networks: `size` of the images in pixels, `channel_width`, `z_dim` (of the class embedding too), and
    `discriminator_width`, its channels at 128 pixels. `attention_size`: of the map with attention, in pixels.

    Lengths are counted in images of the dataset that were seen: `total_images`; `warm_start_images`, the pretraining,
    in which the generator reconstructs the dataset; `grow_images`, how long each size before the last one lasts,
    starting with `start_size`; `fade_images` of those, in which the new size fades in; `settle_images` at the end, in
    which batch norm uses its moving statistics.

    Rates are Adam's; `warm_start_rate` falls along a cosine to a twentieth. `reconstruction_weight` and
    `adversarial_weight` are the weights of the two losses after pretraining; for `discriminator_warm_up_images` after
    it the discriminator learns alone, then the adversarial loss rises to its weight in as many images. `r1_weight` is
    the weight of the penalty R1, computed in every `r1_interval`-th step. `latent_kl_weight`: how strongly learned
    latents are drawn to the normal distribution. `normed_conditions`: spectral norm on the linear layers of conditional
    batch norm too, as in BigGAN. `average_decay`: of the moving average that plays. `sample_images`: samples are
    written after each so many images. `precision`: of the convolutions. `seed`: of everything random.
    """

    size: int = 128
    channel_width: int = 32
    z_dim: int = 128
    discriminator_width: int = 16
    attention_size: int = 32
    total_images: int = 1_000_000
    warm_start_images: int = 0
    start_size: int = 32
    grow_images: int = 50_000
    fade_images: int = 10_000
    settle_images: int = 0
    batch_size: int = 32
    generator_rate: float = 1e-4
    discriminator_rate: float = 4e-4
    warm_start_rate: float = 2e-3
    reconstruction_weight: float = 0.0
    adversarial_weight: float = 1.0
    discriminator_warm_up_images: int = 0
    r1_weight: float = 0.0
    r1_interval: int = 8
    latent_kl_weight: float = 4e-3
    normed_conditions: bool = True
    average_decay: float = 0.999
    augmentation: str = "colour,translation,cutout"
    sample_images: int = 10_000
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: one breaks a rule; the message names the value and the rule.
        """
        checks.one_of("size", self.size, LAYERS)
        checks.one_of("precision", self.precision, PRECISIONS)
        checks.one_of("start_size", self.start_size, self._all_sizes)
        if self.attention_size and self.attention_size not in self._all_sizes[:-1]:
            raise checks.mismatch("attention_size", f"be 0 or a size below {self.size}", self.attention_size)
        for kind in self.augmentations:
            checks.one_of("augmentation", kind, AUGMENTATIONS)
        for name in _AT_LEAST_ONE:
            checks.in_range(name, getattr(self, name), 1)
        if self.fade_images > self.grow_images:
            raise checks.mismatch("fade_images", f"be at most grow_images, {self.grow_images}", self.fade_images)

    @property
    def _all_sizes(self) -> list[int]:
        return [size for size in (8, 16, 32, 64, 128, 256) if size <= self.size]

    @property
    def sizes(self) -> list[int]:
        """The sizes that the run goes through, in pixels."""
        return [size for size in self._all_sizes if size >= self.start_size]

    @property
    def layers(self) -> tuple[tuple[bool, int, int], ...]:
        """The generator's blocks."""
        return LAYERS[self.size]

    @cached_property
    def attention_position(self) -> int:
        """The number of the block before which attention comes; -1: there is none."""
        size = FIRST_SIZE
        for position, (doubles, _, _) in enumerate(self.layers):
            if size == self.attention_size:
                return position
            size *= 2 if doubles else 1
        return -1

    def config(self, name: str, classes: int) -> BigGANConfig:
        """The generator's shape as the renderer reads it."""
        return BigGANConfig(
            name, self.z_dim, self.z_dim, classes, self.channel_width,
            self.layers, self.attention_position, EPSILON, TRUNCATIONS,
        )  # fmt: skip

    @property
    def augmentations(self) -> tuple[str, ...]:
        """The kinds of changes to the discriminator's images."""
        return tuple(name.strip() for name in self.augmentation.split(",") if name.strip())


RECIPES: dict[str, dict[str, Any]] = {
    # As BigGAN was trained, with augmentation; for GPUs and days.
    "adversarial": {},
    # Pretraining by reconstruction, then against the discriminator; for CPUs and hours.
    "warm": {
        "total_images": 300_000,
        "warm_start_images": 260_000,
        "warm_start_rate": 3e-3,
        "grow_images": 60_000,
        "fade_images": 6_000,
        # Mean and variance of a small batch are inaccurate; after the first steps the moving ones are better.
        "settle_images": 298_000,
        "batch_size": 16,
        "average_decay": 0.998,
        "generator_rate": 2e-4,
        "reconstruction_weight": 1.0,
        "adversarial_weight": 0.05,
        "normed_conditions": False,
    },
}


def settle(recipe: str, given: Mapping[str, Any]) -> ImageHparams:
    """A recipe by name, with the given values on top.

    Raises:
        ValueError: there is no such recipe, or a value is unknown, of the wrong kind or breaks a rule.
    """
    return _typed(dict(settings.preset("recipe", recipe, RECIPES)) | dict(given))


def _typed(values: Mapping[str, Any]) -> ImageHparams:
    hints = get_type_hints(ImageHparams)
    settings.check_known(values, hints, "docs/train-pictures.md")
    return ImageHparams(**{key: checks.of_kind(key, value, hints[key]) for key, value in values.items()})


# These may change while a run goes on: they shape neither the networks nor the latents.
_CHANGEABLE = {field.name for field in fields(ImageHparams)} - {
    "size", "channel_width", "z_dim", "discriminator_width", "attention_size", "seed", "normed_conditions",
}  # fmt: skip


def describe(folder: Path, own: ImageHparams, classes: tuple[str, ...]) -> None:
    """Write train.json, which describes the run, or check that it describes this one.

    Raises:
        ValueError: the folder holds another run.
    """
    settings.write_run(folder / FILE, asdict(own), classes, _CHANGEABLE)


def read(folder: Path) -> tuple[ImageHparams, tuple[str, ...]]:
    """Read a run folder's hyper-parameters and class names.

    Raises:
        FileNotFoundError: there is no run.
        ValueError: train.json does not describe one.
    """
    described, classes = settings.read_run(folder / FILE, "biggan_train")
    return _typed(described), classes
