"""What plays imports neither TensorFlow nor Keras nor JAX: real notes, where importing one of them is an error."""

import os
import subprocess
import sys

import pytest
from waiting import PATIENCE_S

from tests.conftest import SMALL

HOOK = """
import sys

class Forbidding:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "keras", "jax", "torch"):
            raise AssertionError(f"a command that plays imports {name}")

sys.meta_path.insert(0, Forbidding())
"""
COMPONENTS = SMALL / "magenta_small_conv0_ipca_1024.pickle"


@pytest.fixture
def forbidding(tmp_path, monkeypatch):
    """Programs that this test starts fail where they import what trains networks."""
    folder = tmp_path / "hook"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    )


def test_the_hook_forbids(forbidding):
    done = subprocess.run([sys.executable, "-c", "import keras"], capture_output=True, text=True)
    assert "a command that plays imports keras" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "gansynth_generate --ckpt_dir {model} --output_dir out --batch_size 1",
        "gansynth_ganspace --ckpt_dir {model} --random_z_count 600 --pca_out_file out.npz",
        "ganspacesynth_spectrograms --pca_file {components} --ckpt_dir {model} --steps 2 --output_dir out",
        "hallu_hallucinate --model {model} --notes 2 --steps 1 --out out.wav",
    ],
)
def test_commands_that_play_import_nothing_that_trains(forbidding, tmp_path, command):
    words = [word.format(model=SMALL, components=COMPONENTS) for word in f"scripts.{command}".split()]
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, cwd=tmp_path, timeout=2 * PATIENCE_S
    )
    assert done.returncode == 0, done.stderr


PYTHON_LINE = """
import gansynth, numpy
model = gansynth.load(PLACE)
model.generate(numpy.zeros((9, model.latent_size), "float32"), [60] * 9)
model.generate(numpy.zeros((2, model.latent_size), "float32"), [60] * 2)
"""


def test_playing_from_python_writes_nothing_to_the_terminal(tmp_path):
    code = PYTHON_LINE.replace("PLACE", repr(str(SMALL)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_server_plays_without_what_trains(forbidding, start_server):
    running = start_server()
    assert running.send("/sound/load", "magenta_small")[-1].address == "/done"
    running.send("/sound/randomize_z", "a")
    replies = running.send("/sound/synthesize", "a", "t", 60)
    assert replies[-1].address == "/done", replies


def test_the_first_long_request_of_a_fresh_server_reports_progress_before_anything_is_rendered(start_server):
    running = start_server()
    running.send("/sound/load", "magenta_small")
    first = running.send("/sound/hallucinate", "long", 3, 2)[0]
    assert (first.address, first.args[1:]) == ("/progress", ["long", 0, 7])
