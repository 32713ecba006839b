"""A transformer's part of a run: codes of clips and what they follow, samples, the exported network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from core import checks
from core.nn.backend import compiled
from core.progress import Progress
from core.training import data_order
from core.training.random_streams import Stream, generator
from core.training.trees import Batch, Tree, to_arrays
from specvqgan import run_folder
from specvqgan.codebook import permutation
from specvqgan.codebook.model import Codebook
from specvqgan.dataset.folder import ClipSet
from specvqgan.training import sheets
from specvqgan.training.adam_state import branch
from specvqgan.training.stages import RunStage
from specvqgan.training.task import TaskStep
from specvqgan.training.transformer import steps
from specvqgan.training.transformer.aligned import align
from specvqgan.training.transformer.hparams import TransformerHparams
from specvqgan.transformer import config as transformer_config
from specvqgan.transformer import weights as transformer_weights
from specvqgan.transformer.config import TransformerConfig
from specvqgan.transformer.model import Transformer

# Held-out clips that are measured together, in so many batches; and that are shown.
_BATCH, _BATCHES, _SHOWN = 16, 8, 4
# Clips whose features say how much each number varies.
_SEEN = 500


@dataclass(frozen=True)
class TransformerTask:
    """Trains a transformer on the codes of a dataset.

    Attributes:
        config: of the network; its last class, if it has classes, is that none is asked for.
        hparams: of the run.
        clips: to learn from.
        held_out: others, to measure and show.
        tokens: codes of both, [n, codes of a clip], column after column.
        codebook: that they are of.
    """

    config: TransformerConfig
    hparams: TransformerHparams
    clips: ClipSet
    held_out: ClipSet
    tokens: tuple[np.ndarray, np.ndarray] = field(compare=False)
    codebook: Codebook = field(compare=False)

    def __post_init__(self) -> None:
        config, shape = self.config, self.clips.features.shape
        rows = self.codebook.config.rows
        checks.one_of("rows of the network", config.rows, (rows,))
        checks.one_of("columns of the network", config.columns, (self.tokens[0].shape[1] // rows,))
        checks.one_of("codes of the network", config.codes, (self.codebook.config.codes,))
        if config.frames:
            checks.one_of("feature_depth of the network", config.feature_depth, (shape[2],))
            checks.in_range("frames of the network", config.frames, 1, shape[1])

    @property
    def count(self) -> int:
        """How many clips there are."""
        return len(self.clips)

    @property
    def described(self) -> Mapping[str, Any]:
        """What may not change while the run goes on."""
        more = {"seed": self.hparams.seed, "aligned": self.hparams.aligned, "codebook": self.codebook.checksum}
        return transformer_config.to_json(self.config) | more

    def initial(self, rng: np.random.Generator) -> Tree:
        """The tree of a run before its first clip."""
        arrays = transformer_weights.initial(self.config, rng)
        if self.hparams.aligned and self.config.frames:
            some = np.concatenate([np.asarray(one, np.float32) for one in self.clips.features[:_SEEN]])
            arrays = align(arrays, self.config, rng, some)
        return branch("model", arrays)

    def batch(self, clips: int, position: float) -> Batch:
        """Clips with noise on their features, and some without their class."""
        own = self.hparams
        rows = data_order.rows(own.seed, clips, own.batch_size, self.count)
        rng = generator(own.seed, Stream.BATCHES, clips)
        found = self._rows(self.clips, self.tokens[0], rows)
        if "features" in found and own.noise:
            noise = own.noise * rng.standard_normal(found["features"].shape, np.float32)
            found["features"] = (found["features"] + noise).astype(np.float32)
        if "classes" in found:
            hidden = rng.random(len(rows)) < own.class_dropout
            found["classes"] = np.where(hidden, self.config.classes - 1, found["classes"]).astype(np.int32)
        return found

    def _rows(self, clips: ClipSet, tokens: np.ndarray, rows: np.ndarray) -> Batch:
        found: Batch = {"tokens": tokens[rows].astype(np.int32)}
        if self.config.frames:
            moments = clips.features.shape[1]
            places = ((np.arange(self.config.frames) + 0.5) * moments / self.config.frames).astype(int)
            found["features"] = np.stack([clips.features[row][places] for row in rows]).astype(np.float32)
        if self.config.classes:
            found["classes"] = np.where(clips.asked[rows], clips.labels[rows], self.config.classes - 1).astype(np.int32)
        return found

    def stages(self) -> list[RunStage]:
        """The one stage."""
        return [RunStage("transformer", self.hparams.total_clips)]

    def step(self, stage: RunStage) -> TaskStep:
        """The step."""
        return TaskStep(steps.training_step, self._plan)

    @property
    def _plan(self) -> steps.StepPlan:
        return steps.StepPlan(self.hparams.for_steps(), self.config)

    @cached_property
    def _measured(self) -> Any:
        plan = self._plan
        return compiled(lambda weights, batch: steps.measured(plan, weights, batch))

    def measure(self, tree: Tree) -> dict[str, float]:
        """The cross entropy of held-out clips."""
        count = len(self.held_out)
        size = min(_BATCH, count)
        found = []
        for start in range(0, min(count - size + 1, size * _BATCHES), size):
            batch = self._rows(self.held_out, self.tokens[1], np.arange(start, start + size))
            found.append(float(ops.convert_to_numpy(self._measured(dict(tree["model"]), batch))))
        return {"held out cross_entropy": float(np.mean(found))}

    def write_samples(self, folder: Path, tree: Tree, clips: int) -> Path:
        """A sheet: the spectrograms of held-out clips, what is left of them as codes, and what is drawn for them."""
        rows = np.arange(min(_SHOWN, len(self.held_out)))
        batch = self._rows(self.held_out, self.tokens[1], rows)
        model = Transformer(self.config, to_arrays(tree["model"]), folder)
        drawn = model.sample(batch.get("features"), batch.get("classes"), seed=clips, count=len(rows))
        shown = {
            "real": np.asarray(self.held_out.mels[rows], np.float32),
            "round trip": self.codebook.decode(permutation.to_grid(batch["tokens"], self.config.rows)),
            "drawn": self.codebook.decode(drawn),
        }
        return sheets.write(folder / f"clips_{clips:09d}.png", shown)

    def export(self, folder: Path, tree: Tree, dtype: str) -> None:
        """Write config.json and weights.safetensors into a new folder."""
        run_folder.write(folder, transformer_config.to_json(self.config), to_arrays(tree["model"]), dtype=dtype)


def encoded(codebook: Codebook, clips: ClipSet, progress: Progress) -> np.ndarray:
    """The codes of the spectrograms of clips, int32 [n, codes of a clip], column after column."""
    found = []
    for row in range(len(clips)):
        progress(row, len(clips))
        grid = codebook.encode(np.asarray(clips.mels[row], np.float32)[None])
        found.append(permutation.to_sequence(grid)[0])
    progress(len(clips), len(clips))
    return np.stack(found).astype(np.int32)
