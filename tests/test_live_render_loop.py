"""When pictures are painted: how many, for which moment, and what becomes of those that come too late."""

import time

import numpy as np
import pytest
from live_controller import FlatModel
from waiting import PATIENCE_S, until

from renderer.live.frame_clock import FrameClock
from renderer.live.render_loop import Rates, RenderLoop
from renderer.live.scene import Scene
from renderer.web.frames import Frames

PERIOD_S = 1 / 30


def play(frame_clock, takes_s, seconds):
    """Render for so long with a model of one speed; when each frame was begun."""
    now, begun = 0.0, []
    while now < seconds:
        now += frame_clock.wait_s(now)
        begun.append(now)
        now += takes_s
        frame_clock.done(begun[-1], now, PERIOD_S)
    return begun


def test_a_fast_model_renders_every_frame_when_it_is_due():
    frame_clock = FrameClock(0.0)
    np.testing.assert_allclose(play(frame_clock, 0.01, 2.0)[:60], np.arange(60) * PERIOD_S, atol=1e-9)
    assert frame_clock.dropped == 0
    assert frame_clock.fps(2.0) == pytest.approx(30.0, rel=0.05)


def test_a_slow_model_renders_without_pause_and_drops_the_other_frames():
    frame_clock = FrameClock(0.0)
    begun = play(frame_clock, 0.1, 3.0)
    np.testing.assert_allclose(np.diff(begun), 0.1, atol=1e-9)
    assert frame_clock.dropped == pytest.approx(3.0 * 30 - len(begun), abs=2)


def test_after_a_long_picture_no_picture_is_made_up_for():
    frame_clock = FrameClock(0.0)
    play(frame_clock, 0.01, 1.0)
    frame_clock.done(1.0, 4.0, PERIOD_S)
    begun, now = [], 4.0
    for _ in range(10):
        now += frame_clock.wait_s(now)
        begun.append(now)
        now += 0.01
        frame_clock.done(begun[-1], now, PERIOD_S)
    assert min(np.diff(begun)[1:]) == pytest.approx(PERIOD_S)


def test_how_long_pictures_take_is_known():
    frame_clock = FrameClock(0.0)
    play(frame_clock, 0.02, 1.0)
    assert frame_clock.render_time_s() == pytest.approx(0.02)
    assert frame_clock.render_time_s(95) == pytest.approx(0.02)


@pytest.fixture
def running():
    loops = []

    def start(model, rates=None, recording=lambda: True, scene=None):
        scene, frames = scene or Scene(), Frames()
        scene.use_model(model, (0, 1))
        loops.append(RenderLoop(scene, frames, rates, recording))
        loops[-1].start()
        return loops[-1], frames

    yield start
    for loop in loops:
        loop.stop()


def count(frames, seconds):
    before = frames.number
    time.sleep(seconds)
    return (frames.number - before) / seconds


class LoggingScene(Scene):
    """Remembers for which moments it was asked."""

    def __init__(self):
        super().__init__()
        self.moments = []

    def frame_task(self, now_s):
        self.moments.append(now_s)
        return super().frame_task(now_s)


class TimedModel(FlatModel):
    """Remembers when its pictures were there."""

    def __init__(self, takes_s):
        super().__init__(takes_s=takes_s)
        self.there = []

    def render(self, *given, **moved):
        yield from super().render(*given, **moved)
        self.there.append(time.monotonic())


def test_a_slow_model_is_never_later_than_one_frame(running):
    model, scene = TimedModel(0.1), LoggingScene()
    loop, _ = running(model, scene=scene)
    time.sleep(2.0)
    assert len(model.there) > 14
    # The first shows how long a picture takes; from then on each is painted for when it will be there.
    late = np.array(model.there[3:14]) - scene.moments[3:14]
    assert np.abs(late).max() < 0.1
    assert loop.frame_clock.dropped > 20


def test_while_sounds_are_made_there_are_fewer_pictures_of_a_slow_model(running):
    loop, frames = running(FlatModel(takes_s=0.08))
    loop.busy = True
    time.sleep(0.3)
    assert 4.0 <= count(frames, 1.5) <= 7.0
    loop.busy = False
    time.sleep(0.3)
    assert count(frames, 1.5) > 9.0


def aims_at(takes_s, busy=False):
    """Frames a second that a loop aims at whose frames take so long."""
    loop = RenderLoop(Scene(), Frames(), recording=lambda: True)
    loop.busy = busy
    loop.frame_clock.done(0.0, takes_s, PERIOD_S)
    return 1.0 / loop.period_s(time.monotonic())


@pytest.mark.parametrize("busy", [False, True])
def test_a_fast_model_is_shown_at_twice_the_rate_also_while_sounds_are_made(busy):
    assert aims_at(0.006, busy) == pytest.approx(60.0)


def test_a_model_that_needs_most_of_the_time_is_shown_at_the_usual_rate():
    assert aims_at(0.012) == pytest.approx(30.0)


def test_while_sounds_are_made_frames_take_half_of_the_time():
    assert aims_at(0.03, busy=True) * 0.03 == pytest.approx(0.5)


def test_a_model_that_nearly_keeps_the_usual_rate_keeps_it_while_sounds_are_made():
    assert aims_at(0.02, busy=True) == pytest.approx(30.0)
    assert 0.5 < aims_at(0.026, busy=True) * 0.026 < 0.7


def test_the_time_that_frames_of_another_model_took_is_forgotten(running):
    scene = Scene()
    loop, frames = running(FlatModel(takes_s=0.3), scene=scene)
    until(lambda: frames.number > 2)
    scene.use_model(FlatModel(takes_s=0.01), (0, 1))
    until(lambda: loop.frame_clock.render_time_s() < 0.25)


def test_black_does_not_count_as_a_fast_picture():
    frame_clock = FrameClock(0.0)
    frame_clock.done(0.0, 0.04, PERIOD_S)
    for number in range(9):
        frame_clock.done(1.0 + number, 1.0 + number, PERIOD_S, usual=False)
    assert frame_clock.render_time_s() == pytest.approx(0.04)


def test_while_nobody_looks_there_are_fewer_pictures(running):
    loop, frames = running(FlatModel(), Rates(30.0), recording=lambda: False)
    assert loop.period_s(time.monotonic()) == pytest.approx(0.2)
    time.sleep(0.3)
    frames.jpeg()
    assert loop.period_s(time.monotonic()) == pytest.approx(PERIOD_S)
    assert loop.period_s(time.monotonic() + 10.0) == pytest.approx(0.2)


def test_the_rate_is_what_is_asked_for(running):
    _, frames = running(FlatModel(), Rates(10.0))
    time.sleep(0.3)
    assert count(frames, 2.0) == pytest.approx(10.0, abs=2.0)


class FaultyModel(FlatModel):
    """Fails at its third picture."""

    pictures = 0

    def render(self, *given, **moved):
        self.pictures += 1
        if self.pictures == 3:
            raise RuntimeError("out of paint")
        yield from super().render(*given, **moved)


def test_an_error_of_the_model_does_not_end_the_frames(running):
    _, frames = running(FaultyModel())
    end = time.monotonic() + PATIENCE_S
    while frames.number < 6 and time.monotonic() < end:
        time.sleep(0.05)
    assert frames.number >= 6
