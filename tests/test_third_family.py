"""A family of image models that the program does not know, registered by one call: it can do what the others can.

Its files are tiny_family.py and the folder that a test writes; see there.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path
from urllib.request import urlopen

import av
import numpy as np
import pytest
import soundfile
import tiny_family
from conftest import SMALL, RunningServer
from test_live_serve import PROCESSES, painted, status
from waiting import PATIENCE_S, until
from web import serving

import ganspace
from core import families
from core.families import Download, ImageDescription
from core.protocols import ImageModel
from renderer import image_models
from scripts import ganspacesynth_describe, gansynth_ganspace
from scripts.hallu import main

TESTS = Path(__file__).parent


@pytest.fixture
def registered(monkeypatch):
    """The family, known to this process and to those that it starts."""
    monkeypatch.setenv(families.VARIABLE, "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), str(TESTS.parent)]))
    families.register("tiny", "tiny_family")


@pytest.fixture
def room(tmp_path, monkeypatch, registered):
    """A working folder with models/tiny/soft in it and a short song, and the user's data folder inside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("core.files.user_folders.data_dir", lambda: tmp_path / "data")
    tiny_family.write(tmp_path / "models" / "tiny" / "soft")
    time = np.arange(8000) / 16000
    soundfile.write(tmp_path / "la.wav", 0.5 * np.sin(2 * np.pi * 440 * time), 16000)
    return tmp_path


def frames(path):
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def test_it_is_an_image_model(room):
    model = families.load("models/tiny/soft")
    assert isinstance(model, ImageModel)
    assert families.image_description(Path("models/tiny/soft")) == ImageDescription("soft", 16, 12, ())
    assert image_models.choose([Path("models")]) == Path("models/tiny/soft")


def test_it_is_listed(room, capsys):
    assert main(["models", "--models", "models"]) == 0
    head, row = capsys.readouterr().out.splitlines()[-2:]
    assert head.split() == ["IMAGES", "PIXELS", "LATENT", "CLASSES", "COMPONENTS", "FOLDER"]
    assert row.split() == ["soft", "16", "12", "0", "-", str(Path("models", "tiny", "soft"))]


def test_a_damaged_one_is_listed_with_what_is_wrong(room, capsys):
    Path("models/tiny/soft/tiny.npz").write_bytes(b"x")
    main(["models", "--models", "models"])
    assert "cannot be rendered: models/tiny/soft/tiny.npz is damaged" in capsys.readouterr().out


def test_it_is_added_from_a_folder_and_from_an_archive(room, capsys):
    archive = shutil.make_archive("packed", "zip", "models/tiny")
    for source, name in (("models/tiny/soft", "one"), (archive, "two")):
        assert main(["models", "add", source, "--to", "mine", "--name", name]) == 0
    assert sorted(path.as_posix() for path in Path("mine").glob("*/*")) == ["mine/tiny/one", "mine/tiny/two"]


def test_what_its_check_refuses_is_not_added(room, capsys):
    np.savez("models/tiny/soft/tiny.npz", map=np.zeros((2, 7)))
    assert main(["models", "add", "models/tiny/soft", "--to", "mine"]) == 1
    assert "map must be [z, 3 * size * size], not (2, 7)" in capsys.readouterr().err
    assert not any(Path("mine").iterdir())


@pytest.fixture
def published(room, monkeypatch):
    """The family's known model, on a web server of this machine; what its checksum is."""

    def publish(sha256):
        monkeypatch.setitem(tiny_family.FAMILY.downloads, "tiny-16", (Download(address, tiny_family.FILE, sha256),))

    with serving(room / "models" / "tiny" / "soft") as web:
        address = f"{web}/{tiny_family.FILE}"
        yield publish


def test_it_is_downloaded_by_a_known_name(published, room):
    published(hashlib.sha256(Path("models/tiny/soft/tiny.npz").read_bytes()).hexdigest())
    assert main(["models", "add", "tiny-16", "--to", "mine"]) == 0
    assert Path("mine/tiny/tiny-16/tiny.npz").is_file()


def test_a_download_with_another_checksum_is_refused(published, room, capsys):
    published("0" * 64)
    assert main(["models", "add", "tiny-16", "--to", "mine"]) == 1
    assert f"its SHA-256 is {tiny_family.checksum(Path('models/tiny/soft'))}, not 0000" in capsys.readouterr().err


def test_known_names_are_listed(room, capsys):
    main(["models", "add", "nothing", "--to", "mine"])
    assert "tiny-16" in capsys.readouterr().err


def test_a_song_is_made_into_a_video(room, capsys):
    assert main(["visualize", "la.wav", "--models", "models", "--seed", "3"]) == 0
    manifest = json.loads(Path("output/la.json").read_text(encoding="utf-8"))
    assert (manifest["classes"], manifest["film"]["width"]) == ([], 16)
    shown = frames("output/la.mp4")
    assert len(shown) == manifest["film"]["frames"]
    assert np.ptp(shown.astype(float), axis=0).max() > 3
    assert main(["visualize", "--repeat", "output/la.json", "--output_file", "again.mp4"]) == 0
    assert Path("output/again.mp4").read_bytes() == Path("output/la.mp4").read_bytes()
    assert main(["visualize", "la.wav", "--models", "models", "--use_last_vectors"]) == 0
    assert np.array_equal(frames("output/la.mp4"), shown)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--classes", "3"], "the model has no classes, so there is none called '3'"),
        (["--num_classes", "2"], "num_classes is 2, but the model has no classes"),
    ],
)
def test_classes_are_refused_by_one_sentence(room, capsys, flags, message):
    assert main(["visualize", "la.wav", "--models", "models", *flags]) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith(message)


@pytest.mark.parametrize("config", ["default", "aiart"])
def test_a_whole_song_moves_it(room, config):
    words = ["react", "la.wav", "--models", "models", "--fps", "5", "--seed", "3", "--config", config, "--out", "a.mp4"]
    assert main(words) == 0
    assert len(frames("a.mp4")) == json.loads(Path("a.json").read_text())["film"]["frames"]


@pytest.mark.parametrize("flags", [[], ["--random-label"]])
def test_a_loop_in_tempo(room, flags):
    words = ["tempo", "--models", "models", "--seed", "3", "--beats", "4", "--ratio", "1:1", "--out", "a.npy"]
    assert main([*words, *flags]) == 0
    loop = np.load("output/a.npy")
    assert loop.shape == (60, 16, 16, 3)
    assert np.ptp(loop.astype(float), axis=0).max() > 3


def test_the_video_of_a_hallucination(room, band):
    words = ["hallucinate", "--model", "band", "--models", str(band), "--pictures", "models/tiny/soft", "--notes", "2"]
    times = ["--seed", "4", "--steps", "1", "--sustain", "0.1", "--attack", "0.1", "--release", "0.1"]
    assert main([*words, *times, "--out", "a.wav", "--film", "a.mp4"]) == 0
    assert len(frames("a.mp4")) == np.ceil(30 * soundfile.info("a.wav").duration)
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["classes"] == []
    assert main(["hallucinate", "--repeat", "a.json", "--out", "b.wav", "--film", "b.mp4"]) == 0


def test_directions(room, capsys):
    folder, file = Path("models/tiny/soft"), Path("models/tiny/soft/soft.npz")
    assert gansynth_ganspace.main(["--ckpt_dir", str(folder), "--list_layers"]) == 0
    assert "linear: 16 x 16 x 3 = 768 values" in capsys.readouterr().out
    words = ["--ckpt_dir", str(folder), "--random_z_count", "512", "--components", "4", "--seed", "1"]
    assert gansynth_ganspace.main([*words, "--pca_out_file", str(file)]) == 0
    found = ganspace.load(file)
    assert (found.count, found.layer, found.origin.found_in) == (4, "z", "linear")
    assert found.origin.checksum == tiny_family.checksum(folder)
    assert ganspacesynth_describe.main(["--pca_file", str(file), "--output_dir", "sheets"]) == 0
    assert Path("sheets/sheet.png").is_file()
    assert main(["models", "--models", "models"]) == 0
    assert "soft.npz" in capsys.readouterr().out
    assert gansynth_ganspace.main([*words, "--class", "3", "--pca_out_file", "b.npz"]) == 1
    assert "the model has no classes" in capsys.readouterr().err


@pytest.mark.skipif(not PROCESSES.is_dir(), reason="processes are looked up in /proc")
def test_it_is_rendered_live(room):
    """`hallu serve` starts a renderer, which gets to know the family by the environment and speaks ZeroMQ."""
    shutil.copytree(SMALL, room / "models" / "gansynth" / "magenta_small")
    flags = ("--image-port", "0", "--pictures", room / "pictures", "--load", SMALL.name)
    server = RunningServer(room, room / "models", *flags)
    try:
        assert painted(server)[:2] == ["soft", "follow"]
        assert server.send("/image/classes")[-1].address == "/done"
        refused = server.send("/image/classes", 3)[-1]
        assert (refused.address, refused.args[2]) == ("/fail", "the model has no classes, so there is none called '3'")
        assert server.send("/sound/hallucinate", "trip", 3, 2, 0.1, 0, 0.1, 0.1, 0.1)[-1].address == "/done"
        server.send("/sound/play", "trip", 0)
        assert until(lambda: status(server)[5] == "trip" and "trip", "playing") == "trip"
        replies = server.send("/image/load_ganspace_components", "auto")
        assert replies[-1].address == "/done", replies
        assert server.send("/image/edits", 2, -1)[-1].address == "/done"
        for mode in ("tempo", "free"):
            assert server.send("/image/mode", mode)[-1].address == "/done"
        with urlopen(f"{status(server)[4]}frame.jpg", timeout=PATIENCE_S) as response:
            assert response.read(2) == b"\xff\xd8"
        assert server.send("/image/snapshot", "moment.png")[0].address == "/image/file"
        assert (room / "pictures" / "moment.png").is_file()
    finally:
        server.stop()
    assert not [line for line in server.errors if "Traceback" in line], server.errors
