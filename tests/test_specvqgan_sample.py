"""`specvqgan_sample`: many clips get sounds, in the layout of the original's evaluation, again where it was stopped."""

import json
import shutil
from fractions import Fraction

import numpy as np
import pytest
import small_foley
import soundfile
import specvqgan_files

from core.audio.blocks import Wave
from renderer.video.mp4 import Mp4
from scripts.specvqgan_sample import main
from specvqgan.metrics import matching


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A model, and films of two classes with sounds."""
    room = tmp_path_factory.mktemp("sample")
    small_foley.write(room / "models" / "specvqgan" / "small")
    tone = Wave(0.3 * np.sin(0.1 * np.arange(2 * 22050)), 22050)
    for number, name in enumerate(("dog/a", "dog/b", "drum/a")):
        path = room / "films" / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = Mp4(path, 48, 64, Fraction(12), tone)
        for frame in small_foley.film(2.0, seed=number):
            writer.write(frame)
        writer.finish()
    return room


def run(room, out, *words, clips=None):
    command = [clips or room / "films", "--out", out, "--models", room / "models", *words]
    return main(list(map(str, command)))


def names(out):
    return sorted(path.relative_to(out).as_posix() for path in out.glob("cls_*/*"))


def test_each_clip_gets_a_spectrogram_and_a_sound_where_the_evaluation_looks(room, tmp_path):
    assert run(room, tmp_path / "out") == 0
    stems = ["cls_0/a_sample_0", "cls_0/b_sample_0", "cls_1/a_sample_0"]
    assert names(tmp_path / "out") == [f"{stem}.{suffix}" for stem in stems for suffix in ("npy", "wav")]
    assert matching.clip("cls_1/a_sample_0.npy") == matching.clip("drum/a_mel.npy")
    mel = np.load(tmp_path / "out" / "cls_0" / "a_sample_0.npy")
    assert mel.shape == (80, 16 * small_foley.COLUMNS) and mel.min() >= 0 and mel.max() <= 1
    assert len(soundfile.read(tmp_path / "out" / "cls_0" / "a_sample_0.wav")[0]) == 256 * mel.shape[1]


def test_shares_and_a_run_that_was_stopped_give_what_one_run_gives(room, tmp_path, capsys):
    run(room, tmp_path / "whole", "--samples", 2)
    for share in ("1/2", "2/2"):
        run(room, tmp_path / "shared", "--samples", 2, "--shard", share)
    removed = tmp_path / "shared" / "cls_0" / "b_sample_1.wav"
    kept = (tmp_path / "shared" / "cls_0" / "a_sample_0.wav").stat().st_mtime_ns
    removed.unlink()
    run(room, tmp_path / "shared", "--samples", 2)
    assert "1 of them new" in capsys.readouterr().out
    assert (tmp_path / "shared" / "cls_0" / "a_sample_0.wav").stat().st_mtime_ns == kept
    for name in names(tmp_path / "whole"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "shared" / name).read_bytes()


def test_other_settings_need_another_folder(room, tmp_path, capsys):
    run(room, tmp_path / "out")
    assert run(room, tmp_path / "out", "--seed", 7) == 1
    assert "samples there have seed 0, not 7" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "sample.json").read_text())["seed"] == 0


def test_half_begins_with_the_clips_own_sound(room, tmp_path):
    run(room, tmp_path / "free", "--temperature", 0)
    run(room, tmp_path / "half", "--temperature", 0, "--mode", "half")
    free, half = (np.load(tmp_path / one / "cls_0" / "a_sample_0.npy") for one in ("free", "half"))
    assert not np.array_equal(free[:, :80], half[:, :80])


def test_a_bad_clip_is_named_and_may_be_skipped(room, tmp_path, capsys):
    (tmp_path / "films" / "dog").mkdir(parents=True)
    (tmp_path / "films" / "dog" / "bad.mp4").write_bytes(b"x")
    assert run(room, tmp_path / "out", clips=tmp_path / "films") == 1
    assert "bad.mp4" in capsys.readouterr().err
    assert run(room, tmp_path / "out", "--skip_bad", clips=tmp_path / "films") == 0


def test_files_of_features_are_sampled_with_the_original_run_that_takes_them(room, tmp_path):
    folder = tmp_path / "features" / "dog" / "feature_resnet50_dim2048_21.5fps"
    folder.mkdir(parents=True)
    from specvqgan.features import feature_files

    feature_files.write(folder / "video_00002.pkl", np.random.default_rng(0).random((215, 2048), np.float32))
    words = ["--model", specvqgan_files.run("5feats"), "--vocoder", specvqgan_files.FOLDER / "melgan"]
    assert run(room, tmp_path / "out", *words, clips=tmp_path / "features") == 0
    assert names(tmp_path / "out") == ["cls_0/video_00002_sample_0.npy", "cls_0/video_00002_sample_0.wav"]


def test_clips_that_would_have_the_same_samples_are_named(room, tmp_path, capsys):
    for part in ("old", "new"):
        folder = tmp_path / "films" / part / "dog"
        folder.mkdir(parents=True)
        shutil.copy(room / "films" / "dog" / "a.mp4", folder)
    assert run(room, tmp_path / "out", clips=tmp_path / "films") == 1
    assert "would have the same samples" in capsys.readouterr().err and not (tmp_path / "out").exists()
