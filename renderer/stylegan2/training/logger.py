"""What a StyleGAN2 run reports: log lines and sheets of samples."""

import logging
from pathlib import Path

from core.training.logger import TrainingLogger
from core.training.timeline import Clock
from core.training.trees import Tree
from renderer.stylegan2.training import samples
from renderer.stylegan2.training.batches import ImageSource
from renderer.stylegan2.training.stages import ImageStage


def training_logger(folder: Path, source: ImageSource, clock: Clock | None = None) -> TrainingLogger[ImageStage]:
    """The logger of a run: lines, and `samples/` in its folder."""

    def write_samples(stage: ImageStage, tensors: Tree, images: int) -> Path:
        path = folder / "samples" / f"images_{images:09d}.png"
        return samples.write(path, tensors["average"], source, stage.size)

    total = source.hparams.total_images
    return TrainingLogger(
        logging.getLogger(__name__), total, lambda stage: f"{stage.size} px", write_samples, clock=clock
    )
