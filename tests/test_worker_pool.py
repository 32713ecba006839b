"""Processes that share work: they end with the program, whatever ends it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import worker_pool
from core.processes import is_running

ROOT = Path(__file__).parent.parent
# A program whose two processes say their number, and work for a minute.
PROGRAM = """
import sys
from core import worker_pool
from tests import test_worker_pool
from pathlib import Path
if __name__ == "__main__":
    list(worker_pool.shared(test_worker_pool.work, [(Path(sys.argv[1]), n) for n in range(8)], 2))
"""


def work(folder, number):
    """Say which process this is, and work on; what is unfinished is put away."""
    unfinished = folder / f"{os.getpid()}.part"
    unfinished.touch()
    try:
        (folder / f"{os.getpid()}.begun").touch()
        for _ in range(600):
            time.sleep(0.1)
    finally:
        unfinished.unlink()


def squared(number):
    if number < 0:
        raise ValueError(f"{number} is below 0")
    return number**2


def until(condition):
    deadline = time.monotonic() + 300
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def workers(folder):
    return [int(path.stem) for path in folder.glob("*.begun")]


def test_every_result_comes_once():
    assert sorted(worker_pool.shared(squared, [(number,) for number in range(5)], 2)) == [0, 1, 4, 9, 16]


def test_an_error_ends_the_work_of_the_others(tmp_path):
    calls = [(tmp_path, 0), (tmp_path, 1)]
    shared = worker_pool.shared(fails_beside, calls, 2)
    with pytest.raises(ValueError, match="1 fails"):
        list(shared)
    assert not list(tmp_path.glob("*.part"))


def fails_beside(folder, number):
    """The second call fails as soon as the first works."""
    if number:
        until(lambda: workers(folder))
        raise ValueError(f"{number} fails")
    work(folder, number)


@pytest.mark.skipif(sys.platform == "win32", reason="groups of other systems")
def test_ctrl_c_on_a_terminal_shows_one_processs_error(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    words = [sys.executable, tmp_path / "program.py", tmp_path]
    more = {"env": os.environ | {"PYTHONPATH": str(ROOT)}, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, start_new_session=True, **more) as program:
        assert until(lambda: workers(tmp_path))
        os.killpg(program.pid, signal.SIGINT)
        assert program.communicate(timeout=300)[1].count("Traceback") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals of other systems")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_program(tmp_path, number):
    (tmp_path / "program.py").write_text(PROGRAM)
    words = [sys.executable, tmp_path / "program.py", tmp_path]
    with subprocess.Popen(words, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL) as program:
        assert until(lambda: len(workers(tmp_path)) == 2)
        program.send_signal(number)
        assert program.wait(300) != 0
    assert until(lambda: not any(map(is_running, workers(tmp_path))))
    assert not list(tmp_path.glob("*.part"))
