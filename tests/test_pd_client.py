"""hallu-client.pd in a real Pd, over real sockets: each message once, and what Pd's arrays hold afterwards."""

import socket
from contextlib import ExitStack

import numpy as np
import pytest
import soundfile
from fake_server import FakeServer

import gansynth
from core.latent.interpolation import slerp
from gansynth.hallucination import Timing, hallucinate, hallucination_length
from pd import pd_running, with_object

ARRAYS = ("z", "z0", "z1", "sound", "sound2")


def client(port, *arrays):
    return with_object(f"hallu-client 127.0.0.1 {port}", arrays=arrays or ARRAYS)


@pytest.fixture
def pd(tmp_path, server):
    """A Pd whose client plays the server; its model is loaded."""
    with pd_running(tmp_path / "pd", client(server.port)) as running:
        running.ask("load magenta_small 4", "loaded")
        yield running


@pytest.fixture
def fake_server():
    server = FakeServer()
    yield server
    server.socket.close()


def close_to(wave, wanted):
    assert wave.shape == wanted.shape
    return np.abs(wave - wanted).max() <= 1e-6 * np.abs(wanted).max()


def test_load_tells_length_rate_and_pitches(pd, magenta):
    pd.say("load magenta_small")
    assert pd.wait(0, "latent") == [magenta.latent_size]
    assert pd.wait(0, "pitches") == list(magenta.pitches)
    assert pd.wait(0, "loaded") == [magenta.audio_length, magenta.sample_rate]


def test_randomize_resizes_the_array_to_the_latent_size(pd, magenta):
    pd.ask("randomize_z z z0", "randomized")
    assert pd.size("z") == pd.size("z0") == magenta.latent_size
    assert not np.array_equal(pd.array("z"), pd.array("z0"))


def test_a_seed_brings_the_same_timbre_again(pd):
    pd.say("seed 3")
    pd.ask("randomize_z z", "randomized")
    pd.ask("seed 3", "seeded")
    pd.ask("randomize_z z0", "randomized")
    assert np.array_equal(pd.array("z"), pd.array("z0"))


def test_the_arrays_hold_what_the_model_makes(pd, magenta):
    pd.ask("randomize_z z z0", "randomized")
    pd.ask("synthesize z sound 52 z0 sound2 40", "synthesized")
    z = np.stack([pd.array("z"), pd.array("z0")])
    for name, wave in zip(("sound", "sound2"), magenta.generate(z, [52, 40]), strict=True):
        assert close_to(pd.array(name), wave)


def test_drawing_into_the_z_array_changes_the_sound(pd, magenta):
    pd.ask("randomize_z z", "randomized")
    pd.ask("synthesize z sound 52", "synthesized")
    before = pd.array("sound")
    pd.to("z", "5 3.5 -2")
    pd.ask("synthesize z sound 52", "synthesized")
    z = pd.array("z")
    assert z[5] == 3.5 and z[6] == -2
    assert not close_to(before, pd.array("sound"))
    assert close_to(pd.array("sound"), magenta.generate(z[None], [52])[0])


def test_slerp_goes_between_what_the_arrays_hold(pd):
    pd.ask("randomize_z z z0", "randomized")
    pd.to("z", "0 1.5")
    pd.ask("slerp_z z z0 z1 0.25", "slerped")
    assert np.allclose(pd.array("z1"), slerp(pd.array("z"), pd.array("z0"), 0.25), atol=1e-6)


def test_a_hallucination_tells_its_progress_and_its_length(pd, magenta):
    timing = Timing(spacing=0.4, start_trim=0, attack=0.5, sustain=1, release=0.5)
    (frames,) = pd.ask("hallucinate sound 2 1 0.4 0 0.5 1 0.5", "hallucinated")
    assert frames == hallucination_length(3, timing, magenta.sample_rate) == pd.size("sound")
    assert [0, "progress", 3, 3] in pd.heard


def test_a_hallucination_goes_through_drawn_points(pd, magenta):
    pd.ask("randomize_z z z0", "randomized")
    pd.to("z", "2 -1.5")
    pd.ask("hallucinate_z sound 1 0.3 0 0.5 0.5 0.5 36 z z0", "hallucinated")
    keys = np.stack([pd.array("z"), pd.array("z0")])
    assert close_to(pd.array("sound"), hallucinate(magenta, keys, 1, Timing(0.3, 0, 0.5, 0.5, 0.5), 36))


def test_fast_messages_are_answered_in_order(pd):
    expected = []
    for amount in (0.1, 0.9):
        pd.say("randomize_z z z0")
        pd.say("nonsense")
        pd.say(f"slerp_z z z0 z1 {amount}")
        pd.say("synthesize z1 sound 52")
        pd.say("synthesize z1 sound")
        expected += ["randomized", "failed", "slerped", "synthesized", "failed"]
    start = len(pd.heard)
    for word in expected:
        pd.wait(0, word)
    ends = {"randomized", "failed", "slerped", "synthesized"}
    assert [message[1] for message in pd.heard[start:] if message[1] in ends] == expected


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("synthesize nowhere sound 52", "there is no array nowhere"),
        ("randomize_z nowhere", "there is no array nowhere"),
        ("synthesize z nowhere 52", "could not load the sound into nowhere"),
        ("synthesize z sound", "synthesize takes Z SOUND PITCH for each note"),
        ("hallucinate", "hallucinate needs more arguments"),
        ("slerp_z z z0", "slerp_z needs more arguments"),
        ("load", "load needs more arguments"),
        ("sing z", "unknown message sing"),
    ],
)
def test_a_mistake_is_named(pd, message, reason):
    pd.ask("randomize_z z z0", "randomized")
    assert pd.ask(message, "failed") == [reason]


def test_an_unknown_pitch_lists_those_there_are(pd):
    pd.ask("randomize_z z", "randomized")
    (reason,) = pd.ask("synthesize z sound 100", "failed")
    assert "100" in reason and "84" in reason


def test_an_array_of_the_wrong_size_is_refused(pd, magenta):
    (reason,) = pd.ask("synthesize z1 sound 52", "failed")
    assert str(magenta.latent_size) in reason


def test_cancel_stops_what_runs_and_drops_what_waits(pd):
    pd.say("hallucinate sound 20 20")
    pd.say("randomize_z z")
    pd.wait(0, "progress")
    pd.say("cancel")
    assert pd.wait(0, "failed") == ["cancelled"]
    assert pd.wait(0, "failed") == ["cancelled"]
    pd.ask("randomize_z z", "randomized")


def test_cancel_reaches_a_target_by_name(pd):
    pd.say("hallucinate sound 20 20")
    pd.wait(0, "progress")
    pd.say("cancel sound")
    assert pd.wait(0, "failed") == ["cancelled"]


def test_status_is_answered_while_it_generates(pd):
    pd.say("hallucinate sound 20 20")
    pd.wait(0, "progress")
    assert pd.ask("status", "status")[0] == "magenta_small"
    pd.say("cancel")
    pd.wait(0, "failed")


def test_unload_is_told(pd):
    assert pd.ask("unload", "unloaded") == []
    assert pd.ask("load magenta_small", "loaded")


def test_a_target_with_an_at_sign_is_passed_on_without_an_array(pd):
    pd.ask("randomize_z z", "randomized")
    target, path, frames, rate = pd.ask("synthesize z @52 52", "audio")
    assert (target, rate) == ("@52", 16000)
    assert soundfile.info(path).frames == frames


def test_a_missing_server_is_reported_and_found_when_it_comes(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    with pd_running(tmp_path, client(port)) as pd:
        pd.say("randomize_z z")
        pd.say("status")
        for _ in range(2):
            assert pd.wait(0, "failed") == [f"no server at 127.0.0.1 {port}"]
        late = FakeServer(port)
        pd.say("randomize_z z")
        assert late.receive()[0] == "/sound/randomize_z"
        pd.wait(0, "server", 1)


def test_a_server_that_dies_at_work_is_reported(tmp_path, fake_server):
    with pd_running(tmp_path, client(fake_server.port)) as pd:
        pd.say("randomize_z z")
        pd.say("load other")
        fake_server.receive()
        fake_server.socket.close()
        for _ in range(2):
            assert pd.wait(0, "failed") == [f"no server at 127.0.0.1 {fake_server.port}"]


def test_a_host_that_does_not_exist_is_reported(tmp_path):
    with pd_running(tmp_path, with_object("hallu-client nowhere.invalid 7771")) as pd:
        assert pd.ask("status", "failed") == ["no server at nowhere.invalid 7771"]


def test_connect_goes_to_another_server(tmp_path, fake_server):
    with pd_running(tmp_path, client(9)) as pd:
        pd.say(f"connect 127.0.0.1 {fake_server.port}")
        pd.say("unload")
        assert fake_server.receive()[0] == "/sound/unload"


def test_a_late_reply_ends_no_other_request(tmp_path, fake_server):
    with pd_running(tmp_path, client(fake_server.port)) as pd:
        pd.say("unload")
        _, _, sender = fake_server.receive()
        fake_server.send(sender, "/done", "/sound/randomize_z")
        fake_server.send(sender, "/fail", "/sound/load", "-", "too late")
        fake_server.send(sender, "/done", "/sound/unload")
        pd.wait(0, "unloaded")
        assert not any(message[1] in ("randomized", "failed") for message in pd.heard)


def test_names_with_blanks_arrive_whole(tmp_path, fake_server):
    with pd_running(tmp_path, client(fake_server.port)) as pd:
        pd.say(r"load my\ own\ model")
        assert fake_server.receive()[:2] == ("/sound/load", ["my own model"])


def test_a_latent_of_thousands_of_values_passes_both_ways(tmp_path, fake_server):
    z = np.linspace(-3, 3, 5000, dtype=np.float32)
    with pd_running(tmp_path, client(fake_server.port)) as pd:
        pd.say("randomize_z z")
        address, (slot,), sender = fake_server.receive()
        fake_server.send(sender, "/sound/z", slot, *map(float, z))
        fake_server.send(sender, "/done", address)
        pd.wait(0, "randomized")
        assert np.array_equal(pd.array("z"), z)
        pd.say("synthesize z sound 52")
        address, args, _ = fake_server.receive()
        assert address == "/sound/set_z" and np.array_equal(np.array(args[1:], np.float32), z)


def test_a_sound_of_millions_of_frames_is_loaded_whole(tmp_path, fake_server):
    path, frames = tmp_path / "long sound.wav", 5_000_000
    soundfile.write(path, np.zeros(frames, np.float32), 16000, subtype="FLOAT")
    with pd_running(tmp_path / "pd", client(fake_server.port)) as pd:
        pd.say("hallucinate sound 2 0")
        asked, _, sender = fake_server.receive()
        fake_server.send(sender, "/done", asked)
        address, (target, *_), sender = fake_server.receive()
        fake_server.send(sender, "/sound/audio", target, str(path), frames, 16000)
        fake_server.send(sender, "/done", address, target)
        assert pd.wait(0, "hallucinated") == [frames]
        assert pd.size("sound") == frames


def test_slots_of_pd_processes_started_together_differ(tmp_path, fake_server):
    with ExitStack() as stack:
        for number in range(4):
            pd = stack.enter_context(pd_running(tmp_path / str(number), client(fake_server.port)))
            pd.say("randomize_z 1003-z")
        slots = [fake_server.receive()[1][0] for _ in range(4)]
    assert len(set(slots)) == 4
    assert all(slot.endswith("-1003-z") for slot in slots)


def test_two_clients_in_one_pd_differ(tmp_path, fake_server):
    with pd_running(
        tmp_path, client(fake_server.port), with_object(f"hallu-client 127.0.0.1 {fake_server.port}")
    ) as pd:
        pd.say("randomize_z z")
        slots = [fake_server.receive()[1][0] for _ in range(2)]
    assert slots[0] != slots[1]


@pytest.fixture
def band_pd(tmp_path, band_server):
    """A Pd whose client plays a model with conditions."""
    with pd_running(tmp_path / "pd", client(band_server.port)) as running:
        running.ask("load band", "loaded")
        yield running


def test_a_condition_is_set_and_given_back(band_pd):
    assert band_pd.ask("condition family brass", "conditioned") == ["family", "brass"]
    assert band_pd.ask("condition qualities bright reverb", "conditioned") == ["qualities", "bright", "reverb"]
    assert band_pd.ask("condition family any", "conditioned") == ["family", "any"]
    assert band_pd.ask("condition qualities", "conditioned") == ["qualities", "any"]


def test_conditions_tells_what_there_is_and_what_is_set(band_pd):
    band_pd.ask("condition family reed", "conditioned")
    band_pd.say("conditions")
    assert band_pd.wait(0, "choices", "family")[:2] == ["bass", "brass"]
    assert band_pd.wait(0, "conditioned") == ["family", "reed"]
    assert band_pd.wait(0, "choices", "qualities")[:2] == ["bright", "dark"]
    assert band_pd.wait(0, "conditioned") == ["qualities", "any"]
    assert band_pd.wait(0, "conditions") == []


def test_a_condition_is_heard_in_the_array(band_pd, band):
    model = gansynth.load(band / "gansynth" / "band")
    band_pd.ask("randomize_z z", "randomized")
    band_pd.say("condition family organ")
    band_pd.ask("synthesize z sound 61", "synthesized")
    wave = model.generate(band_pd.array("z")[None], [61], conditions={"family": "organ"})[0]
    assert close_to(band_pd.array("sound"), wave)


def test_a_wrong_condition_is_told_what_there_is(band_pd):
    assert "it has bass, brass" in band_pd.ask("condition family tuba", "failed")[0]
    assert band_pd.ask("condition", "failed") == ["condition needs more arguments"]


def test_a_model_without_conditions_tells_none(pd):
    start = len(pd.heard)
    assert pd.ask("conditions", "conditions") == []
    assert not any(message[1] == "choices" for message in pd.heard[start:])


def test_what_plays_is_told_beside_a_request_and_answers_nothing(tmp_path, fake_server):
    with pd_running(tmp_path, client(fake_server.port)) as pd:
        pd.say("randomize_z z")
        address, (slot,), sender = fake_server.receive()
        pd.say("play sound 1.5")
        pd.say("stop sound")
        pd.say("stop")
        target = slot.removesuffix("z") + "sound"
        assert fake_server.receive()[:2] == ("/sound/play", [target, 1.5])
        assert fake_server.receive()[:2] == ("/sound/stop", [target])
        assert fake_server.receive()[:2] == ("/sound/stop", [])
        fake_server.send(sender, "/done", "/sound/play", target)
        fake_server.send(sender, "/sound/z", slot, 1.0)
        fake_server.send(sender, "/done", address)
        pd.wait(0, "randomized")
        assert [message[1] for message in pd.heard if message[0] == 0] == ["server", "randomized"]


def test_pictures_are_steered_beside_a_request(tmp_path, fake_server):
    with pd_running(tmp_path, client(fake_server.port)) as pd:
        pd.say("unload")
        _, _, sender = fake_server.receive()
        pd.say(r"image classes tiger\ cat 7")
        assert fake_server.receive()[:2] == ("/image/classes", ["tiger cat", 7])
        fake_server.send(sender, "/image/class_names", "tiger cat", "tench")
        fake_server.send(sender, "/done", "/image/classes")
        assert pd.wait(0, "image", "class_names") == ["tiger cat", "tench"]
        assert pd.wait(0, "image", "done") == ["classes"]
        fake_server.send(sender, "/fail", "/image/mode", "-", "no such mode")
        assert pd.wait(0, "image", "failed") == ["mode", "no such mode"]
        assert not any(message[1] in ("unloaded", "failed") for message in pd.heard)
        fake_server.send(sender, "/done", "/sound/unload")
        pd.wait(0, "unloaded")


def test_a_sound_that_cannot_be_played_is_no_failed_request(tmp_path, fake_server):
    with pd_running(tmp_path, client(fake_server.port)) as pd:
        pd.say("unload")
        _, _, sender = fake_server.receive()
        pd.say("play")
        assert pd.wait(0, "image", "failed") == ["play", "play needs the name of a sound"]
        fake_server.send(sender, "/fail", "/sound/play", "sound", "position is too far")
        assert pd.wait(0, "image", "failed") == ["play", "position is too far"]
        fake_server.send(sender, "/done", "/sound/unload")
        pd.wait(0, "unloaded")
        assert not any(message[1] == "failed" for message in pd.heard)


def test_a_command_for_pictures_waits_for_the_server_as_long_as_others(tmp_path, fake_server):
    with pd_running(tmp_path, client(9)) as pd:
        pd.say("play sound")
        pd.say("image mode free")
        assert pd.wait(0, "image", "failed") == ["mode", "no server at 127.0.0.1 9"]
        pd.say(f"connect 127.0.0.1 {fake_server.port}")
        for mode in ("tempo", "follow"):
            pd.say(f"image mode {mode}")
        assert [fake_server.receive()[:2] for _ in range(2)] == [
            ("/image/mode", ["tempo"]),
            ("/image/mode", ["follow"]),
        ]
