"""What a training run leaves for people: a line now and then, sounds, spectrograms, TensorBoard's scalars."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from core.nn.backend import compiled
from core.training.loss_meter import LossMeter
from gansynth import conditions, network, normalizer, spectral
from gansynth.training.batches import Source
from gansynth.training.stages import Stage
from gansynth.training.steps import Plan
from gansynth.training.tensors import Tree

log = logging.getLogger(__name__)
SAMPLES = 12
# Of everything random; trainer and batches have the others.
SAMPLE = 4


class NullLogger:
    """The diary of a worker that is not the chief: empty."""

    def step(self, stage: Stage, before: int, images: int, losses: dict[str, Any]) -> None:
        """Nothing."""

    def saved(self, prefix: Path) -> None:
        """Nothing."""

    def sample(self, stage: Stage, plan: Plan, tensors: Tree, images: int) -> None:
        """Nothing."""


class TrainingLogger:
    """Of one run, in its folder: `samples/` and `logs/`.

    `line_every_s` is how often a line is logged, in seconds.
    """

    def __init__(self, folder: Path, source: Source, line_every_s: float = 15.0) -> None:
        self._folder = folder
        self._source = source
        self._tally = LossMeter(line_every_s)
        self._scalars = _scalars_writer(folder / "logs")
        self._maker: tuple[Stage, Any] | None = None

    def step(self, stage: Stage, before: int, images: int, losses: dict[str, Any]) -> None:
        """Gather the losses of a step; a line when it is time."""
        self._tally.add(before, images, losses)
        if self._tally.due or images >= stage.end:
            line, means = self._tally.take(images, self._source.hparams.total_num_images)
            log.info("stage %d: %s", stage.number, line)
            self._scalars(images, means)

    def saved(self, prefix: Path) -> None:
        """Say where."""
        log.info("saved %s", prefix)

    def sample(self, stage: Stage, plan: Plan, tensors: Tree, images: int) -> None:
        """Write a dozen notes of the averaged generator, always from the same latents: a WAV and its spectrogram."""
        import soundfile

        from gansynth.audio_plots import save_notes

        if self._maker is None or self._maker[0] != stage:
            self._maker = (stage, compiled(partial(_waves, plan)))
        z, labels = self._wanted()
        waves = np.concatenate(
            [
                ops.convert_to_numpy(self._maker[1](tensors["average"], z[i : i + 1], labels[i : i + 1]))
                for i in range(SAMPLES)
            ]
        )
        folder = self._folder / "samples"
        folder.mkdir(exist_ok=True)
        name = f"images_{images:09d}"
        peak = max(1.0, float(np.abs(waves).max()))
        soundfile.write(folder / f"{name}.wav", waves.ravel() / peak, self._source.config.sample_rate)
        save_notes(folder / f"{name}.png", waves, self._source.config.sample_rate)
        log.info("samples: %s", folder / f"{name}.wav")

    def _wanted(self) -> tuple[np.ndarray, np.ndarray]:
        """Latents, and labels with pitches spread over the range and no conditions."""
        config = self._source.config
        rng = np.random.default_rng([self._source.hparams.seed, SAMPLE])
        places = np.linspace(0, len(config.pitches) - 1, SAMPLES).round().astype(int)
        labels = conditions.label_vectors(config, [config.pitches[place] for place in places], {})
        return rng.standard_normal((SAMPLES, config.latent_size), np.float32), labels


def _waves(plan: Plan, average: Any, z: Any, labels: Any) -> Any:
    config = plan.config
    scale, shift = normalizer.scale_and_shift(config)
    ready = network.prepare(ops, average, config)
    picture = network.stage_specgrams(ops, ready, z, labels, config, plan.blocks)
    factor = config.scale_base ** (config.num_resolutions - plan.blocks)
    specgrams = (network.enlarge(ops, picture, factor, config) - shift) / scale
    return spectral.faded_in(ops, spectral.specgrams_to_waves(ops, specgrams, config), config)


def _scalars_writer(folder: Path) -> Callable[[int, dict[str, float]], None]:
    """A function (images, scalars) that writes what TensorBoard reads; TensorBoard itself need not be installed.

    Raises:
        ValueError: tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ModuleNotFoundError:
        raise ValueError("training needs the package tensorboardx: pip install 'hallu[train]'") from None
    writer = SummaryWriter(str(folder))

    def write(images: int, scalars: dict[str, float]) -> None:
        for name, value in scalars.items():
            writer.add_scalar(name, value, images)
        writer.flush()

    return write
