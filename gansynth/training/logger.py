"""What a GANSynth run reports: log lines, notes with their spectrograms, and scalars for TensorBoard."""

import logging
from collections.abc import Callable
from pathlib import Path

from core.training.logger import TrainingLogger
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
        _scalars_writer(folder / "logs"),
        clock,
    )


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
