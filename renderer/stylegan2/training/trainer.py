"""StyleGAN2's part of the training loop: stages, states, batches and steps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from core.nn.backend import compiled, is_jax
from core.training import loop, random_streams, schedule, trees
from core.training.device_steps import DeviceSteps
from core.training.random_streams import Stream
from core.training.timeline import Timeline
from core.training.trees import Batch, Tensors, Tree
from renderer.stylegan2.training import continuation, reconstruction, steps
from renderer.stylegan2.training import state as run_state
from renderer.stylegan2.training.batches import ImageSource
from renderer.stylegan2.training.plan import StepPlan
from renderer.stylegan2.training.stages import ImageStage, stages
from renderer.stylegan2.training.state import StyleGan2State

# In this share of the run, at its end, the learning rate falls to the share LAST_RATE.
LAST_SHARE, LAST_RATE = 0.15, 0.1
# To which share of its first rate that of pretraining falls.
LAST_WARM_RATE = 0.05


@dataclass
class StyleGan2Trainer:
    """Trains a StyleGAN2; see `core.training.loop.Trainer` for the methods.

    Attributes:
        folder: the run folder.
        source: the images.
        timeline: where the run is in its schedule.
        start_from: the folder of an exported model that a new run begins with.
    """

    folder: Path
    source: ImageSource
    timeline: Timeline = field(default_factory=Timeline)
    start_from: Path | None = None

    @property
    def sample_images(self) -> int:
        """Samples are due after each so many images."""
        return self.source.hparams.sample_images

    def stages(self) -> list[ImageStage]:
        """All stages in order."""
        return stages(self.source.hparams)

    def begin(self) -> StyleGan2State:
        """The state of the latest save; a new one where there is none.

        Raises:
            ValueError: the run folder holds a run of another shape, or `start_from` a model that does not fit.
        """
        hparams, classes = self.source.hparams, self.source.classes
        try:
            return run_state.restore(self.folder, hparams, classes)
        except FileNotFoundError:
            if self.start_from:
                return continuation.read(self.start_from, hparams, self.source.dataset.classes)
            return run_state.initial(hparams, classes, random_streams.generator(hparams.seed, Stream.WEIGHTS))

    def is_over(self, stage: ImageStage, state: StyleGan2State) -> bool:
        """Whether a stage is behind a state."""
        return state.size > stage.size or self.timeline.reached(state.images, stage.end)

    def enter(self, stage: ImageStage, state: StyleGan2State) -> StyleGan2State:
        """Start Adam again where the size is a new one."""
        if state.size == stage.size:
            return state
        return StyleGan2State(run_state.with_first_moments(state.tree), state.images, stage.size)

    def batch_size(self, stage: ImageStage) -> int:
        """Images per step."""
        return self.source.hparams.batch_size

    def batch(self, stage: ImageStage, images: int) -> Batch:
        """What the step after `images` images is fed."""
        own, position = self.source.hparams, self.timeline.position(images)
        if stage.pretraining:
            fall = schedule.cosine_fall(min(1.0, position / own.warm_start_images), LAST_WARM_RATE)
            return self.source.batch(images, own.warm_start_rate * fall)
        left = (own.total_images - position) / (LAST_SHARE * own.total_images)
        return self.source.batch(images, schedule.linear_fall(left, LAST_RATE))

    def step(self, stage: ImageStage) -> loop.Step | loop.StepRunner:
        """The compiled step of a stage."""
        plan = StepPlan(self.source.hparams, self.source.classes, stage.size)
        data = self.source.data(stage.size)
        one = reconstruction.pretraining_step if stage.pretraining else steps.training_step
        if is_jax():
            return DeviceSteps(partial(one, plan), data, steps.select)
        run = _compiled(one, plan)

        def once(tree: Tree, batch: Batch, images: int) -> tuple[Tree, dict[str, Any]]:
            return run(tree, batch | {name: value[batch["rows"]] for name, value in data.items()})

        return once

    def to_tensors(self, state: StyleGan2State) -> Tree:
        """A state as the steps take it."""
        return trees.to_tensors(state.tree)

    def local(self, tree: Tree) -> Tree:
        """Tensors that this process can read: all."""
        return tree

    def to_state(self, stage: ImageStage, tree: Tree, images: int) -> StyleGan2State:
        """The inverse of `to_tensors`."""
        return StyleGan2State(trees.to_arrays(tree), images, stage.size)

    def save(self, stage: ImageStage, state: StyleGan2State) -> Path:
        """Write a state into the run folder."""
        self.timeline.save(self.folder)
        return run_state.save(self.folder, state)


@lru_cache(maxsize=8)
def _compiled(
    step: Callable[[StepPlan, Tree, Tensors], tuple[Tree, Tensors]], plan: StepPlan
) -> Callable[[Tree, Batch], tuple[Tree, dict[str, Any]]]:
    """A step of a plan, traced once in a process."""
    return compiled(partial(step, plan))
