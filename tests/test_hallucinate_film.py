"""`hallu hallucinate --film`: a film of the real thing beside its sound, made again by its manifest, or refused."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from conftest import SMALL

import ganspace
from core.latent.interpolation import lerp
from ganspace.edited_models import CoordinateModel
from gansynth.hallucination import Timing, hallucinate
from scripts.hallu import main

DATA = Path(__file__).parent / "data"
TIMES = ["--steps", "1", "--sustain", "0.1", "--attack", "0.1", "--release", "0.1"]
SHORT = ["--notes", "2", "--seed", "4", *TIMES]


@pytest.fixture
def words(band, tmp_path, monkeypatch):
    """The command in a folder of its own, with a tiny voice and the small BigGAN."""
    monkeypatch.chdir(tmp_path)
    return ["hallucinate", "--model", "band", "--models", str(band), "--pictures", str(DATA / "biggan_small")]


def frames(path):
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def test_a_video_has_the_size_that_is_asked_for_and_so_has_its_repetition(words):
    assert main([*words, *SHORT, "--out", "a.wav", "--film", "a.mp4", "--size", "320x180", "--fit", "fill"]) == 0
    assert main(["hallucinate", "--repeat", "a.json", "--out", "b.wav", "--film", "b.mp4"]) == 0
    video, again = frames("a.mp4"), frames("b.mp4")
    assert video.shape == again.shape == (len(video), 180, 320, 3)
    # x264 does not encode such frames the same twice, to the bit.
    assert np.abs(video.astype(int) - again).mean() < 1


def test_a_video_is_as_long_as_its_sound_and_is_made_again_by_its_manifest(words, capsys):
    dials = ["--classes", "3", "tench", "--truncation", "0.5", "--jitter", "0"]
    assert main([*words, *SHORT, *dials, "--out", "a.wav", "--film", "new/a.mp4"]) == 0
    files = ["a.wav", "a.png", str(Path("new", "a.mp4")), str(Path("new", "a.json"))]
    assert capsys.readouterr().out.split() == files
    received = json.loads(Path("new/a.json").read_text())
    assert [one["number"] for one in received["classes"]] == [3, 0]
    assert received["parameters"]["film"]["dials"] == {"truncation": 0.5, "jitter": 0.0}
    assert len(frames("new/a.mp4")) == received["film"]["frames"] == np.ceil(30 * soundfile.info("a.wav").duration)
    assert main(["hallucinate", "--repeat", "new/a.json", "--out", "b.wav", "--film", "b.mp4"]) == 0
    assert np.array_equal(soundfile.read("a.wav")[0], soundfile.read("b.wav")[0])
    assert Path("b.mp4").read_bytes() == Path("new/a.mp4").read_bytes()
    Path("c.json").write_text(Path("b.json").read_text().replace("biggan_small", "gone"))
    assert main(["hallucinate", "--repeat", "c.json", "--out", "c.wav"]) == 1
    assert "gone contains no image model" in capsys.readouterr().err
    assert not Path("c.wav").exists()


def test_a_walk_along_directions_sounds_as_the_servers_and_is_rendered(magenta, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    points = np.float32([[-2, 0], [2, 1]])
    np.save("points.npy", points)
    flags = ["--directions", "magenta_small_conv0_ipca_1024.pickle", "--edits", "points.npy", "--pitch", "40"]
    film = ["--film", "a.mp4", "--pictures", str(DATA / "biggan_small"), "--jitter", "0"]
    assert main(["hallucinate", "--model", str(SMALL), *TIMES, *flags, "--out", "a.wav", *film]) == 0
    components = ganspace.load(SMALL / "magenta_small_conv0_ipca_1024.pickle")
    timing = Timing(0.2, 0.0, 0.1, 0.1, 0.1)
    expected = hallucinate(CoordinateModel(magenta, components), points, 1, timing, 40, interpolate=lerp)
    np.testing.assert_allclose(soundfile.read("a.wav")[0], expected, atol=1e-4)
    received = json.loads(Path("a.json").read_text())["parameters"]
    assert (Path(received["directions"]).name, received["seed"]) == ("magenta_small_conv0_ipca_1024.pickle", None)


def test_ctrl_c_leaves_the_whole_sound_and_nothing_of_the_video(words, monkeypatch, capsys):
    from renderer.video.mp4 import Mp4

    def stop(self, picture):
        raise KeyboardInterrupt

    monkeypatch.setattr(Mp4, "write", stop)
    assert main([*words, *SHORT, "--out", "a.wav", "--film", "film/a.mp4"]) == 130
    assert sorted(path.name for path in Path().iterdir()) == ["a.png", "a.wav", "film"]
    assert not list(Path("film").iterdir())


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        (["--film", "a.avi"], "--film must end in .mp4, not 'a.avi'"),
        (["--film", "a.mp4", "--truncation", "2"], "truncation must be in 0.02..1, not 2"),
        (["--film", "a.mp4", "--jitter", "nan"], "jitter must be a finite number, not nan"),
        (["--film", "a.mp4", "--classes", "no such thing"], "the model has no class 'no such thing'"),
        (["--film", "a.mp4", "--pictures", "large"], "no image model 'large'"),
    ],
)
def test_a_video_that_cannot_be_is_refused_before_anything_is_made(words, capsys, flags, rule):
    assert main([*words, "--out", "a.wav", *flags]) == 1
    assert rule in capsys.readouterr().err
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        (
            ["--model", "band", "--out", "a.wav", "--classes", "3"],
            "--classes is for a video: name it with --film",
        ),
        (["--repeat", "a.json", "--seed", "3"], "only --out and --film go with it, not --seed"),
        (["--film", "a.mp4"], "--model and --out are needed"),
        (["--model", "a", "--out", "a.wav", "--directions", "a.npz"], "--directions says along what --edits go"),
        (["--model", "a", "--out", "a.wav", "--edits", "a.npy", "--latents", "a.npy"], "exclude each other"),
        (["--model", "a", "--out", "a.wav", "--edits", "a.npy", "--seed", "1"], "--edits gives the key points"),
    ],
)
def test_wrong_usage_is_one_sentence(capsys, flags, rule):
    with pytest.raises(SystemExit) as end:
        main(["hallucinate", *flags])
    assert end.value.code == 2
    assert rule in capsys.readouterr().err


def test_a_manifest_of_another_command_is_refused(tmp_path, capsys):
    (tmp_path / "a.json").write_text(json.dumps({"format": "hallu film", "version": 1, "command": "tempo"}))
    assert main(["hallucinate", "--repeat", str(tmp_path / "a.json")]) == 1
    assert "is of hallu tempo, not of hallu hallucinate" in capsys.readouterr().err
