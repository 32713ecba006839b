"""Features of synthetic sounds whose pitch, onset and silence are known."""

from fractions import Fraction

import numpy as np
import pytest
import soundfile

from core.audio import pieces
from core.audio.blocks import Wave, mono_blocks, seconds
from core.audio.pieces import SAMPLE_RATE
from core.audio.song_features import analyse
from renderer.video.song import Song


def tone(hertz, length_s, rate=SAMPLE_RATE, level=0.5):
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(length_s * rate)) / rate)).astype(np.float32)


def analysed(samples, hop=512, rate=SAMPLE_RATE):
    return analyse(Wave(samples, rate), hop)


def assert_in_range(features):
    for signal in (features.loudness, features.onsets, features.chroma):
        assert np.isfinite(signal).all()
        assert signal.min() >= 0
        assert signal.max() <= 1


@pytest.mark.parametrize("midi", [40, 57, 60, 71, 81])
def test_chroma_peaks_at_the_pitch(midi):
    features = analysed(tone(440 * 2 ** ((midi - 69) / 12), 1.5))
    inside = features.chroma[10:-10]
    assert (inside.argmax(axis=1) == midi % 12).all()
    assert inside[:, midi % 12].min() == 1
    assert features.order[0] == midi % 12


def test_a_sound_tuned_a_quarter_of_a_semitone_high_keeps_its_pitches():
    features = analysed(tone(261.63 * 2 ** (0.25 / 12), 1.5))
    assert (features.chroma[10:-10].argmax(axis=1) == 0).all()


def test_onset_is_where_the_sound_begins():
    samples = np.zeros(3 * SAMPLE_RATE, np.float32)
    for begin in (1.0, 2.0):
        piece = tone(330, 0.5) * np.linspace(1, 0, SAMPLE_RATE // 2, dtype=np.float32)
        samples[round(begin * SAMPLE_RATE) :][: len(piece)] = piece
    features = analysed(samples)
    peaks = np.flatnonzero(features.onsets > 0.5) / float(features.rate)
    assert np.abs(peaks[:, None] - [1.0, 2.0]).min(axis=1).max() < 0.06
    assert np.abs(peaks[:, None] - [1.0, 2.0]).min(axis=0).max() < 0.06


def test_loudness_is_1_at_the_loudest_and_0_at_the_softest():
    samples = tone(440, 2) * np.repeat(np.float32([0.1, 1, 0.3, 0]), SAMPLE_RATE // 2)
    features = analysed(samples)
    assert features.loudness.max() == 1
    assert features.loudness.min() == 0
    assert features.loudness[30] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("samples", [np.zeros(SAMPLE_RATE), np.zeros(1), np.full(9000, 1e-7), np.ones(5000)])
def test_silence_and_steadiness_are_finite(samples):
    assert_in_range(analysed(np.float32(samples)))


def test_silence_has_no_pitch_no_onset_no_loudness():
    features = analysed(np.zeros(SAMPLE_RATE, np.float32))
    assert not features.chroma.any()
    assert not features.onsets.any()
    assert not features.loudness.any()


def test_rounding_noise_after_a_tone_has_no_pitch():
    noise = 1e-7 * np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE)
    features = analysed(np.concatenate([tone(440, 1), noise]).astype(np.float32))
    assert not features.chroma[round(1.1 * float(features.rate)) :].any()


@pytest.mark.parametrize("samples", [1, 511, 512, 513, 40000])
def test_pictures_cover_the_sound(samples):
    assert len(analysed(tone(300, 2)[:samples])) == -(-samples // 512)


def test_the_rate_of_pictures_is_exact():
    assert analysed(tone(300, 0.1), hop=1024).rate == Fraction(22050, 1024)


@pytest.mark.parametrize("hop", [0, 100, -64, 511])
def test_a_hop_that_is_no_multiple_of_64_is_refused(hop):
    with pytest.raises(ValueError, match="multiple of 64"):
        analysed(tone(300, 0.1), hop)


@pytest.mark.parametrize("hop", [192, 512])
def test_pieces_hear_what_the_whole_hears(hop, monkeypatch):
    rng = np.random.default_rng(1)
    melody = np.concatenate([tone(440 * 2 ** (n / 12), 0.4) for n in rng.integers(-20, 20, 15)])
    whole = analysed(melody, hop)
    monkeypatch.setattr(pieces, "PIECE_S", 1.1)
    in_pieces = analysed(melody, hop)
    for name in ("loudness", "onsets", "chroma"):
        np.testing.assert_allclose(getattr(in_pieces, name), getattr(whole, name), atol=2e-3)


def test_a_stereo_file_is_heard_as_its_mean(tmp_path):
    left, right = tone(440, 1, 44100), tone(660, 1, 44100)
    soundfile.write(tmp_path / "song.flac", np.stack([left, right], axis=1), 44100)
    song = Song(tmp_path / "song.flac")
    assert (song.sample_rate, song.channels, seconds(song)) == (44100, 2, 1)
    mono = np.concatenate(list(mono_blocks(song, 44100)))
    np.testing.assert_allclose(mono, (left + right) / 2, atol=1e-4)


def test_a_song_at_another_rate_keeps_its_length_and_pitch(tmp_path):
    soundfile.write(tmp_path / "song.ogg", tone(440, 2, 48000), 48000)
    features = analyse(Song(tmp_path / "song.ogg"))
    assert len(features) == pytest.approx(2 * 22050 / 512, abs=1)
    assert features.order[0] == 9


def test_what_is_no_sound_is_named(tmp_path):
    (tmp_path / "song.mp3").write_text("no sound")
    with pytest.raises(ValueError, match=r"song\.mp3 cannot be read as sound"):
        Song(tmp_path / "song.mp3")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16000)
    with pytest.raises(ValueError, match=r"empty\.wav cannot be read as sound: there are no samples in it"):
        analyse(Song(tmp_path / "empty.wav"))
    with pytest.raises(FileNotFoundError, match="there is no song"):
        Song(tmp_path / "none.mp3")


def test_a_wave_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        Wave(np.float32([0, np.nan]), 16000)
