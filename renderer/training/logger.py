"""What a training run leaves for people: a line now and then, and sheets of samples."""

import logging
from pathlib import Path
from typing import Any

from core.training.loss_meter import LossMeter
from renderer.training import sample_grid, statistics
from renderer.training.batches import Source
from renderer.training.stages import Stage
from renderer.training.state import Tree

log = logging.getLogger(__name__)


class TrainingLogger:
    """Of one run, in its folder: `samples/`.

    `line_every_s` is how often a line is logged, in seconds.
    """

    def __init__(self, folder: Path, source: Source, line_every_s: float = 15.0) -> None:
        self._folder, self._source, self._tally = folder, source, LossMeter(line_every_s)

    def step(self, stage: Stage, before: int, images: int, losses: dict[str, Any]) -> None:
        """Gather the losses of a step; a line when it is time."""
        self._tally.add(before, images, losses)
        if self._tally.due or images >= stage.end:
            line, _ = self._tally.take(images, self._source.hparams.total_images)
            log.info("%d px, %s: %s", stage.size, "by heart" if stage.warm else "adversarial", line)

    def saved(self, path: Path) -> None:
        """Say where."""
        log.info("saved %s", path)

    def sample(self, stage: Stage, tree: Tree, images: int) -> None:
        """Write a sheet of the averaged generator, always from the same latents."""
        source = self._source
        weights = statistics.ready(tree, source.hparams)
        paint = sample_grid.SamplePainter(weights, source.hparams, source.classes, stage.size)
        folder = self._folder / "samples"
        folder.mkdir(exist_ok=True)
        path = folder / f"images_{images:09d}.png"
        sample_grid.save(path, sample_grid.rows(source, paint, stage.size))
        log.info("samples: %s", path)
