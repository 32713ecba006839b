"""`hallu foley`: films and pictures get a sound, from the command line."""

from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile
import tiny_foley
from PIL import Image

from core import families
from renderer.video.mp4 import Mp4
from renderer.video.song import Song
from scripts.hallu import main


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A working folder with a film that gets lighter, pictures, and the model that hears light."""
    monkeypatch.setenv(families.VARIABLE, "")
    families.register("tiny_foley", "tiny_foley")
    monkeypatch.chdir(tmp_path)
    tiny_foley.write(tmp_path / "models" / "tiny_foley" / "tone")
    write_film(tmp_path / "dawn.mp4", [0, 255], 1.0)
    (tmp_path / "stills").mkdir()
    for number, value in enumerate((0, 255)):
        Image.new("RGB", (40, 30), (value, value, value)).save(tmp_path / "stills" / f"{number}.png")
    return tmp_path


def write_film(path, values, each_s, fps=12):
    film = Mp4(path, 32, 48, Fraction(fps))
    for value in values:
        for _ in range(round(each_s * fps)):
            film.write(np.full((32, 48, 3), value, np.uint8))
    film.finish()


def foley(*words):
    return main(["foley", *map(str, words), "--models", "models"])


def hertz(wave, rate):
    return np.abs(np.fft.rfft(wave)).argmax() * rate / len(wave)


def test_a_film_gets_a_sound_of_its_length_that_follows_it(room, capsys):
    assert foley("dawn.mp4", "--seed", 1) == 0
    assert capsys.readouterr().out == "foley.wav\n"
    wave, rate = soundfile.read("foley.wav")
    assert len(wave) == pytest.approx(2.0 * rate, abs=0.05 * rate)
    assert hertz(wave[: rate // 2], rate) == pytest.approx(200, abs=20)
    assert hertz(wave[-rate // 2 :], rate) == pytest.approx(800, abs=20)


def test_a_random_seed_is_reported(room, caplog):
    with caplog.at_level("INFO"):
        foley("dawn.mp4")
    assert "to reproduce" in caplog.text


def test_nothing_is_written_over(room, capsys):
    foley("dawn.mp4")
    assert foley("dawn.mp4") == 1
    assert "foley.wav exists already" in capsys.readouterr().err


def test_the_film_is_written_again_with_its_sound_and_the_same_pictures(room):
    assert foley("dawn.mp4", "--mux", "new.mp4") == 0

    def packets(path):
        with av.open(path) as file:
            return [bytes(packet) for packet in file.demux(video=0) if packet.size]

    assert packets("new.mp4") == packets("dawn.mp4")
    heard = np.concatenate([block[0] for block in Song(room / "new.mp4").blocks()])
    assert len(heard) / tiny_foley.RATE == pytest.approx(2.0, abs=0.2)
    assert hertz(heard[4000:8000], tiny_foley.RATE) == pytest.approx(200, abs=20)


def test_the_sound_of_a_film_that_had_one_is_replaced(room):
    foley("dawn.mp4", "--mux", "one.mp4")
    foley("one.mp4", "--out", "two.wav", "--mux", "two.mp4")
    with av.open("two.mp4") as file:
        assert [stream.type for stream in file.streams] == ["video", "audio"]


def test_pictures_are_shown_one_after_the_other(room):
    assert foley("stills", "--each", 1.5, "--out", "stills.wav") == 0
    wave, rate = soundfile.read("stills.wav")
    assert len(wave) == 3 * rate
    assert hertz(wave[:rate], rate) == pytest.approx(200, abs=20) and hertz(wave[-rate:], rate) > 700


def test_a_sound_may_be_longer_than_the_pictures(room):
    foley("stills", "--seconds", 5, "--out", "long.wav")
    assert soundfile.info("long.wav").duration == 5


def test_each_film_of_a_folder_gets_a_sound(room, capsys):
    (room / "films").mkdir()
    for name in ("a", "b"):
        write_film(room / "films" / f"{name}.mp4", [100], 0.5)
    assert foley("films", "--out", "sounds") == 0
    assert sorted(path.name for path in (room / "sounds").iterdir()) == ["a.wav", "b.wav"]


@pytest.mark.parametrize("words, made", [(("--skip_bad",), ["a.wav", "c.wav"]), ((), ["a.wav"])])
def test_a_bad_film_of_a_folder_is_named_and_may_be_skipped(room, capsys, words, made):
    (room / "films").mkdir()
    for name in ("a", "c"):
        write_film(room / "films" / f"{name}.mp4", [100], 0.5)
    (room / "films" / "b.mp4").touch()
    assert foley("films", "--out", "sounds", *words) == (0 if words else 1)
    said = capsys.readouterr().err
    assert f"{room.joinpath('films', 'b.mp4').relative_to(room)} cannot be read as a film: it is empty" in said
    assert ("--skip_bad" in said) == (not words)
    assert sorted(path.name for path in (room / "sounds").iterdir()) == made


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "it is empty"),
        (b"<!DOCTYPE html><title>404</title>", "it is a web page"),
        (b"not a film" * 99, "it is damaged, or something else than its name says"),
    ],
)
def test_what_only_has_the_name_of_a_film_is_said(room, capsys, content, reason):
    (room / "other.mp4").write_bytes(content)
    assert foley("other.mp4") == 1
    assert f"other.mp4 cannot be read as a film: {reason}" in capsys.readouterr().err


@pytest.mark.parametrize("content, reason", [(b"", "it is empty"), (b"<html>404</html>", "it is a web page")])
def test_what_only_has_the_name_of_a_picture_is_said(room, capsys, content, reason):
    (room / "stills" / "1.png").write_bytes(content)
    assert foley("stills") == 1
    assert f"1.png: it is not a picture that can be read: {reason}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, reason",
    [
        (("nothing.mp4",), "there is no film and no folder nothing.mp4"),
        (("models",), "has no films"),
        (("models/tiny_foley/tone/tiny_foley.json",), "cannot be read as a film"),
        (("dawn.mp4", "--model", "other"), "found: tone"),
        (("dawn.mp4", "--mux", "dawn.mp4"), "dawn.mp4 exists already"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(room, capsys, words, reason):
    assert foley(*words) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert reason in lines[-1] and not (room / "foley.wav").exists()


@pytest.mark.parametrize(
    "words", [("--out", "a.mp3"), ("--mux", "a.gif"), ("--temperature", "-1"), ("--top_k", "0"), ("--each", "0")]
)
def test_wrong_usage_is_refused_before_anything_is_done(room, capsys, words):
    with pytest.raises(SystemExit) as end:
        foley("dawn.mp4", *words)
    assert end.value.code == 2


def test_a_damaged_film_leaves_nothing_behind(room, capsys):
    whole = (room / "dawn.mp4").read_bytes()
    (room / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    assert foley("cut.mp4") == 1
    assert "cut.mp4 cannot be read as a film" in capsys.readouterr().err and not (room / "foley.wav").exists()


@pytest.mark.parametrize("count", [2, 3, 40])
def test_a_matroska_film_keeps_all_of_its_pictures(room, count):
    with av.open("cinema.mkv", "w") as file:
        stream = file.add_stream("libx264", rate=12, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for number in range(count):
            picture = np.full((32, 48, 3), 6 * number, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    for name in ("new.mp4", "new.mkv"):
        assert foley("cinema.mkv", "--out", f"{name}.wav", "--mux", name) == 0
        with av.open("cinema.mkv") as old, av.open(name) as new:
            before, after = (list(each.decode(video=0)) for each in (old, new))
        assert [one.time for one in after] == pytest.approx([one.time for one in before], abs=0.01)
        assert all((a.to_ndarray() == b.to_ndarray()).all() for a, b in zip(after, before, strict=True))


def test_pictures_that_a_file_cannot_hold_are_named(room, capsys):
    Image.new("RGB", (40, 30)).save("flip.gif")
    assert foley("flip.gif", "--mux", "flip.mp4") == 1
    assert "the pictures of flip.gif cannot be copied into .mp4" in capsys.readouterr().err


def test_two_films_of_one_name_are_named_before_anything_is_written(room, capsys):
    for name in ("a.mp4", "a.mkv"):
        (room / "films").mkdir(exist_ok=True)
        write_film(room / "films" / name, [100], 0.25)
    assert foley("films", "--out", "sounds") == 1
    assert "would have the same sound a.wav" in capsys.readouterr().err and not (room / "sounds").exists()


def test_a_folder_for_sounds_may_have_a_dot(room):
    (room / "films").mkdir()
    write_film(room / "films" / "a.mp4", [100], 0.25)
    assert foley("films", "--out", "take 1.2") == 0
    assert (room / "take 1.2" / "a.wav").exists()
