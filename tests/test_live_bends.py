"""Bends, noise, displacement and previews of the live renderer, on a real small model."""

import time

import numpy as np
import pytest
from live_controller import execute
from small_stylegan2 import write
from waiting import PATIENCE_S

from core import families
from core.commands.image import TRANSFORMS
from renderer import bending
from renderer.live import bends
from renderer.live.controller import RenderController
from renderer.live.dispatcher import RenderDispatcher
from renderer.live.preview import PreviewChoice
from renderer.live.render_loop import render
from renderer.live.settings_file import SettingsFile


def controller_of(tmp_path):
    return RenderController([tmp_path / "models"], tmp_path / "out", lambda folder: families.load(folder, "image"))


@pytest.fixture
def controller(tmp_path):
    write(tmp_path / "models" / "stylegan2" / "small")
    write(tmp_path / "models" / "stylegan2" / "tiny", channels=(8, 8))
    found = controller_of(tmp_path)
    found.open("small")
    return found


def ask(controller, address, **values):
    replies, error = execute(controller, address, values)
    assert error == ""
    return replies


def refusal(controller, address, **values):
    replies, error = execute(controller, address, values)
    assert replies == []
    return error


def frame(controller, now_s=0.0, **options):
    """The frame of a time, all else being still."""
    task = controller.scene.frame_task(now_s)
    still = task.generator_input._replace(z=np.linspace(-1, 1, 8))
    return np.int16(render(task.__class__(**{**vars(task), "generator_input": still}), **options))


def test_the_tables_transforms_are_those_of_bending():
    assert tuple(bending.TRANSFORMS) == TRANSFORMS


def test_a_bend_transforms_what_is_shown_and_ends(controller):
    plain = frame(controller)
    ask(controller, "/image/bend", number=1, layer="rgb", transform="blend", amount=1.0)
    assert (frame(controller) == 255).all()
    ask(controller, "/image/bend", number=1)
    np.testing.assert_array_equal(frame(controller), plain)


def test_bends_follow_each_other_in_the_order_of_their_numbers(controller):
    ask(controller, "/image/bend", number=2, layer="rgb", transform="blend", amount=1.0)
    ask(controller, "/image/bend", number=1, layer="rgb", transform="hue", amount=0.3)
    task = controller.scene.frame_task(0.0)
    assert [bend.transform for bend in task.bends] == ["hue", "blend"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"layer": "b99", "transform": "zoom", "amount": 1}, "'b99' is not a layer of small; its layers are b4.conv1"),
        ({"layer": "rgb", "transform": "melt", "amount": 1}, "transform must be zoom, blur, translate"),
        ({"layer": "rgb", "transform": "zoom", "amount": -1}, "the amount of zoom must be in 0.05..4, not -1"),
        ({"layer": "rgb", "transform": "zoom"}, "zoom needs an amount"),
    ],
)
def test_a_bend_that_cannot_be_says_why_and_changes_nothing(controller, values, reason):
    assert reason in refusal(controller, "/image/bend", number=1, **values)
    assert not controller.scene.settings.bends


def test_a_model_without_such_layers_or_noise_says_so(tmp_path):
    from live_controller import FlatModel

    controller = RenderController([tmp_path], tmp_path / "out", lambda folder: FlatModel())
    controller.scene.use_model(FlatModel(), ())
    bend = {"number": 1, "layer": "rgb", "transform": "zoom", "amount": 1.0}
    assert "none of its layers bend" in refusal(controller, "/image/bend", **bend)
    assert refusal(controller, "/image/noise", amount=0.5) == "flat has no noise inputs"
    assert refusal(controller, "/image/displace", amount=0.5) == "flat has no layers that bend"


def test_noise_is_the_models_own_none_or_turns(controller):
    own = frame(controller)
    ask(controller, "/image/noise", amount=1.0, speed=0.25)
    np.testing.assert_array_equal(frame(controller), own)
    assert np.abs(frame(controller, 1.0) - own).max() > 3
    assert np.abs(frame(controller, 4.0) - own).max() <= 1
    ask(controller, "/image/noise", amount=0.0)
    assert np.abs(frame(controller, 4.0) - own).max() > 3


def test_a_model_brings_the_noise_that_suits_it_until_somebody_sets_another(controller, tmp_path):
    folder = controller.model.folder
    (folder / "live.json").write_text('{"noise": 0.7, "noise_speed": 0.05}')
    controller.open(folder.name)
    now = controller.scene.settings
    assert (now.noise, now.noise_speed) == (0.7, 0.05)
    ask(controller, "/image/noise", amount=2.0)
    controller.open(folder.name)
    assert controller.scene.settings.noise == 2.0


def test_a_noise_out_of_range_in_a_models_folder_is_named(controller):
    (controller.model.folder / "live.json").write_text('{"noise": 9}')
    with pytest.raises(ValueError, match=r"noise in .*live\.json must be in 0\.\.4, not 9"):
        controller.open(controller.model.folder.name)


def test_noise_that_turns_keeps_its_variance(controller):
    ask(controller, "/image/noise", amount=1.0, speed=0.25)
    for now_s in (0.3, 0.5, 1.7):
        noise = bends.noise_at(controller.scene.settings, controller.model, now_s)[-1]
        assert noise.std() == pytest.approx(1.0, abs=0.15)


def test_the_image_flows_along_a_displacement_map(controller):
    still = frame(controller)
    ask(controller, "/image/displace", amount=1.0)
    first, later = frame(controller), frame(controller, 3.0)
    assert np.abs(first - still).max() > 3
    assert np.abs(later - first).max() > 3


def test_directions_in_w_move_the_live_image(controller):
    components, *_ = ask(controller, "/image/load_ganspace_components", file="auto")
    assert components[2] == "w"
    still = frame(controller)
    ask(controller, "/image/edits", edit=[3.0])
    ask(controller, "/image/smooth", value=0.0)
    assert np.abs(frame(controller, 5.0) - still).max() > 3


def test_settings_list_layers_noise_and_bends(controller):
    ask(controller, "/image/bend", number=3, layer="b8.torgb", transform="rotate", amount=0.5, x=0.25)
    ask(controller, "/image/noise", amount=0.5, speed=2)
    replies = {reply[0]: reply[1:] for reply in ask(controller, "/image/settings")}
    assert replies["/image/layers"] == list(controller.model.bend_layers)
    assert replies["/image/noise"] == [0.5, 2.0]
    assert replies["/image/displace"] == [0.0, 0.5]
    assert replies["/image/bend"] == [3, "b8.torgb", "rotate", 0.5, 0.25, 0.0]


def test_another_model_keeps_the_bends_that_it_can_do(controller):
    ask(controller, "/image/bend", number=1, layer="b16.torgb", transform="hue", amount=0.5)
    ask(controller, "/image/bend", number=2, layer="rgb", transform="hue", amount=0.5)
    ask(controller, "/image/load", name="tiny")
    assert list(controller.scene.settings.bends) == [2]


def test_bends_are_there_again_after_a_restart(tmp_path, controller):
    path = tmp_path / "settings.json"
    dispatcher = RenderDispatcher(controller, SettingsFile(path))
    from core.commands.reading import read_values
    from core.commands.spec import Executor

    for number, amount in ((1, 0.5), (2, 0.25)):
        values = {"number": number, "layer": "b8.torgb", "transform": "hue", "amount": amount}
        dispatcher.execute(read_values("/image/bend", values, Executor.RENDERER))
    dispatcher.execute(read_values("/image/bend", {"number": 1}, Executor.RENDERER))
    again = controller_of(tmp_path)
    RenderDispatcher(again, SettingsFile(path)).restore("small")
    assert [(number, bend.amount) for number, bend in again.scene.settings.bends.items()] == [(2, 0.25)]


def test_frames_go_on_while_a_bend_is_compiled(controller):
    controller.render_loop.start()
    try:
        controller.frames.wait(0, PATIENCE_S)
        for layer in ("b4.torgb", "b8.torgb", "b16.torgb"):
            ask(controller, "/image/bend", number=1, layer=layer, transform="blur", amount=0.5)
        assert controller.frames.wait(controller.frames.number, 5.0)[1] is not None
    finally:
        controller.close()


def test_a_preview_is_as_large_as_the_frame(controller):
    assert frame(controller, preview=True).shape == frame(controller).shape


def test_previews_begin_when_frames_come_too_slowly_and_end_when_they_would_not():
    choice = PreviewChoice()
    slow = 0
    while not choice.active:
        choice.record(0.2, 1 / 30, True)
        slow += 1
    assert slow < 10
    # A preview takes a quarter of the time: whole frames would still take 0.2 s.
    for _ in range(9):
        choice.record(0.05, 1 / 30, True)
    assert choice.active
    for _ in range(9):
        choice.record(0.015, 1 / 30, True)
    assert not choice.active


def test_frames_that_come_often_enough_stay_whole():
    choice = PreviewChoice()
    for _ in range(20):
        choice.record(0.09, 1 / 30, True)
    assert not choice.active


def test_a_model_without_previews_has_none():
    choice = PreviewChoice()
    for _ in range(20):
        choice.record(0.5, 1 / 30, False)
    assert not choice.active


def test_a_loop_that_cannot_keep_up_shows_half_the_size(controller):
    model = controller.model
    whole = model.render

    def slow(*given, preview=False, **options):
        time.sleep(0.0 if preview else 0.15)
        return whole(*given, preview=preview, **options)

    model.render = slow
    controller.render_loop.start()
    try:
        end = time.monotonic() + PATIENCE_S
        while not controller.status().preview and time.monotonic() < end:
            # Somebody watches.
            controller.frames.wait(controller.frames.number, 0.2)
            controller.frames.jpeg()
        assert controller.status().preview
    finally:
        controller.close()
