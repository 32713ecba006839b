"""How to train: sizes, lengths, rates; and the recipes that bundle them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, get_type_hints

from core.checks import of_kind
from core.files.atomic import write_text
from renderer.biggan.config import FIRST_SIZE, Config

FILE = "train.json"
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
}  # fmt: skip
# Batch norm's, as in BigGAN; and how many truncations have statistics of their own: 0, 0.02 ... 1.
EPSILON, TRUNCATIONS = 1e-4, 51


@dataclass(frozen=True)
class Hparams:
    """Everything that a run is told.

    Sizes of the networks: `size` in pixels, `channel_width`, `z_dim` (the class embedding has as many), and
    `discriminator_width`, its channels at 128 pixels. `attention_size`: the map that attention sees, in pixels.

    Lengths are counted in images of the dataset that were seen: `total_images`; `warm_start_images`, in which the
    generator learns pictures by heart; `grow_images`, how long each size before the last one lasts, from `start_size`
    on; `fade_images` of those in which the new size fades in; `settle_images` at the end, in which batch norm takes
    its moving statistics.

    Rates are Adam's; `warm_start_rate` falls to a tenth along a cosine. `reconstruction_weight` and
    `adversarial_weight` are what the two kinds of loss count after the warm start. `latent_kl_weight`: how strongly
    learned latents are drawn to the normal distribution. `normed_conditions`: spectral norm on the linear layers of
    conditional batch norm too, as BigGAN has it. `average_decay`: of the moving average that plays.
    `sample_images`: a sheet of samples comes after each so many. `seed`: of everything random.
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
    latent_kl_weight: float = 4e-3
    normed_conditions: bool = True
    average_decay: float = 0.999
    augmentation: str = "colour,translation,cutout"
    sample_images: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the rules.

        Raises:
            ValueError: one is broken; the message names the value and the rule.
        """
        if self.size not in LAYERS:
            raise ValueError(f"size is {self.size}; it must be one of {', '.join(map(str, LAYERS))}")
        if self.start_size not in self._all_sizes:
            raise ValueError(
                f"start_size is {self.start_size}; it must be one of {', '.join(map(str, self._all_sizes))}"
            )
        if self.attention_size and self.attention_size not in self._all_sizes[:-1]:
            raise ValueError(f"attention_size is {self.attention_size}; it must be 0 or a size below {self.size}")
        if unknown := set(self.augmentations) - set(AUGMENTATIONS):
            raise ValueError(f"augmentation {min(unknown)!r} is none of {', '.join(AUGMENTATIONS)}")
        for name in ("channel_width", "z_dim", "discriminator_width", "total_images", "batch_size", "sample_images"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.fade_images > self.grow_images:
            raise ValueError(f"fade_images is {self.fade_images}, more than grow_images {self.grow_images}")

    @property
    def _all_sizes(self) -> list[int]:
        return [size for size in (8, 16, 32, 64, 128) if size <= self.size]

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
        """Before which block attention stands; -1: nowhere."""
        size = FIRST_SIZE
        for position, (doubles, _, _) in enumerate(self.layers):
            if size == self.attention_size:
                return position
            size *= 2 if doubles else 1
        return -1

    def config(self, name: str, classes: int) -> Config:
        """The generator's shape as the painter knows it."""
        return Config(
            name, self.z_dim, self.z_dim, classes, self.channel_width,
            self.layers, self.attention_position, EPSILON, TRUNCATIONS,
        )  # fmt: skip

    @property
    def augmentations(self) -> tuple[str, ...]:
        """What the discriminator's pictures go through."""
        return tuple(name.strip() for name in self.augmentation.split(",") if name.strip())


RECIPES: dict[str, dict[str, Any]] = {
    # As BigGAN was trained, with augmentation; for GPUs and days.
    "adversarial": {},
    # First by heart, then against the discriminator; for CPUs and hours.
    "warm": {
        "total_images": 300_000,
        "warm_start_images": 260_000,
        "warm_start_rate": 3e-3,
        "grow_images": 60_000,
        "fade_images": 6_000,
        # A small batch says little about mean and variance; after its first steps the moving ones do better.
        "settle_images": 298_000,
        "batch_size": 16,
        "average_decay": 0.998,
        "generator_rate": 2e-4,
        "reconstruction_weight": 1.0,
        "adversarial_weight": 0.05,
        "normed_conditions": False,
    },
}


def settle(recipe: str, given: Mapping[str, Any]) -> Hparams:
    """A recipe by name with values of one's own on top.

    Raises:
        ValueError: there is no such recipe, or a value is unknown, of the wrong kind or breaks a rule.
    """
    if recipe not in RECIPES:
        raise ValueError(f"there is no recipe {recipe!r}; there are {', '.join(RECIPES)}")
    hints = get_type_hints(Hparams)
    if unknown := sorted(set(given) - set(hints)):
        raise ValueError(f"there is no hyper-parameter {unknown[0]!r}; there are {', '.join(hints)}")
    return Hparams(**{key: of_kind(key, value, hints[key]) for key, value in (RECIPES[recipe] | dict(given)).items()})


# A run may go on with other values of these, since they neither shape the networks nor the latents.
_FREE = {field.name for field in fields(Hparams)} - {
    "size", "channel_width", "z_dim", "discriminator_width", "attention_size", "seed", "normed_conditions",
}  # fmt: skip


def describe(folder: Path, own: Hparams, classes: tuple[str, ...]) -> None:
    """Write what the run is, or check that it is the run described there.

    Raises:
        ValueError: the folder holds another run.
    """
    described = asdict(own) | {"classes": list(classes)}
    if (folder / FILE).exists():
        before = json.loads((folder / FILE).read_text(encoding="utf-8"))
        for key in sorted(set(described) - _FREE):
            if before.get(key) != described[key]:
                raise ValueError(
                    f"{folder} holds a run with {key} {before.get(key)}, not {described[key]}; name a new folder"
                )
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / FILE, json.dumps(described, indent=1) + "\n")


def read(folder: Path) -> tuple[Hparams, tuple[str, ...]]:
    """What a run folder says: its hyper-parameters and its classes.

    Raises:
        FileNotFoundError: there is no run.
    """
    if not (folder / FILE).exists():
        raise FileNotFoundError(f"{folder / FILE} does not exist; {folder} is no run of biggan_train")
    described = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return Hparams(**{key: value for key, value in described.items() if key != "classes"}), tuple(described["classes"])
