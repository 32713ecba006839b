"""Pictures in other programs: what reaches them, and that nobody waits for them."""

import importlib
import os
import sys
import threading
import time

import numpy as np
import pytest
from live_controller import controller, execute  # noqa: F401 - a fixture
from parts import need_module
from waiting import PATIENCE_S, until

from renderer.sinks import camera
from renderer.sinks.camera import CameraSink
from renderer.sinks.catalog import CLASSES
from renderer.sinks.ndi import NdiSink
from renderer.sinks.outputs import Outputs
from renderer.sinks.sink import is_available, with_alpha
from renderer.web.frames import Frames
from scripts import hallu_serve, hallu_sinks


def solid(red, side=16):
    frame = np.zeros((side, side, 3), np.uint8)
    frame[..., 0] = red
    return frame


class Recorded:
    """Keeps what it gets; `slow` blocks in each frame until it is set; `broken` fails."""

    slow, broken = None, ""
    kept: list

    @staticmethod
    def missing():
        return ""

    def open(self, height, width):
        type(self).kept = [(height, width)]

    def send(self, frame):
        if self.broken:
            raise OSError(self.broken)
        self.kept.append(frame)
        if self.slow:
            self.slow.wait(PATIENCE_S)

    def close(self):
        self.kept.append("closed")


def test_frames_arrive_in_the_size_that_was_asked_for():
    sink = type("Sink", (Recorded,), {"kept": []})
    frames = Frames()
    outputs = Outputs(frames, classes={"one": sink})
    outputs.use("64x32")
    outputs.start("one")
    frames.put(solid(200))
    until(lambda: len(sink.kept) > 1)
    assert sink.kept[0] == (32, 64)
    assert sink.kept[1].shape == (32, 64, 3)
    np.testing.assert_allclose(sink.kept[1][..., 0], 200, atol=1)
    outputs.close()
    assert sink.kept[-1] == "closed"


def test_a_program_that_takes_no_frames_holds_nobody_up_and_gets_the_newest_later():
    sink = type("Sink", (Recorded,), {"kept": [], "slow": threading.Event()})
    frames = Frames()
    outputs = Outputs(frames, classes={"one": sink})
    outputs.use("1:1")
    outputs.start("one")
    frames.put(solid(0))
    until(lambda: len(sink.kept) == 2)
    for red in range(1, 101):
        frames.put(solid(red))
    sink.slow.set()
    until(lambda: len(sink.kept) > 2)
    assert sink.kept[2][0, 0, 0] == 100
    outputs.close()


def test_another_model_of_another_size_opens_it_again():
    sink = type("Sink", (Recorded,), {"kept": []})
    frames = Frames()
    outputs = Outputs(frames, classes={"one": sink})
    outputs.use("1:1")
    outputs.start("one")
    frames.put(solid(1))
    until(lambda: sink.kept[:1] == [(16, 16)])
    frames.put(solid(1, side=32))
    until(lambda: sink.kept[:1] == [(32, 32)])
    outputs.close()


def test_a_sink_that_fails_is_off_and_says_why():
    sink = type("Sink", (Recorded,), {"kept": [], "broken": "the receiver is gone"})
    frames, failures = Frames(), []
    outputs = Outputs(frames, lambda *what: failures.append(what), {"one": sink})
    outputs.start("one")
    frames.put(solid(1))
    until(lambda: failures)
    assert failures == [("one", "the receiver is gone")]
    assert outputs.on == ()
    assert outputs.state() == {"one": "the receiver is gone"}


def test_a_camera_gets_frames_as_yuv(tmp_path):
    pipe = tmp_path / "camera"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    sink = CameraSink(pipe, "rawvideo")
    sink.open(48, 64)
    sink.send(solid(255, 64)[:48])
    sink.send(solid(0, 64)[:48])
    sink.close()
    reader.join(PATIENCE_S)
    size = 48 * 64 * 3 // 2
    assert len(read[0]) == 2 * size
    luma = np.frombuffer(read[0], np.uint8).reshape(2, size)[:, : 48 * 64]
    # Red and black in BT.601, limited range.
    np.testing.assert_allclose(luma, [[82], [16]] * np.ones((1, 48 * 64)), atol=1)


def test_the_first_virtual_camera_is_found(tmp_path):
    for name in ("video10", "video2", "radio0"):
        (tmp_path / name).mkdir()
    assert [path.name for path in camera.devices(tmp_path)] == ["video2", "video10"]


def test_ndi_is_received_by_another_program():
    for package in ("cyndilib", "NDIlib"):
        need_module(package)
    sink = NdiSink("hallu test")
    sink.open(120, 160)
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[:60] = (200, 40, 90)
    ending = threading.Event()

    def send():
        while not ending.wait(1 / 30):
            sink.send(picture)

    sending = threading.Thread(target=send)
    sending.start()
    try:
        received = receive_ndi(importlib.import_module("NDIlib"), "hallu test")
    finally:
        ending.set()
        sending.join()
        sink.close()
    assert received.shape == (120, 160, 4)
    np.testing.assert_allclose(received[30, 80, :3], (200, 40, 90), atol=6)
    np.testing.assert_allclose(received[90, 80, :3], 0, atol=6)


def receive_ndi(ndi, name):
    """One picture [h, w, 4] of a source on this machine, by NDI's own receiver."""
    ndi.initialize()
    wanted = ndi.FindCreate()
    # Also where no multicast DNS runs.
    wanted.show_local_sources, wanted.extra_ips = True, "127.0.0.1"
    finder = ndi.find_create_v2(wanted)
    end, source = time.monotonic() + PATIENCE_S, None
    while source is None:
        assert time.monotonic() < end, "no source was found"
        ndi.find_wait_for_sources(finder, 500)
        source = next((one for one in ndi.find_get_current_sources(finder) if name in one.ndi_name), None)
    how = ndi.RecvCreateV3()
    how.color_format = ndi.RECV_COLOR_FORMAT_RGBX_RGBA
    receiver = ndi.recv_create_v3(how)
    ndi.recv_connect(receiver, source)
    while True:
        assert time.monotonic() < end, "no picture came"
        kind, video, _, _ = ndi.recv_capture_v2(receiver, 500)
        if kind == ndi.FRAME_TYPE_VIDEO:
            received = np.copy(video.data)
            ndi.recv_free_video_v2(receiver, video)
            ndi.recv_destroy(receiver)
            return received


def test_shared_textures_get_opaque_pixels():
    assert with_alpha(solid(7)).reshape(-1, 4).tolist() == [[7, 0, 0, 255]] * 256


@pytest.mark.parametrize(("system", "usable"), [("win32", "spout"), ("darwin", "syphon")])
def test_each_system_names_what_it_needs(system, usable, monkeypatch):
    monkeypatch.setattr(sys, "platform", system)
    assert f"pip install 'hallu[{usable}]'" in CLASSES[usable].missing()
    assert "needs Linux" in CLASSES["camera"].missing()


def test_the_list_names_every_sink(capsys):
    assert hallu_sinks.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["mjpeg", *CLASSES]
    unusable = [name for name, sink in CLASSES.items() if not is_available(sink)]
    assert [line.split()[0] for line in lines if "not here: " in line] == unusable


def test_serving_into_a_program_that_is_not_there_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert hallu_serve.main(["--port", "0", "--picture-out", "spout"]) == 1
    assert "--picture-out spout: Spout is for Windows" in capsys.readouterr().err


def test_a_message_switches_one_on_and_off(controller, monkeypatch):  # noqa: F811
    sink = type("Sink", (Recorded,), {"kept": []})
    controller.outputs = Outputs(controller.frames, classes={"ndi": sink})
    assert execute(controller, "/image/output", {"sink": "ndi", "what": "on"}) == ([["/image/output", "ndi", "on"]], "")
    assert controller.status().outputs == {"ndi": "on"}
    assert ["/image/output", "ndi", "on"] in execute(controller, "/image/settings", {})[0]
    execute(controller, "/image/output", {"sink": "ndi", "what": "off"})
    assert controller.status().outputs == {"ndi": "off"}


def test_a_message_for_one_that_cannot_be_used_says_why(controller, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sys, "platform", "linux")
    assert "Spout is for Windows" in execute(controller, "/image/output", {"sink": "spout", "what": "on"})[1]
