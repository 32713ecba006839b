"""Runs with a time limit: positions in the schedule move with the clock, whatever the speed."""

import argparse

import pytest

from core.training.pace import Pace, calls
from core.training.timeline import Clock, Timeline
from scripts.flags import training


class Machine:
    """Does steps of 10 images; its clock runs by them."""

    def __init__(self, seconds_per_step):
        self.time, self.seconds = 0.0, seconds_per_step

    def now(self):
        return self.time

    def work(self, timeline, clock, images=0, end=1000):
        """The images seen until a stage's end."""
        pace = Pace(64, now=self.now)
        for start, steps in calls(images, 10, end, 10**9, timeline, clock, pace):
            self.time += steps * self.seconds
            pace.started(steps, start, {})
            images = start + 10 * steps
        return images


@pytest.mark.parametrize("seconds", [0.002, 0.05, 2.0])
def test_the_schedule_ends_when_the_time_does(seconds):
    machine, timeline = Machine(seconds), Timeline()
    clock = Clock(timeline, 1000, ends_at=100.0, now=machine.now)
    images = machine.work(timeline, clock)
    assert timeline.reached(images, 1000)
    assert machine.time == pytest.approx(100, abs=2 * max(seconds, 0.5))
    assert images == pytest.approx(1000 / seconds, rel=0.05)


def test_a_machine_that_slows_down_still_ends_in_time():
    machine, timeline = Machine(0.01), Timeline()
    clock = Clock(timeline, 1000, ends_at=100.0, now=machine.now)
    images = machine.work(timeline, clock, end=500)
    assert machine.time == pytest.approx(50, abs=1)
    machine.seconds = 0.03
    machine.work(timeline, clock, images)
    assert machine.time == pytest.approx(100, abs=1)


def test_without_a_limit_positions_are_images():
    machine, timeline = Machine(0.01), Timeline()
    assert machine.work(timeline, None, end=995) == 1000
    assert timeline.position(720) == 720


def test_a_stopped_run_resumes_at_its_position(tmp_path):
    machine, timeline = Machine(0.01), Timeline()
    images = machine.work(timeline, Clock(timeline, 1000, ends_at=100.0, now=machine.now), end=300)
    timeline.save(tmp_path)
    again = Timeline.load(tmp_path)
    assert [again.position(seen) for seen in range(0, images, 777)] == pytest.approx(
        [timeline.position(seen) for seen in range(0, images, 777)]
    )
    last = Machine(0.01)
    last.work(again, Clock(again, 1000, ends_at=20.0, now=last.now), images)
    assert last.time == pytest.approx(20, abs=1)


def test_a_run_without_a_limit_leaves_no_file(tmp_path):
    Timeline().save(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["[]", "[[0, 0]]", "[[5, 0, 1], [5, 1, 1]]", "[[0, 0, 0]]", "{}"])
def test_a_damaged_file_is_refused(tmp_path, text):
    (tmp_path / "timeline.json").write_text(text)
    with pytest.raises(ValueError, match="ascending; delete it"):
        Timeline.load(tmp_path)


def test_losses_that_are_no_numbers_end_the_run():
    pace = Pace(1)
    pace.started(1, 8, {"loss": 1.0, "penalty": float("nan")})
    pace.started(1, 16, {"loss": float("nan"), "penalty": float("nan")})
    with pytest.raises(ValueError, match="no longer numbers after 16 images"):
        pace.finish()


@pytest.mark.parametrize(("reserve_s", "least"), [(8.9, "0.3"), (9.1, "0.4"), (60.0, "2")])
def test_too_few_minutes_are_refused_with_a_number_that_would_do(reserve_s, least):
    options = argparse.Namespace(minutes=0.2, started=0.0)
    with pytest.raises(ValueError, match=f"must be at least {least}, not 0.2"):
        training.clock(options, Timeline(), 1.0, reserve_s)
    assert training.clock(argparse.Namespace(minutes=float(least), started=0.0), Timeline(), 1.0, reserve_s)
