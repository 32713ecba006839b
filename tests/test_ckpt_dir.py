"""--ckpt_dir takes a name or a path."""

from pathlib import Path

import pytest

from core.files.user_folders import shipped
from scripts import gan2n, ganspacesynth_spectrograms, gansynth_ganspace, gansynth_generate, voice_report


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        (gan2n, "--output_dir out"),
        (gansynth_ganspace, ""),
        (gansynth_generate, "--output_dir out"),
        (ganspacesynth_spectrograms, "--pca_file x --output_dir out"),
        (voice_report, "--data_dir x --out_dir out"),
    ],
)
def test_a_model_is_found_by_its_name_from_anywhere(tmp_path, monkeypatch, command, flags):
    monkeypatch.chdir(tmp_path)
    options = command.parser().parse_args(["--ckpt_dir", "fluid", *flags.split()])
    assert options.ckpt_dir == shipped("models") / "gansynth" / "fluid"


def test_a_folder_here_goes_before_a_model_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("fluid").mkdir()
    assert gan2n.parser().parse_args(["--ckpt_dir", "fluid", "--output_dir", "out"]).ckpt_dir == Path("fluid")
