"""What is not a regular file neither blocks its reader nor fills the memory."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from conftest import DATA, SMALL

import ganspace
import gansynth
from core.audio.decoding import decode
from core.audio.sound_files import read as read_sound
from core.files import json_files
from core.files.regular import open_regular, read_regular
from core.install.archives import unpack
from core.install.install_model import add
from gansynth.dataset.soundfont import find_sound_font
from gansynth.midi import read_notes
from renderer import biggan
from renderer.ipc import keys
from renderer.video import manifest
from renderer.video.lyrics import read_lines
from renderer.video.tempo_preset import read_preset
from server import state_file

BIGGAN = DATA / "biggan_small"


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link to a pipe"])
def test_it_is_refused(tmp_path, kind):
    path = tmp_path / "a"
    if kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    for read in (open_regular, json_files.read):
        with pytest.raises(ValueError, match="a is not a regular file"):
            read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*a\.json"):
        json_files.read(tmp_path / "a.json")


def test_a_link_to_a_file_is_followed(tmp_path):
    Path(tmp_path / "a").write_bytes(b"abc")
    Path(tmp_path / "b").symlink_to(tmp_path / "a")
    assert read_regular(tmp_path / "b", 3) == b"abc"


def test_a_file_larger_than_it_may_be_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"abcd")
    with pytest.raises(ValueError, match="a has 4 bytes, more than 3"):
        read_regular(tmp_path / "a", 3)


@pytest.mark.parametrize("text", ["[" * 200_000, "1" * 5000, "{", "\xff"])
def test_json_that_cannot_be_read_is_one_sentence(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text.encode("latin1"))
    with pytest.raises(ValueError, match=r"a\.json is not valid JSON"):
        json_files.read(tmp_path / "a.json")


def test_json_may_begin_with_the_mark_that_windows_editors_write(tmp_path):
    (tmp_path / "a.json").write_text("{}", encoding="utf-8-sig")
    assert json_files.read(tmp_path / "a.json") == {}


def with_pipe_for(name, source):
    """Make the folder `folder` a copy of a model's with a pipe in the place of one of its files."""

    def make(path):
        folder = path.with_name("folder")
        shutil.copytree(source, folder, symlinks=True)
        (file,) = folder.rglob(name)
        file.unlink()
        os.mkfifo(file)
        return folder

    return make


def itself(path):
    return path


def renamed(suffix):
    return lambda path: path.rename(path.with_suffix(suffix))


READERS = {
    "song": (renamed(".mp3"), lambda path: list(decode(path))),
    "sound": (renamed(".wav"), lambda path: read_sound(path, 16_000)),
    "MIDI file": (renamed(".mid"), read_notes),
    "components": (renamed(".npz"), ganspace.load),
    "course's components": (renamed(".pickle"), ganspace.load),
    "sound font": (renamed(".sf2"), find_sound_font),
    "preset": (renamed(".yaml"), read_preset),
    "lyrics": (renamed(".txt"), read_lines),
    "manifest": (renamed(".json"), lambda path: manifest.read(path, "visualize")),
    "archive": (renamed(".zip"), lambda path: unpack(path, path.with_name("unpacked"))),
    "state": (itself, state_file.load),
    "key": (itself, keys.read),
    "model to add": (with_pipe_for("config.json", BIGGAN), lambda path: add(str(path), path.with_name("models"))),
    "voice": (with_pipe_for("experiment.json", SMALL), gansynth.load),
    "weights of a voice": (with_pipe_for("*.data-00000-of-00001", SMALL), gansynth.load),
    "image model": (with_pipe_for("config.json", BIGGAN), biggan.load),
    "weights of an image model": (with_pipe_for("pytorch_model.bin", BIGGAN), biggan.load),
}


@pytest.mark.parametrize("kind", READERS)
def test_no_reader_waits_for_a_pipe(tmp_path, kind):
    make, read = READERS[kind]
    os.mkfifo(tmp_path / "pipe")
    path = make(tmp_path / "pipe")
    before = signal.signal(signal.SIGALRM, waited)
    signal.alarm(20)
    try:
        with pytest.raises((ValueError, OSError)) as caught:
            read(path)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert not isinstance(caught.value, TimeoutError)


@pytest.mark.parametrize("kind", [kind for kind in READERS if "model" not in kind and "voice" not in kind])
def test_a_pointer_of_git_lfs_is_called_one(tmp_path, kind):
    make, read = READERS[kind]
    (tmp_path / "pointer").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    with pytest.raises((ValueError, OSError), match="Git LFS pointer, not the file itself"):
        read(make(tmp_path / "pointer"))


def waited(number, frame):
    raise TimeoutError("it waits for the pipe")
