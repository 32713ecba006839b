"""What a training run leaves for people: a line now and then, and sheets of samples."""

import logging
import time
from pathlib import Path
from typing import Any

import numpy as np

from gansynth.training.durations import in_words
from renderer.training import sheet, statistics
from renderer.training.batches import Source
from renderer.training.stages import Stage
from renderer.training.state import Tree

log = logging.getLogger(__name__)


class Diary:
    """Of one run, in its folder: `samples/`.

    `line_every_s` is how often a line is logged, in seconds.
    """

    def __init__(self, folder: Path, source: Source, line_every_s: float = 15.0) -> None:
        self._folder, self._source, self._every_s = folder, source, line_every_s
        self._sums: dict[str, list[Any]] = {}
        self._since: tuple[float, int] | None = None

    def step(self, stage: Stage, before: int, images: int, losses: dict[str, Any]) -> None:
        """Gather the losses of a step; a line when it is time."""
        now = time.monotonic()
        if self._since is None:
            self._since = (now, before)
        for name, value in losses.items():
            self._sums.setdefault(name, []).append(value)
        if now - self._since[0] >= self._every_s or images >= stage.end:
            self._line(stage, images, now)

    def _line(self, stage: Stage, images: int, now: float) -> None:
        assert self._since is not None
        means = {name: float(np.mean([float(value) for value in values])) for name, values in self._sums.items()}
        rate = (images - self._since[1]) / max(time.monotonic() - self._since[0], 1e-9)
        total = self._source.hparams.total_images
        left = f", {in_words((total - images) / rate)} left" if rate and images < total else ""
        shown = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
        kind = "by heart" if stage.warm else "adversarial"
        log.info("%d px, %s: %d of %d images, %.1f/s%s  %s", stage.size, kind, images, total, rate, left, shown)
        self._sums, self._since = {}, (time.monotonic(), images)

    def saved(self, path: Path) -> None:
        """Say where."""
        log.info("saved %s", path)

    def sample(self, stage: Stage, tree: Tree, images: int) -> None:
        """Write a sheet of the averaged generator, always from the same latents."""
        source = self._source
        weights = statistics.ready(tree, source.hparams)
        paint = sheet.Painter(weights, source.hparams, source.classes, stage.size)
        folder = self._folder / "samples"
        folder.mkdir(exist_ok=True)
        path = folder / f"images_{images:09d}.png"
        sheet.save(path, sheet.rows(source, paint, stage.size))
        log.info("samples: %s", path)
