"""Directions of pictures, live: which file is loaded, what edits do, and what goes on while directions are found."""

import re
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from live_rooms import LAYER, Flat, components, load, models_with

import ganspace
from ganspace.analysis import OWN_PICTURES
from renderer.live import directions
from renderer.live.commands import begin, do
from renderer.live.controller import RenderController
from renderer.live.direction_search import MAX_WAITING
from renderer.live.directions import Directions
from renderer.live.render_loop import paint
from renderer.live.scene import TO_OTHER_S

LOAD, EDITS = "/image/load_ganspace_components", "/image/edits"


class Finder:
    """Finds a model's own directions when it is let, and counts how often it was asked."""

    def __init__(self):
        self.times, self.may_end, self.file = 0, threading.Event(), "auto"

    def __call__(self, painter, progress):
        self.times += 1
        for done in range(1000):
            progress(done, 1000)
            if self.may_end.wait(0.02):
                return Directions(components(), self.file, painter)
        raise AssertionError("nobody let it end")


@pytest.fixture
def finder():
    return Finder()


@pytest.fixture
def atelier(tmp_path, finder):
    models = models_with(tmp_path / "models", "a", "large")
    ganspace.save(models / "biggan" / "a" / "a_gen_z.npz", components())
    ganspace.save(models / "biggan" / "shared.npz", components(2, names=()))
    atelier = RenderController([models], tmp_path / "out", load, own=finder)
    atelier.open("a")
    atelier.show.change(lambda settings: replace(settings, mode="free", smooth=0.0), 0.0)
    yield atelier
    finder.may_end.set()


def ask(atelier, address, **values):
    replies, error = do(atelier, address, values)
    assert error == ""
    return replies


def moved(atelier, now_s):
    """By how much red is more than it would be without edits."""
    task = atelier.show.task(now_s)
    still = replace(task, point=task.point._replace(edits=np.zeros_like(task.point.edits)))
    return (float(paint(task)[0, 0, 0]) - float(paint(still)[0, 0, 0])) / 127.5


def test_a_file_beside_the_model_is_loaded_and_told(atelier, tmp_path):
    file = tmp_path / "models" / "biggan" / "a" / "a_gen_z.npz"
    assert ask(atelier, LOAD, file="a_gen_z.npz") == [
        ["/image/components", 3, "gen_z", file.as_posix()],
        ["/image/directions", "light"],
    ]
    status = atelier.status()
    assert (status["components"], status["direction_count"]) == ("a_gen_z.npz", 3)
    assert ask(atelier, "/image/status")[0][-2] == "a_gen_z.npz"


def test_settings_tell_directions_and_edits_as_far_as_the_last_that_is_not_0(atelier):
    assert len(ask(atelier, "/image/settings")) == 2
    told = ask(atelier, LOAD, file="a_gen_z.npz")
    assert ask(atelier, "/image/settings")[2:] == [*told, [EDITS]]
    ask(atelier, EDITS, edit=[0.0, -1.5, 0.0])
    assert ask(atelier, "/image/settings")[2:] == [*told, [EDITS, 0.0, -1.5]]


@pytest.mark.parametrize("name", ["shared.npz", "a/a_gen_z.npz", "{}/biggan/shared.npz"])
def test_a_file_elsewhere_in_the_models_folders_is_found(atelier, tmp_path, name):
    assert ask(atelier, LOAD, file=name.format(tmp_path / "models"))[0][2:3] == ["gen_z"]


@pytest.mark.parametrize("name", ["../../../away.npz", "{}/away.npz", "linked.npz", "none.npz", "x" * 5000, "a\0b"])
def test_a_file_elsewhere_is_not_there(atelier, tmp_path, name):
    ganspace.save(tmp_path / "away.npz", components())
    (tmp_path / "models" / "biggan" / "a" / "linked.npz").symlink_to(tmp_path / "away.npz")
    error = do(atelier, LOAD, {"file": name.format(tmp_path)})[1]
    assert re.match(r"no components file .* beside a", error) and len(error) <= 200


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"layer": "conv0"}, "a has the layers gen_z"),
        ({"shape": (4, 4, 3)}, r"of another model: its gen_z is \(4, 4, 3\), not \(4, 4, 2\)"),
    ],
)
def test_directions_that_do_not_fit_leave_those_before(atelier, tmp_path, wrong, reason):
    ask(atelier, LOAD, file="shared.npz")
    ganspace.save(tmp_path / "models" / "biggan" / "a" / "wrong.npz", components(**wrong))
    assert re.search(reason, do(atelier, LOAD, {"file": "wrong.npz"})[1])
    assert atelier.show.directions.name == "shared.npz"


def test_edits_move_the_picture_along_the_directions(atelier):
    ask(atelier, LOAD, file="a_gen_z.npz")
    atelier.show.task(0.0)
    ask(atelier, EDITS, edit=[1.0, 0.5])
    assert moved(atelier, 0.1) == pytest.approx(0.1 + 0.5 * 0.2, abs=0.02)
    ask(atelier, EDITS, edit=[])
    assert atelier.show.task(0.2).directions.offsets(atelier.show.shown.edits) is None


def test_edits_come_as_smoothly_as_the_rest(atelier):
    atelier.show.change(lambda settings: replace(settings, smooth=0.5), 0.0)
    ask(atelier, LOAD, file="a_gen_z.npz")
    atelier.show.task(0.0)
    ask(atelier, EDITS, edit=[2.0])
    way = [atelier.show.task(now).point.edits[0] for now in np.arange(0.0, 5.0, 1 / 30)]
    assert way == sorted(way)
    assert np.diff(way).max() < 0.2
    assert way[-1] == pytest.approx(2.0, abs=1e-3)


def test_other_directions_are_gone_over_to_when_the_edits_before_are_gone(atelier):
    atelier.show.change(lambda settings: replace(settings, smooth=0.5), 0.0)
    ask(atelier, LOAD, file="a_gen_z.npz")
    ask(atelier, EDITS, edit=[2.0])
    for now in np.arange(0.0, 5.0, 1 / 30):
        atelier.show.task(now)
    ask(atelier, LOAD, file="shared.npz")
    ask(atelier, EDITS, edit=[0.0, 2.0])
    way = [atelier.show.task(now) for now in np.arange(5.0, 15.0, 1 / 30)]
    red = [0.0 if (add := task.directions.offsets(task.point.edits)) is None else add.mean() for task in way]
    assert np.abs(np.diff(red)).max() < 0.05
    assert red[-1] == pytest.approx(0.4, abs=0.01)


def test_another_model_has_neither_directions_nor_edits(atelier):
    ask(atelier, LOAD, file="a_gen_z.npz")
    ask(atelier, EDITS, edit=[2.0])
    ask(atelier, "/image/load", name="large")
    assert (atelier.show.directions, atelier.show.settings.edits) == (None, ())
    assert atelier.show.task(TO_OTHER_S).directions is None


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ([0.0] * 3 + [1.0], "there are 3 directions, so at most as many edits, not 4"),
        ([1001.0], "an edit must be in -1000..1000, not 1001"),
        (["much"], "an edit must be a finite number, not 'much'"),
        ([float("nan")], "an edit must be a finite number"),
        ("1", "edits must be numbers, not '1'"),
    ],
)
def test_edits_that_cannot_be_change_nothing(atelier, edit, reason):
    ask(atelier, LOAD, file="a_gen_z.npz")
    ask(atelier, EDITS, edit=[0.5])
    assert reason in do(atelier, EDITS, {"edit": edit})[1]
    assert atelier.show.settings.edits == (0.5,)


def test_without_directions_edits_say_what_to_send(atelier):
    error = do(atelier, EDITS, {"edit": [0.0, 1.0]})[1]
    assert error == "no directions of pictures are loaded; send /image/load_ganspace_components first"
    assert do(atelier, EDITS, {"edit": [0.0]})[1] == ""


def test_while_directions_are_found_all_else_goes_on(atelier, finder):
    outcome = begin(atelier, LOAD, {"file": "auto"})
    edited = begin(atelier, EDITS, {"edit": [1.0]})
    assert ask(atelier, "/image/jitter", value=0.1) == []
    assert atelier.show.task(1.0) is not None
    end = time.monotonic() + 10.0
    while not atelier.status()["finding"] and time.monotonic() < end:
        time.sleep(0.01)
    assert 0.0 < atelier.status()["finding"] < 1.0
    assert not outcome.done() and not edited.done()
    finder.may_end.set()
    assert outcome.result(10.0)[0][0] == ["/image/components", 3, "gen_z", "auto"]
    # Edits that came meanwhile are done when there are directions.
    assert edited.result(10.0) == ([], "")
    assert atelier.show.settings.edits == (1.0,)
    assert atelier.status()["finding"] is None


def test_of_many_edits_that_come_while_directions_are_found_the_last_are_refused(atelier, finder):
    outcomes = [begin(atelier, LOAD, {"file": "auto"})]
    outcomes += [begin(atelier, EDITS, {"edit": [number / 100]}) for number in range(100)]
    refused = [outcome for outcome in outcomes if outcome.done()]
    assert len(refused) == 101 - MAX_WAITING
    assert "wait for directions that are being found" in refused[0].result()[1]
    finder.may_end.set()
    assert {outcome.result(10.0)[1] for outcome in outcomes if outcome not in refused} == {""}
    assert atelier.show.settings.edits == ((MAX_WAITING - 2) / 100,)


def test_directions_are_found_once_for_all_who_ask_and_kept(atelier, finder):
    outcomes = [begin(atelier, LOAD, {"file": "auto"}) for _ in range(3)]
    finder.may_end.set()
    assert [outcome.result(10.0)[1] for outcome in outcomes] == [""] * 3
    # In memory, as its folder takes no files: also for the same model loaded anew.
    ask(atelier, "/image/load", name="a")
    ask(atelier, LOAD, file="auto")
    assert finder.times == 1


@pytest.mark.parametrize(("address", "values"), [("/image/load", {"name": "large"}), (LOAD, {"file": "shared.npz"})])
def test_something_else_that_is_loaded_ends_the_search(atelier, finder, address, values):
    outcome = begin(atelier, LOAD, {"file": "auto"})
    ask(atelier, address, **values)
    before = atelier.show.directions
    assert "something else was loaded" in outcome.result(10.0)[1]
    assert atelier.show.directions is before


def test_why_directions_could_not_be_found_is_said_to_all_who_wait(atelier):
    def own(painter, progress):
        progress(0, 1)
        raise OSError("no space left")

    atelier.guide._own = own
    assert do(atelier, LOAD, {"file": "auto"}) == ([], "no space left")
    assert "no directions" in do(atelier, EDITS, {"edit": [1.0]})[1]


def test_directions_of_a_folder_that_takes_no_files_are_found_all_the_same(monkeypatch, tmp_path):
    def own(painter, *, progress):
        raise PermissionError("the folder takes no files")

    monkeypatch.setattr(ganspace, "own", own)
    monkeypatch.setattr(ganspace, "compute", lambda painter, plan, *, progress: components(plan.components, names=()))
    found = directions.own(Flat(folder=tmp_path), print)
    assert (found.file, found.count) == ("auto", OWN_PICTURES.components)


def test_offsets_of_a_large_row_of_directions_end_where_messages_do(atelier):
    many = Directions(components(1100, names=()), "x", Flat())
    assert (many.count, many.used, len(many.row(()))) == (1100, 1024, 1024)
    assert many.offsets(many.row([0.0, 1.0])).shape == (1, *LAYER)
