"""The command lines of films: usage that is wrong, and one film and one loop of a real image model."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from scripts.flags.video import place
from scripts.hallu import main
from tests.parts import need_module

ROOT = Path(__file__).parent.parent
BIGGAN = Path(__file__).parent / "data" / "biggan_small"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A models folder with the small BigGAN."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(BIGGAN, folder / "biggan" / "small")
    return folder


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A working folder, with the user's data folder inside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("core.files.user_folders.data_dir", lambda: tmp_path / "data")
    time = np.arange(8000) / 16000
    soundfile.write(tmp_path / "la.wav", 0.5 * np.sin(2 * np.pi * 440 * time), 16000)
    return tmp_path


def frames(path):
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


@pytest.mark.parametrize(
    ("command", "flag"),
    [("visualize", "--truncation"), ("tempo", "--truncation"), ("hallucinate", "--truncation"), ("react", "--stems")],
)
def test_help_loads_neither_tensorflow_nor_librosa(command, flag):
    code = (
        "import sys\nfrom scripts.hallu import main\n"
        f"try: main([{command!r}, '--help'])\nexcept SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'librosa', 'scipy', 'av'} & set(sys.modules)\nprint('loaded:', *heavy)"
    )
    shown = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=ROOT)
    assert shown.splitlines()[-1] == "loaded:"
    assert flag in shown


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        ((), "one SONG is needed"),
        (("la.wav", "-s", "la.wav"), "one SONG is needed"),
        (("la.wav", "-ps", "300"), "pitch_sensitivity must be in 200..295, not 300"),
        (("la.wav", "-ts", "0.9"), "tempo_sensitivity must be in 0.05..0.8, not 0.9"),
        (("la.wav", "-j", "2"), "jitter must be in 0..1, not 2"),
        (("la.wav", "-fl", "500"), "frame_length must be a multiple of 64, not 500"),
        (("la.wav", "-t", "0"), "truncation must be in 0.1..1, not 0"),
        (("la.wav", "-sf", "31"), "smooth_factor must be in 10..30, not 31"),
        (("la.wav", "-n", "13"), "num_classes must be in 1..12, not 13"),
        (("la.wav", "-bs", "few"), "batch_size must be a number, not 'few'"),
        (("la.wav", "--depth", "0"), "depth must be in 0.01..1, not 0"),
        (("la.wav", "-r", "300"), "invalid choice: 300"),
        (("la.wav", "-e", "sbert"), "name the lyrics"),
        (("la.wav", "-l", "a.txt", "-c", "1"), "--classes and --lyrics exclude each other"),
        (("--repeat", "a.json", "-j", "0"), "only --output_file and --engine go with it, not jitter"),
    ],
)
def test_wrong_usage_of_visualize_is_one_sentence(room, capsys, flags, rule):
    with pytest.raises(SystemExit) as end:
        main(["visualize", *flags])
    assert end.value.code == 2
    assert rule in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        (("none.mp3",), "there is no song none.mp3"),
        (("la.wav", "-c", "no such thing"), "the model has no class 'no such thing'"),
        (("la.wav", "-c", "1", "-n", "2"), "num_classes is 2, but 1 classes are given"),
        (("la.wav", "-r", "512"), "no image model of 512 px in the models folders (--models); found: small (128 px)"),
        (("la.wav", "--model", "small", "-r", "256"), "small has frames of 128 px, not 256"),
        (("la.wav", "--model", "large"), "no image model 'large'"),
        (("la.wav", "-l", "none.txt"), "there are no lyrics none.txt"),
        (("la.wav", "--use_last_vectors"), "there is no last video"),
        (("la.wav", "--use_last_classes"), "there is no last video"),
        (("la.wav", "-d", "-1"), "duration must be above 0 seconds, not -1"),
    ],
)
def test_what_cannot_be_visualized_is_one_line(room, models, capsys, flags, rule):
    assert main(["visualize", *flags, "--models", str(models)]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert line.startswith("hallu visualize: ")
    assert rule in line


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        (("--bpm", "0"), "bpm must be in 1..1000, not 0"),
        (("--periods", "3", *["--axis-sets", "0", "--magnitudes", "1", "--funcs", "sin"]), "the loop would jump"),
        (("--funcs", "sin"), "the lists must have the same length"),
        (("--periods", "3"), "magnitudes 10, periods 1 (3), funcs 10"),
        (("--axis-sets", "0", "--magnitudes", "1", "--periods", "4", "--funcs", "exec"), "a function is one of"),
        (("--classes", "5000"), "class must be in 0..999, not 5000"),
        (("--preset", "none.yaml"), "there is no preset none.yaml"),
        (("--ratio", "wide"), "ratio must be like 16:9"),
        (("--size", "wide"), "size must be like 1280x720 or 16:9, not 'wide'"),
    ],
)
def test_what_is_no_loop_is_one_line(room, models, capsys, flags, rule):
    assert main(["tempo", "--seed", "1", *flags, "--models", str(models)]) == 1
    assert rule in capsys.readouterr().err.strip().splitlines()[-1]


def test_a_link_that_leads_to_itself_is_one_line(room, models, capsys):
    Path("loop.wav").symlink_to("loop.wav")
    assert main(["visualize", "loop.wav", "--models", str(models), "--model", "small"]) == 1
    error = capsys.readouterr().err
    assert "loop.wav" in error and "RuntimeError" not in error


def test_a_real_model_renders_a_song_the_same_twice(room, models, capsys):
    flags = ["-fl", "2048", "-bs", "3", "--models", str(models)]
    assert main(["visualize", "la.wav", "--seed", "3", "-c", "3", "goldfish", *flags]) == 0
    assert capsys.readouterr().out.split() == [str(Path("output", f"la.{kind}")) for kind in ("mp4", "json", "npz")]
    assert main(["visualize", "--repeat", "output/la.json", "-o", "again"]) == 0
    film, again = Path("output", "la.mp4"), Path("output", "again.mp4")
    assert frames(film).shape == (6, 128, 128, 3)
    assert np.array_equal(frames(film), frames(again))
    assert [one["number"] for one in json.loads(film.with_suffix(".json").read_text())["classes"]] == [3, 1]
    assert main(["visualize", "la.wav", "--use_last_vectors", "-o", "last", *flags]) == 0
    assert np.array_equal(frames(Path("output", "last.mp4")), frames(film))


def test_a_real_model_renders_a_loop_and_its_preset_repeats_it(room, models):
    flags = ["--seed", "2", "--beats", "1", "--fps", "10", "--ratio", "16:9", "--models", str(models)]
    assert main(["tempo", *flags, "--ext", ".npy", "-o", "loop"]) == 0
    assert main(["tempo", "--preset", "output/loop.json", "-o", "again.npy"]) == 0
    loop, again = (np.load(Path("output", name)) for name in ("loop.npy", "again.npy"))
    assert loop.shape == (5, 128, 228, 3)
    assert np.array_equal(loop, again)
    assert np.array_equal(loop[:, :, :50], np.flip(loop[:, :, 51:101], axis=2))


def test_a_loop_has_720_lines_and_a_song_the_size_that_is_asked_for(room, models):
    flags = ["--seed", "2", "--models", str(models)]
    assert main(["tempo", *flags, "--beats", "1", "--fps", "4", "-o", "loop"]) == 0
    assert frames(Path("output", "loop.mp4")).shape[1:] == (720, 1280, 3)
    assert main(["tempo", *flags, "--preset", "output/loop.json", "--ratio", "1:1", "-o", "square"]) == 0
    assert frames(Path("output", "square.mp4")).shape[1:] == (128, 128, 3)
    size = ["--size", "320x180", "--fit", "fill", "--sharpen", "1"]
    assert main(["visualize", "la.wav", *flags, "-fl", "8192", "-c", "3", *size]) == 0
    assert main(["visualize", "--repeat", "output/la.json", "-o", "again"]) == 0
    video, again = (frames(Path("output", name)) for name in ("la.mp4", "again.mp4"))
    assert video.shape[1:] == (180, 320, 3)
    assert np.abs(video.astype(int) - again).mean() < 1
    film = json.loads(Path("output", "again.json").read_text())["film"]
    assert (film["width"], film["height"]) == (320, 180)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (None, "output/my.song.mp4"),
        ("trip", "output/trip.mp4"),
        ("trip.mp4", "output/trip.mp4"),
        ("trip.v2", "output/trip.v2.mp4"),
        ("here/trip", "here/trip.mp4"),
        ("./trip", "trip.mp4"),
    ],
)
def test_videos_go_into_output_unless_a_folder_is_named(given, path):
    assert place(given, "my.song", (".mp4",)) == Path(path)


@pytest.mark.parametrize(("lyrics", "name"), [("The fire is burning", "flames"), ("Dark side of the moon", "eclipse")])
def test_the_classes_of_a_video_follow_its_lyrics(room, lyrics, name):
    need_module("all_minilm_l6_v2")
    (room / "words.txt").write_text(f"[Chorus]\n{lyrics}\n")
    assert main(["visualize", "la.wav", "--lyrics", "words.txt", "-n", "1", "-d", "0.1", "--model", "patterns"]) == 0
    written = json.loads((room / "output" / "la.json").read_text())
    assert [one["name"] for one in written["classes"]] == [name]
