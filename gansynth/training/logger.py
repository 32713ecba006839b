"""What a GANSynth run reports: log lines, notes with their spectrograms, and scalars for TensorBoard."""

import logging
from pathlib import Path

from core.training.logger import TrainingLogger
from core.training.scalars import scalars_writer
from core.training.timeline import Clock
from gansynth.training.batches import NoteSource
from gansynth.training.samples import NoteSamples
from gansynth.training.stages import SoundStage


def training_logger(folder: Path, source: NoteSource, clock: Clock | None = None) -> TrainingLogger[SoundStage]:
    """The logger of a run: lines, `samples/` and `logs/` in its folder. `clock`: of a run with a time limit."""
    return TrainingLogger(
        logging.getLogger(__name__),
        source.hparams.total_num_images,
        lambda stage: f"stage {stage.number}",
        NoteSamples(folder, source).write,
        scalars_writer(folder / "logs"),
        clock,
    )
