"""Conditions from OSC and from the command lines to the sound, on a tiny conditional model."""

import shutil

import numpy as np
import pytest
import soundfile
from conftest import SMALL, RunningServer
from replies import reason, wave

import gansynth
from core.nn import numpy_ops
from gansynth import network
from gansynth.conditions import CONDITIONS, label_vectors
from gansynth.hallucination import Timing, hallucinate
from scripts.gansynth_generate import main as generate
from scripts.hallu import main

Z = np.linspace(-1, 1, 8)
HORN = {"family": "brass", "qualities": ["bright", "reverb"]}
WORDS = ["--condition", "family=brass", "--condition", "qualities=bright,reverb"]


@pytest.fixture(scope="module")
def model(band):
    return gansynth.load(band / "gansynth" / "band")


@pytest.fixture(scope="module")
def both(band, tmp_path_factory):
    """A models folder with the conditional model and Magenta's small one."""
    folder = tmp_path_factory.mktemp("both")
    shutil.copytree(band / "gansynth", folder / "gansynth")
    shutil.copytree(SMALL, folder / "gansynth" / "magenta_small")
    return folder


@pytest.fixture(scope="module")
def running(tmp_path_factory, both):
    server = RunningServer(tmp_path_factory.mktemp("server"), both)
    yield server
    server.stop()


@pytest.fixture
def send(running):
    """Speak to a server that has just loaded the conditional model."""
    running.send("/sound/unload")
    assert running.send("/sound/load", "band")[-1].address == "/done"
    return running.send


def reported(replies):
    """What /sound/conditions says is set, by name."""
    return {reply.args[0]: reply.args[1:] for reply in replies if reply.address == "/sound/conditioned"}


def test_the_model_names_its_conditions(model):
    assert model.conditions == {name: CONDITIONS[name].values for name in ("family", "qualities")}


def test_a_condition_changes_the_wave(model):
    brass, organ, unset = (
        model.generate(Z[None], [60], conditions=wanted) for wanted in ({"family": "brass"}, {"family": "organ"}, None)
    )
    assert not np.allclose(brass, organ)
    assert not np.allclose(brass, unset)


def test_the_label_vector_is_what_the_network_gets(model):
    joined = np.concatenate([Z[None].astype(np.float32), label_vectors(model.config, [61], HORN)], axis=1)
    normed = joined / np.sqrt(np.mean(joined**2, axis=1, keepdims=True) + 1e-8)
    found = network.generator_input(numpy_ops, Z[None].astype(np.float32), label_vectors(model.config, [61], HORN))
    np.testing.assert_allclose(found, normed, rtol=1e-6)
    assert found.shape == (1, 8 + 3 + 11 + 10)


def test_activations_know_conditions(model):
    acts = [model.activations(Z[None], [60], "conv0", conditions=wanted) for wanted in (HORN, {})]
    assert not np.allclose(*acts)
    waves = model.generate_from_activations("conv0", acts[0], [60])
    np.testing.assert_allclose(waves, model.generate(Z[None], [60], conditions=HORN), atol=1e-3)


def test_a_wrong_condition_lists_what_there_is(model):
    with pytest.raises(ValueError, match="band has no condition 'source'; it has family, qualities"):
        model.generate(Z[None], [60], conditions={"source": "acoustic"})


def test_a_condition_is_set_and_reported(send):
    assert send("/sound/condition", "family", "brass")[0] == ("/sound/conditioned", ["family", "brass"])
    replies = send("/sound/condition", "qualities", "bright", "reverb", "bright")
    assert replies == [
        ("/sound/conditioned", ["qualities", "bright", "reverb"]),
        ("/done", ["/sound/condition"]),
    ]
    assert reported(send("/sound/conditions")) == {"family": ["brass"], "qualities": ["bright", "reverb"]}


@pytest.mark.parametrize("unset", [(), ("any",)])
def test_none_or_any_unsets(send, unset):
    send("/sound/condition", "family", "brass")
    assert send("/sound/condition", "family", *unset)[0].args == ["family", "any"]
    assert reported(send("/sound/conditions"))["family"] == ["any"]


def test_the_choices_are_reported(send):
    first, *_ = send("/sound/conditions")
    assert first == ("/sound/choices", ["family", *CONDITIONS["family"].values])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("colour", "red"), "band has no condition 'colour'; it has family, qualities"),
        (("family", "tuba"), "family has no value 'tuba'; it has bass, brass"),
        (("family", "brass", "reed"), "family takes one value, not 2"),
        (("qualities", "bright", "any"), "qualities has no value 'any'"),
        ((), "name [value...]"),
    ],
)
def test_a_wrong_one_fails_and_changes_nothing(send, words, text):
    send("/sound/condition", "family", "organ")
    assert text in reason(send("/sound/condition", *words))
    assert reported(send("/sound/conditions")) == {"family": ["organ"], "qualities": ["any"]}


def test_what_is_set_holds_for_notes_and_hallucinations(send, model):
    send("/sound/set_z", "z", *map(float, Z))
    send("/sound/set_z", "y", *map(float, Z[::-1]))
    send("/sound/condition", "family", "brass")
    send("/sound/condition", "qualities", "bright", "reverb")
    note = wave(send("/sound/synthesize", "z", "t", 61))
    np.testing.assert_allclose(note, model.generate(Z[None], [61], conditions=HORN)[0], rtol=1e-3, atol=1e-3)
    clip = wave(send("/sound/hallucinate_z", "t", 2, 0.2, 0, 0.1, 0.1, 0.1, 61, "z", "y"))
    expected = hallucinate(model, np.stack([Z, Z[::-1]]), 2, Timing(0.2, 0, 0.1, 0.1, 0.1), 61, conditions=HORN)
    np.testing.assert_allclose(clip, expected, atol=1e-3)


def test_a_random_hallucination_obeys_too(send):
    clips = []
    for family in ("brass", "organ", "brass"):
        send("/sound/condition", "family", family)
        send("/sound/seed", 3)
        clips.append(wave(send("/sound/hallucinate", "t", 2, 1)))
    np.testing.assert_array_equal(clips[0], clips[2])
    assert not np.allclose(clips[0], clips[1])


def test_loading_the_loaded_model_keeps_what_is_set(send):
    send("/sound/condition", "family", "brass")
    send("/sound/load", "band")
    assert reported(send("/sound/conditions")) == {"family": ["brass"], "qualities": ["any"]}


def test_loading_another_model_unsets_all(send):
    send("/sound/condition", "family", "brass")
    send("/sound/load", "magenta_small")
    send("/sound/load", "band")
    assert reported(send("/sound/conditions")) == {"family": ["any"], "qualities": ["any"]}


def test_unloading_unsets_all(send):
    send("/sound/condition", "family", "brass")
    send("/sound/unload")
    assert "no model is loaded" in reason(send("/sound/condition", "family", "brass"))
    send("/sound/load", "band")
    assert reported(send("/sound/conditions"))["family"] == ["any"]


def test_a_load_that_fails_keeps_what_is_set(send):
    send("/sound/condition", "family", "brass")
    reason(send("/sound/load", "nothing"))
    assert reported(send("/sound/conditions"))["family"] == ["brass"]


def test_a_model_without_conditions_says_so(send):
    send("/sound/load", "magenta_small")
    assert send("/sound/conditions") == [("/done", ["/sound/conditions"])]
    text = reason(send("/sound/condition", "family", "brass"))
    assert text == "magenta_small has no condition 'family'; it has none but the pitch"


def test_conditions_survive_a_kill(start_server, both):
    first = start_server("--load", "band", models=both)
    first.send("/sound/condition", "qualities", "dark", "reverb")
    first.kill()
    second = start_server(models=both)
    assert reported(second.send("/sound/conditions")) == {"family": ["any"], "qualities": ["dark", "reverb"]}
    second.kill()
    third = start_server("--load", "magenta_small", models=both)
    assert third.send("/sound/conditions")[-1].address == "/done"
    third.send("/sound/load", "band")
    assert reported(third.send("/sound/conditions"))["qualities"] == ["any"]


def test_hallu_models_shows_conditions(both, capsys):
    assert main(["models", "--models", str(both)]) == 0
    head, with_conditions, without = capsys.readouterr().out.splitlines()
    assert with_conditions[head.index("CONDITIONS") :].startswith("family, qualities  ")
    assert without[head.index("CONDITIONS") :].startswith("-  ")


def test_hallu_hallucinate_takes_conditions(both, model, tmp_path):
    times = [word for name in ("attack", "sustain", "release") for word in (f"--{name}", "0.1")]
    np.save(tmp_path / "keys.npy", Z[None])
    words = ["hallucinate", "--model", "band", "--models", both, "--latents", tmp_path / "keys.npy", *times, *WORDS]
    assert main([*map(str, words), "--pitch", "61", "--steps", "0", "--out", str(tmp_path / "x.wav")]) == 0
    expected = hallucinate(model, Z[None], 0, Timing(0.2, 0, 0.1, 0.1, 0.1), 61, conditions=HORN)
    np.testing.assert_allclose(soundfile.read(tmp_path / "x.wav", dtype="float32")[0], expected, atol=1e-3)


def test_gansynth_generate_takes_conditions(band, model, tmp_path):
    words = ["--ckpt_dir", band / "gansynth" / "band", "--output_dir", tmp_path, "--batch_size", 1, "--pitch", 61]
    assert generate([*map(str, words), "--raw", "--seed", "2", *WORDS]) == 0
    z = np.random.default_rng(2).standard_normal((1, 8)).astype(np.float32)
    expected = model.generate(z, [61], conditions=HORN)[0]
    found, _ = soundfile.read(tmp_path / "generated_0.wav", dtype="float32")
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("source=acoustic", "band has no condition 'source'; it has family, qualities"),
        ("family=tuba", "family has no value 'tuba'; it has bass"),
        ("family=brass,reed", "family takes one value, not 2"),
    ],
)
def test_wrong_conditions_are_one_line(both, capsys, tmp_path, word, text):
    words = ["hallucinate", "--model", "band", "--models", both, "--out", tmp_path / "x.wav", "--condition", word]
    assert main([str(word) for word in words]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert text in line


def test_a_condition_without_a_value_is_wrong_usage(capsys, tmp_path):
    with pytest.raises(SystemExit) as exit_:
        main(["hallucinate", "--model", "band", "--out", str(tmp_path / "x.wav"), "--condition", "family"])
    assert exit_.value.code == 2
    assert "must be NAME=VALUE, such as family=brass, not 'family'" in capsys.readouterr().err


def test_hallu_hallucinate_takes_a_pitch_for_each_key_point(band, model, tmp_path):
    times = [word for name in ("attack", "sustain", "release") for word in (f"--{name}", "0.1")]
    words = ["hallucinate", "--model", "band", "--models", band, "--seed", "1", *times, "--pitches", 60, 64]
    assert main([*map(str, words), "--steps", "1", "--spacing", "0.2", "--out", str(tmp_path / "x.wav")]) == 0
    keys = np.random.default_rng(1).standard_normal((2, 8), np.float32)
    expected = hallucinate(model, keys, 1, Timing(0.2, 0, 0.1, 0.1, 0.1), [60, 64])
    np.testing.assert_allclose(soundfile.read(tmp_path / "x.wav", dtype="float32")[0], expected, atol=1e-3)


def test_hallu_hallucinate_takes_one_pitch_or_many(band, capsys):
    with pytest.raises(SystemExit):
        main(["hallucinate", "--model", "band", "--out", "x.wav", "--pitch", "60", "--pitches", "60", "64"])
    assert "--pitch and --pitches exclude each other" in capsys.readouterr().err
