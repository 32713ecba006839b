"""A line whose packets are late, lost, and for half a minute all lost: what TCP makes of it is the real thing."""

import time

import pytest
from conftest import RunningServer
from parts import need_program
from remote import RunningBridge, key_for, remote_port, the_same

from bench.packet_line import THERE, PacketLine

TRIP = ("/sound/hallucinate", "trip", 40, 30, 0.05, 0, 0.1, 0.1, 0.1)


@pytest.fixture(scope="module")
def line():
    """200 ms there and back, and of a hundred packets one is lost."""
    need_program("ip")
    try:
        found = PacketLine(delay_s=0.1, loss=0.01)
    except OSError as error:
        pytest.skip(f"needs root and TUN devices of Linux: {error}")
    yield found
    found.close()


@pytest.fixture(scope="module")
def far(line, tmp_path_factory, band):
    """A server there, and a bridge here."""
    folder = tmp_path_factory.mktemp("far")
    key = key_for(folder / "keys", folder)
    server = line.there(lambda: RunningServer(folder, band, "--load", "band", "--remote", "0"))
    try:
        bridge = line.here(lambda: RunningBridge(folder / "home", remote_port(server), "--key", key, host=THERE))
        try:
            line.here(lambda: bridge.until("found").send("/sound/randomize_z", "z"))
            yield server, bridge
        finally:
            bridge.kill()
    finally:
        server.kill()


def test_a_line_of_200_ms_that_loses_packets_loses_no_sound(line, far):
    server, bridge = far
    lost = line.lost
    for number in range(3):
        *_, audio, end = line.here(lambda: bridge.send("/sound/hallucinate", "trip", 40, 30, 0.05, 0, 0.1, 0.1, 0.1))
        assert end.address == "/done", number
        assert the_same(audio.args[1], server.spool)
    assert line.lost > lost
    assert line.here(lambda: bridge.send("/status"))[0].args[2] >= 0.2


def test_a_cut_of_half_a_minute_ends_no_long_work_and_loses_no_answer(line, far):
    server, bridge = far
    long, note = (line.here(bridge.peer) for _ in range(2))
    long.send(*TRIP)
    assert long.receive().address == "/progress"
    line.is_cut = True
    cut_s = time.monotonic()
    note.send("/sound/note", "n", "z", 60)
    line.here(lambda: bridge.until("cut"))
    assert "is cut; reconnecting" in note.receive_end()[-1].args[2]
    time.sleep(30 - (time.monotonic() - cut_s))
    line.is_cut = False
    *_, audio, end = long.receive_end()
    assert (end.address, end.args) == ("/done", ["/sound/hallucinate", "trip"])
    assert the_same(audio.args[1], server.spool)
    assert line.here(lambda: bridge.send("/sound/note", "n", "z", 60))[-1].address == "/done"
    assert long.is_silent() and note.is_silent()
