"""hallu-stream~.pd in a real Pd: segments without a seam, late ones, steering; and hallu_stream.pd."""

import threading
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from fake_server import FakeServer

from pd import PD, pd_running

RATE, HERTZ, LEVEL = 16000, 440.0, 0.5
STREAM = """#N canvas 0 0 500 400 12;
#X obj 20 20 r in;
#X obj 20 60 hallu-stream~;
#X obj 20 100 writesf~;
#X obj 120 80 r record;
#X obj 200 100 hallu-osc 127.0.0.1 {port};
#X obj 300 140 s report;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 3 0 2 0;
#X connect 1 1 4 0;
#X connect 4 0 1 0;
#X connect 1 2 5 0;
"""


class StreamServer(FakeServer):
    """Sends a sine, cut into segments, when a stream is asked for."""

    def __init__(self, folder, lengths):
        super().__init__()
        self.folder, self.lengths, self.sender, self.positions, self.heard = folder, lengths, None, [], []
        ends = np.cumsum([0, *lengths])
        wave = (LEVEL * np.sin(2 * np.pi * HERTZ * np.arange(ends[-1]) / RATE)).astype(np.float32)
        for index, (begin, end) in enumerate(pairwise(ends)):
            soundfile.write(folder / f"{index}.wav", wave[begin:end], RATE, subtype="FLOAT")
        self.starts = ends

    def next(self, wanted):
        """The next message of this address; positions on the way are noted."""
        while True:
            address, args, self.sender = self.receive()
            (self.positions if address == "/sound/stream_position" else self.heard).append(args)
            if address == wanted:
                return args

    def segment(self, target, index):
        path, frames = str(self.folder / f"{index}.wav"), int(self.lengths[index])
        self.send(self.sender, "/sound/segment", target, index, path, frames, RATE, int(self.starts[index]))

    def end(self, target):
        self.send(self.sender, "/sound/underruns", target, 0)
        self.send(self.sender, "/done", "/sound/stream", target)


@pytest.fixture
def stream(tmp_path):
    """A function that starts a stream of segments of these lengths: Pd, the server, the target."""
    servers = []

    def start(*lengths, rate=44100):
        server = StreamServer(tmp_path, lengths)
        servers.append(server)
        return server, pd_running(tmp_path, STREAM.format(port=server.port), rate=rate)

    yield start
    for server in servers:
        server.close()


def sounding(path):
    wave, rate = soundfile.read(path)
    loud = np.flatnonzero(np.abs(wave) > 1e-4)
    return wave[loud[0] : loud[-1] + 1], rate


def wait(seconds):
    threading.Event().wait(seconds)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_segments_of_any_length_are_one_sound_at_its_pitch(stream, rate):
    lengths = (1520, 1600, 300, 700, 5000, 400, 12000, 9000)
    server, opened = stream(*lengths, rate=rate)
    with opened as pd, pd.recording() as record:
        pd.say("start 3 0.2 0 0.2 0.3 0.3 60")
        target = server.next("/sound/stream")[0]
        for index in range(len(lengths)):
            server.segment(target, index)
        server.end(target)
        pd.wait("playing", 1)
        pd.wait("playing", 0)
    wave, _ = sounding(record)
    assert len(wave) / rate == pytest.approx(sum(lengths) / RATE, abs=0.03)
    middle = wave[rate // 20 : -rate // 20]
    phase = 2 * np.pi * HERTZ * np.arange(len(middle)) / rate
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    fit = basis @ np.linalg.lstsq(basis, middle, rcond=None)[0]
    assert np.abs(middle - fit).max() < 0.01


def test_a_late_segment_is_a_fade_and_not_a_click_and_nothing_is_lost(stream):
    server, opened = stream(8000, 8000)
    with opened as pd, pd.recording() as record:
        pd.say("start 3 0.2 0 0.2 0.3 0.3 60")
        target = server.next("/sound/stream")[0]
        server.segment(target, 0)
        pd.wait("playing", 1)
        wait(1.0)
        server.segment(target, 1)
        server.end(target)
        pd.wait("playing", 0)
    wave, rate = sounding(record)
    steepest = LEVEL * (2 * np.pi * HERTZ / rate + 1 / (0.002 * rate))
    assert np.abs(np.diff(wave)).max() < steepest
    assert np.count_nonzero(np.abs(wave) > 0.01) / rate == pytest.approx(1.0, abs=0.1)


def test_a_stream_that_is_started_again_fades_and_does_not_click(stream):
    server, opened = stream(16000, 8000)
    with opened as pd, pd.recording() as record:
        for index in range(2):
            pd.say("start 3 0.2 0 0.2 0.3 0.3 60")
            target = server.next("/sound/stream")[0]
            server.segment(target, index)
            pd.wait("playing", 1)
            # Within a period of the sine, not at its beginning.
            wait(0.3004)
        server.end(target)
        pd.wait("playing", 0)
    wave, rate = sounding(record)
    steepest = LEVEL * (2 * np.pi * HERTZ / rate + 1 / (0.002 * rate))
    assert np.abs(np.diff(wave)).max() < steepest


def test_a_stream_that_is_started_again_is_at_its_beginning(stream):
    server, opened = stream(16000, 8000)
    with opened as pd:
        pd.to("pd", "dsp 1")
        pd.say("start 3 0.2 0 0.2 0.3 0.3 60")
        server.segment(server.next("/sound/stream")[0], 0)
        pd.wait("playing", 1)
        wait(0.3)
        pd.say("start 3 0.2 0 0.2 0.3 0.3 60")
        target = server.next("/sound/stream")[0]
        while server.next("/sound/stream_position")[0] != target:
            pass
        assert server.positions[-1] == [target, 0]


def test_it_reports_where_it_plays_and_what_it_is_asked_for(stream):
    server, opened = stream(16000)
    with opened as pd:
        pd.to("pd", "dsp 1")
        pd.say("start 3 0.2 0 0.2 0.3 0.3 60 a b")
        target, *args = server.next("/sound/stream")
        assert args == [3, *map(pytest.approx, (0.2, 0, 0.2, 0.3, 0.3)), 60, "a", "b"]
        server.segment(target, 0)
        pd.say("set pitch 64")
        assert server.next("/sound/stream_set") == [target, "pitch", 64]
        pd.say("add c d")
        assert server.next("/sound/stream_add") == [target, "c", "d"]
        for _ in range(6):
            server.next("/sound/stream_position")
        seconds = [position for name, position in server.positions if name == target]
        assert seconds == sorted(seconds) and 0.3 < seconds[-1] < 1.1
        pd.say("stop")
        assert server.next("/sound/stream_stop") == [target]


def test_underruns_are_shown(stream):
    server, opened = stream(16000)
    with opened as pd:
        pd.say("start 3 0.2 0 0.2 0.3 0.3 60")
        target = server.next("/sound/stream")[0]
        server.send(server.sender, "/sound/underruns", target, 3)
        assert pd.wait("underruns") == [3]


def test_segments_of_the_stream_before_are_not_played(stream):
    server, opened = stream(8000, 8000)
    with opened as pd:
        pd.to("pd", "dsp 1")
        pd.say("start 3 0.2 0 0.2 0.3 0.3 60")
        old = server.next("/sound/stream")[0]
        pd.say("start 3 0.2 0 0.2 0.3 0.3 60")
        assert server.next("/sound/stream")[0] != old
        server.segment(old, 0)
        wait(0.3)
        pd.say("set pitch 64")
        server.next("/sound/stream_set")
        assert not any(message[:1] == ["playing"] for message in pd.heard)


def test_the_patch_starts_a_stream_with_its_settings_and_steers_it(tmp_path):
    server = StreamServer(tmp_path, [16000])
    with pd_running(tmp_path, PD / "hallu_stream.pd", paths=()) as pd:
        # The patch is opened before its parts: its number is the lowest.
        number = 1003
        pd.to(f"{number}-spacing-set", "0.3")
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        pd.to(f"{number}-start-button", "bang")
        target, steps, spacing, *_ = server.next("/sound/stream")
        assert (steps, spacing) == (5, pytest.approx(0.3))
        pd.to(f"{number}-spacing-set", "0.1")
        while server.next("/sound/stream_set") != [target, "spacing", pytest.approx(0.1)]:
            pass
    server.close()
