"""The training loop: any network, from stage to stage; a run that was stopped resumes where it was saved."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from core.training.data_order import prefetch
from core.training.logger import Logger, StageT
from core.training.pace import Pace, calls
from core.training.timeline import Clock, Timeline
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

    def step(self, stage: StageT) -> "Step | StepRunner":
        """The compiled step of a stage, or what runs several of them in a call."""

    def to_tensors(self, state: StateT) -> Tree:
        """A state as the step takes it."""

    def local(self, tensors: Tree) -> Tree:
        """Tensors that this process can read."""

    def to_state(self, stage: StageT, tensors: Tree, images: int) -> StateT:
        """The inverse of `to_tensors`."""

    def save(self, stage: StageT, state: StateT) -> Path | None:
        """Write a state into the run folder; None where another process does."""


@runtime_checkable
class StepRunner(Protocol):
    """Runs the steps of a stage, several in a call; see `core.training.device_steps.DeviceSteps`."""

    @property
    def capacity(self) -> int:
        """The most steps in a call."""

    def check(self, size: int) -> None:
        """Check that batches of `size` can be run.

        Raises:
            ValueError: they cannot.
        """

    def block(self, batches: Sequence[Batch]) -> Any:
        """The batches of a call's steps as it takes them. Called in a thread of its own."""

    def start(self, tree: Tree) -> Tree:
        """Tensors as the first call takes them."""

    def __call__(self, tree: Tree, block: Any, images: int) -> tuple[Tree, Mapping[str, Any]]:
        """Tensors, which are given up, a block, and the images seen before it -> new tensors, and losses by name."""


@dataclass
class TrainingLoop(Generic[StateT, StageT]):
    """Runs a trainer to its end.

    Attributes:
        trainer: what is trained.
        logger: receives reports.
        save_every_s: seconds from save to save; each stage's end is saved too.
        stopping: once this is true, the steps at hand are finished and saved, and the run ends.
        timeline: where the run is in its schedule, in which stages end at positions.
        clock: turns the timeline so that the schedule ends in time; None: without a limit.
    """

    trainer: Trainer[StateT, StageT]
    logger: Logger[StageT]
    save_every_s: float = 600.0
    stopping: Callable[[], bool] = lambda: False
    timeline: Timeline = field(default_factory=Timeline)
    clock: Clock | None = None

    def run(self) -> StateT:
        """Train to the end, or until `stopping`.

        Returns:
            The last state, which is saved.

        Raises:
            ValueError: the run folder holds a run of another shape, or a loss is no longer a number.
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
        trainer, seen, saved_at = self.trainer, state.images, time.monotonic()
        run = _runner(trainer.step(stage))
        run.check(trainer.batch_size(stage))
        tensors, pace = run.start(trainer.to_tensors(state)), Pace(run.capacity)
        images = seen
        for start, images, batches in self._calls(stage, seen, run, pace):
            tensors, losses = run(tensors, batches, start)
            self.logger.step(stage, start, images, losses)
            pace.started((images - start) // trainer.batch_size(stage), images, losses)
            if images // trainer.sample_images > start // trainer.sample_images:
                self.logger.sample(stage, trainer.local(tensors), images)
                pace.interrupted()
            if self.stopping():
                break
            if time.monotonic() - saved_at > self.save_every_s:
                pace.finish()
                self._save(stage, tensors, images)
                pace.interrupted()
                saved_at = time.monotonic()
        pace.finish()
        return self._save(stage, tensors, images)

    def _calls(self, stage: StageT, images: int, run: StepRunner, pace: Pace) -> Iterator[tuple[int, int, Any]]:
        """The calls of a stage: the images seen before and after each, and its block, made ahead in a thread."""
        trainer, size = self.trainer, self.trainer.batch_size(stage)

        def block(call: tuple[int, int]) -> Any:
            start, steps = call
            return run.block([trainer.batch(stage, start + place * size) for place in range(steps)])

        planned = calls(images, size, stage.end, trainer.sample_images, self.timeline, self.clock, pace)
        for (start, steps), batches in prefetch(block, planned):
            yield start, start + steps * size, batches

    def _save(self, stage: StageT, tensors: Tree, images: int) -> StateT:
        state = self.trainer.to_state(stage, tensors, images)
        if path := self.trainer.save(stage, state):
            self.logger.saved(path)
        return state


class _HostSteps:
    """One step in each call."""

    capacity = 1

    def __init__(self, step: Step) -> None:
        self._step = step

    def check(self, size: int) -> None:
        """Check nothing: any batch can be run."""

    def block(self, batches: Sequence[Batch]) -> Batch:
        """The one batch."""
        return batches[0]

    def start(self, tree: Tree) -> Tree:
        """The tensors."""
        return tree

    def __call__(self, tree: Tree, block: Batch, images: int) -> tuple[Tree, Mapping[str, Any]]:
        """Take the step."""
        return self._step(tree, block, images)


def _runner(step: Step | StepRunner) -> StepRunner:
    return step if isinstance(step, StepRunner) else _HostSteps(step)
