"""A vocoder's part of a run: pieces of sound with their spectrograms, samples, the exported network."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from core import checks
from core.audio import wav
from core.nn.backend import compiled
from core.training import data_order
from core.training.random_streams import Stream, generator
from core.training.trees import Batch, Tree, to_arrays
from specvqgan import run_folder
from specvqgan.dataset.folder import ClipSet
from specvqgan.mel.spectrogram import spectrogram
from specvqgan.training.adam_state import branch
from specvqgan.training.stages import RunStage
from specvqgan.training.task import TaskStep
from specvqgan.training.vocoder import steps
from specvqgan.training.vocoder.hparams import VocoderHparams
from specvqgan.vocoder import config as vocoder_config
from specvqgan.vocoder import discriminators
from specvqgan.vocoder import weights as vocoder_weights
from specvqgan.vocoder.config import VocoderConfig

# Held-out clips that are measured, and that can be listened to.
_MEASURED, _PLAYED = 12, 3
# A factor of 10 in amplitude is this much of a spectrogram's range.
_DECADE = 0.2


@dataclass(frozen=True)
class VocoderTask:
    """Trains a vocoder on the sounds of a dataset.

    Attributes:
        config: of the network.
        hparams: of the run.
        clips: to learn from.
        held_out: others, to measure and play.
        round_trips: of the clips to learn from, what a codebook leaves of their spectrograms, [n, mels, frames]; None:
            without a codebook.
    """

    config: VocoderConfig
    hparams: VocoderHparams
    clips: ClipSet
    held_out: ClipSet
    round_trips: np.ndarray | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        mels, frames = self.clips.mels.shape[1:]
        checks.one_of("mels of the network", self.config.mels, (mels,))
        checks.one_of("the network's samples of a frame", self.config.hop, (self.clips.waves.shape[1] // frames,))
        checks.in_range("frames", self.hparams.frames, 4, frames)
        checks.one_of(
            "hop * frames modulo 2 ** (discriminators - 1)",
            self.config.hop * self.hparams.frames % 2 ** (self.hparams.discriminators - 1), (0,),
        )  # fmt: skip

    @property
    def count(self) -> int:
        """How many clips there are."""
        return len(self.clips)

    @property
    def described(self) -> Mapping[str, Any]:
        """What may not change while the run goes on."""
        own = asdict(self.hparams)
        names = ("seed", "discriminators", "discriminator_width", "discriminator_layers", "adversarial_weight")
        return vocoder_config.to_json(self.config) | {name: own[name] for name in names}

    def initial(self, rng: np.random.Generator) -> Tree:
        """The tree of a run before its first clip."""
        tree = branch("model", vocoder_weights.initial(self.config, rng))
        if self.hparams.adversarial_weight:
            tree |= branch("discriminator", discriminators.initial(self.hparams.judges, rng))
        return tree

    def batch(self, clips: int, position: float) -> Batch:
        """Pieces of sound at random places and levels."""
        own, hop = self.hparams, self.config.hop
        rng = generator(own.seed, Stream.BATCHES, clips)
        mels, waves = [], []
        for row in data_order.rows(own.seed, clips, own.batch_size, self.count):
            start = self._place(row, rng)
            gain = float(rng.uniform(own.amplitude, 1))
            decoded = self.round_trips is not None and rng.random() < own.codebook_share
            source = self.round_trips if decoded and self.round_trips is not None else self.clips.mels
            piece = np.asarray(source[row, :, start : start + own.frames], np.float32)
            mels.append(np.clip(piece + _DECADE * np.log10(gain), 0, 1))
            waves.append(gain * self.clips.wave(row)[start * hop : (start + own.frames) * hop])
        return {"mels": np.stack(mels).astype(np.float32), "waves": np.stack(waves).astype(np.float32)}

    def _place(self, row: int, rng: np.random.Generator) -> int:
        """Where a piece begins: one that is not silent, if a second try finds one."""
        frames = self.hparams.frames
        most = min(
            self.clips.mels.shape[2],
            self.clips.mels.shape[2] if self.round_trips is None else self.round_trips.shape[2],
        )
        places = rng.integers(0, most - frames + 1, 2)
        loud = np.asarray(self.clips.mels[row, :, places[0] : places[0] + frames], np.float32).max()
        return int(places[0] if loud > 0.1 else places[1])

    def stages(self) -> list[RunStage]:
        """Without the discriminators, and with them."""
        own = self.hparams
        if not own.adversarial_weight:
            return [RunStage("alone", own.total_clips)]
        joins = min(own.adversarial_start * own.batch_size, own.total_clips)
        alone = [RunStage("alone", joins)] if joins and own.stft_weight else []
        return [*alone, RunStage("adversarial", own.total_clips)]

    def step(self, stage: RunStage) -> TaskStep:
        """The step of a stage."""
        return TaskStep(steps.training_step, self._plan(stage.name == "adversarial"))

    def _plan(self, adversarial: bool) -> steps.StepPlan:
        return steps.StepPlan(self.hparams.for_steps(), self.config, adversarial)

    @cached_property
    def _run(self) -> Any:
        return compiled(lambda weights, mels: steps.generated(self._plan(False), weights, mels)[:, 0, :, 0])

    def waves(self, weights: Mapping[str, Any], mels: np.ndarray) -> np.ndarray:
        """Sounds float32 [n, samples] of whole spectrograms."""
        found = [self._run(dict(weights), np.asarray(mel, np.float32)[None]) for mel in mels]
        return np.concatenate([np.asarray(ops.convert_to_numpy(one)) for one in found])

    def measure(self, tree: Tree) -> dict[str, float]:
        """The mean absolute difference of the spectrograms of held-out sounds, in 0..1."""
        mels = np.asarray(self.held_out.mels[:_MEASURED], np.float32)
        found = [spectrogram(wave)[:, : mels.shape[2]] for wave in self.waves(tree["model"], mels)]
        return {"held out mel": float(np.abs(np.stack(found) - mels).mean())}

    def write_samples(self, folder: Path, tree: Tree, clips: int) -> Path:
        """Held-out clips, the real sound of each and the network's, one after the other; the file's path."""
        mels = np.asarray(self.held_out.mels[:_PLAYED], np.float32)
        real = [self.held_out.wave(row) for row in range(len(mels))]
        both = [part for pair in zip(real, self.waves(tree["model"], mels), strict=True) for part in pair]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"clips_{clips:09d}.wav"
        wav.write(path, np.concatenate(both), self.config.sample_rate)
        return path

    def export(self, folder: Path, tree: Tree, dtype: str) -> None:
        """Write config.json and weights.safetensors into a new folder."""
        arrays = vocoder_weights.to_original(to_arrays(tree["model"]))
        run_folder.write(folder, vocoder_config.to_json(self.config), arrays, dtype=dtype)
