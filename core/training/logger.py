"""What a training run reports: a log line now and then, samples, scalars, saves."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from core.training.loss_meter import LossMeter
from core.training.timeline import Clock
from core.training.trees import Tree

LINE_EVERY_S = 15.0


class TrainingStage(Protocol):
    """A part of a run with one size of the networks and one kind of step."""

    @property
    def end(self) -> int:
        """The number of images seen at which the stage ends."""


StageT = TypeVar("StageT", bound=TrainingStage)
StageContraT = TypeVar("StageContraT", contravariant=True)


class Logger(Protocol[StageContraT]):
    """Receives the reports of a training loop."""

    def step(self, stage: StageContraT, before: int, images: int, losses: Mapping[str, Any]) -> None:
        """Report a step from `before` to `images` images.

        The losses are the backend's scalars, so reading them waits for the step to end.
        """

    def saved(self, path: Path) -> None:
        """Report a save."""

    def sample(self, stage: StageContraT, tensors: Tree, images: int) -> None:
        """Report that samples are due, which show what the network generates."""


class NullLogger:
    """Reports nothing: the logger of workers other than the chief."""

    def step(self, stage: Any, before: int, images: int, losses: Mapping[str, Any]) -> None:
        """Ignore a step."""

    def saved(self, path: Path) -> None:
        """Ignore a save."""

    def sample(self, stage: Any, tensors: Tree, images: int) -> None:
        """Ignore that samples are due."""


@dataclass
class TrainingLogger(Generic[StageT]):
    """Logs lines, and writes samples and scalars.

    Attributes:
        log: where lines go.
        total_images: of the whole run.
        describe: a stage in a few words, such as "16 px, adversarial".
        write_samples: writes samples of a stage's network after so many images; returns a file's path.
        write_scalars: writes mean losses after so many images.
        clock: of a run whose end is a time.
        meter: collects losses, and says when a line is due.
    """

    log: logging.Logger
    total_images: int
    describe: Callable[[StageT], str]
    write_samples: Callable[[StageT, Tree, int], Path]
    write_scalars: Callable[[int, dict[str, float]], None] = lambda images, means: None
    clock: Clock | None = None
    meter: LossMeter = field(default_factory=lambda: LossMeter(LINE_EVERY_S))

    def step(self, stage: StageT, before: int, images: int, losses: Mapping[str, Any]) -> None:
        """Collect the losses of a step; log a line when one is due and at the end of the stage."""
        self.meter.add(before, images, losses)
        if self.meter.due or (not self.clock and images >= stage.end):
            line, means = self.meter.take(images, self.total_images, self.clock.left_s if self.clock else None)
            self.log.info("%s: %s", self.describe(stage), line)
            self.write_scalars(images, means)

    def saved(self, path: Path) -> None:
        """Log where the run was saved."""
        self.log.info("saved %s", path)

    def sample(self, stage: StageT, tensors: Tree, images: int) -> None:
        """Write samples and log where they are."""
        self.log.info("samples: %s", self.write_samples(stage, tensors, images))
