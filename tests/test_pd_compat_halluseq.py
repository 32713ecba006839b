"""The HALLU sequencer of the course on the drop-in: its object's messages, and a patch that is wired like theirs."""

import numpy as np
import pytest
from conftest import SMALL
from drop_in import assert_at_level

import ganspace
from core.latent.interpolation import lerp
from ganspace.edited_models import CoordinateModel
from gansynth.hallucination import Timing, hallucinate, hallucination_length
from pd import PD, pd_running, with_object

COMPAT = (PD / "compat",)
PICKLE = "magenta_small_conv0_ipca_1024.pickle"

# Wired as the course wires it: the state is asked for at load and whenever something was updated; when the worker is
# on, the components follow; both sounds play. What comes out is kept as well: the probe connects after loading.
PATCH = r"""#N canvas 0 0 500 400 12;
#X obj 20 20 r in;
#X obj 20 300 pyext. sopimagenta.ganspacesynth.pyext halluseq seq-edits @detach 1;
#X obj 20 330 t a a;
#X obj 200 360 list prepend 0;
#X obj 200 390 s report;
#X obj 20 360 route step settings worker updated synthesized hallucinated;
#X msg 300 250 send_state;
#X obj 300 200 loadbang;
#X obj 20 200 route on off;
#X obj 100 200 b;
#X msg 100 230 load_ganspace_components {pickle};
#X obj 400 20 table seq-edits 8192;
#X obj 400 50 table seq-preview 64000;
#X obj 400 80 table seq-out 800000;
#X obj 20 420 list;
#X obj 20 450 text set seq-said 1e+06;
#X obj 200 450 text define seq-said;
#X obj 300 420 r ask-said;
#X obj 300 450 text get seq-said;
#X obj 300 480 list prepend said;
#X obj 300 510 s report;
#X obj 400 200 phasor~ 1;
#X obj 400 230 *~ 64000;
#X obj 400 260 tabread4~ seq-out;
#X obj 400 290 tabread4~ seq-preview;
#X obj 400 320 dac~;
#X connect 21 0 22 0;
#X connect 22 0 23 0;
#X connect 22 0 24 0;
#X connect 23 0 25 0;
#X connect 24 0 25 1;
#X connect 2 0 14 0;
#X connect 14 0 15 0;
#X connect 17 0 18 0;
#X connect 18 0 19 0;
#X connect 19 0 20 0;
#X connect 0 0 1 1;
#X connect 1 0 2 0;
#X connect 2 0 5 0;
#X connect 2 1 3 0;
#X connect 3 0 4 0;
#X connect 5 2 8 0;
#X connect 5 3 6 0;
#X connect 6 0 1 1;
#X connect 7 0 6 0;
#X connect 8 0 9 0;
#X connect 9 0 10 0;
#X connect 10 0 1 1;
"""


@pytest.fixture(scope="module")
def path(magenta):
    return CoordinateModel(magenta, ganspace.load(SMALL / PICKLE))


@pytest.fixture
def pd(tmp_path, server):
    """A patch like the course's with model and directions loaded."""
    with pd_running(tmp_path, PATCH.format(pickle=PICKLE), paths=COMPAT) as running:
        running.to("hallu-connect", f"127.0.0.1 {server.port}")
        assert running.ask("load magenta_small", "worker", "on") == [64000, 16000]
        running.wait(0, "loaded_pca")
        yield running


def edit(pd, *values):
    pd.to("seq-edits", " ".join(map(str, (0, *values))))


def test_the_state_is_told_when_the_patch_opens(pd):
    shown = []
    for line in range(8):
        pd.to("ask-said", str(line))
        shown.append(pd.wait("said"))
    assert shown[:2] == [["step", "index", 0], ["step", "count", 1]]
    assert shown[2:4] == [["settings", "interp_steps", 1], ["settings", "sample_spacing", pytest.approx(0.2)]]
    assert [words[0] for words in shown] == ["step"] * 2 + ["settings"] * 6


def test_the_array_of_the_box_gets_one_value_for_each_direction(pd):
    assert pd.size("seq-edits") == 512


def test_the_preview_plays_the_array(pd, path, server):
    edit(pd, 2, -1)
    assert pd.ask("synthesize_noz seq-preview 32 seq-edits", "synthesized") == []
    assert_at_level(server, pd.array("seq-preview"), path.generate(np.array([[2.0, -1.0]]), [32])[0])


def test_the_preview_without_edits_plays_the_array_as_well(pd, path, server):
    edit(pd, 0, 3)
    pd.ask("synthesize_noz seq-preview 32", "synthesized")
    assert_at_level(server, pd.array("seq-preview"), path.generate(np.array([[0.0, 3.0]]), [32])[0])


def test_each_change_asks_for_the_state(pd):
    pd.say("add_step")
    assert pd.wait(0, "step", "index") == [1]
    assert pd.wait(0, "step", "count") == [2]
    pd.wait(0, "settings", "release")
    pd.say("next_step")
    assert pd.wait(0, "step", "index") == [0]
    pd.wait(0, "settings", "release")
    pd.say("release 0.25")
    assert pd.wait(0, "settings", "release") == [0.25]


def test_the_steps_become_one_long_sound(pd, path, magenta, server):
    edit(pd, 2, 0, -1)
    pd.ask("add_step", "updated")
    edit(pd, -2, 1, 0)
    pd.ask("add_step", "updated")
    edit(pd, 0, 0, 0, 2)
    for setting in ("interp_steps 2", "sample_spacing 0.3", "attack 0.2", "sustain 0.4", "release 0.2"):
        pd.ask(setting, "updated")
    (frames,) = pd.ask("hallucinate_noz seq-out", "hallucinated")
    timing = Timing(0.3, 0, 0.2, 0.4, 0.2)
    points = np.array([[2.0, 0, -1, 0], [-2, 1, 0, 0], [0, 0, 0, 2]])
    assert frames == hallucination_length(7, timing, magenta.sample_rate) == pd.size("seq-out")
    assert [0, "progress", 7, 7] in pd.heard
    wave = hallucinate(path, points, 2, timing, min(magenta.pitches), interpolate=lerp)
    assert_at_level(server, pd.array("seq-out"), wave, hallucination=True)


def test_a_single_step_is_a_sound_too(pd, magenta):
    (frames,) = pd.ask("hallucinate_noz seq-out", "hallucinated")
    assert frames == 1.5 * magenta.sample_rate == pd.size("seq-out")


def test_the_steps_are_edited_while_a_sound_is_made(pd):
    for setting in ("interp_steps 30", "sample_spacing 0.1"):
        pd.ask(setting, "updated")
    pd.ask("add_step", "updated")
    pd.say("hallucinate_noz seq-out")
    pd.wait(0, "progress")
    assert pd.ask("add_step", "updated") == []
    assert pd.ask("hallucinate_noz seq-preview", "hallucinated") == [pd.size("seq-out")]
    assert pd.wait(0, "hallucinated") == [pd.size("seq-preview")]
    assert pd.size("seq-preview") > pd.size("seq-out")


def test_arrays_that_play_are_filled_again(pd):
    pd.to("pd", "dsp 1")
    lengths = set()
    for count in range(1, 6):
        pd.say(f"interp_steps {3 * count % 7}")
        pd.say("add_step")
        pd.say("synthesize_noz seq-preview 32 seq-edits")
        lengths.add(pd.ask("hallucinate_noz seq-out", "hallucinated")[0])
    assert len(lengths) == 5
    assert sum(message[:2] == [0, "synthesized"] for message in pd.heard) == 5
    assert pd.errors() == []


def test_no_request_of_a_burst_is_lost(pd):
    pd.to("pd", "dsp 1")
    start = len(pd.heard)
    for count in range(40):
        pd.say("add_step")
        pd.say("synthesize_noz seq-preview 32 seq-edits -- seq-out 32 1" if count % 4 else "synthesize_noz seq-preview")
    pd.ask("unload", "worker", "off")
    pd.ask("load magenta_small", "worker", "on")
    ends = [message[1] for message in pd.heard[start:] if message[0] == 0 and message[1] in ("synthesized", "failed")]
    assert ends == ["failed", *["synthesized"] * 3] * 10
    assert sum(message[:2] == [0, "updated"] for message in pd.heard[start:]) == 40


def test_the_worker_goes_off(pd):
    assert pd.ask("unload", "worker") == ["off"]
    assert pd.ask("hallucinate_noz seq-out", "failed") == ["load a checkpoint first"]
    pd.ask("load magenta_small", "worker")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("hallucinate_noz", "hallucinate_noz takes SOUND"),
        ("hallucinate_noz nowhere", "nowhere"),
        ("rand_step", "rand_step does nothing"),
        ("save_z z file", "save_z does nothing"),
        ("load nothing_like_it", "nothing_like_it"),
        ("nonsense", "unknown message nonsense"),
    ],
)
def test_a_mistake_is_told_and_printed(pd, message, reason):
    assert reason in pd.ask(message, "failed")[0]
    assert reason in pd.log


def test_an_envelope_longer_than_the_note_is_refused(pd):
    pd.ask("sustain 4", "updated")
    assert "4" in pd.ask("hallucinate_noz seq-out", "failed")[0]
    pd.ask("sustain 0.5", "updated")
    pd.ask("hallucinate_noz seq-out", "hallucinated")


def test_more_than_one_message_holds_is_refused(pd):
    pd.to("seq-edits", "const 0.5")
    for _ in range(26):
        pd.ask("add_step", "updated")
    assert pd.ask("hallucinate_noz seq-out", "failed") == ["more steps and directions than one message holds"]


def test_a_missing_array_is_named(tmp_path, server):
    creation = "pyext. sopimagenta.ganspacesynth.pyext halluseq nowhere @detach 1"
    with pd_running(tmp_path, with_object(creation, inlet=1, arrays=("sound",)), paths=COMPAT) as pd:
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        pd.ask("load magenta_small", "worker")
        assert pd.ask("hallucinate_noz sound", "failed") == ["the array of this object is missing"]


def test_a_z_can_be_played_as_well(pd, magenta, server):
    pd.ask("randomize_z seq-out", "randomized")
    z = pd.array("seq-out")
    pd.ask("synthesize seq-out seq-preview 52", "synthesized")
    assert_at_level(server, pd.array("seq-preview"), magenta.generate(z[None], [52])[0])
