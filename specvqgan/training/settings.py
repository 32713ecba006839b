"""What all runs have in common: lengths, rates, batches."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_type_hints

from core import checks
from core.training import settings

PAGE = "docs/train-foley.md"
HparamsT = TypeVar("HparamsT", bound="Hparams")


@dataclass(frozen=True)
class Hparams:
    """Lengths are counted in clips that were seen.

    Attributes:
        total_clips: of the run.
        batch_size: clips (or pieces of clips) in a step.
        rate: Adam's learning rate.
        warm_up: in this share of the run, at its beginning, the rate rises from 0.
        last_rate: the share of the rate that is left at the end; it falls along half a cosine.
        sample_clips: samples are written after each so many clips.
        seed: of everything random.
        bfloat16: products of the network (not of its discriminators) have 8 bits of mantissa; weights stay as they are.
    """

    total_clips: int = 1_000_000
    batch_size: int = 8
    rate: float = 1e-4
    warm_up: float = 0.0
    last_rate: float = 1.0
    sample_clips: int = 20_000
    seed: int = 0
    bfloat16: bool = False

    def __post_init__(self) -> None:
        for name in ("total_clips", "batch_size", "sample_clips"):
            checks.in_range(name, getattr(self, name), 1)
        checks.above("rate", self.rate, 0, 1)
        for name in ("warm_up", "last_rate"):
            checks.in_range(name, getattr(self, name), 0, 1)
        checks.in_range("seed", self.seed, 0)

    def rate_at(self, position: float) -> float:
        """The learning rate at a position in the schedule, in clips."""
        from core.training.schedule import cosine_fall

        share = min(1.0, position / self.total_clips)
        rise = min(1.0, (position + self.batch_size) / (self.warm_up * self.total_clips)) if self.warm_up else 1.0
        return self.rate * rise * cosine_fall(share, self.last_rate)

    def for_steps(self: HparamsT) -> HparamsT:
        """The same without what only the schedule needs, so that equal steps are compiled once."""
        schedule = ("total_clips", "sample_clips", "seed", "adversarial_start", "rate", "warm_up", "last_rate")
        fixed: dict[str, Any] = {name: 1 for name in schedule if hasattr(self, name)}
        return replace(self, **fixed)


def settle(kind: type[HparamsT], given: Mapping[str, Any]) -> HparamsT:
    """The defaults of a kind of hyper-parameters with the given values on top.

    Raises:
        ValueError: a value is unknown, of the wrong kind or breaks a rule.
    """
    hints = get_type_hints(kind)
    settings.check_known(given, hints, PAGE)
    return kind(**{name: checks.of_kind(name, value, hints[name]) for name, value in given.items()})
