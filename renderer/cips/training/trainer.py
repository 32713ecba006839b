"""CIPS's part of the training loop: its one stage, states, batches, steps, and what it reports."""

import logging
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from core.nn.backend import compiled
from core.training import loop, schedule, trees
from core.training.logger import TrainingLogger
from core.training.timeline import Clock, Timeline
from core.training.trees import Batch, Tensors, Tree
from renderer.cips.training import export
from renderer.cips.training import state as run_state
from renderer.cips.training.batches import PixelSource
from renderer.cips.training.state import CipsState
from renderer.cips.training.steps import training_step

# To which share of its first value the learning rate falls; over how many steps it rises at first.
LAST_RATE, RISING_STEPS = 0.02, 100


@dataclass(frozen=True)
class CipsStage:
    """The only stage, up to `end` pictures seen."""

    end: int


@dataclass
class CipsTrainer:
    """Trains a CIPS; see `core.training.loop.Trainer` for the methods.

    Attributes:
        folder: the run folder.
        source: the pictures.
        timeline: where the run is in its schedule.
        start_from: the folder of a model that a new run begins with.
    """

    folder: Path
    source: PixelSource
    timeline: Timeline = field(default_factory=Timeline)
    start_from: Path | None = None

    @property
    def sample_images(self) -> int:
        """Samples are due after each so many pictures."""
        return self.source.hparams.sample_images

    def stages(self) -> list[CipsStage]:
        """The only one."""
        return [CipsStage(self.source.hparams.total_images)]

    def begin(self) -> CipsState:
        """The state of the latest save; a new one where there is none.

        Raises:
            ValueError: the run folder holds a run of another shape, or `start_from` a model that does not fit.
        """
        try:
            return run_state.restore(self.folder, self.source.config)
        except FileNotFoundError:
            if self.start_from:
                return run_state.continued(self.start_from, self.source.config, self.source.dataset.classes)
            return run_state.initial(self.source.config, self.source.hparams.seed)

    def is_over(self, stage: CipsStage, state: CipsState) -> bool:
        """Whether the run is over."""
        return self.timeline.reached(state.images, stage.end)

    def enter(self, stage: CipsStage, state: CipsState) -> CipsState:
        """The state as it is."""
        return state

    def batch_size(self, stage: CipsStage) -> int:
        """Pictures per step."""
        return self.source.hparams.batch_size

    def batch(self, stage: CipsStage, images: int) -> Batch:
        """What the step after `images` pictures is fed."""
        own, position = self.source.hparams, self.timeline.position(images)
        fall = schedule.cosine_fall(min(1.0, position / own.total_images), LAST_RATE)
        rise = min(1.0, (images / own.batch_size + 1) / RISING_STEPS)
        return self.source.batch(images, own.rate * fall * rise)

    def step(self, stage: CipsStage) -> loop.Step:
        """The compiled step."""
        run = compiled(partial(training_step, self.source.config, self.source.hparams))

        def once(tree: Tree, batch: Batch, images: int) -> tuple[Tree, Tensors]:
            found: tuple[Tree, Tensors] = run(tree, batch)
            return found

        return once

    def to_tensors(self, state: CipsState) -> Tree:
        """A state as the steps take it."""
        return trees.to_tensors(state.tree)

    def local(self, tree: Tree) -> Tree:
        """Tensors that this process can read: all."""
        return tree

    def to_state(self, stage: CipsStage, tree: Tree, images: int) -> CipsState:
        """The inverse of `to_tensors`."""
        return CipsState(trees.to_arrays(tree), images)

    def save(self, stage: CipsStage, state: CipsState) -> Path:
        """Write a state into the run folder."""
        self.timeline.save(self.folder)
        return run_state.save(self.folder, state)


def training_logger(folder: Path, source: PixelSource, clock: Clock | None = None) -> TrainingLogger[CipsStage]:
    """The logger of a run: lines, and `samples/` in its folder."""

    def write_samples(stage: CipsStage, tensors: Tree, images: int) -> Path:
        return export.write_sheet(folder, CipsState(tensors, images), source)

    total, log = source.hparams.total_images, logging.getLogger(__name__)
    return TrainingLogger(log, total, lambda stage: f"{source.hparams.size} px", write_samples, clock=clock)
