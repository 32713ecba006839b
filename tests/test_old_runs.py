"""Training runs that version 0.1 wrote resume, and continue as that version itself continued them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.training.loop import TrainingLoop
from gansynth.training import run_folder, run_setup
from gansynth.training.trainer import SoundTrainer
from renderer.training import hparams, image_folder, state
from renderer.training.batches import ImageSource
from renderer.training.trainer import ImageTrainer

WRITTEN = Path(__file__).parent / "data" / "written_by_0_1"


class Losses:
    """A logger that keeps the losses of every step."""

    def __init__(self):
        self.steps = []

    def step(self, stage, before, images, losses):
        self.steps.append({name: float(value) for name, value in losses.items()})

    def saved(self, path):
        pass

    def sample(self, *what):
        pass


def continued(kind):
    """What version 0.1 ended with: the image counter and the losses, and arrays by branch and name."""
    with np.load(WRITTEN / kind / "continued.npz", allow_pickle=False) as file:
        return json.loads((WRITTEN / kind / "continued.json").read_text()), dict(file)


def check(kind, start, end, images, losses):
    """Compare the end of a run with version 0.1's; rounding that Adam enlarges is allowed, other steps are not."""
    report, arrays = continued(kind)
    assert images == report["images"]
    assert [set(step) for step in losses] == [set(step) for step in report["losses"]]
    for step, wanted in zip(losses, report["losses"], strict=True):
        assert step == pytest.approx(wanted, rel=1e-2, abs=1e-2)
    for name, wanted in arrays.items():
        branch, _, leaf = name.partition("|")
        assert end[branch][leaf].shape == wanted.shape, name
    both = [(name.partition("|")[::2], wanted) for name, wanted in arrays.items()]
    differences = sum(float(np.abs(end[branch][leaf] - wanted).sum()) for (branch, leaf), wanted in both)
    learned = sum(
        float(np.abs(start[branch][leaf] - wanted).sum()) for (branch, leaf), wanted in both if leaf in start[branch]
    )
    assert differences < 0.02 * learned


def test_a_sound_run_of_0_1_continues_as_0_1_continued_it(tmp_path, monkeypatch):
    shutil.copytree(WRITTEN / "training_sound", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    run = Path("run")
    source = run_setup.set_up(run, json.loads((run / "experiment.json").read_text()), lambda done, total: None)
    start = run_folder.restore(run, source.config)
    logger = Losses()
    end = TrainingLoop(SoundTrainer(run, source), logger).run()
    check("training_sound", vars(start), vars(end), end.images, logger.steps)


def test_a_picture_run_of_0_1_continues_as_0_1_continued_it(tmp_path):
    shutil.copytree(WRITTEN / "training_pictures" / "run", tmp_path, dirs_exist_ok=True)
    own, classes = hparams.read(tmp_path)
    source = ImageSource(image_folder.read(WRITTEN / "training_pictures" / "data", own.size), own)
    start = state.restore(tmp_path, own, len(classes), source.latents)
    logger = Losses()
    end = TrainingLoop(ImageTrainer(tmp_path, source), logger).run()
    check("training_pictures", start.tree, end.tree, end.images, logger.steps)
