"""Files of TensorFlow's formats are made and read where it is not installed."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import DATA, SMALL

ROOT = Path(__file__).parent.parent
# Stands for an installation without them.
BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "keras", "jax", "torch"):
            raise ModuleNotFoundError(f"there is no {name} here")

sys.meta_path.insert(0, Blocked())
"""


def run(program, *words):
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED + program, *map(str, words)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_datasets_are_made_and_reported(tmp_path):
    said = run(
        "from scripts import dataset_report, make_dataset\n"
        "made = make_dataset.main(['--in_dir', sys.argv[1], '--out_dir', sys.argv[2]])\n"
        "sys.exit(made or dataset_report.main([sys.argv[2]]))",
        DATA / "dataset_small" / "samples",
        tmp_path / "new",
    )
    assert "3 of 3 notes, low to high" in said


def test_a_run_folder_is_shrunk_and_a_checkpoint_is_read(tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(SMALL, folder)
    said = run(
        "from gansynth import checkpoint, config\n"
        "from pathlib import Path\n"
        "from scripts import postprocess_model\n"
        "postprocess_model.main(['--ckpt_dir', sys.argv[1], '--execute'])\n"
        "print(len(checkpoint.load(config.read_config(Path(sys.argv[1]))).weights), 'weights')",
        folder,
    )
    assert "42 weights" in said


def test_a_picture_model_is_converted(tmp_path):
    said = run(
        "from scripts import biggan_convert\nsys.exit(biggan_convert.main(sys.argv[1:]))",
        DATA / "biggan_small",
        tmp_path / "new",
    )
    assert "128 px, 1000 classes" in said


def test_trainers_read_an_exported_model_before_a_backend_is_loaded():
    said = run(
        "from pathlib import Path\n"
        "from renderer.stylegan2.training import exported_settings as stylegan2\n"
        "from renderer.training import exported_settings as biggan\n"
        "from scripts import biggan_train, stylegan2_train\n"
        "models = Path(sys.argv[1])\n"
        "print(biggan.settings(models / 'biggan' / 'patterns')['channel_width'])\n"
        "print(stylegan2.settings(models / 'stylegan2' / 'drawings')['z_size'])",
        ROOT / "models",
    )
    assert said.split() == ["24", "256"]
