"""Signals of clients move the images: truncation, jitter, edits, classes."""

import json
import re
import time
from dataclasses import replace

import numpy as np
import pytest
from live_controller import components, controller, execute, load, models_with  # noqa: F401 - a fixture

from core.commands.reading import read_values
from core.commands.spec import Executor
from renderer.bending import Bend
from renderer.live import signals
from renderer.live.controller import RenderController
from renderer.live.directions import Directions
from renderer.live.dispatcher import RenderDispatcher
from renderer.live.settings import Settings
from renderer.live.settings_file import SettingsFile


@pytest.fixture
def ask(controller):  # noqa: F811
    """Send a command; the replies, or the reason as text."""

    def ask(address, **values):
        replies, error = execute(controller, address, values)
        return error or replies

    return ask


def bind(ask, *words):
    return ask("/image/map", control=words[0], word=list(words[1:]))


def signal(ask, **values):
    return ask("/image/signal", name=list(values), value=list(values.values()))


def frame(controller, frames=60):  # noqa: F811
    """The task of a frame two seconds later: smoothing is over."""
    now_s = time.monotonic()
    return [controller.scene.frame_task(now_s + step / 30) for step in range(frames)][-1]


def test_truncation_follows_a_signal_from_low_to_high(ask, controller):  # noqa: F811
    assert bind(ask, "truncation", "level", 0.2, 0.6) == [["/image/mapped", "truncation", "-", "level", 0.2, 0.6]]
    assert frame(controller).truncation == 0.8
    for value, wanted in ((0, 0.2), (1, 0.6), (0.5, 0.4)):
        assert signal(ask, level=value) == []
        assert frame(controller).truncation == pytest.approx(wanted, abs=1e-3)
    assert controller.scene.settings.truncation == 0.8


def test_a_control_without_a_signal_is_free_again(ask, controller):  # noqa: F811
    bind(ask, "truncation", "level")
    signal(ask, level=0)
    assert frame(controller).truncation == pytest.approx(0.02, abs=1e-3)
    assert bind(ask, "truncation") == []
    assert frame(controller).truncation == 0.8


def test_an_edit_follows_a_signal_over_three_standard_deviations_to_both_sides(ask, controller):  # noqa: F811
    controller.scene.use_directions(Directions(components(), "file", controller.model))
    bind(ask, "edit", 2, "brightness")
    signal(ask, brightness=1)
    assert frame(controller, 200).generator_input.edits == pytest.approx([0, 3, 0], abs=0.01)


def test_an_edit_of_a_direction_that_is_not_there_moves_nothing(ask, controller):  # noqa: F811
    controller.scene.use_directions(Directions(components(), "file", controller.model))
    bind(ask, "edit", 9, "brightness")
    signal(ask, brightness=1)
    assert frame(controller, 200).generator_input.edits == pytest.approx([0, 0, 0])


def test_a_class_comes_in_with_a_signal(ask, controller):  # noqa: F811
    bind(ask, "class", "thing 7", "c")
    signal(ask, c=0.25)
    assert frame(controller, 200).generator_input.class_weights[7] == pytest.approx(0.25, abs=0.01)
    signal(ask, c=1)
    weights = frame(controller, 200).generator_input.class_weights
    assert weights[7] == pytest.approx(1, abs=0.01) and weights.sum() == pytest.approx(1)


def test_a_jump_of_a_signal_is_no_jump_of_the_image(ask, controller):  # noqa: F811
    bind(ask, "truncation", "level")
    signal(ask, level=0)
    frame(controller)
    signal(ask, level=1)
    now_s = time.monotonic() + 10
    seen = [controller.scene.frame_task(now_s + step / 30).truncation for step in range(30)]
    assert max(np.diff(seen)) < 0.6 and seen[-1] > 0.98


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["zoom", "level"], "control must be one of.*zoom"),
        (["edit"], "edit needs a number after it"),
        (["edit", "0", "level"], "must be in 1..1024, not '0'"),
        (["class", "dragon", "level"], "dragon"),
        (["truncation", "level", 0.2], "not 2 words"),
        (["truncation", "level", 0.2, 7], "high must be in 0.02..1, not 7"),
        (["jitter", "level", 0, "loud"], "must be numbers, not 'loud'"),
    ],
)
def test_a_wrong_map_is_named(ask, words, reason):
    assert re.search(reason, bind(ask, *words))


def test_a_value_outside_0_to_1_is_named(ask):
    assert "value must be in 0..1, not 1.5" in signal(ask, level=1.5)


def test_more_signals_than_are_kept_are_refused(ask):
    for number in range(64):
        signal(ask, **{f"s{number}": 0.5})
    assert "at most 64 signals" in signal(ask, one_more=0.5)


def test_the_settings_tell_what_is_mapped_and_a_new_renderer_knows_it_but_not_the_signals(tmp_path):
    file = tmp_path / "settings.json"
    for restored in (False, True):
        controller = RenderController([models_with(tmp_path / str(restored), "a")], tmp_path / "out", load)  # noqa: F811
        dispatcher = RenderDispatcher(controller, SettingsFile(file))
        dispatcher.restore()
        if not restored:
            for words in (["edit", "3", "level"], ["edit", "4", "level"], ["edit", "4"], ["jitter", "level"]):
                mapping = command("/image/map", control=words[0], word=words[1:])
                assert dispatcher.execute(mapping).error == ""
            assert dispatcher.execute(command("/image/signal", name=["level"], value=[1])).error == ""
        mapped = [reply[1:4] for reply in dispatcher.execute(command("/image/settings")).replies[2:]]
        assert mapped == [["edit", "3", "level"], ["jitter", "-", "level"]]
    assert "/image/signal" not in {row["address"] for row in json.loads(file.read_text())["settings"]}


def command(address, **values):
    return read_values(address, values, Executor.RENDERER)


def test_a_bend_follows_a_signal_and_one_that_is_off_stays_off():
    bent = Settings().with_bend(2, Bend("rgb", "zoom", 1.0))
    for number in ("2", "3"):
        place, binding = signals.key(["bend", number]), signals.read(["bend", number, "level", "1", "3"])
        bent = replace(bent, bindings=signals.with_binding(bent.bindings, place, binding))
    moved = signals.applied(bent, {"level": 0.5})
    assert {number: one.amount for number, one in moved.bends.items()} == {2: 2.0}


def test_noise_follows_a_signal():
    binding = signals.read(["noise", "level"])
    quiet = replace(Settings(), bindings=signals.with_binding({}, ("noise", ""), binding))
    assert signals.applied(quiet, {"level": 0.25}).noise == 0.25
