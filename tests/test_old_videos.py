"""Manifests, vectors, presets and components files that version 0.1 wrote are read, and give the same videos."""

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from conftest import DATA

import ganspace
from core.files.user_folders import shipped
from renderer.video import vectors, visualize
from scripts.hallu import main

WRITTEN = Path(__file__).parent / "data" / "written_by_0_1" / "videos"
# An MP4 is lossy, and engines round differently.
CLOSE = 3.0


@pytest.fixture(scope="module")
def expected():
    with np.load(WRITTEN / "expected.npz", allow_pickle=False) as file:
        return dict(file)


@pytest.fixture
def room(tmp_path, monkeypatch):
    """The working folder of that time: its song, its model, and its files with today's paths."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("core.files.user_folders.data_dir", lambda: tmp_path / "data")
    shutil.copytree(DATA / "biggan_small", tmp_path / "models" / "biggan" / "small")
    for file in WRITTEN.iterdir():
        shutil.copy(file, tmp_path)
    for file in tmp_path.glob("*.json"):
        text = file.read_text(encoding="utf-8")
        places = {"FOLDER": tmp_path.as_posix(), "SHIPPED": shipped("models").as_posix()}
        file.write_text(
            text.replace("FOLDER", places["FOLDER"]).replace("SHIPPED", places["SHIPPED"]), encoding="utf-8"
        )
    return tmp_path


def difference(path, frames):
    """How far the first and last frame of a video are from others on average, of 255."""
    with av.open(str(path)) as file:
        shown = np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])
    return np.abs(shown[[0, -1]][:, ::4, ::4].astype(float) - frames).mean()


def test_a_video_of_a_song_is_repeated(room, expected, caplog):
    assert main(["visualize", "--repeat", "la.json", "--output_file", "output/b.mp4"]) == 0
    assert difference("output/b.mp4", expected["la"]) < CLOSE
    assert "has changed" not in caplog.text


def test_its_vectors_and_classes_are_used_again(room, expected, capsys):
    saved = vectors.load(Path("la.npz"))
    assert (len(saved), saved.noise.shape[1], saved.classes) == (11, 128, (198, 197))
    assert visualize.last_classes(room / "none", room / "la.mp4") == ("198", "197")
    flags = ["--use_last_vectors", "--models", "models", "--output_file", f"{room}/la.mp4"]
    assert main(["visualize", "la.wav", *flags]) == 0
    video, *_ = capsys.readouterr().out.splitlines()
    assert difference(video, expected["la"]) < CLOSE


def test_a_loops_manifest_is_a_preset(room, expected):
    assert main(["tempo", "--preset", "tempo-3.json", "--out", "output/c.mp4"]) == 0
    assert difference("output/c.mp4", expected["tempo-3"]) < CLOSE


def test_the_video_of_a_hallucination_is_repeated(room, expected):
    assert main(["hallucinate", "--repeat", "a.json", "--out", "d.wav", "--film", "d.mp4"]) == 0
    assert difference("d.mp4", expected["a"]) < CLOSE


@pytest.mark.parametrize("name", ["small.npz", "small.pickle"])
def test_directions_are_read(name, expected):
    found = ganspace.load(WRITTEN / name)
    assert (found.count, found.layer, found.estimator, found.origin.found_in) == (2, "z", "linear", "gen_z")
    np.testing.assert_allclose(found.offsets(np.array([[1.0, -2.0]])), expected["offsets"], rtol=1e-5)
