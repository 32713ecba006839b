"""What a run reports: log lines, samples, losses of held-out clips, and scalars for TensorBoard."""

import logging
from pathlib import Path

from core.training.logger import TrainingLogger
from core.training.scalars import scalars_writer
from core.training.timeline import Clock
from core.training.trees import Tree
from specvqgan.training.stages import RunStage
from specvqgan.training.task import Task

log = logging.getLogger(__name__)


def training_logger(folder: Path, task: Task, clock: Clock | None = None) -> TrainingLogger[RunStage]:
    """The logger of a run: lines, and `samples/` and `logs/` in its folder. `clock`: of a run with a time limit."""
    write_scalars = scalars_writer(folder / "logs")

    def write_samples(stage: RunStage, tree: Tree, clips: int) -> Path:
        measured = task.measure(tree)
        log.info("%s", "  ".join(f"{name} {value:.4g}" for name, value in measured.items()))
        write_scalars(clips, measured)
        return task.write_samples(folder / "samples", tree, clips)

    return TrainingLogger(log, task.hparams.total_clips, lambda stage: stage.name, write_samples, write_scalars, clock)
