"""The training loop: any network, from stage to stage; a run that was stopped resumes where it was saved."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from core.training.data_order import prefetch
from core.training.logger import Logger, StageT
from core.training.trees import Batch, Tree

# Tensors, a batch and the number of images seen before it -> new tensors, and losses by name.
Step = Callable[[Tree, Batch, int], tuple[Tree, dict[str, Any]]]


class TrainingState(Protocol):
    """Everything that a run has to save in order to resume."""

    @property
    def images(self) -> int:
        """How many images (or notes) of the dataset were seen."""


StateT = TypeVar("StateT", bound=TrainingState)


class Trainer(Protocol[StateT, StageT]):
    """What one kind of network brings to the loop."""

    @property
    def sample_images(self) -> int:
        """Samples are due after each so many images."""

    def stages(self) -> Sequence[StageT]:
        """All stages of the run in order."""

    def begin(self) -> StateT:
        """The state of the latest save; a new one where there is none.

        Raises:
            ValueError: the run folder holds a run of another shape.
        """

    def is_over(self, stage: StageT, state: StateT) -> bool:
        """Whether a stage is behind a state."""

    def enter(self, stage: StageT, state: StateT) -> StateT:
        """A state at the start of a stage or within it, with the networks that the stage has."""

    def batch_size(self, stage: StageT) -> int:
        """Images per step."""

    def batch(self, stage: StageT, images: int) -> Batch:
        """What the step after `images` images is fed. Called in a thread of its own."""

    def step(self, stage: StageT) -> Step:
        """The compiled step of a stage."""

    def to_tensors(self, state: StateT) -> Tree:
        """A state as the step takes it."""

    def local(self, tensors: Tree) -> Tree:
        """Tensors that this process can read."""

    def to_state(self, stage: StageT, tensors: Tree, images: int) -> StateT:
        """The inverse of `to_tensors`."""

    def save(self, stage: StageT, state: StateT) -> Path | None:
        """Write a state into the run folder; None where another process does."""


@dataclass
class TrainingLoop(Generic[StateT, StageT]):
    """Runs a trainer to its end.

    Attributes:
        trainer: what is trained.
        logger: receives reports.
        save_every_s: seconds from save to save; each stage's end is saved too.
        stopping: once this is true, the current step is finished and saved, and the run ends.
    """

    trainer: Trainer[StateT, StageT]
    logger: Logger[StageT]
    save_every_s: float = 600.0
    stopping: Callable[[], bool] = lambda: False

    def run(self) -> StateT:
        """Train to the end, or until `stopping`.

        Returns:
            The last state, which is saved.

        Raises:
            ValueError: the run folder holds a run of another shape.
        """
        state = self.trainer.begin()
        for stage in self.trainer.stages():
            if self.trainer.is_over(stage, state):
                continue
            state = self._run_stage(stage, self.trainer.enter(stage, state))
            if self.stopping():
                break
        return state

    def _run_stage(self, stage: StageT, state: StateT) -> StateT:
        trainer, images, size = self.trainer, state.images, self.trainer.batch_size(stage)
        step, tensors, saved_at = trainer.step(stage), trainer.to_tensors(state), time.monotonic()
        for start, batch in prefetch(partial(trainer.batch, stage), range(images, stage.end, size)):
            tensors, losses = step(tensors, batch, start)
            images = start + size
            self.logger.step(stage, start, images, losses)
            if images // trainer.sample_images > start // trainer.sample_images:
                self.logger.sample(stage, trainer.local(tensors), images)
            if self.stopping():
                break
            if time.monotonic() - saved_at > self.save_every_s:
                self._save(stage, tensors, images)
                saved_at = time.monotonic()
        return self._save(stage, tensors, images)

    def _save(self, stage: StageT, tensors: Tree, images: int) -> StateT:
        state = self.trainer.to_state(stage, tensors, images)
        if path := self.trainer.save(stage, state):
            self.logger.saved(path)
        return state
