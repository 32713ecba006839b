"""A training run from its first image to its last, through all stages; it can be killed and goes on where it saved."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.training.data_order import made_ahead
from gansynth import normalizer
from gansynth.training import progressive_growing, run_folder, spectra
from gansynth.training.batches import Batch, Source
from gansynth.training.hparams import Hparams
from gansynth.training.losses import label_parts
from gansynth.training.stages import Stage, stages
from gansynth.training.state import State
from gansynth.training.steps import Plan
from gansynth.training.tensors import Tree, to_state, to_tensors
from gansynth.training.workers import Steps, Workers

# What a random stream is for, beside the seed; batches has the others.
WEIGHTS = 3
# The warm start's learning rate falls to this share over its last half.
LAST_RATE = 0.1


class Logger(Protocol):
    """What a run tells of itself."""

    def step(self, stage: Stage, before: int, images: int, losses: dict[str, Any]) -> None:
        """After every step; the losses are the backend's scalars, so reading them waits for the step to end."""

    def saved(self, prefix: Path) -> None:
        """After every save."""

    def sample(self, stage: Stage, plan: Plan, tensors: Tree, images: int) -> None:
        """Now and then, to hear and see what the network makes."""


@dataclass
class Trainer:
    """One run.

    `folder` is the run folder; `save_every_s` is counted in seconds, and each stage's end is saved too. When `stopping`
    becomes true, the step at hand is finished and saved, and the run ends.
    """

    folder: Path
    source: Source
    diary: Logger
    save_every_s: float = 600.0
    stopping: Callable[[], bool] = lambda: False
    workers: Workers = field(default_factory=Workers)

    def run(self) -> State:
        """Train to the end, or until `stopping`; the last state, which is saved.

        Raises:
            ValueError: the folder holds a run of another shape.
        """
        all_stages = stages(self.source.config, self.source.hparams)
        state = self._begin(all_stages[0])
        for stage in all_stages:
            if state.blocks > stage.blocks or state.images >= stage.end:
                continue
            if state.blocks < stage.blocks:
                state = progressive_growing.grown(state, self.source.config, stage.blocks, self._random(stage.blocks))
            state = self._run_stage(stage, state)
            if self.stopping():
                break
        return state

    def _begin(self, first: Stage) -> State:
        config, hparams = self.source.config, self.source.hparams
        try:
            return run_folder.restore(self.folder, config, betas=(hparams.adam_beta1, hparams.adam_beta2))
        except FileNotFoundError:
            groups = self.source.groups if hparams.warm_start_images else 0
            return progressive_growing.initial(config, first.blocks, groups, self._random(0))

    def _random(self, number: int) -> np.random.Generator:
        return np.random.default_rng([self.source.hparams.seed, WEIGHTS, number])

    def _run_stage(self, stage: Stage, state: State) -> State:
        plan = plan_of(self.source, stage)
        size, images = self.source.hparams.batch_size(stage.number, self.source.config), state.images
        self.workers.check(images, size)
        steps, tensors = self.workers.steps(plan), self.workers.spread(to_tensors(state))
        saved = time.monotonic()
        for batch in self._batches(stage, images, size):
            tensors, losses = self._step(steps, stage, tensors, batch, images)
            before, images = images, images + size
            self.diary.step(stage, before, images, losses)
            every = self.source.hparams.save_summaries_num_images
            if images // every > before // every:
                self.diary.sample(stage, plan, self.workers.local(tensors), images)
            if self.stopping():
                break
            if time.monotonic() - saved > self.save_every_s:
                self._save(stage, tensors, images)
                saved = time.monotonic()
        return self._save(stage, tensors, images)

    def _batches(self, stage: Stage, images: int, size: int) -> Iterator[Batch]:
        """The batches up to the stage's end; the next one is made while one is used."""
        make = partial(self.source.batch, size=size, block=stage.blocks)
        for start, batch in made_ahead(make, range(images, stage.end, size)):
            yield batch | {"fade": np.float32(stage.fade(start, self.source.config))}

    def _step(self, steps: Steps, stage: Stage, tensors: Tree, batch: Batch, images: int) -> tuple[Tree, Any]:
        hparams = self.source.hparams
        batch = batch | {"rate": np.float32(1.0), "kl_weight": np.float32(hparams.latent_kl_weight)}
        if images < hparams.warm_start_images:
            return steps.warm(tensors, batch | warm_schedule(images / hparams.warm_start_images, hparams))
        tensors, losses = steps.generator(tensors, batch)
        second = batch | {"z": batch["z2"], "z_labels": batch["z2_labels"]}
        number = images // len(batch["group"])
        judged = steps.penalised if number % hparams.gradient_penalty_interval == 0 else steps.discriminator
        tensors, more = judged(tensors, second)
        return tensors, losses | more

    def _save(self, stage: Stage, tensors: Tree, images: int) -> State:
        hparams = self.source.hparams
        state = to_state(self.workers.local(tensors), stage.blocks, images)
        if self.workers.chief:
            betas = (hparams.adam_beta1, hparams.adam_beta2)
            self.diary.saved(run_folder.save(self.folder, state, self.source.config, stage.number, betas=betas))
        return state


def warm_schedule(share: float, hparams: Hparams) -> Batch:
    """What changes while `share` of the warm start, 0..1, passes.

    The learning rate is constant for the first half, then falls to a tenth. The latents are free at first, so that
    the network finds out what they are good for, and are drawn to the normal distribution in full from the middle on.
    """
    return {
        "rate": np.float32(hparams.warm_start_learning_rate * max(LAST_RATE, min(1.0, 2.0 * (1.0 - share)))),
        "kl_weight": np.float32(hparams.latent_kl_weight * min(1.0, 2.0 * share)),
    }


def plan_of(source: Source, stage: Stage) -> Plan:
    """What stays the same through a stage."""
    scale, shift = normalizer.scale_and_shift(source.config)
    _, width = spectra.resolution(source.config, stage.blocks)
    return Plan(
        source.config,
        source.hparams,
        stage.blocks,
        stage.fading,
        label_parts(source.config),
        _narrowed(scale, width),
        _narrowed(shift, width),
    )


def _narrowed(fitted: np.ndarray, width: int) -> np.ndarray:
    """A normaliser's [2] as it is, and [frequencies, 2] averaged over boxes to [width, 2]."""
    return fitted if fitted.ndim == 1 else fitted.reshape(width, -1, 2).mean(axis=1)
