"""The image model's part of the training loop: stages, states, batches and steps."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.nn.backend import is_jax
from core.training import loop, random_streams, schedule, trees
from core.training.device_steps import DeviceSteps
from core.training.random_streams import Stream
from core.training.timeline import Timeline
from core.training.trees import Batch, Tree
from renderer.training import continuation, steps
from renderer.training import state as run_state
from renderer.training.batches import ImageSource
from renderer.training.hparams import ImageHparams
from renderer.training.stages import ImageStage, stages
from renderer.training.state import ImageState
from renderer.training.steps import ImageStepPlan

# The share of a learning rate that is left at its end.
LAST_RATE = 0.05
# The share of the run, at its end, in which the rates of adversarial training fall.
LAST_SHARE = 0.1


@dataclass
class ImageTrainer:
    """Trains an image model; see `core.training.loop.Trainer` for the methods.

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

    def begin(self) -> ImageState:
        """The state of the latest save; a new one where there is none.

        Raises:
            ValueError: the run folder holds a run of another shape, or `start_from` a model that does not fit.
        """
        hparams, classes, latents = self.source.hparams, self.source.classes, self.source.latents
        try:
            return run_state.restore(self.folder, hparams, classes, latents)
        except FileNotFoundError:
            if self.start_from:
                return continuation.read(self.start_from, hparams, self.source.dataset.classes, latents)
            rng = random_streams.generator(hparams.seed, Stream.WEIGHTS)
            return run_state.initial(hparams, classes, latents, rng)

    def is_over(self, stage: ImageStage, state: ImageState) -> bool:
        """Whether a stage is behind a state."""
        return state.size > stage.size or self.timeline.reached(state.images, stage.end)

    def enter(self, stage: ImageStage, state: ImageState) -> ImageState:
        """Start Adam again where the size is a new one."""
        if state.size == stage.size:
            return state
        return ImageState(run_state.with_first_moments(state.tree), state.images, stage.size)

    def batch_size(self, stage: ImageStage) -> int:
        """Images per step."""
        return self.source.hparams.batch_size

    def batch(self, stage: ImageStage, images: int) -> Batch:
        """What the step after `images` images is fed."""
        position = self.timeline.position(images)
        batch = self.source.rows_batch(images) if is_jax() else self.source.batch(images, stage.size)
        with_r1 = np.bool_(images // self.batch_size(stage) % self.source.hparams.r1_interval == 0)
        more = {"fade": np.float32(stage.fade(position)), "with_r1": with_r1}
        return batch | more | scheduled(position, self.source.hparams)

    def step(self, stage: ImageStage) -> loop.Step | loop.StepRunner:
        """The compiled step of a stage: pretraining, or discriminator and generator one after the other."""
        plan = ImageStepPlan(self.source.hparams, self.source.classes, stage)
        if is_jax():
            one = steps.pretraining_step if stage.pretraining else steps.adversarial_step
            return DeviceSteps(partial(one, plan), {"images": self.source.dataset.at(stage.size)}, steps.select_images)
        if stage.pretraining:
            pretrain = steps.compiled_step(steps.pretraining_step, plan)
            return lambda tree, batch, images: pretrain(tree, batch)
        discriminator = steps.compiled_step(steps.discriminator_step, plan)
        generator = steps.compiled_step(steps.generator_step, plan)

        def step(tree: Tree, batch: Batch, images: int) -> tuple[Tree, dict[str, Any]]:
            tree, discriminator_losses = discriminator(tree, batch)
            tree, generator_losses = generator(tree, batch)
            return tree, discriminator_losses | generator_losses

        return step

    def to_tensors(self, state: ImageState) -> Tree:
        """A state as the steps take it."""
        return trees.to_tensors(state.tree)

    def local(self, tree: Tree) -> Tree:
        """Tensors that this process can read: all."""
        return tree

    def to_state(self, stage: ImageStage, tree: Tree, images: int) -> ImageState:
        """The inverse of `to_tensors`."""
        return ImageState(trees.to_arrays(tree), images, stage.size)

    def save(self, stage: ImageStage, state: ImageState) -> Path:
        """Write a state into the run folder."""
        self.timeline.save(self.folder)
        return run_state.save(self.folder, state)


def scheduled(images: float, hparams: ImageHparams) -> schedule.Scalars:
    """The learning rate and the weight of the latents' divergence at a position in the schedule, in images.

    In pretraining the rate falls along a cosine to `LAST_RATE` of the first one, and the weight rises in the first
    half: latents are free at first, so that the network can find out what to use them for. After pretraining the rate
    is a factor for the hyper-parameters' rates: 1, falling at the end. "adversarial" is how much of its adversarial
    loss the generator has.
    """
    if images < hparams.warm_start_images:
        share = images / hparams.warm_start_images
        rate = hparams.warm_start_rate * schedule.cosine_fall(share, LAST_RATE)
        kl_weight = hparams.latent_kl_weight * schedule.ramp_up(share)
        return schedule.scalars(rate, kl_weight) | {"adversarial": np.float32(0.0)}
    after = images - hparams.warm_start_images
    adversarial = {"adversarial": np.float32(schedule.delayed_rise(after, hparams.discriminator_warm_up_images))}
    left = (hparams.total_images - images) / (LAST_SHARE * hparams.total_images)
    return schedule.scalars(schedule.linear_fall(left, LAST_RATE), hparams.latent_kl_weight) | adversarial
