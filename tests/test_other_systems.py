"""What is different on Windows and macOS, simulated here: names, signals, priorities, files that are open."""

import os
import signal
import subprocess
import sys
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace

import pytest

from core import processes, signals
from core.files import atomic
from core.files.file_urls import file_url
from core.files.plain_names import is_device
from core.install import install_model
from renderer.live import recorder
from server.link import renderer_process
from server.link.keyring import Keyring
from server.session_folders import SessionFolders


@pytest.mark.parametrize("name", ["nul", "CON", "aux.wav", "com1", "LPT9.tar.gz"])
def test_names_of_windows_devices_are_known(name):
    assert is_device(name)


@pytest.mark.parametrize("name", ["null", "console", "com10", "xcon", "my aux.wav"])
def test_names_that_only_look_like_them_are_allowed(name):
    assert not is_device(name)


@pytest.mark.parametrize(
    "use",
    [
        lambda folder: SessionFolders(folder).delete("nul"),
        lambda folder: recorder.new_path(folder, "nul", ".mp4"),
        lambda folder: recorder.new_path(folder, "nul.mp4", ".mp4"),
        lambda folder: install_model._checked("nul"),
        lambda folder: Keyring(folder).add("nul"),
    ],
    ids=["session", "film", "film with suffix", "model", "keys"],
)
def test_what_users_name_cannot_be_a_device(tmp_path, use):
    with pytest.raises(ValueError, match="on Windows that is a device"):
        use(tmp_path)


def held_open(monkeypatch, times):
    """Files on Windows that another program has open for the first renames; returns the pauses that follow."""
    pauses, replace = [], Path.replace

    def refuse(self, target):
        if len(pauses) < times:
            raise PermissionError(13, "being used by another process", str(self))
        return replace(self, target)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(atomic.time, "sleep", pauses.append)
    return pauses


def test_a_file_that_is_being_read_is_replaced_once_it_is_closed(tmp_path, monkeypatch):
    (tmp_path / "a.wav").write_bytes(b"old")
    held_open(monkeypatch, 3)
    atomic.write_bytes(tmp_path / "a.wav", b"new", sync=False)
    assert (tmp_path / "a.wav").read_bytes() == b"new"


def test_a_file_that_stays_open_is_named_and_keeps_what_it_holds(tmp_path, monkeypatch):
    (tmp_path / "a.wav").write_bytes(b"old")
    pauses = held_open(monkeypatch, 1000)
    with pytest.raises(PermissionError, match=r"a\.wav"):
        atomic.write_bytes(tmp_path / "a.wav", b"new", sync=False)
    assert sum(pauses) < 1.0
    assert {path.name for path in tmp_path.iterdir()} == {"a.wav"}
    assert (tmp_path / "a.wav").read_bytes() == b"old"


def test_a_renderer_is_ended_by_its_input_so_that_it_finishes_what_it_records():
    read_to_the_end = "import sys; sys.stdin.read(); sys.exit(7)"
    child = subprocess.Popen([sys.executable, "-c", read_to_the_end], stdin=subprocess.PIPE)
    renderer_process._end(child)
    assert child.returncode == 7


def test_a_renderer_that_ignores_its_input_is_ended_all_the_same(monkeypatch):
    monkeypatch.setattr(renderer_process, "_PATIENCE_S", 0.2)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=subprocess.PIPE)
    renderer_process._end(child)
    assert child.returncode


def test_where_there_is_no_sighup_a_closed_window_sends_sigbreak(monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP")
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR2, raising=False)
    assert signals.ending() == (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)


def test_a_process_is_looked_for_without_a_signal_on_windows(monkeypatch):
    asked = []
    kernel = SimpleNamespace(
        OpenProcess=lambda rights, inherit, number: asked.append(number) or number == 12,
        WaitForSingleObject=lambda handle, wait_ms: 0x102,
        CloseHandle=lambda handle: None,
    )
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(processes.ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("on Windows this is Ctrl-C"))
    assert processes.is_running(12)
    assert not processes.is_running(13)
    assert asked == [12, 13]


def test_a_process_that_has_ended_is_not_running():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not processes.is_running(child.pid)
    assert processes.is_running(os.getpid())


def test_paths_reach_pd_with_slashes():
    assert PureWindowsPath(r"C:\Users\Ada L\spool\a.wav").as_posix() == "C:/Users/Ada L/spool/a.wav"
    assert file_url(Path("/a/b.mp4")).endswith("/a/b.mp4")
