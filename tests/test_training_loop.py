"""The loop that all trainers share, on a counter in the place of a network."""

from dataclasses import dataclass

import numpy as np
import pytest

from core.training import random_streams, saves, schedule
from core.training.logger import NullLogger
from core.training.loop import TrainingLoop
from core.training.loss_meter import LossMeter, duration_text
from core.training.random_streams import Stream


@dataclass(frozen=True)
class Phase:
    end: int
    size: int


@dataclass
class Count:
    images: int
    total: float


class Counter:
    """Adds up the images seen, 2 in each step of the first phase and 3 in the second."""

    sample_images = 4

    def __init__(self, folder):
        self.folder, self.saved = folder, []

    def stages(self):
        return [Phase(6, 2), Phase(12, 3)]

    def begin(self):
        try:
            tree, counted = saves.load(saves.latest(self.folder), {"total": np.zeros(())})
        except FileNotFoundError:
            return Count(0, 0.0)
        return Count(counted["images"], float(tree["total"]))

    def is_over(self, stage, state):
        return state.images >= stage.end

    def enter(self, stage, state):
        return state

    def batch_size(self, stage):
        return stage.size

    def batch(self, stage, images):
        return {"rows": np.arange(images, images + stage.size)}

    def step(self, stage):
        def step(tree, batch, images):
            assert batch["rows"][0] == images
            return {"total": tree["total"] + batch["rows"].sum()}, {"loss": float(images)}

        return step

    def to_tensors(self, state):
        return {"total": np.float64(state.total)}

    def local(self, tensors):
        return tensors

    def to_state(self, stage, tensors, images):
        return Count(images, float(tensors["total"]))

    def save(self, stage, state):
        return saves.save(self.folder, {"total": np.float64(state.total)}, state.images)


class Reports(NullLogger):
    def __init__(self):
        self.steps, self.saves, self.samples = [], [], []

    def step(self, stage, before, images, losses):
        self.steps.append((before, images))

    def saved(self, path):
        self.saves.append(path.name)

    def sample(self, stage, tensors, images):
        self.samples.append(images)


def test_it_goes_through_all_stages_and_saves_their_ends(tmp_path):
    reports = Reports()
    state = TrainingLoop(Counter(tmp_path), reports).run()
    assert (state.images, state.total) == (12, sum(range(12)))
    assert reports.steps == [(0, 2), (2, 4), (4, 6), (6, 9), (9, 12)]
    assert reports.saves == ["save-000000006.npz", "save-000000012.npz"]
    assert reports.samples == [4, 9, 12]


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_a_stopped_run_resumes_where_it_was_saved(tmp_path, after):
    reports = Reports()
    stopped = TrainingLoop(Counter(tmp_path), reports, stopping=lambda: len(reports.steps) >= after).run()
    assert stopped.images == reports.steps[-1][1]
    more = Reports()
    assert TrainingLoop(Counter(tmp_path), more).run().total == sum(range(12))
    assert reports.steps + more.steps == [(0, 2), (2, 4), (4, 6), (6, 9), (9, 12)]


def test_it_saves_between_stages_as_often_as_asked(tmp_path):
    reports = Reports()
    TrainingLoop(Counter(tmp_path), reports, save_every_s=0.0).run()
    assert {"save-000000002.npz", "save-000000009.npz"} < set(reports.saves)
    assert len(saves.found(tmp_path)) == saves.KEPT


def test_a_run_that_is_done_stays_as_it_is(tmp_path):
    TrainingLoop(Counter(tmp_path), NullLogger()).run()
    reports = Reports()
    assert TrainingLoop(Counter(tmp_path), reports).run().total == sum(range(12))
    assert not reports.steps
    assert not reports.saves


def test_a_save_of_another_shape_or_version_is_refused(tmp_path):
    path = saves.save(tmp_path, {"a": {"b": np.zeros(3)}}, 5, size=8)
    tree, counted = saves.load(path, {"a": {"b": np.zeros(3)}}, "size")
    assert tree["a"]["b"].shape == (3,)
    assert counted == {"images": 5, "size": 8}
    with pytest.raises(ValueError, match=r"a\|b is missing, unknown or of another shape"):
        saves.load(path, {"a": {"b": np.zeros(4)}}, "size")
    np.savez(path, version=np.int64(2))
    with pytest.raises(ValueError, match="must be a save of version 1, not 2"):
        saves.load(path, {})


@pytest.mark.parametrize(("number", "stream"), list(enumerate(Stream, 1)))
def test_a_stream_keeps_its_numbers(number, stream):
    assert stream.name == ("ORDER", "BATCHES", "WEIGHTS", "SAMPLES", "STATISTICS", "METRICS")[number - 1]
    drawn = random_streams.generator(3, stream, 8).standard_normal(4)
    assert np.array_equal(drawn, np.random.default_rng([3, number, 8]).standard_normal(4))


def test_schedules_begin_at_one_and_end_at_their_last_share():
    assert [schedule.cosine_fall(share, 0.05) for share in (0, 0.5, 1)] == pytest.approx([1, 0.525, 0.05])
    assert [schedule.linear_fall(left, 0.1) for left in (2, 1, 0.5, 0)] == [1, 1, 0.5, 0.1]
    assert [schedule.ramp_up(share) for share in (0, 0.25, 0.5, 1)] == [0, 0.5, 1, 1]


@pytest.mark.parametrize(("seconds", "text"), [(18.4, "18 s"), (59 * 60, "59 min"), (5400, "1 h 30 min")])
def test_durations_have_two_units_at_most(seconds, text):
    assert duration_text(seconds) == text


def test_a_loss_meter_reports_means_and_starts_over():
    meter = LossMeter(every_s=0.0)
    assert not meter.due
    meter.add(0, 8, {"loss": 1.0})
    meter.add(8, 16, {"loss": 2.0})
    assert meter.due
    line, means = meter.take(16, 32)
    assert line.startswith("16 of 32 images, ")
    assert line.endswith(" s left  loss 1.5")
    assert means["loss"] == 1.5
    meter.add(16, 24, {"loss": 7.0})
    assert meter.take(24, 32)[1]["loss"] == 7


def test_a_loss_meter_leaves_out_what_no_step_computed():
    meter = LossMeter(every_s=0.0)
    meter.add(0, 16, {"loss": np.array([1.0, 3.0]), "penalty": np.array([np.nan, 4.0]), "rare": np.full(2, np.nan)})
    line, means = meter.take(16, 32)
    assert (means["loss"], means["penalty"]) == (2, 4)
    assert "rare" not in line
    assert "rare" not in means
