"""Directions over OSC, on Magenta's small checkpoint and the course's components pickle."""

import pickle
import shutil

import numpy as np
import pytest
from conftest import SMALL, RunningServer, running_with
from replies import reason, wave

import ganspace
from core.latent.interpolation import lerp
from ganspace.edited_models import CoordinateModel, EditedModel
from gansynth.hallucination import Timing, hallucinate

PICKLE = "magenta_small_conv0_ipca_1024.pickle"
EDITS = [2.0, -1.0, 0.5]
TIMES = (0.1, 0.0, 0.05, 0.1, 0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    models = tmp_path_factory.mktemp("models")
    shutil.copytree(SMALL, models / "gansynth" / "magenta_small")
    return models


@pytest.fixture(scope="module")
def running(tmp_path_factory, folder):
    yield from running_with(RunningServer(tmp_path_factory.mktemp("server"), folder), "magenta_small")


@pytest.fixture
def send(running):
    """Speak to a server that has just loaded the course's components."""
    assert running.send("/sound/load_ganspace_components", PICKLE)[-1].address == "/done"
    return running.send


@pytest.fixture(scope="module")
def course():
    return ganspace.load(SMALL / PICKLE)


def assert_close(ours, wanted):
    np.testing.assert_allclose(ours, wanted, atol=1e-3 * np.abs(wanted).max())


def random_z(send, slot="a"):
    return np.array([send("/sound/randomize_z", slot)[0].args[1:]], np.float32)


def test_loading_tells_count_layer_and_file(send, folder):
    replies = send("/sound/load_ganspace_components", PICKLE)
    file = (folder / "gansynth" / "magenta_small" / PICKLE).as_posix()
    assert ("/sound/components", [512, "conv0", file]) in replies
    assert send("/status")[0].args[:2] == ["magenta_small", PICKLE]


def test_a_course_pickle_says_that_pitch_is_ignored(send):
    assert ("/sound/pitch_in_edits", [0]) in send("/sound/load_ganspace_components", PICKLE)


def test_coordinates_sound_as_in_the_course(send, reference, magenta):
    pitch = magenta.pitches[0]
    for edits, wanted in zip(reference["edits"], reference["edit_waves"], strict=True):
        assert_close(wave(send("/sound/synthesize_noz", "t", pitch, *map(float, edits))), wanted)


def test_edits_that_are_left_out_are_zero(send, magenta):
    pitch = magenta.pitches[0]
    short, full = (send("/sound/synthesize_noz", "t", pitch, 1.0, *rest) for rest in ((), (0.0, 0.0)))
    np.testing.assert_array_equal(wave(short), wave(full))


def test_edits_move_a_z(send, magenta, course):
    z, pitch = random_z(send), magenta.pitches[0]
    send("/sound/set_edits", *EDITS)
    wanted = EditedModel(magenta, course, EDITS).generate(z, [pitch])[0]
    assert_close(wave(send("/sound/synthesize", "a", "t", pitch)), wanted)


def test_no_edits_switch_them_off(send, magenta):
    random_z(send)
    pitch = magenta.pitches[0]
    before = wave(send("/sound/synthesize", "a", "t", pitch))
    send("/sound/set_edits", *EDITS)
    send("/sound/set_edits")
    np.testing.assert_array_equal(wave(send("/sound/synthesize", "a", "t", pitch)), before)


def test_components_that_are_loaded_again_have_no_edits(send, magenta):
    random_z(send)
    pitch = magenta.pitches[0]
    before = wave(send("/sound/synthesize", "a", "t", pitch))
    send("/sound/set_edits", *EDITS)
    send("/sound/load_ganspace_components", PICKLE)
    np.testing.assert_array_equal(wave(send("/sound/synthesize", "a", "t", pitch)), before)


def test_loading_the_loaded_model_keeps_its_directions_and_edits(send, folder, course):
    random_z(send)
    send("/sound/set_edits", *EDITS)
    before = wave(send("/sound/synthesize", "a", "t", 36))
    replies = send("/sound/load", "magenta_small")
    assert [reply.address for reply in replies] == [
        "/sound/loaded",
        "/sound/level",
        "/sound/components",
        "/sound/pitch_in_edits",
        "/sound/directions",
        "/sound/edited",
        "/done",
    ]
    file = (folder / "gansynth" / "magenta_small" / PICKLE).as_posix()
    assert replies[2].args == [course.count, "conv0", file]
    assert replies[5].args == EDITS
    np.testing.assert_array_equal(wave(send("/sound/synthesize", "a", "t", 36)), before)


def test_unloading_first_loads_without_directions(send):
    send("/sound/set_edits", *EDITS)
    send("/sound/unload")
    replies = send("/sound/load", "magenta_small")
    assert [reply.address for reply in replies] == ["/sound/loaded", "/sound/level", "/done"]
    assert "no directions are loaded" in reason(send("/sound/set_edits", *EDITS))


def test_a_path_through_slots_is_moved(send, magenta, course):
    z, pitch = np.concatenate([random_z(send, "a"), random_z(send, "b")]), magenta.pitches[0]
    send("/sound/set_edits", *EDITS)
    wanted = hallucinate(EditedModel(magenta, course, EDITS), z, 2, Timing(*TIMES), pitch)
    assert_close(wave(send("/sound/hallucinate_z", "t", 2, *TIMES, pitch, "a", "b")), wanted)


def test_a_path_through_coordinates_goes_straight(send, magenta, course):
    pitch, points = magenta.pitches[0], np.array([[0.0, 0.0], [2.0, -1.0], [-1.0, 1.0]])
    replies = send("/sound/hallucinate_noz", "t", 3, *TIMES, pitch, 2, *points.ravel().tolist())
    path = CoordinateModel(magenta, course)
    assert_close(wave(replies), hallucinate(path, points, 3, Timing(*TIMES), pitch, interpolate=lerp))
    progress = [reply.args[2:] for reply in replies if reply.address == "/progress"]
    assert progress[-1] == [9, 9]


def test_a_path_through_coordinates_has_a_pitch_for_each(send, magenta, course):
    pitches, points = (
        [magenta.pitches[0], magenta.pitches[-1], magenta.pitches[1]],
        np.array([[0, 0], [2, -1], [-1, 1]]),
    )
    numbers = np.column_stack([pitches, points]).astype(float).ravel().tolist()
    replies = send("/sound/hallucinate_noz_path", "t", 3, *TIMES, 2, *numbers)
    path = CoordinateModel(magenta, course)
    wanted = hallucinate(path, points.astype(float), 3, Timing(*TIMES), pitches, interpolate=lerp)
    assert_close(wave(replies), wanted)


def test_the_edits_of_a_slot_lead_back_to_its_sound(send, magenta, course):
    pitch = magenta.pitches[0]
    z = course.activations([EDITS])  # a sound that lies on the directions
    coordinates = course.coordinates(z)[0, :3]
    np.testing.assert_allclose(coordinates, EDITS, atol=1e-3)
    slot = random_z(send)
    edits = send("/sound/edits", "a")[0]
    assert (edits.address, edits.args[0], len(edits.args)) == ("/sound/edits", "a", 513)
    near, far = (
        np.linalg.norm(course.activations([some])[0] - magenta.activations(slot, [pitch], "conv0")[0])
        for some in (edits.args[1:], [])
    )
    assert near < far


def test_an_edits_reply_that_comes_in_ends_there(send):
    assert "needs 1 argument (slot), not 3" in reason(send("/sound/edits", "a", 1.0, 2.0))


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (("/sound/set_edits", *[0.0] * 513), "at most 512"),
        (("/sound/set_edits", 1.0, float("nan")), "edit"),
        (("/sound/synthesize_noz", "t", 3, 1.0), "3"),
        (("/sound/hallucinate_noz", "t", 1, *TIMES, 40, 2, 1.0, 1.0, 1.0), "3 edits do not make whole points"),
        (
            ("/sound/hallucinate_noz_path", "t", 1, *TIMES, 2, 40.0, 1.0),
            "2 numbers do not make whole points of a pitch",
        ),
        (("/sound/hallucinate_noz_path", "t", 1, *TIMES, 1, 40.5, 1.0), "a pitch must be a whole number, not 40.5"),
        (("/sound/hallucinate_noz_path", "t", 1, *TIMES, 1, 3.0, 1.0), "no pitch 3"),
        (("/sound/edits", "nothing here"), "no slot"),
        (("/sound/load_ganspace_components", "nothing.npz"), PICKLE),
        (("/sound/load_ganspace_components", "../../../../etc/passwd"), "no components file"),
        (("/sound/load_ganspace_components", "/etc/passwd"), "--models"),
        (("/sound/load_ganspace_components", "experiment.json"), "cannot be read as a components file"),
    ],
)
def test_bad_input_is_named(send, message, text):
    assert text in reason(send(*message))
    assert send("/status")[0].args[1] == PICKLE


def test_a_hostile_pickle_runs_nothing(send, folder, tmp_path):
    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "made"), "w"))

    (folder / "gansynth" / "hostile.pickle").write_bytes(pickle.dumps({"layer": Hostile()}))
    assert "hostile.pickle" in reason(send("/sound/load_ganspace_components", "hostile.pickle"))
    assert not (tmp_path / "made").exists()


def test_components_of_another_layout_are_refused(send, folder, course):
    ganspace.save(folder / "gansynth" / "wrong.npz", ganspace.Components("conv9", "pca", *_arrays(course)))
    assert "conv9" in reason(send("/sound/load_ganspace_components", "wrong.npz"))


def _arrays(components):
    return components.components, components.stdev, components.var_ratio, components.mean


def test_names_are_reported(send, folder, course):
    named = ganspace.Components("conv0", "pca", *_arrays(course), names=("dark", "", "breath"))
    ganspace.save(folder / "gansynth" / "named.npz", named)
    replies = send("/sound/load_ganspace_components", "named.npz")
    assert ("/sound/directions", ["dark", "-", "breath"]) in replies


def test_auto_finds_the_directions_once_and_keeps_them(send, folder):
    file = folder / "gansynth" / "magenta_small" / "magenta_small_conv0.npz"
    file.unlink(missing_ok=True)
    first = send("/sound/load_ganspace_components", "auto")
    made = file.stat().st_mtime_ns
    assert [reply.args[2:] for reply in first if reply.address == "/progress"]
    assert ("/sound/components", [128, "conv0", file.as_posix()]) in first
    assert ("/sound/pitch_in_edits", [1]) in first
    again = send("/sound/load_ganspace_components", "auto")
    assert not [reply for reply in again if reply.address == "/progress"]
    assert file.stat().st_mtime_ns == made


def test_pitch_matters_with_components_of_our_own(send, magenta):
    send("/sound/load_ganspace_components", "auto")
    low, high = (wave(send("/sound/synthesize_noz", "t", pitch)) for pitch in (magenta.pitches[0], magenta.pitches[-1]))
    assert not np.allclose(low, high, atol=1e-2 * np.abs(low).max())


def test_a_model_that_is_loaded_has_no_components(running, send):
    send("/sound/unload")
    send("/sound/load", "magenta_small")
    assert running.send("/status")[0].args[1] == "-"
    for message in (("set_edits", 1.0), ("synthesize_noz", "t", 40), ("edits", "a")):
        assert "/sound/load_ganspace_components" in reason(send(f"/sound/{message[0]}", *message[1:]))


def test_components_and_edits_survive_a_kill(start_server, folder, magenta, tmp_path):
    first = start_server("--load", "magenta_small", models=folder)
    first.send("/sound/load_ganspace_components", PICKLE)
    first.send("/sound/set_edits", *EDITS)
    random_z(first.send)
    before = wave(first.send("/sound/synthesize", "a", "t", magenta.pitches[0]))
    first.kill()
    second = start_server(models=folder)
    np.testing.assert_array_equal(wave(second.send("/sound/synthesize", "a", "t", magenta.pitches[0])), before)
    assert second.send("/status")[0].args[1] == PICKLE


def test_a_components_file_that_is_gone_does_not_keep_the_model_away(start_server, folder):
    models = start_server("--load", "magenta_small", models=folder)
    shutil.copy(SMALL / PICKLE, folder / "gansynth" / "soon gone.pickle")
    assert models.send("/sound/load_ganspace_components", "soon gone.pickle")[-1].address == "/done"
    models.kill()
    (folder / "gansynth" / "soon gone.pickle").unlink()
    again = start_server(models=folder)
    again.send("/sound/seed", 1)  # waits until the model is there
    assert again.send("/status")[0].args[:2] == ["magenta_small", "-"]
