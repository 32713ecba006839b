"""The command line, as processes and as `main`."""

import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from waiting import PATIENCE_S

import ganspace
import gansynth
from core.audio.loudness import TARGET_LUFS, loudness_lufs
from gansynth import checkpoint
from scripts import start
from scripts.hallu import main
from scripts.hallu_send import line, value
from server.osc.packet import Message

COMMANDS = ["demo", "serve", "send", "models", "hallucinate"]
FAST = ["--notes", "2", "--steps", "1", "--sustain", "0.1", "--attack", "0.1", "--release", "0.1"]


def fails(capsys, *words):
    """The one line that a failing command leaves on stderr."""
    assert main([str(word) for word in words]) == 1
    (text,) = capsys.readouterr().err.splitlines()
    return text


@pytest.mark.parametrize("words", [[], *[[command] for command in COMMANDS], ["models", "add"]])
def test_every_command_has_help(capsys, words):
    with pytest.raises(SystemExit) as exit_:
        main([*words, "--help"])
    assert exit_.value.code == 0
    assert len(capsys.readouterr().out) > 150


@pytest.mark.parametrize(
    "words", [[], ["sing"], ["serve", "--port", "x"], ["send"], ["hallucinate"], ["models", "add"]]
)
def test_wrong_usage_exits_2(words):
    with pytest.raises(SystemExit) as exit_:
        main(words)
    assert exit_.value.code == 2


def test_the_script_and_the_module_are_the_same(hallu):
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="hallu")
    assert script.value == "scripts.start:hallu"
    assert import_module(start.module("hallu")).main is main
    assert hallu("--help").stdout.startswith("usage: hallu ")


def test_a_word_like_a_number_is_sent_as_one():
    assert [value(word) for word in ("5", "-0.5", "1e3", ".5", "a5", "5a", "nan", "")] == [
        *(5, -0.5, 1000.0, 0.5),
        *("a5", "5a", "nan", ""),
    ]


def test_replies_are_printed_with_few_digits():
    assert line(Message("/a", (1, 0.10000000149011612, "x y", float("inf")))) == "/a 1 0.1 x y inf"


def test_send_prints_replies_until_done(server, capsys):
    assert main(["send", "--port", str(server.port), "/sound/load", "magenta_small"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("/sound/loaded magenta_small 64000 16000 64 24 25")
    assert lines[1].startswith("/sound/level magenta_small ")
    assert lines[2] == "/done /sound/load"


def test_send_exits_1_on_fail(server, capsys):
    assert main(["send", "--port", str(server.port), "/sound/synthesize", "z", "t", "52.5"]) == 1
    assert capsys.readouterr().out == "/fail /sound/synthesize t pitch must be a whole number, not 52.5\n"


def test_send_sends_negative_numbers(server, capsys):
    main(["send", "--port", str(server.port), "/sound/seed", "-5"])
    assert "not -5" in capsys.readouterr().out


def test_a_page_host_of_another_machine_is_refused(tmp_path, capsys):
    flags = ["--page-host", "203.0.113.1", "--state", str(tmp_path / "state.npz"), "--spool", str(tmp_path / "spool")]
    assert main(["serve", "--port", "0", *flags]) == 1
    assert "--page-host 203.0.113.1 is not an address of this machine" in capsys.readouterr().err


def test_send_without_a_server_says_so(capsys):
    assert "hallu serve" in fails(capsys, "send", "--port", 9, "--timeout", 1, "/status")


def test_send_to_a_wrong_address_says_so(capsys):
    assert "starts with '/'" in fails(capsys, "send", "status")


def test_send_list_shows_the_table(capsys):
    assert main(["send", "--list"]) == 0
    assert "/sound/synthesize slot target pitch [slot target pitch ...]" in capsys.readouterr().out


def test_a_port_in_use_is_one_line(server, hallu, tmp_path):
    state, spool = tmp_path / "state.npz", tmp_path / "spool"
    done = hallu("serve", "--port", server.port, "--spool", spool, "--state", state)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"hallu serve: cannot listen on 127.0.0.1:{server.port}: Address already in use"
    ]


def test_a_missing_models_folder_is_one_line(capsys, tmp_path):
    assert "--models" in fails(capsys, "serve", "--models", tmp_path / "nowhere")


def test_a_checkpoint_that_is_not_there_is_one_line(capsys, tmp_path):
    assert "'x'" in fails(capsys, "serve", "--models", tmp_path, "--load", "x", "--state", tmp_path / "s")


def test_a_port_out_of_range_is_one_line(capsys):
    assert "65536" in fails(capsys, "serve", "--port", 65536)


def test_models_lists_what_there_is(models, capsys):
    assert main(["models", "--models", str(models)]) == 0
    row = capsys.readouterr().out.splitlines()[1].split()
    assert row[:6] == ["magenta_small", "24..84", "64", "4", "-", "magenta_small_conv0_ipca_1024.pickle"]


def test_models_shows_what_is_broken(tmp_path, capsys):
    (tmp_path / "gansynth" / "bad" / "stage_00000").mkdir(parents=True)
    (tmp_path / "gansynth" / "bad" / "experiment.json").write_text("{")
    assert main(["models", "--models", str(tmp_path)]) == 0
    assert "cannot be played" in capsys.readouterr().out


def test_a_hallucination_is_a_wav_and_a_picture(hallu, models, tmp_path):
    done = hallu(
        "hallucinate",
        "--model",
        "magenta_small",
        "--models",
        models,
        "--seed",
        5,
        *FAST,
        "--out",
        "o/x.wav",
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["o/x.wav", "o/x.png"]), done.stderr
    info = soundfile.info(tmp_path / "o" / "x.wav")
    assert (info.frames, info.samplerate, info.subtype) == (2 * 3200 + 4800, 16000, "FLOAT")
    assert (tmp_path / "o" / "x.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((tmp_path / "o").iterdir())) == 2


def test_the_server_and_the_command_line_make_the_same_sound(server, models, tmp_path):
    key_points = np.random.default_rng(5).standard_normal((2, 64), np.float32)
    np.save(tmp_path / "keys.npy", key_points)
    out = tmp_path / "x.wav"
    times = ["--spacing", "0.3", "--start_trim", "0.05", "--attack", "0.1", "--sustain", "0.2", "--release", "0.1"]
    words = ["--model", models / "gansynth" / "magenta_small", "--steps", 1, *times, "--pitch", 40, "--out", out]
    assert main(["hallucinate", *map(str, words), "--latents", str(tmp_path / "keys.npy")]) == 0
    peer = server.peer()
    peer.ask("/sound/seed", 5)
    audio = peer.ask("/sound/hallucinate", "t", 2, 1, 0.3, 0.05, 0.1, 0.2, 0.1, 40)[-2]
    theirs, ours = soundfile.read(audio.args[1])[0], soundfile.read(out)[0]
    # Not bit for bit: another thread count may add in another order.
    assert np.allclose(theirs, ours, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--out", "x.mp3"], ".wav"),
        (["--notes", "0", "--out", "x.wav"], "--notes"),
        (["--seed", "-1", "--out", "x.wav"], "--seed"),
        (["--pitch", "20", "--out", "x.wav"], "24..84"),
        (["--attack", "-1", "--out", "x.wav"], "attack"),
        (["--spacing", "nan", "--out", "x.wav"], "spacing"),
        (["--sustain", "9", "--out", "x.wav"], "note"),
        (["--notes", "20000", "--out", "x.wav"], "2000"),
        (["--latents", "missing.npy", "--out", "x.wav"], "missing.npy"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_loaded(capsys, models, tmp_path, monkeypatch, words, part):
    monkeypatch.chdir(tmp_path)
    assert part in fails(capsys, "hallucinate", "--model", "magenta_small", "--models", models, *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keys", [np.zeros((2, 3)), np.zeros(64), np.full((1, 64), np.nan), np.array(["a"])])
def test_latents_that_do_not_fit_are_refused(capsys, models, tmp_path, keys):
    np.save(tmp_path / "k.npy", keys)
    words = [
        "--model",
        "magenta_small",
        "--models",
        models,
        "--latents",
        tmp_path / "k.npy",
        "--out",
        tmp_path / "x.wav",
    ]
    assert "--latents" in fails(capsys, "hallucinate", *words)


def test_latents_in_a_pickle_are_not_opened(capsys, models, tmp_path):
    np.save(tmp_path / "k.npy", np.array([{}], dtype=object))
    words = [
        "--model",
        "magenta_small",
        "--models",
        models,
        "--latents",
        tmp_path / "k.npy",
        "--out",
        tmp_path / "x.wav",
    ]
    assert "it holds object, not numbers" in fails(capsys, "hallucinate", *words)


def test_latents_and_notes_do_not_go_together(tmp_path):
    with pytest.raises(SystemExit) as exit_:
        main(["hallucinate", "--model", "x", "--out", "x.wav", "--latents", "k.npy", "--notes", "5"])
    assert exit_.value.code == 2


def test_a_model_that_is_not_there_is_named(capsys, models, tmp_path):
    assert "'piano'" in fails(
        capsys, "hallucinate", "--model", "piano", "--models", models, "--out", tmp_path / "x.wav"
    )


_HALF_WRITTEN = """
import sys, time, argparse
from pathlib import Path
from core.files.atomic import replacing
from scripts import frame

def write(options):
    with replacing(Path("out.wav")) as part:
        part.write_bytes(b"half")
        print("writing", flush=True)
        time.sleep(600)

sys.exit(frame.run(write, argparse.Namespace(debug=False), "write"))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_closed_terminal_leaves_nothing_half_written(tmp_path, number):
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", _HALF_WRITTEN]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 128 + number
    assert not list(tmp_path.iterdir())


def test_ctrl_c_leaves_nothing_half_written(models, tmp_path):
    words = [
        "hallucinate",
        "--model",
        "magenta_small",
        "--models",
        models,
        "--notes",
        20,
        "--steps",
        100,
        "--spacing",
        0.1,
    ]
    command = [sys.executable, "-m", "server", *map(str, words), "--out", "o/x.wav"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE)
    while b"hallucinating" not in process.stderr.read1():
        assert process.poll() is None
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    text = process.communicate(timeout=PATIENCE_S)[1]
    assert process.returncode == 130
    assert text.endswith(b"hallu hallucinate: interrupted\n")
    assert list((tmp_path / "o").iterdir()) == []


def test_the_demo_leaves_sounds_and_pictures(hallu, tmp_path):
    done = hallu("demo", "--out", "here", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "is gone" not in done.stderr
    for name in ("hallucination", "directions"):
        wave, rate = soundfile.read(tmp_path / "here" / f"{name}.wav")
        assert len(wave) / rate > 5
        assert loudness_lufs(wave, rate) == pytest.approx(TARGET_LUFS, abs=0.5)
        assert (tmp_path / "here" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f"{name}.wav" in done.stdout
    assert "airy, mellow" in done.stdout
    with av.open(str(tmp_path / "here" / "hallucination.mp4")) as film:
        sound, _ = soundfile.read(tmp_path / "here" / "hallucination.wav")
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        lasts = len(frames) / float(film.streams.video[0].average_rate)
    assert lasts == pytest.approx(len(sound) / 16_000, abs=0.05)
    assert np.std(np.float32(frames[0]) - frames[-1]) > 10


def test_the_directions_that_ship_are_those_of_the_voice_that_ships():
    fluid = Path(__file__).parent.parent / "models" / "gansynth" / "fluid"
    components = ganspace.load(fluid / "fluid_conv0.npz")
    assert components.origin.checksum == checkpoint.checksum(fluid)
    assert components.pitches == gansynth.read_config(fluid).pitches
    assert components.name(0) == "airy"
