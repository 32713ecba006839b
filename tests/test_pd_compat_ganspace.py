"""The drop-in's directions: components for an array, edits on top of a z, sounds from coordinates alone."""

import numpy as np
import pytest
import soundfile
from conftest import SMALL
from drop_in import assert_at_level

import ganspace
from ganspace.edited_models import CoordinateModel, EditedModel
from pd import PD, pd_running, with_object

OBJECT = "pyext. sopimagenta.gansynth.pyext gansynth @detach 1"
COMPAT = (PD / "compat",)
PICKLE = "magenta_small_conv0_ipca_1024.pickle"
ARRAYS = ("z", "amplitudes", "sound", "sound2", "sound3")


@pytest.fixture(scope="module")
def course():
    return ganspace.load(SMALL / PICKLE)


@pytest.fixture
def pd(tmp_path, server):
    """The course's object with a model; messages enter its second inlet."""
    with pd_running(tmp_path, with_object(OBJECT, inlet=1, arrays=ARRAYS), paths=COMPAT) as running:
        running.to("hallu-connect", f"127.0.0.1 {server.port}")
        running.ask("load magenta_small 4", "loaded")
        yield running


@pytest.fixture
def walking(pd):
    """The same, with directions and a random z."""
    pd.ask(f"load_ganspace_components {PICKLE} amplitudes", "loaded_pca")
    pd.ask("randomize_z z", "randomized")
    return pd


def test_the_named_array_gets_one_value_for_each_direction(pd):
    pd.to("amplitudes", "0 1.5")
    assert pd.ask(f"load_ganspace_components {PICKLE} amplitudes", "loaded_pca") == []
    assert pd.size("amplitudes") == 512
    assert pd.array("amplitudes")[:3].tolist() == [1.5, 0, 0]


def test_a_longer_array_is_cut(pd):
    pd.to("amplitudes", "resize 8192")
    pd.to("amplitudes", "const 0.001")
    pd.ask(f"load_ganspace_components {PICKLE} amplitudes", "loaded_pca")
    assert pd.size("amplitudes") == 512


def test_the_file_may_be_named_with_its_folder_as_in_the_course(pd):
    assert pd.ask(f"load_ganspace_components magenta_small/{PICKLE} amplitudes", "loaded_pca") == []


def test_the_values_of_the_array_move_a_z(walking, magenta, course, server):
    z = walking.array("z")[None]
    walking.ask("synthesize z sound 52", "synthesized")
    assert_at_level(server, walking.array("sound"), magenta.generate(z, [52])[0])
    walking.to("amplitudes", "0 2 -1.5")
    walking.ask("synthesize z sound 52", "synthesized")
    assert_at_level(server, walking.array("sound"), EditedModel(magenta, course, [2.0, -1.5]).generate(z, [52])[0])
    walking.to("amplitudes", "const 0")
    walking.ask("synthesize z sound 52", "synthesized")
    assert_at_level(server, walking.array("sound"), magenta.generate(z, [52])[0])


def test_an_array_is_as_good_as_set_edits(walking, server):
    walking.to("amplitudes", "0 0 0 3")
    walking.ask("synthesize z sound 52", "synthesized")
    z = walking.array("z").tolist()
    server.send("/sound/set_z", "same", *z)
    server.send("/sound/set_edits", 0.0, 0.0, 3.0)
    reply = next(r for r in server.send("/sound/synthesize", "same", "target", 52) if r.address == "/sound/audio")
    server.send("/sound/set_edits")
    wave = soundfile.read(reply.args[1], dtype="float32")[0]
    assert_at_level(server, walking.array("sound"), wave, tolerance=1e-6)


def test_another_object_without_an_array_does_not_hear_these_edits(tmp_path, walking, server, magenta):
    walking.to("amplitudes", "0 3 3 3")
    walking.ask("synthesize z sound 52", "synthesized")
    with pd_running(tmp_path / "other", with_object(OBJECT, inlet=1, arrays=("z", "sound")), paths=COMPAT) as other:
        other.to("hallu-connect", f"127.0.0.1 {server.port}")
        other.ask("randomize_z z", "randomized")
        other.ask("synthesize z sound 55", "synthesized")
        assert_at_level(server, other.array("sound"), magenta.generate(other.array("z")[None], [55])[0])


def test_another_model_forgets_the_array(walking, magenta, server):
    walking.to("amplitudes", "0 3")
    walking.ask("load magenta_small", "loaded")
    walking.ask("synthesize z sound 52", "synthesized")
    assert_at_level(server, walking.array("sound"), magenta.generate(walking.array("z")[None], [52])[0])


def test_coordinates_come_from_numbers_and_arrays(walking, magenta, course, server):
    walking.to("amplitudes", "0 1 0 -2")
    assert walking.ask("synthesize_noz sound 52 amplitudes -- sound2 55 0.5 -1 -- sound3 60 2", "synthesized") == []
    path = CoordinateModel(magenta, course)
    edits = np.array([[1.0, 0, -2], [0.5, -1, 0], [2, 0, 0]])
    for name, row, pitch in zip(("sound", "sound2", "sound3"), edits, (52, 55, 60), strict=True):
        assert_at_level(server, walking.array(name), path.generate(row[None], [pitch])[0])
    assert [message[1] for message in walking.heard if message[:2] == [0, "synthesized"]] == ["synthesized"]


def test_without_edits_the_array_is_taken_as_the_patches_say(walking, magenta, course, server):
    walking.to("amplitudes", "0 1 1")
    walking.ask("synthesize_noz sound 45", "synthesized")
    wave = CoordinateModel(magenta, course).generate(np.array([[1.0, 1.0]]), [45])[0]
    assert_at_level(server, walking.array("sound"), wave)


def test_without_an_array_no_edits_are_the_mean(pd, magenta, course, server):
    pd.ask(f"load_ganspace_components {PICKLE}", "loaded_pca")
    pd.ask("synthesize_noz sound 45", "synthesized")
    assert_at_level(server, pd.array("sound"), CoordinateModel(magenta, course).generate(np.zeros((1, 1)), [45])[0])


def test_all_that_is_asked_at_once_is_answered_in_order(pd, magenta, course, server):
    pd.to("amplitudes", "0 1 -1")
    asked = {
        "load magenta_small": "loaded",
        f"load_ganspace_components {PICKLE} amplitudes": "loaded_pca",
        "randomize_z z": "randomized",
        "synthesize z sound 52": "synthesized",
        "synthesize_noz sound2 52 nowhere": "failed",
        "synthesize_noz sound2 52 amplitudes -- sound3 55 1": "synthesized",
        "hallucinate sound 2 0 0.1 0 0.1 0.1 0.1": "hallucinated",
        "slerp_z z z z 0.5": "slerped",
        "unload": "unloaded",
        "load magenta_small 8": "loaded",
    }
    start = len(pd.heard)
    for message in asked:
        pd.say(message)
    for reply in asked.values():
        pd.wait(0, reply)
    replies = [message[1] for message in pd.heard[start:] if message[0] == 0 and message[1] != "progress"]
    assert replies == list(asked.values())
    wave = CoordinateModel(magenta, course).generate(np.array([[1.0, -1.0]]), [52])[0]
    assert_at_level(server, pd.array("sound2"), wave)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("load_ganspace_components", "load_ganspace_components takes FILE"),
        ("load_ganspace_components nothing.pickle amplitudes", "nothing.pickle"),
        ("synthesize_noz", "synthesize_noz takes SOUND PITCH"),
        ("synthesize_noz sound", "synthesize_noz takes SOUND PITCH"),
        ("synthesize_noz sound 52 nowhere", "there is no array nowhere"),
        ("synthesize_noz sound 52 1 -- sound2 99 1", "no pitch 99"),
        ("synthesize_noz nowhere 52 1", "nowhere"),
        ("rand_step", "rand_step does nothing: the course's object never had it"),
        ("save_z z file", "save_z does nothing: the course's object never saved"),
        ("add_step", "unknown message add_step"),
        ("hallucinate_noz sound", "unknown message hallucinate_noz"),
        ("z_mean z", "unknown message z_mean"),
    ],
)
def test_a_mistake_has_one_answer_and_is_printed(walking, message, reason):
    start = len(walking.heard)
    assert reason in walking.ask(message, "failed")[0]
    assert "pyext.: failed " in walking.log and reason in walking.log
    walking.ask("synthesize_noz sound 52 1", "synthesized")
    ends = [message[1] for message in walking.heard[start:] if message[0] == 0 and message[1] != "progress"]
    assert ends == ["failed", "synthesized"]


def test_directions_without_components_say_what_to_do(pd):
    assert "load_ganspace_components" in pd.ask("synthesize_noz sound 52 1", "failed")[0]


def test_cancel_ends_what_runs_and_what_waits(pd):
    for _ in range(3):
        pd.say("hallucinate sound 100 10 0.1 0 0.1 0.1 0.1")
    pd.wait(0, "progress")
    pd.say("cancel")
    reasons = [pd.wait(0, "failed")[0] for _ in range(3)]
    assert all("cancelled" in reason for reason in reasons)
    assert pd.ask("randomize_z z", "randomized") == []


def test_the_old_name_answers_too(tmp_path, server):
    patch = with_object("pyext gansynth gansynth @detach 1", inlet=1, arrays=ARRAYS)
    with pd_running(tmp_path, patch, paths=COMPAT) as pd:
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        assert pd.ask("load magenta_small 4", "loaded") == [64000, 16000]


def test_a_class_that_nobody_knows_is_named(tmp_path, server):
    with pd_running(tmp_path, with_object("pyext. sopimagenta.nsynth.pyext nsynth", inlet=1), paths=COMPAT) as pd:
        pd.to("report", "open")
        pd.wait("open")
        assert "pyext.: nsynth needs the course's own pyext" in pd.log


def test_a_file_from_a_dialog_has_its_whole_path(pd, server):
    folder = server.models / "gansynth" / "magenta_small"
    assert pd.ask(f"load {folder}", "loaded") == [64000, 16000]
    assert pd.ask(f"load_ganspace_components {folder / PICKLE} amplitudes", "loaded_pca") == []


def test_without_a_server_each_message_is_answered(tmp_path):
    with pd_running(tmp_path, with_object(OBJECT, inlet=1, arrays=ARRAYS), paths=COMPAT) as pd:
        pd.to("hallu-connect", "127.0.0.1 9")
        for message in (
            "load magenta_small",
            "synthesize z sound 52 z sound2 55",
            "synthesize_noz sound 52 -- sound2 55",
        ):
            assert "no server" in pd.ask(message, "failed")[0]
        assert [message[1] for message in pd.heard] == ["failed"] * 3


def test_a_server_that_dies_and_comes_back_loses_nothing(tmp_path, start_server):
    first = start_server()
    with pd_running(tmp_path / "pd", with_object(OBJECT, inlet=1, arrays=ARRAYS), paths=COMPAT) as pd:
        pd.to("hallu-connect", f"127.0.0.1 {first.port}")
        pd.ask("load magenta_small", "loaded")
        pd.say("hallucinate sound 100 20 0.1 0 0.1 0.1 0.1")
        pd.say("randomize_z z")
        pd.wait(0, "progress")
        first.kill()
        assert "no server" in pd.wait(0, "failed")[0]
        assert "no server" in pd.wait(0, "failed")[0]
        second = start_server()
        pd.to("hallu-connect", f"127.0.0.1 {second.port}")
        assert pd.ask("randomize_z z", "randomized") == []
