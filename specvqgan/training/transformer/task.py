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
        config: of the network; if it has one class more than the dataset, the last is that none is asked for.
        hparams: of the run.
        clips: to learn from.
        held_out: others, to measure and show.
        tokens: codes of both, [n, codes of a clip], column after column.
        codebook: that they are of.
        classes: how many the dataset has.
    """

    config: TransformerConfig
    hparams: TransformerHparams
    clips: ClipSet
    held_out: ClipSet
    tokens: tuple[np.ndarray, np.ndarray] = field(compare=False)
    codebook: Codebook = field(compare=False)
    classes: int = 0

    def __post_init__(self) -> None:
        config, book, shape = self.config, self.codebook.config, self.clips.features.shape
        columns, stride = self.tokens[0].shape[1] // book.rows, book.stride
        checks.one_of("rows of the network", config.rows, (book.rows,))
        checks.one_of("codes of the network", config.codes, (book.codes,))
        if config.columns != columns:
            advice = f"specvqgan_dataset --frames {config.columns * stride} makes clips for the network's"
            raise checks.mismatch("columns of the network", f"be the clips' {columns} ({advice})", config.columns)
        if config.frames and not config.random_features:
            checks.one_of("feature_depth of the network", config.feature_depth, (shape[2],))
            checks.in_range("frames of the network", config.frames, 1, shape[1])
        if config.classes:
            checks.one_of("classes of the network", config.classes, (self.classes, self.classes + 1))
            if self._unasked is None and self.hparams.class_dropout:
                rule = f"be 0, as each of the network's {config.classes} classes is one of the dataset"
                raise checks.mismatch("class_dropout", rule, self.hparams.class_dropout)

    @property
    def _unasked(self) -> int | None:
        """The class of clips for which none is asked; None: the network has none."""
        return self.classes if self.config.classes > self.classes else None

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
        found = self._rows(self.clips, self.tokens[0], rows, rng)
        if "features" in found and own.noise:
            noise = own.noise * rng.standard_normal(found["features"].shape, np.float32)
            found["features"] = (found["features"] + noise).astype(np.float32)
        if self.config.classes and self._unasked is not None:
            hidden = rng.random(len(rows)) < own.class_dropout
            found["classes"] = np.where(hidden, self._unasked, found["classes"]).astype(np.int32)
        return found

    def _rows(self, clips: ClipSet, tokens: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> Batch:
        found: Batch = {"tokens": tokens[rows].astype(np.int32)}
        if self.config.random_features:
            found["features"] = rng.random((len(rows), self.config.frames, self.config.feature_depth), np.float32)
        elif self.config.frames:
            moments = clips.features.shape[1]
            places = ((np.arange(self.config.frames) + 0.5) * moments / self.config.frames).astype(int)
            found["features"] = np.stack([clips.features[row][places] for row in rows]).astype(np.float32)
        if self.config.classes:
            asked, labels = clips.asked[rows], np.asarray(clips.labels[rows], np.int32)
            found["classes"] = labels if self._unasked is None else np.where(asked, labels, np.int32(self._unasked))
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
            rng = np.random.default_rng(start)
            batch = self._rows(self.held_out, self.tokens[1], np.arange(start, start + size), rng)
            found.append(float(ops.convert_to_numpy(self._measured(dict(tree["model"]), batch))))
        return {"held out cross_entropy": float(np.mean(found))}

    def write_samples(self, folder: Path, tree: Tree, clips: int) -> Path:
        """A sheet: the spectrograms of held-out clips, what is left of them as codes, and what is drawn for them."""
        rows = np.arange(min(_SHOWN, len(self.held_out)))
        batch = self._rows(self.held_out, self.tokens[1], rows, np.random.default_rng(clips))
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
