"""What stays the same through a stage of GANSynth's training."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training.trees import Batch, Tensor
from gansynth import normalizer
from gansynth.config import Config
from gansynth.training import spectra
from gansynth.training.batches import NoteSource
from gansynth.training.hparams import SoundHparams
from gansynth.training.losses import LabelPart, label_parts
from gansynth.training.stages import SoundStage


@dataclass(frozen=True)
class SoundStepPlan:
    """The constants of a stage's steps.

    Attributes:
        config: of the network.
        hparams: of training.
        blocks: how many blocks the networks have.
        fading: whether the last block is fading in.
        parts: of the label vectors.
        scale: the normaliser's, [2] or [w, 2]: normalised values are scale * values + shift.
        shift: likewise.
        mean_over_workers: averages tensors over all workers, differentiably.
    """

    config: Config
    hparams: SoundHparams
    blocks: int
    fading: bool
    parts: tuple[LabelPart, ...]
    scale: np.ndarray
    shift: np.ndarray
    mean_over_workers: Callable[[Any], Any] = lambda x: x

    @property
    def turn(self) -> np.ndarray:
        """A whole turn of the phase in normalised units; phases are stored in half turns."""
        return 2.0 * self.scale[..., 1]

    @property
    def enlargement(self) -> int:
        """How many pixels of the full spectrogram one pixel of this stage covers."""
        factor = self.config.scale_base ** (self.config.num_resolutions - self.blocks)
        return factor * factor if self.config.scale_mode == "ALL" else factor

    @property
    def betas(self) -> tuple[float, float]:
        """Adam's betas in adversarial training."""
        return self.hparams.adam_beta1, self.hparams.adam_beta2

    def fade(self, batch: Batch) -> Tensor | None:
        """How far the last block has faded in, 0..1; None: fully."""
        return batch["fade"] if self.fading else None


def plan_of(source: NoteSource, stage: SoundStage) -> SoundStepPlan:
    """The plan of a stage."""
    scale, shift = normalizer.scale_and_shift(source.config)
    _, width = spectra.resolution(source.config, stage.blocks)
    return SoundStepPlan(
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
