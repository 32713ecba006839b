"""No command overwrites what is there, and none works for hours before it says that it cannot write."""

import os
import re
from pathlib import Path

import pytest
from test_every_command import COMMANDS, ROOT, elsewhere, status  # noqa: F401 - a fixture

from core.files.unused_names import unused


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    assert unused(tmp_path / "x.wav") == tmp_path / "x.wav"
    (tmp_path / "x.wav").touch()
    (tmp_path / "x-2.png").touch()
    assert unused(tmp_path / "x.wav") == tmp_path / "x-2.wav"
    assert unused(tmp_path / "x.wav", [".png"]) == tmp_path / "x-3.wav"


@pytest.mark.parametrize(
    ("name", "words", "there"),
    [
        ("ganspacesynth_spectrograms", "--pca_file x.npz --output_dir .", "plot.png"),
        ("gansynth_ganspace", "--ckpt_dir x --random_z_count 9 --pca_out_file x.npz", "x.npz"),
        ("gansynth_voice_report", "--ckpt_dir x --data_dir x --out_dir .", "report.json"),
        ("specvqgan_evaluate", "--fake x --real x --out x.json", "x.json"),
    ],
)
def test_long_work_refuses_to_overwrite_before_it_begins(name, words, there, capsys):
    Path(there).write_text("mine")
    assert status(COMMANDS[name], words.split()) == 1
    assert f"{there} exists already; choose another name" in capsys.readouterr().err
    assert Path(there).read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "words", "reason"),
    [
        ("hallu hallucinate", "--model fluid --out file/x.wav", "file/x.wav cannot be written"),
        ("hallu visualize", "file -o file/x.mp4", "file/x.mp4 cannot be written"),
        ("hallu tempo", "--classes 3 -o file/x.mp4", "file/x.mp4 cannot be written"),
        ("gansynth_generate", "--ckpt_dir fluid --output_dir file", "nothing can be written in file"),
        ("gan2n", "--ckpt_dir fluid --output_dir file", "nothing can be written in file"),
        ("hallu demo", "--out file", "nothing can be written in file"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_refused_before_the_work(name, words, reason, capsys):
    Path("file").write_text("x")
    Path("fluid").symlink_to(ROOT / "models" / "gansynth" / "fluid", target_is_directory=True)
    assert status(COMMANDS[name], words.split()) == 1
    captured = capsys.readouterr()
    assert reason.replace("/", os.sep) in captured.err
    assert "notes" not in captured.err and "frames" not in captured.err


def test_a_second_gan2n_does_not_overwrite_the_first(capsys, caplog):
    words = ["--ckpt_dir", str(ROOT / "models" / "gansynth" / "fluid"), "--output_dir", "out", "--resolution", "2"]
    assert status(COMMANDS["gan2n"], words) == 0
    assert re.search(r"seed \d+ \(use --seed", caplog.text)
    before = [path.read_bytes() for path in sorted(Path("out").iterdir())]
    assert status(COMMANDS["gan2n"], words) == 1
    assert "exists already" in capsys.readouterr().err
    assert [path.read_bytes() for path in sorted(Path("out").iterdir())] == before


def test_a_second_gansynth_generate_counts_on(caplog):
    words = ["--ckpt_dir", str(ROOT / "models" / "gansynth" / "fluid"), "--output_dir", "out", "--batch_size", "2"]
    for _ in range(2):
        assert status(COMMANDS["gansynth_generate"], words) == 0
        assert re.search(r"seed \d+ \(use --seed", caplog.text)
    assert sorted(path.name for path in Path("out").iterdir()) == [f"generated_{number}.wav" for number in range(4)]


@pytest.mark.parametrize(
    ("name", "words", "work", "taken", "free"),
    [
        (
            "hallu hallucinate",
            "--model fluid --out x.wav",
            "scripts.shared.hallucination.hallucinate",
            "x.png",
            "x-2.wav",
        ),
        ("hallu visualize", "file -o ./x.mp4", "renderer.video.visualize.make", "x.npz", "x-2.mp4"),
        ("hallu react", "file -o ./x.mp4", "renderer.react.video.make", "x.json", "x-2.mp4"),
    ],
)
def test_a_result_is_put_beside_one_that_is_there(name, words, work, taken, free, monkeypatch, caplog):
    outs = []
    monkeypatch.setattr(work, lambda job, *rest: outs.append(job.out) or [])
    Path(taken).write_text("mine")
    assert status(COMMANDS[name], words.split()) == 0
    assert outs == [Path(free)]
