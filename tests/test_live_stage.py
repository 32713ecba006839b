"""When pictures are painted: how many, for which moment, and what becomes of those that come too late."""

import time

import numpy as np
import pytest
from live_rooms import Flat

from renderer.live.frame_clock import FrameClock
from renderer.live.render_loop import Rates, RenderLoop
from renderer.live.scene import Scene
from renderer.web.frames import Frames

PERIOD_S = 1 / 30


def play(pace, takes_s, seconds):
    """Paint for so long with a painter of one speed; when each picture was begun."""
    now, begun = 0.0, []
    while now < seconds:
        now += pace.wait_s(now)
        begun.append(now)
        now += takes_s
        pace.done(begun[-1], now, PERIOD_S)
    return begun


def test_a_quick_painter_paints_every_picture_when_it_is_due():
    pace = FrameClock(0.0)
    np.testing.assert_allclose(play(pace, 0.01, 2.0)[:60], np.arange(60) * PERIOD_S, atol=1e-9)
    assert pace.dropped == 0
    assert pace.fps(2.0) == pytest.approx(30.0, rel=0.05)


def test_a_slow_painter_paints_without_pause_and_leaves_the_others_out():
    pace = FrameClock(0.0)
    begun = play(pace, 0.1, 3.0)
    np.testing.assert_allclose(np.diff(begun), 0.1, atol=1e-9)
    assert pace.dropped == pytest.approx(3.0 * 30 - len(begun), abs=2)


def test_after_a_long_picture_no_picture_is_made_up_for():
    pace = FrameClock(0.0)
    play(pace, 0.01, 1.0)
    pace.done(1.0, 4.0, PERIOD_S)
    begun, now = [], 4.0
    for _ in range(10):
        now += pace.wait_s(now)
        begun.append(now)
        now += 0.01
        pace.done(begun[-1], now, PERIOD_S)
    assert min(np.diff(begun)[1:]) == pytest.approx(PERIOD_S)


def test_how_long_pictures_take_is_known():
    pace = FrameClock(0.0)
    play(pace, 0.02, 1.0)
    assert pace.took_s() == pytest.approx(0.02)
    assert pace.took_s(95) == pytest.approx(0.02)


@pytest.fixture
def running():
    stages = []

    def start(painter, rates=None, recording=lambda: True, show=None):
        show, frames = show or Scene(), Frames()
        show.open(painter, (0, 1))
        stages.append(RenderLoop(show, frames, rates, recording))
        stages[-1].start()
        return stages[-1], frames

    yield start
    for stage in stages:
        stage.stop()


def count(frames, seconds):
    before = frames.number
    time.sleep(seconds)
    return (frames.number - before) / seconds


class Diary(Scene):
    """Remembers for which moments it was asked."""

    def __init__(self):
        super().__init__()
        self.moments = []

    def task(self, now_s):
        self.moments.append(now_s)
        return super().task(now_s)


class Watched(Flat):
    """Remembers when its pictures were there."""

    def __init__(self, takes_s):
        super().__init__(takes_s=takes_s)
        self.there = []

    def render(self, *given, **moved):
        yield from super().render(*given, **moved)
        self.there.append(time.monotonic())


def test_a_slow_painter_is_never_later_than_one_picture(running):
    painter, diary = Watched(0.1), Diary()
    stage, _ = running(painter, show=diary)
    time.sleep(2.0)
    assert len(painter.there) > 14
    # The first shows how long a picture takes; from then on each is painted for when it will be there.
    late = np.array(painter.there[3:14]) - diary.moments[3:14]
    assert np.abs(late).max() < 0.1
    assert stage.pace.dropped > 20


def test_while_sounds_are_made_there_are_fewer_pictures(running):
    stage, frames = running(Flat())
    stage.busy = True
    time.sleep(0.3)
    assert 4.0 <= count(frames, 1.5) <= 7.0
    stage.busy = False
    time.sleep(0.3)
    assert count(frames, 1.5) > 20.0


def test_while_nobody_looks_there_are_fewer_pictures(running):
    stage, frames = running(Flat(), recording=lambda: False)
    assert stage.period_s(time.monotonic()) == pytest.approx(0.2)
    time.sleep(0.3)
    frames.jpeg()
    assert stage.period_s(time.monotonic()) == pytest.approx(PERIOD_S)
    assert stage.period_s(time.monotonic() + 10.0) == pytest.approx(0.2)


def test_the_rate_is_what_is_asked_for(running):
    _, frames = running(Flat(), Rates(10.0))
    time.sleep(0.3)
    assert count(frames, 2.0) == pytest.approx(10.0, abs=2.0)


class Faulty(Flat):
    """Fails at its third picture."""

    pictures = 0

    def render(self, *given, **moved):
        self.pictures += 1
        if self.pictures == 3:
            raise RuntimeError("out of paint")
        yield from super().render(*given, **moved)


def test_a_fault_of_the_painter_does_not_end_the_pictures(running):
    _, frames = running(Faulty())
    end = time.monotonic() + 10.0
    while frames.number < 6 and time.monotonic() < end:
        time.sleep(0.05)
    assert frames.number >= 6
