"""GANSynth's part of the training loop: stages, states, batches and steps."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.training import loop, random_streams, schedule
from core.training.device_steps import DeviceSteps
from core.training.random_streams import Stream
from core.training.timeline import Timeline
from core.training.trees import Batch, Tree
from gansynth.training import earlier_voice, progressive_growing, run_folder, tensors
from gansynth.training import steps as sound_steps
from gansynth.training.batches import NoteSource
from gansynth.training.hparams import SoundHparams
from gansynth.training.stages import SoundStage, stages
from gansynth.training.state import SoundState
from gansynth.training.step_plan import plan_of
from gansynth.training.workers import Steps, Workers

# The share of pretraining's learning rate that is left at its end.
LAST_RATE = 0.1


@dataclass
class SoundTrainer:
    """Trains a GANSynth on notes; see `core.training.loop.Trainer` for the methods.

    Attributes:
        folder: the run folder.
        source: the notes.
        workers: where the steps run.
        timeline: where the run is in its schedule.
        start_from: the folder of a voice that a new run begins with; see gansynth/training/earlier_voice.py.
    """

    folder: Path
    source: NoteSource
    workers: Workers = field(default_factory=Workers)
    timeline: Timeline = field(default_factory=Timeline)
    start_from: Path | None = None

    @property
    def sample_images(self) -> int:
        """Samples are due after each so many notes."""
        return self.source.hparams.save_summaries_num_images

    def stages(self) -> list[SoundStage]:
        """All stages of progressive growing."""
        return stages(self.source.config, self.source.hparams)

    def begin(self) -> SoundState:
        """The state of the latest save; a new one where there is none.

        Raises:
            ValueError: the run folder holds a run of another shape, or `start_from` a voice that does not fit.
        """
        config, hparams = self.source.config, self.source.hparams
        try:
            return run_folder.restore(self.folder, config, betas=self._betas)
        except FileNotFoundError:
            groups = self.source.groups if hparams.warm_start_images else 0
            first = progressive_growing.initial(config, self.stages()[0].blocks, groups, self._random(0))
        if not self.start_from:
            return first
        return earlier_voice.begin(self.start_from, config, self.source.instruments, first)

    def is_over(self, stage: SoundStage, state: SoundState) -> bool:
        """Whether a stage is behind a state."""
        return state.blocks > stage.blocks or self.timeline.reached(state.images, stage.end)

    def enter(self, stage: SoundStage, state: SoundState) -> SoundState:
        """Add the stage's blocks where they are missing.

        Raises:
            ValueError: workers disagree, or cannot divide a batch among them.
        """
        if state.blocks < stage.blocks:
            state = progressive_growing.grown(state, self.source.config, stage.blocks, self._random(stage.blocks))
        self.workers.check(state.images, self.batch_size(stage))
        return state

    def batch_size(self, stage: SoundStage) -> int:
        """Notes per step."""
        return self.source.hparams.batch_size(stage.number, self.source.config)

    def batch(self, stage: SoundStage, images: int) -> Batch:
        """What the step after `images` notes is fed."""
        size, position = self.batch_size(stage), self.timeline.position(images)
        on_device = self.workers.on_device
        batch = self.source.rows_batch(images, size) if on_device else self.source.batch(images, size, stage.blocks)
        fade = np.float32(stage.fade(position, self.source.config))
        more = {"fade": fade, "with_penalty": np.bool_(self._with_penalty(stage, images))}
        return batch | more | scheduled(position, self.source.hparams)

    def step(self, stage: SoundStage) -> loop.Step | loop.StepRunner:
        """The compiled step of a stage: pretraining, or generator and discriminator one after the other."""
        plan = plan_of(self.source, stage)
        if self.workers.on_device:
            step = sound_steps.pretraining_step if stage.pretraining else sound_steps.adversarial_step
            notes = {"notes": np.asarray(self.source.spectra.levels[stage.blocks])}
            return DeviceSteps(partial(step, plan), notes, sound_steps.select_notes)
        steps = self.workers.steps(plan)
        if stage.pretraining:
            return lambda tree, batch, images: steps.pretraining(tree, batch)
        return lambda tree, batch, images: _adversarial(steps, tree, batch, self._with_penalty(stage, images))

    def to_tensors(self, state: SoundState) -> Tree:
        """A state as the steps take it, on all workers."""
        return self.workers.spread(tensors.from_state(state))

    def local(self, tree: Tree) -> Tree:
        """Tensors that this process can read."""
        return self.workers.local(tree)

    def to_state(self, stage: SoundStage, tree: Tree, images: int) -> SoundState:
        """The inverse of `to_tensors`."""
        return tensors.to_state(self.workers.local(tree), stage.blocks, images)

    def save(self, stage: SoundStage, state: SoundState) -> Path | None:
        """Write a state into the run folder; only the chief worker does."""
        if not self.workers.chief:
            return None
        self.timeline.save(self.folder)
        return run_folder.save(self.folder, state, self.source.config, stage.number, betas=self._betas)

    def _with_penalty(self, stage: SoundStage, images: int) -> bool:
        return images // self.batch_size(stage) % self.source.hparams.gradient_penalty_interval == 0

    @property
    def _betas(self) -> tuple[float, float]:
        return self.source.hparams.adam_beta1, self.source.hparams.adam_beta2

    def _random(self, blocks: int) -> np.random.Generator:
        return random_streams.generator(self.source.hparams.seed, Stream.WEIGHTS, blocks)


def scheduled(images: float, hparams: SoundHparams) -> schedule.Scalars:
    """The learning rate and the weight of the latents' divergence at a position in the schedule, in notes.

    In pretraining the rate is constant for the first half and then falls to `LAST_RATE` of that. The weight rises in
    the first half: latents are free at first, so that the network can find out what to use them for. After pretraining
    the rate is a factor for the hyper-parameters' rates: 1, and falling at the end where they ask for it. Then
    "adversarial" is how much of its adversarial loss the generator has.
    """
    after = images - hparams.warm_start_images
    if after >= 0:
        adversarial = schedule.delayed_rise(after, hparams.discriminator_warm_up_images)
        rate = 1.0
        if hparams.falling_rate_share:
            left = (hparams.total_num_images - images) / (hparams.falling_rate_share * hparams.total_num_images)
            rate = schedule.linear_fall(left, LAST_RATE)
        return schedule.scalars(rate, hparams.latent_kl_weight) | {"adversarial": np.float32(adversarial)}
    share = images / hparams.warm_start_images
    rate = hparams.warm_start_learning_rate * schedule.linear_fall(2.0 * (1.0 - share), LAST_RATE)
    kl_weight = hparams.latent_kl_weight * schedule.ramp_up(share)
    return schedule.scalars(rate, kl_weight) | {"adversarial": np.float32(0.0)}


def _adversarial(steps: Steps, tree: Tree, batch: Batch, with_penalty: bool) -> tuple[Tree, dict[str, Any]]:
    tree, generator_losses = steps.generator(tree, batch)
    second = batch | {"z": batch["z2"], "z_labels": batch["z2_labels"]}
    discriminator = steps.discriminator_with_penalty if with_penalty else steps.discriminator
    tree, discriminator_losses = discriminator(tree, second)
    return tree, generator_losses | discriminator_losses
