"""A codebook's part of a run: pieces of spectrograms, samples, the exported network."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from core import checks
from core.nn.backend import compiled
from core.training import data_order
from core.training.random_streams import Stream, generator
from core.training.trees import Batch, Tensors, Tree, to_arrays
from specvqgan import run_folder
from specvqgan.codebook import config as codebook_config
from specvqgan.codebook import discriminator
from specvqgan.codebook import weights as codebook_weights
from specvqgan.codebook.config import CodebookConfig
from specvqgan.dataset.folder import ClipSet
from specvqgan.training import sheets
from specvqgan.training.adam_state import branch
from specvqgan.training.codebook import losses, steps
from specvqgan.training.codebook.hparams import CodebookHparams
from specvqgan.training.stages import RunStage
from specvqgan.training.task import TaskStep

# Held-out clips that are measured, and shown.
_MEASURED, _SHOWN = 32, 6


@dataclass(frozen=True)
class CodebookTask:
    """Trains a codebook on the spectrograms of a dataset.

    Attributes:
        config: of the network.
        hparams: of the run.
        clips: to learn from.
        held_out: others, to measure and show.
        perceptual: the perceptual distance; None: without.
    """

    config: CodebookConfig
    hparams: CodebookHparams
    clips: ClipSet
    held_out: ClipSet
    perceptual: losses.Perceptual | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        found = self.clips.mels.shape
        checks.one_of("mels of the network", self.config.mels, (found[1],))
        if self.frames % self.config.stride or not 0 < self.frames <= found[2]:
            rule = f"be a multiple of {self.config.stride}, at most {found[2]}, as the dataset's clips are"
            raise checks.mismatch("frames", rule, self.frames)

    @property
    def frames(self) -> int:
        """Columns of a piece."""
        return self.hparams.frames or self.config.frames

    @property
    def count(self) -> int:
        """How many clips there are."""
        return len(self.clips)

    @property
    def described(self) -> Mapping[str, Any]:
        """What may not change while the run goes on."""
        own = self.hparams
        shapes = ("seed", "discriminator_width", "discriminator_layers", "adversarial_weight")
        return codebook_config.to_json(self.config) | {name: asdict(own)[name] for name in shapes}

    def initial(self, rng: np.random.Generator) -> Tree:
        """The tree of a run before its first clip."""
        own, count = self.hparams, self.config.codes
        tree = branch("model", codebook_weights.initial(self.config, rng))
        tree |= {"usage": {"shares": np.full(count, 1.0 / count, np.float32)}}
        if not own.adversarial_weight:
            return tree
        learned, averages = discriminator.divided(discriminator.initial(own.discriminator, rng))
        return tree | branch("discriminator", learned) | {"averages": averages}

    def batch(self, clips: int, position: float) -> Batch:
        """Pieces of spectrograms at random places, and which parts of a step are due."""
        own = self.hparams
        rows = data_order.rows(own.seed, clips, own.batch_size, self.count)
        rng = generator(own.seed, Stream.BATCHES, clips)
        starts = rng.integers(0, self.clips.mels.shape[2] - self.frames + 1, len(rows))
        pieces = [self.clips.mels[row, :, at : at + self.frames] for row, at in zip(rows, starts, strict=True)]
        step = clips // own.batch_size
        due = own.revive_every and step % own.revive_every == own.revive_every - 1
        return {
            "mels": np.stack(pieces).astype(np.float32),
            "revive": np.float32(bool(due) and position < 0.9 * own.total_clips),
        }

    def stages(self) -> list[RunStage]:
        """Without the discriminator, and with it."""
        own = self.hparams
        if not own.adversarial_weight:
            return [RunStage("alone", own.total_clips)]
        joins = min(own.adversarial_start * own.batch_size, own.total_clips)
        return [RunStage("alone", joins), RunStage("adversarial", own.total_clips)]

    def step(self, stage: RunStage) -> TaskStep:
        """The step of a stage."""
        own, adversarial = self.hparams.for_steps(), stage.name == "adversarial"
        return TaskStep(steps.training_step, steps.StepPlan(own, self.config, adversarial, self.perceptual))

    @cached_property
    def _run(self) -> Any:
        own = self.hparams

        def run(weights: Tensors, mels: Any) -> Any:
            x = 2.0 * mels[..., None] - 1.0
            found = losses.quantized(weights, x, self.config, own.commitment, own.original_loss)
            return (found.picture[..., 0] + 1.0) / 2.0, found.tokens

        return compiled(run)

    def round_trip(self, weights: Mapping[str, Any], mels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Reconstructions [n, mels, frames] of whole spectrograms, and their codes."""
        width = mels.shape[2] // self.config.stride * self.config.stride
        found = [self._run(dict(weights), np.asarray(mel, np.float32)[None, :, :width]) for mel in mels]
        return tuple(
            np.concatenate([np.asarray(ops.convert_to_numpy(one)) for one in each]) for each in zip(*found, strict=True)
        )  # type: ignore[return-value]

    def measure(self, tree: Tree) -> dict[str, float]:
        """The mean absolute difference of held-out spectrograms in 0..1, and how many codes they use."""
        mels = np.asarray(self.held_out.mels[:_MEASURED], np.float32)
        pictures, tokens = self.round_trip(tree["model"], mels)
        difference = np.abs(pictures - mels[:, :, : pictures.shape[2]]).mean()
        used, _ = losses.perplexity(ops.convert_to_tensor(tokens), self.config.codes)
        return {"held out l1": float(difference), "held out perplexity": float(ops.convert_to_numpy(used))}

    def write_samples(self, folder: Path, tree: Tree, clips: int) -> Path:
        """A sheet: held-out spectrograms, and what is left of them."""
        mels = np.asarray(self.held_out.mels[:_SHOWN], np.float32)
        pictures, _ = self.round_trip(tree["model"], mels)
        return sheets.write(folder / f"clips_{clips:09d}.png", {"real": mels, "round trip": pictures})

    def export(self, folder: Path, tree: Tree, dtype: str) -> None:
        """Write config.json and weights.safetensors into a new folder."""
        arrays = codebook_weights.to_original(to_arrays(tree["model"]))
        run_folder.write(folder, codebook_config.to_json(self.config), arrays, dtype=dtype)
