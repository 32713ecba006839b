"""Directions of pictures, live: which file is loaded, what edits do, and what goes on while directions are found."""

import re
import shutil
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from live_controller import LAYER, FlatModel, components, execute, load, models_with, submit
from waiting import PATIENCE_S

import ganspace
from core.files import user_folders
from ganspace.analysis import OWN_IMAGES
from renderer import biggan
from renderer.live import directions
from renderer.live.controller import RenderController
from renderer.live.direction_search import MAX_WAITING
from renderer.live.directions import Directions
from renderer.live.render_loop import render
from renderer.live.scene import TO_OTHER_S

LOAD, EDITS = "/image/load_ganspace_components", "/image/edits"


class Finder:
    """Finds a model's own directions when it is let, and counts how often it was asked."""

    def __init__(self):
        self.times, self.may_end, self.file = 0, threading.Event(), "auto"

    def __call__(self, model, progress):
        self.times += 1
        for done in range(1000):
            progress(done, 1000)
            if self.may_end.wait(0.02):
                return Directions(components(), self.file, model)
        raise AssertionError("nobody let it end")


@pytest.fixture
def finder():
    return Finder()


@pytest.fixture
def controller(tmp_path, finder):
    models = models_with(tmp_path / "models", "a", "large")
    ganspace.save(models / "biggan" / "a" / "a_gen_z.npz", components())
    ganspace.save(models / "biggan" / "shared.npz", components(2, names=()))
    controller = RenderController([models], tmp_path / "out", load, own=finder)
    controller.open("a")
    controller.scene.change(lambda settings: replace(settings, mode="free", smooth=0.0), 0.0)
    yield controller
    finder.may_end.set()


def ask(controller, address, **values):
    replies, error = execute(controller, address, values)
    assert error == ""
    return replies


def moved(controller, now_s):
    """By how much red is more than it would be without edits."""
    task = controller.scene.frame_task(now_s)
    still = replace(
        task, generator_input=task.generator_input._replace(edits=np.zeros_like(task.generator_input.edits))
    )
    return (float(render(task)[0, 0, 0]) - float(render(still)[0, 0, 0])) / 127.5


def test_a_file_beside_the_model_is_loaded_and_told(controller, tmp_path):
    file = tmp_path / "models" / "biggan" / "a" / "a_gen_z.npz"
    assert ask(controller, LOAD, file="a_gen_z.npz") == [
        ["/image/components", 3, "gen_z", file.as_posix()],
        ["/image/directions", "light"],
    ]
    status = controller.status()
    assert (status.components, status.direction_count) == ("a_gen_z.npz", 3)
    assert ask(controller, "/image/status")[0][-2] == "a_gen_z.npz"


def test_settings_tell_directions_and_edits_as_far_as_the_last_that_is_not_0(controller):
    assert len(ask(controller, "/image/settings")) == 2
    received = ask(controller, LOAD, file="a_gen_z.npz")
    assert ask(controller, "/image/settings")[2:] == [*received, [EDITS]]
    ask(controller, EDITS, edit=[0.0, -1.5, 0.0])
    assert ask(controller, "/image/settings")[2:] == [*received, [EDITS, 0.0, -1.5]]


@pytest.mark.parametrize("name", ["shared.npz", "a/a_gen_z.npz", "{}/biggan/shared.npz"])
def test_a_file_elsewhere_in_the_models_folders_is_found(controller, tmp_path, name):
    assert ask(controller, LOAD, file=name.format(tmp_path / "models"))[0][2:3] == ["gen_z"]


@pytest.mark.parametrize("name", ["../../../away.npz", "{}/away.npz", "linked.npz", "none.npz", "x" * 255, "a\0b"])
def test_a_file_elsewhere_is_not_there(controller, tmp_path, name):
    ganspace.save(tmp_path / "away.npz", components())
    (tmp_path / "models" / "biggan" / "a" / "linked.npz").symlink_to(tmp_path / "away.npz")
    error = execute(controller, LOAD, {"file": name.format(tmp_path)})[1]
    assert re.match(r"no components file .* beside a", error) and len(error) <= 200


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"layer": "conv0"}, "a has the layers gen_z"),
        ({"shape": (4, 4, 3)}, r"of another model: its gen_z is \(4, 4, 3\), not \(4, 4, 2\)"),
    ],
)
def test_directions_that_do_not_fit_leave_those_before(controller, tmp_path, wrong, reason):
    ask(controller, LOAD, file="shared.npz")
    ganspace.save(tmp_path / "models" / "biggan" / "a" / "wrong.npz", components(**wrong))
    assert re.search(reason, execute(controller, LOAD, {"file": "wrong.npz"})[1])
    assert controller.scene.directions.name == "shared.npz"


def test_edits_move_the_picture_along_the_directions(controller):
    ask(controller, LOAD, file="a_gen_z.npz")
    controller.scene.frame_task(0.0)
    ask(controller, EDITS, edit=[1.0, 0.5])
    assert moved(controller, 0.1) == pytest.approx(0.1 + 0.5 * 0.2, abs=0.02)
    ask(controller, EDITS, edit=[])
    assert controller.scene.frame_task(0.2).directions.offsets(controller.scene.shown.edits) is None


def test_edits_come_as_smoothly_as_the_rest(controller):
    controller.scene.change(lambda settings: replace(settings, smooth=0.5), 0.0)
    ask(controller, LOAD, file="a_gen_z.npz")
    controller.scene.frame_task(0.0)
    ask(controller, EDITS, edit=[2.0])
    path = [controller.scene.frame_task(now).generator_input.edits[0] for now in np.arange(0.0, 5.0, 1 / 30)]
    assert path == sorted(path)
    assert np.diff(path).max() < 0.2
    assert path[-1] == pytest.approx(2.0, abs=1e-3)


def test_other_directions_are_gone_over_to_when_the_edits_before_are_gone(controller):
    controller.scene.change(lambda settings: replace(settings, smooth=0.5), 0.0)
    ask(controller, LOAD, file="a_gen_z.npz")
    ask(controller, EDITS, edit=[2.0])
    for now in np.arange(0.0, 5.0, 1 / 30):
        controller.scene.frame_task(now)
    ask(controller, LOAD, file="shared.npz")
    ask(controller, EDITS, edit=[0.0, 2.0])
    path = [controller.scene.frame_task(now) for now in np.arange(5.0, 15.0, 1 / 30)]
    red = [0.0 if (add := task.directions.offsets(task.generator_input.edits)) is None else add.mean() for task in path]
    assert np.abs(np.diff(red)).max() < 0.05
    assert red[-1] == pytest.approx(0.4, abs=0.01)


def test_another_model_has_neither_directions_nor_edits(controller):
    ask(controller, LOAD, file="a_gen_z.npz")
    ask(controller, EDITS, edit=[2.0])
    ask(controller, "/image/load", name="large")
    assert (controller.scene.directions, controller.scene.settings.edits) == (None, ())
    assert controller.scene.frame_task(TO_OTHER_S).directions is None


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ([0.0] * 3 + [1.0], "there are 3 directions, so at most as many edits, not 4"),
        ([1001.0], "edit must be in -1000..1000, not 1001"),
        (["much"], "edit must be a number, not 'much'"),
        ([float("nan")], "edit must be a finite number"),
        ("1", "edit must be a list, not '1'"),
    ],
)
def test_edits_that_cannot_be_change_nothing(controller, edit, reason):
    ask(controller, LOAD, file="a_gen_z.npz")
    ask(controller, EDITS, edit=[0.5])
    assert reason in execute(controller, EDITS, {"edit": edit})[1]
    assert controller.scene.settings.edits == (0.5,)


def test_without_directions_edits_say_what_to_send(controller):
    error = execute(controller, EDITS, {"edit": [0.0, 1.0]})[1]
    assert error == "no directions of images are loaded; send /image/load_ganspace_components first"
    assert execute(controller, EDITS, {"edit": [0.0]})[1] == ""


def test_while_directions_are_found_all_else_goes_on(controller, finder):
    outcome = submit(controller, LOAD, {"file": "auto"})
    edited = submit(controller, EDITS, {"edit": [1.0]})
    assert ask(controller, "/image/jitter", value=0.1) == []
    assert controller.scene.frame_task(1.0) is not None
    end = time.monotonic() + PATIENCE_S
    while not controller.status().search_progress and time.monotonic() < end:
        time.sleep(0.01)
    assert 0.0 < controller.status().search_progress < 1.0
    assert not outcome.done() and not edited.done()
    finder.may_end.set()
    assert outcome.result(PATIENCE_S)[0][0] == ["/image/components", 3, "gen_z", "auto"]
    # Edits that came meanwhile are done when there are directions.
    assert edited.result(PATIENCE_S) == ([], "")
    assert controller.scene.settings.edits == (1.0,)
    assert controller.status().search_progress is None


def test_of_many_edits_that_come_while_directions_are_found_the_last_are_refused(controller, finder):
    outcomes = [submit(controller, LOAD, {"file": "auto"})]
    outcomes += [submit(controller, EDITS, {"edit": [number / 100]}) for number in range(100)]
    refused = [outcome for outcome in outcomes if outcome.done()]
    assert len(refused) == 101 - MAX_WAITING
    assert "wait for the search for directions" in refused[0].result()[1]
    finder.may_end.set()
    assert {outcome.result(PATIENCE_S)[1] for outcome in outcomes if outcome not in refused} == {""}
    assert controller.scene.settings.edits == ((MAX_WAITING - 2) / 100,)


def test_directions_are_found_once_for_all_who_ask_and_kept(controller, finder):
    outcomes = [submit(controller, LOAD, {"file": "auto"}) for _ in range(3)]
    finder.may_end.set()
    assert [outcome.result(PATIENCE_S)[1] for outcome in outcomes] == [""] * 3
    # In memory, as its folder takes no files: also for the same model loaded again.
    ask(controller, "/image/load", name="a")
    ask(controller, LOAD, file="auto")
    assert finder.times == 1


@pytest.mark.parametrize(("address", "values"), [("/image/load", {"name": "large"}), (LOAD, {"file": "shared.npz"})])
def test_something_else_that_is_loaded_ends_the_search(controller, finder, address, values):
    outcome = submit(controller, LOAD, {"file": "auto"})
    ask(controller, address, **values)
    before = controller.scene.directions
    assert "something else was loaded" in outcome.result(PATIENCE_S)[1]
    assert controller.scene.directions is before


def test_why_directions_could_not_be_found_is_said_to_all_who_wait(controller):
    def own(model, progress):
        progress(0, 1)
        raise OSError("no space left")

    controller.direction_control._own = own
    assert execute(controller, LOAD, {"file": "auto"}) == ([], "no space left")
    assert "no directions" in execute(controller, EDITS, {"edit": [1.0]})[1]


def test_directions_of_a_folder_that_takes_no_files_are_found_all_the_same(monkeypatch, tmp_path):
    def own(model, *, progress):
        raise PermissionError("the folder takes no files")

    monkeypatch.setattr(ganspace, "own", own)
    monkeypatch.setattr(ganspace, "compute", lambda model, plan, *, progress: components(plan.components, names=()))
    found = directions.own(FlatModel(folder=tmp_path), print)
    assert (found.file, found.count) == ("auto", OWN_IMAGES.components)


def test_offsets_of_a_large_row_of_directions_end_where_messages_do(controller):
    many = Directions(components(1100, names=()), "x", FlatModel())
    assert (many.count, many.used, len(many.row(()))) == (1100, 1024, 1024)
    assert many.offsets(many.row([0.0, 1.0])).shape == (1, *LAYER)


def test_the_model_that_ships_has_its_directions_as_soon_as_it_is_loaded(tmp_path):
    controller = RenderController([user_folders.shipped("models")], tmp_path, biggan.load)
    controller.open("patterns")
    assert controller.status().direction_count == 32
    assert controller.status().directions[0] == "phase"
    controller.direction_control.edit([1.0])
    assert controller.scene.settings.edits == (1.0,)


def test_directions_of_other_weights_are_not_loaded_by_themselves(tmp_path):
    shutil.copytree(user_folders.shipped("models") / "biggan" / "patterns", tmp_path / "biggan" / "patterns")
    file = tmp_path / "biggan" / "patterns" / "patterns_layers.0.npz"
    found = ganspace.load(file)
    ganspace.save(file, replace(found, origin=replace(found.origin, checksum="other")))
    controller = RenderController([tmp_path], tmp_path, biggan.load)
    controller.open("patterns")
    assert controller.scene.directions is None
