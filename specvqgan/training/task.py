"""What one kind of network brings to a run, and how any of them goes through the training loop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.nn.backend import compiled, is_jax
from core.training import loop, random_streams, saves, trees
from core.training.device_steps import DeviceSteps
from core.training.random_streams import Stream
from core.training.timeline import Timeline
from core.training.trees import Batch, Tensors, Tree
from specvqgan.training.settings import Hparams
from specvqgan.training.stages import RunStage


@dataclass(frozen=True)
class TaskStep:
    """A step as a pure function of a plan, a tree and a batch; equal ones are compiled once."""

    function: Callable[[Any, Tree, Tensors], tuple[Tree, Tensors]]
    plan: Any


class Task(Protocol):
    """A network to train."""

    @property
    def hparams(self) -> Any:
        """Of the run."""

    @property
    def described(self) -> Mapping[str, Any]:
        """What may not change while the run goes on, as JSON has it."""

    @property
    def count(self) -> int:
        """How many clips there are."""

    def initial(self, rng: np.random.Generator) -> Tree:
        """The tree of a run before its first clip."""

    def batch(self, clips: int, position: float) -> Batch:
        """What the step after `clips` clips is fed, at a position in the schedule, in clips too."""

    def stages(self) -> list[RunStage]:
        """The stages of a run in order."""

    def step(self, stage: RunStage) -> "TaskStep":
        """The step of a stage."""

    def write_samples(self, folder: Path, tree: Tree, clips: int) -> Path:
        """Write what shows the progress after so many clips; the file's path."""

    def measure(self, tree: Tree) -> dict[str, float]:
        """Losses on held-out clips, by name."""

    def export(self, folder: Path, tree: Tree, dtype: str) -> None:
        """Write the trained network into a new folder."""


@dataclass
class RunState:
    """A run's tree, and how many clips it has seen."""

    tree: Tree
    images: int = 0


@dataclass
class TaskTrainer:
    """Trains a task; see `core.training.loop.Trainer` for the methods.

    Attributes:
        folder: the run folder.
        task: the network.
        timeline: where the run is in its schedule.
        start: branches of the tree that a new run begins with, of a trained network.
    """

    folder: Path
    task: Task
    timeline: Timeline = field(default_factory=Timeline)
    start: Tree = field(default_factory=dict)

    @property
    def hparams(self) -> Hparams:
        """Of the run."""
        found: Hparams = self.task.hparams
        return found

    @property
    def sample_images(self) -> int:
        """Samples are due after each so many clips."""
        return self.hparams.sample_clips

    def stages(self) -> list[RunStage]:
        """All stages in order."""
        return self.task.stages()

    def begin(self) -> RunState:
        """The state of the latest save; a new one where there is none.

        Raises:
            ValueError: the run folder holds a run of another shape.
        """
        state = self.initial()
        try:
            path = saves.latest(self.folder)
        except FileNotFoundError:
            return state
        tree, counters = saves.load(path, state.tree)
        return RunState(tree, **counters)

    def initial(self) -> RunState:
        """The state before the first clip."""
        tree = self.task.initial(random_streams.generator(self.hparams.seed, Stream.WEIGHTS))
        # A run may do without the discriminator that a network was trained with.
        return RunState(tree | {name: dict(branch) for name, branch in self.start.items() if name in tree})

    def is_over(self, stage: RunStage, state: RunState) -> bool:
        """Whether a stage is behind a state."""
        return self.timeline.reached(state.images, stage.end)

    def enter(self, stage: RunStage, state: RunState) -> RunState:
        """The state as it is."""
        return state

    def batch_size(self, stage: RunStage) -> int:
        """Clips per step."""
        return self.hparams.batch_size

    def batch(self, stage: RunStage, images: int) -> Batch:
        """What the step after `images` clips is fed."""
        position = self.timeline.position(images)
        key = random_streams.generator(self.hparams.seed, Stream.STATISTICS, images).integers(0, 2**32, 2, np.uint32)
        more = {"rate": np.float32(self.hparams.rate_at(position)), "key": key}
        return self.task.batch(images, position) | more

    def step(self, stage: RunStage) -> loop.Step | loop.StepRunner:
        """The compiled step."""
        step = self.task.step(stage)
        if is_jax():
            return DeviceSteps(partial(step.function, step.plan))
        run = _compiled(step)
        return lambda tree, batch, images: run(tree, batch)

    def to_tensors(self, state: RunState) -> Tree:
        """A state as the steps take it."""
        return trees.to_tensors(state.tree)

    def local(self, tensors: Tree) -> Tree:
        """Tensors that this process can read: all."""
        return tensors

    def to_state(self, stage: RunStage, tensors: Tree, images: int) -> RunState:
        """The inverse of `to_tensors`."""
        return RunState(trees.to_arrays(tensors), images)

    def save(self, stage: RunStage, state: RunState) -> Path:
        """Write a state into the run folder."""
        self.timeline.save(self.folder)
        return saves.save(self.folder, state.tree, state.images)


@lru_cache(maxsize=8)
def _compiled(step: TaskStep) -> Callable[[Tree, Batch], tuple[Tree, dict[str, Any]]]:
    """A step, traced once in a process."""
    return compiled(partial(step.function, step.plan))
