"""Samples of a GANSynth in training: notes of the averaged generator as a WAV, and their spectrograms."""

from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from core.nn import numpy_ops
from core.nn.backend import compiled_exactly
from core.training.random_streams import Stream, generator
from core.training.trees import Tensor, Tensors, Tree
from gansynth import conditions, network, normalizer, spectral
from gansynth.config import Config
from gansynth.training.batches import NoteSource
from gansynth.training.stages import SoundStage
from gansynth.training.step_plan import SoundStepPlan, plan_of

COUNT = 12


class NoteSamples:
    """Writes notes into a run folder's `samples/`, always from the same latents."""

    def __init__(self, folder: Path, source: NoteSource) -> None:
        self._folder, self._source = folder / "samples", source
        self._specgrams = lru_cache(maxsize=1)(
            lambda stage: compiled_exactly(partial(_specgrams, plan_of(source, stage)))
        )

    def write(self, stage: SoundStage, tensors: Tree, images: int) -> Path:
        """Write images_IMAGES.wav and .png; the path of the first."""
        import soundfile

        from gansynth.audio_plots import save_notes

        waves, sample_rate = self._generated(stage, tensors["average"]), self._source.config.sample_rate
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"images_{images:09d}.wav"
        peak = max(1.0, float(np.abs(waves).max()))
        soundfile.write(path, waves.ravel() / peak, sample_rate)
        save_notes(path.with_suffix(".png"), waves, sample_rate)
        return path

    def _generated(self, stage: SoundStage, average: Tensors) -> np.ndarray:
        """Notes [COUNT, samples], one by one, so that little memory is needed."""
        specgrams_of, (z, labels) = self._specgrams(stage), self._inputs()
        notes = [specgrams_of(average, z[i : i + 1], labels[i : i + 1]) for i in range(COUNT)]
        return np.concatenate([_wave(ops.convert_to_numpy(note), self._source.config) for note in notes])

    def _inputs(self) -> tuple[np.ndarray, np.ndarray]:
        """Latents, and labels with pitches spread over the range and no conditions."""
        config = self._source.config
        rng = generator(self._source.hparams.seed, Stream.SAMPLES)
        places = np.linspace(0, len(config.pitches) - 1, COUNT).round().astype(int)
        labels = conditions.label_vectors(config, [config.pitches[place] for place in places], {})
        return rng.standard_normal((COUNT, config.latent_size), np.float32), labels


def _specgrams(plan: SoundStepPlan, average: Any, z: Tensor, labels: Tensor) -> Tensor:
    config = plan.config
    ready = network.prepare(ops, average, config)
    specgram = network.stage_specgrams(ops, ready, z, labels, config, plan.blocks)
    factor = config.scale_base ** (config.num_resolutions - plan.blocks)
    return network.enlarge(ops, specgram, factor, config)


def _wave(values: np.ndarray, config: Config) -> np.ndarray:
    """As they are played: what the network gives [n, frames, frequencies, 2] -> [n, samples]."""
    specgrams = normalizer.for_playing(config)(values)
    return spectral.faded_in(numpy_ops, spectral.specgrams_to_waves(numpy_ops, specgrams, config), config)
