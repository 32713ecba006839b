"""Programs whose output nobody reads any longer, or that cannot be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SMALL, Peer
from waiting import PATIENCE_S

WORDS = [
    ("server", "send", "--list"),
    ("server", "models"),
    ("server", "--help"),
    ("scripts.gansynth_generate", "--help"),
]


def unread(*words):
    """Run a command whose output has lost its reader: its exit status, and what it says."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, stdout=nobody, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S)
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_a_command_whose_output_nobody_reads_ends_without_a_word(words):
    status, said = unread(*words)
    assert (status in (0, 141), said) == (True, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_output_that_does_not_fit_is_an_error_of_one_line():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "server", "pd"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "hallu pd: [Errno 28] No space left on device\n"


def test_a_server_whose_log_nobody_reads_plays_on(tmp_path, models):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "server", "serve", "--port", "0", "--no-page", "--models", models]
    command += ["--spool", tmp_path / "spool", "--state", tmp_path / "state.npz"]
    with os.fdopen(writing, "wb") as nobody:
        server = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=nobody, text=True)
    try:
        peer = Peer(int(server.stdout.readline().rpartition(":")[2]))
        assert [peer.ask("/sound/load", SMALL.name)[-1].address for _ in range(2)] == ["/done", "/done"]
        server.terminate()
        assert server.wait(PATIENCE_S) == 0
    finally:
        server.kill()
        server.wait()


def test_a_path_of_nothing_is_refused(hallu):
    done = hallu("pd", "--install", "")
    assert done.returncode == 2
    assert "argument --install: must be a path, not ''" in done.stderr
