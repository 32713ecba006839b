"""ganspacesynth_halluseq.pd, the HALLU sequencer, played by its own buttons over a real server."""

import numpy as np
import pytest
import soundfile
from directions_server import EIGHT, OWN, PICKLE, directions_server
from played import playing, same

from core.latent.interpolation import lerp
from ganspace.edited_models import CoordinateModel
from gansynth.hallucination import Timing, hallucinate
from pd import PD, escaped, pd_running

PATCH = "ganspacesynth_halluseq.pd"
STEPS = ([1.5, -2], [0, 0, 3], [-1, 0.123])
SETTINGS = {"interp": 2, "spacing": 0.3, "trim": 0.05, "attack": 0.1, "sustain": 0.35, "release": 0.2, "pitch": 47}
DEFAULTS = {"interp": 1, "spacing": 0.2, "trim": 0, "attack": 0.5, "sustain": 0.5, "release": 0.5}


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    yield from directions_server(tmp_path_factory.mktemp("walked"))


@pytest.fixture
def seq(tmp_path, walked):
    """The sequencer; its model's directions are loaded."""
    walked.running.send("/sound/unload")
    walked.running.send("/sound/load", "magenta_small")
    with playing(tmp_path, walked.running.port) as opened:
        played = opened(PATCH, "edits")
        played.listen("steps-is", "how-long", "playing", "preview-playing", "components-file")
        played.answer("loaded_pca")
        yield played


def sync(patch):
    patch.pd.to("report", "here")
    patch.pd.wait("here")


def compose(patch, steps=STEPS, settings=SETTINGS):
    for number, edits in enumerate(steps):
        if number:
            patch.press("add")
        patch.set("edits-set", " ".join(map(str, edits)))
    for name, value in settings.items():
        patch.set(f"{name}-set", value)


def padded(steps):
    return np.array([[*edits, *[0] * (16 - len(edits))] for edits in steps], np.float32)


def all_steps(patch):
    """Every step, read off the sliders on a walk through them, from the first."""
    patch.set("steps-goto", 0)
    _, count = patch.wait("steps-is")
    rows = []
    for _ in range(int(count)):
        rows.append(patch.array("edits"))
        patch.press("next")
    sync(patch)
    return np.array(rows)


def said(patch):
    return " ".join(map(str, patch.wait("say")))


def test_steps_are_added_duplicated_removed_and_walked(seq):
    compose(seq)
    assert seq.wait("steps-is", 3) == [3]
    assert np.array_equal(all_steps(seq), padded(STEPS))
    seq.press("duplicate")
    assert seq.wait("steps-is", 2) == [4]
    assert np.array_equal(all_steps(seq), padded([STEPS[0], *STEPS]))
    seq.press("previous")
    assert seq.wait("steps-is") == [4, 4]
    seq.press("remove")
    assert seq.wait("steps-is") == [3, 3]
    assert np.array_equal(all_steps(seq), padded([STEPS[0], STEPS[0], STEPS[1]]))


def test_a_sequence_keeps_at_least_one_step(seq):
    seq.press("remove")
    assert said(seq) == "a sequence has at least one step"
    assert len(all_steps(seq)) == 1


def test_a_sequence_has_at_most_a_hundred_steps(seq):
    for _ in range(100):
        seq.press("add")
    assert said(seq) == "a sequence has at most 100 steps"
    assert len(all_steps(seq)) == 100


def test_it_starts_with_the_settings_of_the_course(seq, tmp_path):
    seq.set("save-sequence-as", f"symbol {escaped(tmp_path / 'new')}")
    said(seq)
    words = ("interp_steps", "sample_spacing", "start_trim", "attack", "sustain", "release")
    lines = (tmp_path / "new.txt").read_text().splitlines()
    assert [f"{word} {value};" for word, value in zip(words, DEFAULTS.values(), strict=True)] == lines[3:9]


def test_generating_follows_steps_and_settings(seq, magenta, walked):
    compose(seq)
    (frames,) = seq.press("generate", "hallucinated")
    timing = Timing(0.3, 0.05, 0.1, 0.35, 0.2)
    path = CoordinateModel(magenta, walked.own)
    wanted = hallucinate(path, padded(STEPS), 2, timing, 47, interpolate=lerp)
    assert frames == round((6 * 0.3 + 0.7) * 16000) == len(wanted)
    assert same(seq.array("sound"), wanted, 1e-3)
    assert [seq.name("answer"), "progress", 7, 7] in seq.pd.heard
    assert [seq.name("how-long"), "label", "7 notes, 2.5 s"] in seq.pd.heard


def test_a_step_has_a_pitch_of_its_own_which_holds_until_the_next(seq, magenta, walked):
    compose(seq)
    seq.set("steps-goto", 0)
    seq.set("set-step-pitch", 52)
    seq.set("steps-goto", 2)
    seq.set("set-step-pitch", 40)
    seq.press("generate", "hallucinated")
    path = CoordinateModel(magenta, walked.own)
    wanted = hallucinate(path, padded(STEPS), 2, Timing(0.3, 0.05, 0.1, 0.35, 0.2), [52, 47, 40], interpolate=lerp)
    assert same(seq.array("sound"), wanted, 1e-3)


def test_pitches_of_steps_are_duplicated_saved_and_recalled(seq, tmp_path):
    compose(seq)
    seq.set("set-step-pitch", 40)
    seq.press("duplicate")
    seq.set("save-sequence-as", f"symbol {escaped(tmp_path / 'sung')}")
    said(seq)
    saved = (tmp_path / "sung.txt").read_text()
    assert [len(line.split()) for line in saved.splitlines() if line.startswith("step")] == [17, 17, 18, 18]
    compose(seq, [[1]])
    seq.set("set-step-pitch", 0)
    seq.set("recall-from", f"symbol {escaped(tmp_path / 'sung.txt')}")
    said(seq)
    all_steps(seq)
    seq.set("save-sequence-as", f"symbol {escaped(tmp_path / 'again')}")
    said(seq)
    assert (tmp_path / "again.txt").read_text() == saved


def test_a_hundred_steps_are_generated(seq):
    compose(
        seq, [[0.5]] * 100, {"interp": 0, "spacing": 0.01, "trim": 0, "attack": 0.01, "sustain": 0.01, "release": 0}
    )
    (frames,) = seq.press("generate", "hallucinated")
    assert frames == round((99 * 0.01 + 0.02) * 16000)


def test_a_file_with_fewer_directions_is_walked_in_those(seq, magenta, walked):
    seq.set("components", f"symbol {EIGHT}")
    seq.set("ask", "load other")
    seq.answer("loaded_pca")
    steps = [[1] * 16, [-1] * 16]
    compose(seq, steps)
    seq.press("generate", "hallucinated")
    path = CoordinateModel(magenta, walked.eight)
    wanted = hallucinate(path, np.array(steps)[:, :8], 2, Timing(0.3, 0.05, 0.1, 0.35, 0.2), 47, interpolate=lerp)
    assert same(seq.array("sound"), wanted, 1e-3)


def test_a_preview_leaves_the_sound_that_was_generated(seq):
    compose(seq)
    seq.press("generate", "hallucinated")
    before = seq.array("sound")
    seq.press("preview")
    assert seq.answer("audio", "@preview")[1:] == [64000, 16000]
    seq.wait("preview-playing", 1)
    assert np.array_equal(before, seq.array("sound"))


def test_it_plays_stops_and_saves(seq, tmp_path):
    compose(seq)
    seq.press("generate", "hallucinated")
    sync(seq)
    assert [seq.name("playing"), 1] in seq.pd.heard
    seq.press("stop")
    seq.wait("playing", 0)
    seq.press("again")
    seq.wait("playing", 1)
    seq.set("save-as", f"symbol {escaped(tmp_path / 'a take')}")
    assert said(seq).startswith("saved as")
    wave, rate = soundfile.read(tmp_path / "a take.wav")
    assert rate == 16000
    assert np.allclose(wave, seq.array("sound"), atol=2**-22)


def test_generating_can_be_cancelled(seq):
    compose(seq, settings={"interp": 32})
    seq.press("generate", "progress")
    seq.press("cancel")
    assert seq.answer("failed") == ["cancelled"]


def save(patch, path):
    patch.set("save-sequence-as", f"symbol {escaped(path)}")
    assert said(patch).startswith("saved ")


def recall(patch, path):
    patch.set("recall-from", f"symbol {escaped(path)}")
    return said(patch)


def test_a_sequence_comes_back_exactly(seq, tmp_path):
    compose(seq)
    save(seq, tmp_path / "my sequence")
    text = (tmp_path / "my sequence.txt").read_text()
    assert text.startswith(f"hallu-sequence 1;\ncheckpoint magenta_small;\ncomponents {OWN};\ninterp_steps 2;\n")
    compose(seq, [[3, 3, 3]] * 2, DEFAULTS | {"pitch": 30})
    assert recall(seq, tmp_path / "my sequence.txt") == "recalled 3 steps"
    assert np.array_equal(all_steps(seq), padded(STEPS))
    save(seq, tmp_path / "again.txt")
    assert (tmp_path / "again.txt").read_text() == text
    seq.set("save-sequence-as", f"symbol {escaped(tmp_path / 'again')}")
    assert said(seq) == f"saved {tmp_path / 'again-2.txt'}"


def test_a_sequence_brings_its_checkpoint_and_components(seq, tmp_path):
    seq.set("components", f"symbol {EIGHT}")
    seq.set("ask", "load other")
    seq.answer("loaded_pca")
    compose(seq)
    save(seq, tmp_path / "other.txt")
    seq.set("ask", "load magenta_small")
    seq.answer("loaded_pca")
    assert recall(seq, tmp_path / "other.txt") == "recalled 3 steps"
    assert seq.answer("model") == ["other"]
    assert seq.wait("components-file")[-1] == EIGHT
    save(seq, tmp_path / "again.txt")
    assert (tmp_path / "again.txt").read_text() == (tmp_path / "other.txt").read_text()


def test_the_same_checkpoint_is_not_loaded_again(seq, tmp_path):
    save(seq, tmp_path / "own.txt")
    seq.set("ask", f"load_ganspace_components {PICKLE}")
    seq.answer("loaded_pca")
    start = len(seq.pd.heard)
    recall(seq, tmp_path / "own.txt")
    seq.answer("loaded_pca")
    words = [message[1:2] for message in seq.pd.heard[start:]]
    assert ["loaded"] not in words and ["components"] in words


GOOD = ["hallu-sequence 1", "checkpoint -", "components -", "interp_steps 1", "sample_spacing 0.2", "start_trim 0"]
GOOD += ["attack 0.5", "sustain 0.5", "release 0.5", "pitch 40", "step " + " ".join(["0.5"] * 16)]


def changed(line, text):
    return [*GOOD[:line], *text, *GOOD[line + 1 :]]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "cannot be read, or is empty"),
        (["#N canvas 0 0 450 300 12"], "no sequence file"),
        (["hallu-sequence 2", *GOOD[1:]], "another version"),
        (GOOD[:-1], "1 to 100 steps"),
        (GOOD + GOOD[-1:] * 100, "1 to 100 steps"),
        (changed(6, []), "attack must stand there once"),
        ([*GOOD, "attack 1"], "attack must stand there once"),
        (changed(6, ["attak 0.5"]), "line 7 has an unknown word, attak"),
        (changed(6, ["attack loud"]), "line 7 needs one number from 0 to 60"),
        (changed(6, ["attack -1"]), "line 7 needs one number from 0 to 60"),
        (changed(3, ["interp_steps 33"]), "line 4 needs one number from 0 to 32"),
        (changed(1, ["checkpoint two names"]), "line 2 needs one name"),
        (changed(10, ["step 1 2 3"]), "line 11 is no step"),
        (changed(10, ["step " + "x " * 16]), "line 11 is no step"),
        (changed(10, ["step 1000 " + "0 " * 15]), "line 11 is no step"),
        (changed(10, [GOOD[10] + " 128"]), "line 11 is no step"),
        (changed(10, [GOOD[10] + " 40 40"]), "line 11 is no step"),
        ([*GOOD, "7 8 9"], "line 12 begins with a number"),
    ],
)
def test_a_broken_file_is_refused_and_nothing_changes(seq, tmp_path, lines, reason):
    compose(seq)
    save(seq, tmp_path / "before.txt")
    (tmp_path / "broken.txt").write_text("".join(f"{line};\n" for line in lines))
    received = recall(seq, tmp_path / "broken.txt")
    assert received.startswith("nothing is recalled: ") and reason in received
    save(seq, tmp_path / "after.txt")
    assert (tmp_path / "after.txt").read_text() == (tmp_path / "before.txt").read_text()


def test_a_foreign_file_is_refused(seq, tmp_path):
    (tmp_path / "noise.wav").write_bytes(np.random.default_rng(3).bytes(20_000))
    assert "no sequence file" in recall(seq, tmp_path / "noise.wav")


def test_a_good_file_written_by_hand_is_recalled(seq, tmp_path):
    (tmp_path / "hand.txt").write_text(";\n".join(GOOD) + ";\n")
    assert recall(seq, tmp_path / "hand.txt") == "recalled 1 steps"
    assert np.allclose(all_steps(seq), 0.5)


def test_another_patch_can_choose_checkpoint_and_components(seq):
    seq.pd.to("ganspacesynth_halluseq", f"init other {EIGHT}")
    assert seq.answer("model") == ["other"]
    assert seq.wait("components-file")[-1] == EIGHT


def test_pd_send_can_choose_and_what_runs_on_the_server_gives_way(tmp_path, walked):
    walked.running.send("/sound/unload")
    walked.running.send("/sound/load", "magenta_small")
    send = f"hallu-connect 127.0.0.1 {walked.running.port}; ganspacesynth_halluseq init other {EIGHT}"
    with pd_running(tmp_path, PD / PATCH, paths=(), send=send) as pd:
        number = pd.number_of("edits")
        for bus in ("answer", "components-file"):
            pd.listen(f"{number}-{bus}")
        assert pd.wait(f"{number}-answer", "model") == ["other"]
        assert pd.wait(f"{number}-components-file")[-1] == EIGHT
        pd.wait(f"{number}-answer", "loaded_pca")
        assert walked.running.send("/status")[0].args[:2] == ["other", EIGHT]
