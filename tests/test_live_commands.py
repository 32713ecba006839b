"""Commands under /image: what they change, what they answer, and one sentence for what they refuse."""

import re
import time
from pathlib import Path

import pytest
from live_controller import FlatModel, controller, execute, models_with  # noqa: F401 - controller is a fixture
from PIL import Image
from waiting import PATIENCE_S

from core.commands.image import IMAGE_COMMANDS
from core.commands.table import COMMANDS
from renderer import image_models
from renderer.image_models import REFRESH_S
from renderer.live.commands import HANDLERS
from renderer.live.controller import RenderController


def ask(controller, address, **values):  # noqa: F811
    replies, error = execute(controller, address, values)
    assert error == ""
    return replies


def refusal(controller, address, **values):  # noqa: F811
    replies, error = execute(controller, address, values)
    assert replies == []
    assert error and "\n" not in error and len(error) <= 200
    return error


@pytest.fixture
def painting(controller):  # noqa: F811
    controller.render_loop.start()
    controller.frames.wait(0, PATIENCE_S)
    return controller


def test_every_row_of_the_servers_table_is_answered_and_no_other():
    assert set(HANDLERS) == {row.address for row in IMAGE_COMMANDS}


def test_load_paints_with_another_model(controller):  # noqa: F811
    assert ask(controller, "/image/load", name="large") == [["/image/loaded", "large", 32, 32, 40]]
    assert controller.scene.model.name == "large"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none", "no image model 'none'.*found: a "),
        ("broken", "damaged"),
        ("", "name must have 1 to 255 characters, not 0"),
        ([3], "be a name"),
    ],
)
def test_a_model_that_cannot_be_loaded_leaves_the_one_before(controller, name, reason):  # noqa: F811
    error = refusal(controller, "/image/load", name=name)
    assert re.search(reason, error)
    assert controller.scene.model.name == "a"


def test_a_folder_outside_the_models_folders_is_refused(controller, tmp_path):  # noqa: F811
    elsewhere = models_with(tmp_path / "elsewhere", "b") / "biggan" / "b"
    assert "not inside one of the models folders" in refusal(controller, "/image/load", name=str(elsewhere))


def test_classes_are_chosen_by_number_or_name(controller):  # noqa: F811
    assert ask(controller, "/image/classes", **{"class": ["3", "thing 17"]}) == [
        ["/image/class_names", "thing 3", "thing 17"]
    ]
    assert controller.scene.settings.classes == (3, 17)


def test_no_classes_are_the_default_choice(controller):  # noqa: F811
    first = controller.scene.settings.classes
    ask(controller, "/image/classes", **{"class": ["3"]})
    (names,) = ask(controller, "/image/classes", **{"class": []})
    assert controller.scene.settings.classes == first
    assert len(names) == 13


def test_classes_stay_with_a_model_that_has_them(controller):  # noqa: F811
    ask(controller, "/image/classes", **{"class": ["thing 5"]})
    ask(controller, "/image/load", name="large")
    assert controller.scene.settings.classes == (5,)


@pytest.mark.parametrize("name", ["truncation", "jitter", "smooth", "bpm"])
def test_a_dial_is_turned(controller, name):  # noqa: F811
    value = 90.0 if name == "bpm" else 0.25
    assert ask(controller, f"/image/{name}", value=value) == []
    assert getattr(controller.scene.settings, name) == value


@pytest.mark.parametrize(
    ("address", "values", "reason"),
    [
        ("/image/truncation", {"value": 2}, "value must be in 0.02..1, not 2"),
        ("/image/jitter", {"value": "much"}, "value must be a number, not 'much'"),
        ("/image/smooth", {}, "needs 1 argument (value), not 0"),
        ("/image/bpm", {"value": float("inf")}, "value must be a finite number"),
        ("/image/mode", {"name": "loud"}, "name must be follow, tempo or free, not 'loud'"),
        ("/image/classes", {"class": ["none"]}, "no class 'none'"),
        ("/image/classes", {"class": ["1", "1"]}, "given twice"),
        ("/image/classes", {"class": "1"}, "class must be a list, not '1'"),
        ("/image/classes", {"class": [str(n) for n in range(65)]}, "needs 0 to 64 arguments ([class...]), not 65"),
        ("/image/oscillator", {"number": 17, "function": "sin", "magnitude": 1, "period": 1}, "1..16, not 17"),
        (
            "/image/oscillator",
            {"number": 1, "function": "samples", "magnitude": 1, "period": 1},
            "a function is one of sin",
        ),
        (
            "/image/oscillator",
            {"number": 1, "function": "sin", "magnitude": 1, "period": 0},
            "period must be in 0.01..1024, not 0",
        ),
        ("/image/oscillator", {"number": 1, "function": "sin", "magnitude": 1, "period": 1, "axes": [-1]}, "axes must"),
        ("/image/record", {"what": "go"}, "what must be start or stop, not 'go'"),
        ("/image/record", {"what": "stop", "file": None}, "nothing is being recorded"),
        ("/image/record", {"what": "start", "file": None}, "no frame yet"),
        ("/image/snapshot", {"file": "../up"}, "a file's name must be plain"),
        ("/image/snapshot", {"file": "a.jpg"}, "must end in .png, not .jpg"),
        ("/image/paint", {}, "unknown address /image/paint"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(controller, address, values, reason):  # noqa: F811
    before = controller.scene.settings
    assert reason in refusal(controller, address, **values)
    assert controller.scene.settings == before


def test_an_oscillator_is_set_and_keeps_its_axes(controller):  # noqa: F811
    received = {"number": 2, "function": "sin", "magnitude": 0.5, "period": 2.0}
    ask(controller, "/image/oscillator", **received, axes=[4, 7, 4])
    assert controller.scene.settings.oscillators[2].axes == (4, 7)
    ask(controller, "/image/oscillator", **received | {"magnitude": 0.0}, axes=[])
    assert (controller.scene.settings.oscillators[2].axes, controller.scene.settings.oscillators[2].magnitude) == (
        (4, 7),
        0.0,
    )


def test_without_a_model_commands_say_so_and_dials_turn(tmp_path):
    empty = RenderController([tmp_path], tmp_path, lambda folder: FlatModel())
    assert "no image model is loaded" in refusal(empty, "/image/classes", **{"class": []})
    assert ask(empty, "/image/truncation", value=0.5) == []
    assert ask(empty, "/image/status")[0][1:] == ["-", "follow", 0.0, 0, "-", "-", "-", 1]
    assert ask(empty, "/image/settings")[1:] == [["/image/class_names"]]


def test_status_tells_what_the_renderer_is_doing(painting):
    painting.page = "http://127.0.0.1:1/"
    painting.scene.play("trip", 0.0, time.monotonic())
    (status,) = ask(painting, "/image/status")
    assert status[:3] == ["/image/status.reply", "a", "follow"]
    assert status[3] >= 0.0
    assert status[5:8] == ["http://127.0.0.1:1/", "trip", "-"]


def test_settings_tell_what_is_set_by_whomever(controller):  # noqa: F811
    changes = ask(controller, "/image/status")[0][-1]
    for name, value in (("truncation", 0.5), ("jitter", 0.25), ("smooth", 0.75), ("bpm", 90.0)):
        ask(controller, f"/image/{name}", value=value)
    ask(controller, "/image/mode", name="tempo")
    ask(controller, "/image/classes", **{"class": ["thing 17", "3"]})
    assert ask(controller, "/image/settings") == [
        ["/image/settings.reply", 0.5, 0.25, 0.75, "tempo", 90.0, 17, 3],
        ["/image/class_names", "thing 17", "thing 3"],
    ]
    assert ask(controller, "/image/status")[0][-1] == changes + 6


def test_classes_that_nobody_chose_are_named_in_the_settings_without_numbers(controller):  # noqa: F811
    dials, names = ask(controller, "/image/settings")
    assert len(dials) == 6
    assert names == ask(controller, "/image/classes", **{"class": []})[0]


def test_the_page_is_told_all_that_it_shows(painting):
    ask(painting, "/image/classes", **{"class": ["3", "5"]})
    painting.render_loop._stopping.wait(1.0)
    status = painting.status()
    assert (status.classes, status.class_ids) == (["thing 3", "thing 5"], [3, 5])
    assert status.models == ["a", "broken", "large"]
    assert len(status.class_names) == 40
    assert 0.0 <= sum(status.class_weights) <= 1.01
    assert status.playing is None


def test_models_are_looked_up_now_and_then_however_often_status_is_asked(controller, tmp_path, monkeypatch):  # noqa: F811
    looks = []
    monkeypatch.setattr(image_models, "readable", lambda models: looks.append(1) or {tmp_path / "new": None})
    assert [controller.status().models for _ in range(50)] == [["new"]] * 50
    assert len(looks) <= 2
    shelf = image_models.ModelCatalog([tmp_path])
    assert (shelf.names(10.0), shelf.names(11.0), shelf.names(10.0 + REFRESH_S)) == (["new"],) * 3
    assert len(looks) <= 4


def test_a_snapshot_is_a_picture_that_was_shown(painting):
    ((_, path),) = ask(painting, "/image/snapshot", file="moment")
    assert path.endswith("out/moment.png")
    image = Image.open(path)
    assert (image.size, image.mode) == ((16, 16), "RGB")
    assert image.getpixel((0, 0))[2] == int(painting.scene.settings.truncation * 255)


def test_what_is_there_is_not_overwritten(painting):
    paths = [ask(painting, "/image/snapshot", file="moment.png")[0][1].rpartition("/")[2] for _ in range(3)]
    assert paths == ["moment.png", "moment-2.png", "moment-3.png"]


def test_without_a_name_a_file_is_named_by_the_clock(painting):
    ((_, path),) = ask(painting, "/image/snapshot", file=None)
    assert "/hallu-20" in path


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", ".hidden", "x" * 101, "a\0b", "c:x", "dot."])
def test_a_name_that_leads_elsewhere_is_refused(painting, name):
    assert "must be plain" in refusal(painting, "/image/snapshot", file=name)


@pytest.mark.parametrize(("name", "reason"), [("", "1 to 255 characters"), ([5], "must be a name")])
def test_a_file_that_is_not_a_name_is_refused(painting, name, reason):
    assert reason in refusal(painting, "/image/snapshot", file=name)


PAGE = Path(__file__).parent.parent / "renderer" / "web" / "static"


def test_the_pages_sliders_have_the_ranges_of_the_table(controller):  # noqa: F811
    ranges = controller.status().ranges
    assert set(re.findall(r'data-dial="(\w+)"', (PAGE / "page.html").read_text(encoding="utf-8"))) == set(ranges)
    for name, limits in ranges.items():
        (arg,) = COMMANDS[f"/image/{name}"].args
        assert limits == (arg.low, arg.high)
    assert not re.search(r"\b(min|max)=", (PAGE / "page.html").read_text(encoding="utf-8"))


def test_the_page_offers_the_modes_of_the_table():
    modes = re.findall(r'data-mode="(\w+)"', (PAGE / "page.html").read_text(encoding="utf-8"))
    assert tuple(modes) == COMMANDS["/image/mode"].arg("name").choices


def test_the_page_sends_commands_of_the_table():
    sent = {
        one for path in PAGE.glob("*.js") for one in re.findall(r'"(/image/\w+)"', path.read_text(encoding="utf-8"))
    }
    assert len(sent) > 5
    assert sent <= {row.address for row in IMAGE_COMMANDS}
