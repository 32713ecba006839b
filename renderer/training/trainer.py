"""A training run from its first image to its last; it can be killed and goes on where it saved."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.training.data_order import made_ahead
from renderer.training import state as run_state
from renderer.training import steps
from renderer.training.batches import Batch, Source
from renderer.training.hparams import Hparams
from renderer.training.stages import Stage, stages
from renderer.training.state import State, Tree
from renderer.training.steps import Plan

# What a random stream is for, beside the seed; batches and sheet have the others.
WEIGHTS = 3
# Learning rates fall to this share.
LAST_RATE = 0.05
# In this share of the run, its last, the rates against each other fall.
LAST_SHARE = 0.1


class Logger(Protocol):
    """What a run tells of itself."""

    def step(self, stage: Stage, before: int, images: int, losses: dict[str, Any]) -> None:
        """After every step; the losses are the backend's scalars, so reading them waits for the step to end."""

    def saved(self, path: Path) -> None:
        """After every save."""

    def sample(self, stage: Stage, tree: Tree, images: int) -> None:
        """Now and then, to see what the network makes."""


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

    def run(self) -> State:
        """Train to the end, or until `stopping`; the last state, which is saved.

        Raises:
            ValueError: the folder holds a run of another shape.
        """
        state = self._begin()
        for stage in stages(self.source.hparams):
            if state.images >= stage.end:
                continue
            if state.size != stage.size:
                state = State(run_state.rested(state.tree), state.images, stage.size)
            state = self._run_stage(stage, state)
            if self.stopping():
                break
        return state

    def _begin(self) -> State:
        hparams, classes, latents = self.source.hparams, self.source.classes, self.source.latents
        try:
            return run_state.restore(self.folder, hparams, classes, latents)
        except FileNotFoundError:
            return run_state.initial(hparams, classes, latents, np.random.default_rng([hparams.seed, WEIGHTS]))

    def _run_stage(self, stage: Stage, state: State) -> State:
        hparams, images = self.source.hparams, state.images
        step = _step_of(Plan(hparams, self.source.classes, stage))
        tree, saved = run_state.to_tensors(state.tree), time.monotonic()
        for batch in self._batches(stage, images):
            tree, losses = step(tree, batch)
            before, images = images, images + hparams.batch_size
            self.diary.step(stage, before, images, losses)
            if images // hparams.sample_images > before // hparams.sample_images:
                self.diary.sample(stage, tree, images)
            if self.stopping():
                break
            if time.monotonic() - saved > self.save_every_s:
                self._save(stage, tree, images)
                saved = time.monotonic()
        return self._save(stage, tree, images)

    def _batches(self, stage: Stage, images: int) -> Iterator[Batch]:
        """The batches up to the stage's end; the next one is made while one is used."""
        make = partial(self.source.batch, size=stage.size)
        for start, batch in made_ahead(make, range(images, stage.end, self.source.hparams.batch_size)):
            yield batch | {"fade": np.float32(stage.fade(start))} | schedule(start, self.source.hparams)

    def _save(self, stage: Stage, tree: Tree, images: int) -> State:
        state = State(run_state.to_arrays(tree), images, stage.size)
        self.diary.saved(run_state.save(self.folder, state))
        return state


def schedule(images: int, hparams: Hparams) -> Batch:
    """What changes as the run goes on: the learning rate, and how strongly learned latents are drawn together.

    In the warm start the rate falls along a cosine, and latents are free at first, so that the network finds out what
    they are good for. After it the rate is a share of the hyper-parameters' rates: 1, falling at the end.
    """
    if images < hparams.warm_start_images:
        share = images / hparams.warm_start_images
        rate = hparams.warm_start_rate * (LAST_RATE + (1 - LAST_RATE) * (0.5 + 0.5 * math.cos(math.pi * share)))
        return _scalars(rate, hparams.latent_kl_weight * min(1.0, 2.0 * share))
    left = (hparams.total_images - images) / (LAST_SHARE * hparams.total_images)
    return _scalars(max(LAST_RATE, min(1.0, left)), hparams.latent_kl_weight)


def _scalars(rate: float, kl_weight: float) -> Batch:
    return {"rate": np.float32(rate), "kl_weight": np.float32(kl_weight)}


def _step_of(plan: Plan) -> Callable[[Tree, Batch], tuple[Tree, Any]]:
    if plan.stage.warm:
        return steps.compiled_step(steps.warm_step, plan)
    judge = steps.compiled_step(steps.discriminator_step, plan)
    make = steps.compiled_step(steps.generator_step, plan)

    def step(tree: Tree, batch: Batch) -> tuple[Tree, Any]:
        tree, told = judge(tree, batch)
        tree, made = make(tree, batch)
        return tree, told | made

    return step
