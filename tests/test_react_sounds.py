"""The sounds of a song: stems that are given, and stems that are separated."""

import shutil

import numpy as np
import pytest
import soundfile

from core.audio.pieces import SAMPLE_RATE
from renderer.react import sounds
from renderer.react.sounds import SongSounds
from tests.aiart import FOLDER, sound


def test_stems_are_read_from_their_folder(tmp_path):
    for name in ("drums", "bass"):
        shutil.copyfile(FOLDER / f"song_{name}.wav", tmp_path / f"Song 1 - {name.upper()}.wav")
    soundfile.write(tmp_path / "mix.wav", sound("mix"), SAMPLE_RATE)
    song_sounds = SongSounds(tmp_path / "mix.wav", tmp_path)
    np.testing.assert_array_equal(song_sounds.wave("drums"), sound("drums"))
    assert len(song_sounds.wave("other")) == len(sound("mix"))


def test_the_drums_are_separated_from_a_mix(tmp_path):
    soundfile.write(tmp_path / "mix.wav", sound("mix"), SAMPLE_RATE, subtype="FLOAT")
    song_sounds = SongSounds(tmp_path / "mix.wav")

    def share(wave, stem):
        return np.corrcoef(wave, sound(stem))[0, 1]

    assert share(song_sounds.wave("drums"), "drums") > 0.8
    assert share(song_sounds.wave("bass"), "bass") > 0.9
    assert share(song_sounds.wave("other"), "other") > 0.9


def test_a_voice_is_separated_by_the_network_unless_it_is_given(tmp_path, monkeypatch):
    monkeypatch.setattr(sounds, "weights_file", lambda: "weights")
    monkeypatch.setattr(sounds, "load", lambda path: path)
    monkeypatch.setattr(sounds, "VocalSeparator", lambda weights: lambda wave: np.stack([0.25 * wave, 0.75 * wave]))
    soundfile.write(tmp_path / "song.wav", sound("mix"), SAMPLE_RATE, subtype="FLOAT")
    separated = SongSounds(tmp_path / "song.wav", None, "spleeter")
    np.testing.assert_allclose(separated.wave("vocals"), 0.25 * sound("mix"), atol=1e-6)
    whole = separated.wave("drums") + separated.wave("bass") + separated.wave("other")
    assert np.corrcoef(whole, sound("mix"))[0, 1] > 0.99
    assert np.std(whole) == pytest.approx(0.75 * np.std(sound("mix")), rel=0.05)
    (tmp_path / "stems").mkdir()
    shutil.copyfile(FOLDER / "song_bass.wav", tmp_path / "stems" / "vocals.wav")
    given = SongSounds(tmp_path / "song.wav", tmp_path / "stems", "spleeter")
    given.wave("drums")
    np.testing.assert_array_equal(given.wave("vocals"), sound("bass"))


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ((), "has no stems: files called drums, bass, other, vocals"),
        (("drums.wav", "drums.mp3"), "two files for drums"),
    ],
)
def test_a_folder_without_proper_stems_is_refused(tmp_path, files, rule):
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=rule):
        SongSounds(FOLDER / "song_drums.wav", tmp_path)
