"""`python -m renderer` as its own process, with a real model, against the two sockets of a server."""

import io
import resource
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest
from live_controller import models_with
from live_server import ROOT, Process, Server, a_sound, get
from PIL import Image
from waiting import PATIENCE_S, until

from renderer import biggan, sound_to_image
from renderer.ipc.messages import decode, encode
from renderer.live.render_loop import render
from renderer.live.sounds import read_sound


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return models_with(tmp_path_factory.mktemp("models"), "small")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="module")
def process(server, models, out):
    process = Process(server, models, out)
    process.place = process.page()
    server.welcome()
    # The first command waits for the model; a first picture follows.
    assert server.ask("/image/mode", name="follow") == ([], "")
    assert until(lambda: get(process.place, "/frame.jpg")[0] == 200)
    yield process
    process.kill()


def shown(process):
    status, jpeg = get(process.place, "/frame.jpg")
    assert status == 200
    return np.asarray(Image.open(io.BytesIO(jpeg)), np.float32)


def test_it_is_there_at_once_and_beats_while_it_loads(server, models, out):
    begun = time.monotonic()
    own = Server()
    process = Process(own, models, out)
    try:
        process.page()
        assert own.receive("hello").fields["name"] == "renderer"
        assert own.receive("heartbeat").fields["page"].startswith("http://127.0.0.1:")
        assert time.monotonic() - begun < 20.0
    finally:
        process.kill()
        own.close()


def test_the_picture_follows_the_position_that_plays(server, process, models):
    """Settings whose frames differ clearly: a key point every 2 s, no push, one class; frames are compared exactly."""
    for address, values in (
        ("/image/jitter", {"value": 0.0}),
        ("/image/smooth", {"value": 0.0}),
        ("/image/classes", {"class": ["207"]}),
        ("/image/truncation", {"value": 1.0}),
    ):
        assert server.ask(address, **values)[1] == ""
    fields, arrays = a_sound("path", 10.0)
    server.send("sound", fields, **arrays)
    sound = read_sound(decode(encode("sound", fields, **arrays)))
    model = biggan.load(models / "biggan" / "small")
    due = expected(model, sound, np.arange(0.0, 10.0, 0.25))
    server.send("play", {"target": "path", "position_s": 0.0})
    begun = time.monotonic()
    shown(process)
    late = []
    for moment in (2.0, 4.0, 6.0, 7.5):
        while time.monotonic() - begun < moment:
            time.sleep(0.01)
        picture, now = shown(process), time.monotonic() - begun
        nearest = 0.25 * np.argmin([np.abs(picture - one).mean() for one in due])
        late.append(now - nearest)
    assert np.abs(late).max() < 0.6
    assert server.ask("/image/status")[0][0][6] == "path"
    server.send("stop", {"target": "path"})
    assert server.ask("/image/status")[0][0][6] == "-"


def expected(model, sound, positions):
    from renderer.live.reactive_path import ReactivePath
    from renderer.live.scene import FrameTask

    path = ReactivePath(sound, model.z_size, (207,), model.num_classes)
    return [render(FrameTask(model, path.at(position, 0.0), 1.0)).astype(np.float32) for position in positions]


def test_pictures_move_while_nothing_sounds(server, process):
    first = shown(process)
    time.sleep(2.0)
    assert np.abs(shown(process) - first).mean() > 0.5


def test_a_recording_is_a_film_of_the_time_it_took_with_its_sound(server, process, out):
    fields, arrays = a_sound("loud", 10.0)
    server.send("sound", fields, **arrays)
    samples = np.round(16_000 * np.sin(2 * np.pi * 440.0 * np.arange(160_000) / 16_000)).astype(np.int16)
    server.send("samples", {"target": "loud", "sample_rate": 16_000}, samples=samples)
    server.send("play", {"target": "loud", "position_s": 1.0})
    assert server.ask("/image/record", what="start", file="show")[1] == ""
    begun = time.monotonic()
    time.sleep(2.0)
    stopped = time.monotonic() - begun
    ((address, path),), error = server.ask("/image/record", what="stop", file=None)
    answered = time.monotonic() - begun
    assert (address, path, error) == ("/image/file", (out / "show.mp4").as_posix(), "")
    with av.open(path) as file:
        frames = sum(1 for _ in file.decode(video=0))
        # It ends between the request and the answer, which on a busy machine comes late.
        assert stopped - 0.4 < frames / 30 < answered + 0.4
        assert (file.streams.video[0].width, file.streams.video[0].height) == (128, 128)
    with av.open(path) as file:
        decoded = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
        lengths = [float(stream.duration * stream.time_base) for stream in file.streams]
    np.testing.assert_allclose(lengths, frames / 30, atol=1e-3)
    assert np.sqrt(np.mean(decoded[1000:-1000] ** 2)) == pytest.approx(16_000 / 32_768 / np.sqrt(2), rel=0.05)
    server.send("stop", {"target": "loud"})


def test_a_snapshot_is_a_png(server, process, out):
    ((_, path),), _ = server.ask("/image/snapshot", file="moment")
    assert Image.open(path).size == (128, 128)


def test_random_bytes_do_not_end_it(server, process):
    rng = np.random.default_rng(1)
    for _ in range(200):
        server.publisher.send_multipart([rng.bytes(20), rng.bytes(40)])
        server.publisher.send_multipart([b"sound", rng.bytes(40), rng.bytes(40)])
    assert server.ask("/image/status")[1] == ""
    assert process.popen.poll() is None


def test_sigterm_ends_it_cleanly_and_finishes_what_is_recorded(server, process, out):
    assert server.ask("/image/record", what="start", file="last")[1] == ""
    time.sleep(1.0)
    status, errors = process.terminate()
    assert (status, "Traceback" in errors) == (0, False)
    with av.open(str(out / "last.mp4")) as file:
        assert sum(1 for _ in file.decode(video=0)) > 10
    assert not [path for path in out.iterdir() if ".part" in path.name]


def test_it_ends_with_whoever_started_it(models, out):
    own = Server()
    process = Process(own, models, out, "--tied", stdin=subprocess.PIPE)
    try:
        process.page()
        assert process.popen.poll() is None
        process.popen.stdin.close()
        process.popen.stdin = None
        assert process.wait(PATIENCE_S)[0] == 0
    finally:
        process.kill()
        own.close()


def test_it_ends_when_the_server_says_bye(models, out):
    own = Server()
    process = Process(own, models, out)
    try:
        process.page()
        own.welcome().send("bye")
        assert process.wait(PATIENCE_S)[0] == 0
    finally:
        process.kill()
        own.close()


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--server", "nowhere"], "a server's address is like"),
        (["--models", "not/there"], "--models not/there is not a folder"),
        (["--model", "none-of-this-name"], "no image model 'none-of-this-name'"),
        (["--fps", "0"], "--fps must be in 1..120, not 0"),
        (["--threads", "0"], "--threads must be in 1..256, not 0"),
        (["--page-port", "70000"], "--page-port must be in 0..65535, not 70000"),
    ],
)
def test_flags_that_cannot_be_are_refused_in_one_line(flags, reason):
    done = subprocess.run([sys.executable, "-m", "renderer", *flags], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and reason in done.stderr


def test_help_loads_no_tensorflow():
    code = "import sys, renderer.__main__ as m\ntry: m.main(['--help'])\nexcept SystemExit: pass\n"
    code += "print({'tensorflow', 'keras', 'av', 'zmq'} & set(sys.modules) or 'light')"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert out.stdout.endswith("light\n")


def test_keys_of_sounds_are_pictures_of_their_own():
    """What the test above compares with: pictures of key points differ."""
    keys = sound_to_image.image_keys(a_sound()[1]["keys"], 128)
    assert np.linalg.norm(np.diff(keys, axis=0), axis=1).min() > 5.0


@pytest.fixture
def recording(models, tmp_path):
    """A renderer that has recorded for six seconds, its server, and its folder."""
    own = Server()
    process = Process(own, models, tmp_path / "out")
    try:
        place = process.page()
        own.welcome()
        assert own.ask("/image/mode", name="free")[1] == ""
        while get(place, "/frame.jpg")[0] != 200:
            time.sleep(0.05)
        assert own.ask("/image/record", what="start", file="show")[1] == ""
        time.sleep(6.0)
        yield own, process, tmp_path / "out"
    finally:
        process.kill()
        own.close()


def seconds(path):
    with av.open(str(path)) as file:
        return sum(1 for _ in file.decode(video=0)) / 30


def four_seconds(path):
    """The seconds of a file that is being written, once there are four; a busy machine encodes late."""
    try:
        found = seconds(path)
    except av.error.FFmpegError:
        return 0.0
    return found if found >= 4.0 else 0.0


def test_a_recording_survives_the_kill_of_the_renderer(recording, models):
    own, process, out = recording
    (part,) = out.iterdir()
    begun = time.monotonic()
    written = until(lambda: four_seconds(part), "four seconds are in the file")
    process.kill()
    longest = 6.9 + time.monotonic() - begun
    again = Process(own, models, out)
    try:
        again.page()
    finally:
        again.kill()
    assert [path.name for path in out.iterdir()] == ["show.mp4"]
    # The last of its fragments, of a quarter of a second, may not have been whole.
    assert written - 0.25 <= seconds(out / "show.mp4") <= longest


def test_a_recording_is_finished_when_the_terminal_closes(recording):
    _, process, out = recording
    process.popen.send_signal(signal.SIGHUP)
    assert process.wait()[0] == 0
    assert [path.name for path in out.iterdir()] == ["show.mp4"]
    assert seconds(out / "show.mp4") >= 5.5


def test_a_full_disk_ends_a_recording_which_is_kept_and_reported_at_once(recording):
    own, process, out = recording
    (part,) = out.iterdir()
    resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, (part.stat().st_size, resource.RLIM_INFINITY))
    notice = own.receive("notice").fields
    assert notice["address"] == "/image/record"
    address, path, reason = notice["reply"]
    assert (address, path) == ("/image/record_failed", (out / "show.mp4").as_posix())
    assert str(out) in reason
    assert seconds(path) >= 2.0
    assert "ended early" in own.ask("/image/record", what="stop", file=None)[1]
    resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    assert str(out) in own.ask("/image/record", what="start", file="third")[1]
    assert {path.suffix for path in out.iterdir()} == {".mp4"}
