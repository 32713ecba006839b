"""The messages of GANSpace in hallu-client.pd, in a real Pd against a real server."""

import numpy as np
import pytest
from conftest import SMALL

import ganspace
from core.latent.interpolation import lerp
from ganspace.edited_models import CoordinateModel, EditedModel
from gansynth.hallucination import Timing, hallucinate, hallucination_length
from pd import pd_running, with_object

PICKLE = "magenta_small_conv0_ipca_1024.pickle"
TIMING = Timing(0.3, 0, 0.2, 0.4, 0.2)
EDITS = [2.0, -1.5, 0.25]


@pytest.fixture(scope="module")
def course():
    return ganspace.load(SMALL / PICKLE)


# A message through the tests' socket has at most 4096 characters; longer lists come from an array.
FROM_ARRAY = """#X obj 20 200 r from-array;
#X obj 20 230 list;
#X obj 20 260 t b l;
#X obj 20 290 array get edits;
#X obj 20 320 list prepend;
#X obj 20 350 list trim;
#X obj 20 380 s in;
#X connect {0} 0 {1} 0;
#X connect {1} 0 {2} 0;
#X connect {2} 0 {3} 0;
#X connect {2} 1 {4} 1;
#X connect {3} 0 {4} 0;
#X connect {4} 0 {5} 0;
#X connect {5} 0 {6} 0;
"""
ARRAYS = ("z", "z0", "sound", "edits")


@pytest.fixture
def pd(tmp_path, server):
    """A Pd whose client plays the server; the course's components are loaded."""
    client = with_object(f"hallu-client 127.0.0.1 {server.port}", arrays=ARRAYS)
    client += FROM_ARRAY.format(*range(4 + len(ARRAYS), 11 + len(ARRAYS)))
    with pd_running(tmp_path / "pd", client) as running:
        running.ask("load magenta_small", "loaded")
        running.ask(f"load_ganspace_components {PICKLE}", "loaded_pca")
        yield running


def words(values):
    return " ".join(map(str, values))


def fill(pd, size, value):
    pd.to("edits", f"resize {size}")
    pd.to("edits", f"const {value}")


def assert_close(wave, wanted):
    assert wave.shape == wanted.shape
    assert np.abs(wave - wanted).max() <= 1e-3 * np.abs(wanted).max()


def test_loading_components_tells_what_they_are(pd):
    pd.say(f"load_ganspace_components {PICKLE}")
    count, layer, file = pd.wait(0, "components")
    assert (count, layer) == (512, "conv0") and file.endswith("magenta_small/" + PICKLE)
    assert pd.wait(0, "pitch_in_edits") == [0]
    assert set(pd.wait(0, "directions")) <= {"-"}
    assert pd.wait(0, "loaded_pca") == [512]


def test_coordinates_are_heard_in_the_array(pd, magenta, course):
    assert pd.ask(f"synthesize_noz sound 52 {words(EDITS)}", "synthesized") == []
    assert_close(pd.array("sound"), CoordinateModel(magenta, course).generate(np.array([EDITS]), [52])[0])


def test_no_edits_at_all_are_the_mean(pd, magenta, course):
    pd.ask("synthesize_noz sound 52", "synthesized")
    assert_close(pd.array("sound"), CoordinateModel(magenta, course).generate(np.zeros((1, 1)), [52])[0])


def test_hundreds_of_edits_arrive(pd, magenta, course):
    fill(pd, 512, 0.25)
    pd.to("edits", "0 -1.5 2.5")
    pd.to("from-array", "list synthesize_noz sound 52")
    pd.wait(0, "synthesized")
    edits = pd.array("edits")
    assert len(edits) == 512
    assert_close(pd.array("sound"), CoordinateModel(magenta, course).generate(edits[None], [52])[0])


def test_edits_move_what_the_array_holds_until_they_are_switched_off(pd, magenta, course):
    pd.ask("randomize_z z", "randomized")
    z = pd.array("z")[None]
    assert pd.ask(f"set_edits {words(EDITS)}", "edited") == []
    pd.ask("synthesize z sound 52", "synthesized")
    assert_close(pd.array("sound"), EditedModel(magenta, course, EDITS).generate(z, [52])[0])
    pd.ask("set_edits", "edited")
    pd.ask("synthesize z sound 52", "synthesized")
    assert_close(pd.array("sound"), magenta.generate(z, [52])[0])


def test_a_path_through_coordinates_tells_its_progress_and_its_length(pd, magenta, course):
    points = np.array([[0.0, 0.0], [2.0, -1.0], [-1.0, 1.0]])
    (frames,) = pd.ask(f"hallucinate_noz sound 1 0.3 0 0.2 0.4 0.2 52 2 {words(points.ravel())}", "hallucinated")
    assert frames == hallucination_length(5, TIMING, magenta.sample_rate) == pd.size("sound")
    assert [0, "progress", 5, 5] in pd.heard
    path = CoordinateModel(magenta, course)
    assert_close(pd.array("sound"), hallucinate(path, points, 1, TIMING, 52, interpolate=lerp))


def test_thousands_of_edits_arrive(pd):
    fill(pd, 12801, -1.2345678)
    pd.to("from-array", "list hallucinate_noz sound 0 0.3 0 0.2 0.4 0.2 52 16")
    assert pd.wait(0, "failed")[0].startswith("12801 edits")


def test_where_a_drawn_z_lies_on_the_directions(pd, magenta, course):
    pd.ask("randomize_z z", "randomized")
    pd.to("z", "3 2.5 -2.5")
    name, *received = pd.ask("edits z", "edits")
    found = magenta.activations(pd.array("z")[None], [magenta.pitches[8]], "conv0")
    assert name == "z" and magenta.pitches[8] == 32
    assert np.allclose(received, course.coordinates(found)[0], atol=1e-3)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("load_ganspace_components", "load_ganspace_components needs more arguments"),
        ("load_ganspace_components nothing.npz", PICKLE),
        ("synthesize_noz", "synthesize_noz needs more arguments"),
        ("synthesize_noz sound", "pitch"),
        ("synthesize_noz nowhere 52 1", "could not load the sound into nowhere"),
        ("hallucinate_noz sound 1 0.3", "needs"),
        ("edits", "edits needs more arguments"),
        ("edits nowhere", "there is no array nowhere"),
        ("set_edits loud", "edit"),
    ],
)
def test_a_mistake_is_named(pd, message, reason):
    assert reason in pd.ask(message, "failed")[0]


def test_each_request_has_one_reply_in_order(pd):
    expected = ["edited", "synthesized", "loaded_pca", "hallucinated", "edits", "failed", "edited"]
    start = len(pd.heard)
    pd.ask("randomize_z z", "randomized")
    pd.say("set_edits 1")
    pd.say("synthesize_noz sound 52 1")
    pd.say(f"load_ganspace_components {PICKLE}")
    pd.say("hallucinate_noz sound 0 0.3 0 0.1 0.1 0.1 52 1 0 1")
    pd.say("edits z")
    pd.say("nonsense")
    pd.say("set_edits")
    for word in expected:
        pd.wait(0, word)
    assert [message[1] for message in pd.heard[start:] if message[1] in expected] == expected


def test_without_components_the_reason_says_what_to_do(pd):
    pd.ask("unload", "unloaded")
    pd.ask("load magenta_small", "loaded")
    assert "load_ganspace_components" in pd.ask("synthesize_noz sound 52 1", "failed")[0]
