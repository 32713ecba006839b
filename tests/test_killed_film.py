"""A film whose renderer was killed gets the sound that its client wrote beside it."""

import os
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile

from core.audio.blocks import Wave
from renderer.live import recordings
from renderer.live.client_sound import ClientSound
from renderer.video.fragments import FragmentFile
from renderer.video.mp4 import Mp4

RATE = 48_000


@pytest.fixture
def killed(tmp_path):
    """What a renderer leaves that is killed after a second: a film with silence, the client's WAV and its reports."""
    writer = Mp4(FragmentFile(tmp_path / "take.mp4"), 64, 64, Fraction(30), Wave(np.zeros(2 * RATE), RATE))
    for grey in range(40):
        writer.write(np.full((64, 64, 3), 5 * grey, np.uint8))
    part = next(tmp_path.glob(".take-*"))
    data = part.read_bytes()
    writer.close()
    # Another file, which nobody locks.
    part.unlink()
    part.write_bytes(data)
    sound = ClientSound(tmp_path / "take.wav", begun_s=100.0)
    for blocks, at_s in ((0, 100.2), (375, 100.7), (750, 101.2)):
        sound.report(blocks, at_s)
    soundfile.write(sound.path, np.full((RATE, 2), 0.3), RATE, subtype="FLOAT")
    return tmp_path


def sound_of(path):
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray() for frame in film.decode(audio=0)]
    return np.concatenate(frames, axis=1)[0]


def test_a_film_recovered_after_a_kill_has_the_clients_sound_at_its_time(killed):
    recordings.recover(killed)
    wave = sound_of(killed / "take.mp4")
    assert np.abs(wave[: round(0.15 * RATE)]).max() < 0.01
    assert np.median(wave[round(0.3 * RATE) : round(0.9 * RATE)]) == pytest.approx(0.3, abs=0.02)
    assert sorted(path.name for path in killed.iterdir()) == ["take.mp4", "take.wav"]


@pytest.mark.parametrize("harm", ["no wav", "half a line", "rubbish", "pipe"])
def test_where_it_cannot_be_used_the_film_keeps_the_servers(killed, harm, monkeypatch):
    monkeypatch.setattr("renderer.live.client_sound._PATIENCE_S", 0.1)
    reports = killed / ".take.reports"
    if harm == "no wav":
        (killed / "take.wav").unlink()
    elif harm == "pipe":
        reports.unlink()
        os.mkfifo(reports)
    else:
        reports.write_bytes(b"60000" if harm == "half a line" else bytes(range(256)))
    recordings.recover(killed)
    assert not sound_of(killed / "take.mp4").any()
    assert not list(killed.glob(".*"))
