"""Fading the images to black and back."""

import numpy as np
import pytest
from live_controller import controller, execute  # noqa: F401
from waiting import PATIENCE_S

from renderer.live.fade import Fade, shaded


def test_a_fade_moves_in_a_straight_line_and_stays():
    fade = Fade().to(0.0, 4.0, 10.0)
    assert [fade.at(moment) for moment in (9.0, 10.0, 11.0, 12.0, 14.0, 99.0)] == [1.0, 1.0, 0.75, 0.5, 0.0, 0.0]


def test_a_fade_that_turns_back_begins_where_it_is():
    fade = Fade().to(0.0, 4.0, 0.0).to(1.0, 1.0, 2.0)
    assert [fade.at(moment) for moment in (2.0, 2.5, 3.0)] == [0.5, 0.75, 1.0]


def test_half_a_level_is_half_the_light():
    frame = np.array([[[0, 100, 254]]], np.uint8)
    np.testing.assert_array_equal(shaded(frame, 0.5), [[[0, 50, 127]]])
    assert shaded(frame, 1.0) is frame


def test_frames_are_black_after_a_blackout_and_bright_again(controller):  # noqa: F811
    controller.render_loop.start()
    _, bright = controller.frames.wait(1, PATIENCE_S)
    assert bright.any()
    assert execute(controller, "/image/fade", {"level": 0}).error == ""
    _, black = controller.frames.wait(controller.frames.number + 1, PATIENCE_S)
    assert not black.any()
    assert black.shape == bright.shape
    execute(controller, "/image/fade", {"level": 1})
    assert controller.frames.wait(controller.frames.number + 1, PATIENCE_S)[1].any()


@pytest.mark.parametrize("values", [{"level": 1.5}, {"level": 0, "seconds": 4000}])
def test_levels_and_times_beyond_the_table_are_refused(controller, values):  # noqa: F811
    assert "must be in" in execute(controller, "/image/fade", values).error
