"""Hyper-parameters: their defaults, their rules, and the file of a run folder that holds them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from core import checks
from core.training import settings
from renderer.cips.config import CipsConfig

FILE, PAGE = "train.json", "docs/train-cips.md"
# A step of so many pictures, or pixels, learns no more than one of fewer, and its memory grows with them.
_MOST_IN_STEP, _MOST_PIXELS = 65_536, 2**20
# They shape the network, as in `CipsConfig`.
SHAPE = ("size", "w_size", "mapping_layers", "waves", "width", "depth", "rank", "warp_waves", "warp_width")


@dataclass(frozen=True)
class CipsHparams:
    """Hyper-parameters; `CipsConfig` says what those in `SHAPE` are.

    `z_size`: of the model that is exported, each of whose latents has the factors of a picture as sums over groups of
    its values, see `renderer.training.batches.with_factors`; the network that is trained takes the factors.
    `total_images`: length of the run, in pictures seen. `batch_size`: pictures in a step, of each of which `pixels` are
    compared. `rate`: Adam's, which falls along a cosine. `average_images`: half-life of the average that plays.
    `sample_images`: pictures from sheet to sheet. `seed`: of everything random.
    """

    size: int = 256
    z_size: int = 128
    w_size: int = 256
    mapping_layers: int = 3
    waves: int = 32
    width: int = 64
    depth: int = 4
    rank: int = 8
    warp_waves: int = 24
    warp_width: int = 48
    total_images: int = 20_000_000
    batch_size: int = 256
    pixels: int = 32
    rate: float = 0.008
    average_images: int = 200_000
    sample_images: int = 2_000_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: one breaks a rule; the message names the value and the rule.
        """
        for name in ("z_size", "total_images", "average_images", "sample_images"):
            checks.in_range(name, getattr(self, name), 1)
        for name in ("batch_size", "pixels"):
            checks.in_range(name, getattr(self, name), 1, _MOST_IN_STEP)
        checks.in_range("batch_size times pixels", self.batch_size * self.pixels, 1, _MOST_PIXELS)
        checks.above("rate", self.rate, 0, 1)
        checks.in_range("seed", self.seed, 0)
        self.config(1, 1)

    def config(self, factors: int, classes: int) -> CipsConfig:
        """The generator's shape; a single class is none."""
        shape = {name: getattr(self, name) for name in SHAPE}
        return CipsConfig(z_size=factors, num_classes=classes if classes > 1 else 0, **shape)


def settle(given: Mapping[str, Any]) -> CipsHparams:
    """The defaults with the given values on top.

    Raises:
        ValueError: a value is unknown, of the wrong kind or breaks a rule.
    """
    hints = get_type_hints(CipsHparams)
    settings.check_known(given, hints, PAGE)
    return CipsHparams(**{key: checks.of_kind(key, value, hints[key]) for key, value in given.items()})


def of_config(config: CipsConfig) -> dict[str, Any]:
    """The hyper-parameters that a model's shape decides."""
    return {name: getattr(config, name) for name in (*SHAPE, "z_size")}


def model_config(own: CipsHparams, trained: CipsConfig) -> CipsConfig:
    """The shape of the model that is exported.

    Raises:
        ValueError: its latents have fewer values than there are factors.
    """
    if own.z_size < trained.z_size:
        raise checks.mismatch("z_size", f"be at least {trained.z_size}, the number of factors", own.z_size)
    return replace(trained, z_size=own.z_size)


# These may change while a run goes on.
_CHANGEABLE = {field.name for field in fields(CipsHparams)} - {*SHAPE, "seed"}


def describe(folder: Path, own: CipsHparams, classes: tuple[str, ...]) -> None:
    """Write train.json, which describes the run, or check that it describes this one.

    Raises:
        ValueError: the folder holds another run.
    """
    settings.write_run(folder / FILE, asdict(own), classes, _CHANGEABLE)
