"""What an image training run reports: log lines and grids of samples."""

import logging
from pathlib import Path

from core.training.logger import TrainingLogger
from core.training.timeline import Clock
from core.training.trees import Tree
from renderer.training import sample_grid, statistics
from renderer.training.batches import ImageSource
from renderer.training.stages import ImageStage


def training_logger(folder: Path, source: ImageSource, clock: Clock | None = None) -> TrainingLogger[ImageStage]:
    """The logger of a run: lines, and `samples/` in its folder. `clock`: of a run with a time limit."""

    def write_samples(stage: ImageStage, tensors: Tree, images: int) -> Path:
        """Write a grid of images of the averaged generator, always from the same latents."""
        weights = statistics.ready(tensors, source.hparams)
        render = sample_grid.SampleRenderer(weights, source.hparams, source.classes, stage.size)
        path = folder / "samples" / f"images_{images:09d}.png"
        path.parent.mkdir(exist_ok=True)
        sample_grid.save(path, sample_grid.rows(source, render, stage.size))
        return path

    log, total = logging.getLogger(__name__), source.hparams.total_images
    return TrainingLogger(log, total, _describe, write_samples, clock=clock)


def _describe(stage: ImageStage) -> str:
    return f"{stage.size} px, {'pretraining' if stage.pretraining else 'adversarial'}"
