"""Sound files as people have them: headers that lie, files that break off, formats that change on the way."""

import logging
import os
import struct
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from core.audio import decoding, sound_files
from core.audio.blocks import mono_blocks
from core.video.decoding import frames as film_frames
from renderer.video.mp4 import Mp4
from renderer.video.song import Song

FOUND = Path(__file__).parent / "data" / "found" / "audio"
RATE = 44100


def read_for_datasets(path):
    return sound_files.read(path, RATE)


def read_for_videos(path):
    return np.concatenate(list(mono_blocks(Song(path), RATE)))


both = pytest.mark.parametrize("read", [read_for_datasets, read_for_videos])


def tone(seconds=1.0, hertz=500, rate=RATE):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def strongest_hertz(wave, rate=RATE):
    return np.argmax(np.abs(np.fft.rfft(wave * np.hanning(len(wave))))) * rate / len(wave)


def write(path, codec, wave, rate=RATE):
    """Encode a wave with FFmpeg."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 96000
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, "mono", rate, stream.codec_context.frame_size or 1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None), None]:
            file.mux(stream.encode(piece))
    return path


@pytest.fixture
def noted(caplog):
    """The notes of the decoder, which it writes once for each file."""
    decoding._report.cache_clear()
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records]


# The header of the one counts a cover image as sound; the other breaks off after half of what its header claims.
@both
@pytest.mark.parametrize(
    ("name", "least", "most"), [("c_ape_cover", 132000, 135000), ("b_broken_off_xing", 61000, 63000)]
)
def test_a_file_has_the_samples_that_are_in_it_not_those_that_its_header_claims(read, name, least, most):
    assert least < len(read(FOUND / f"{name}.mp3")) < most


@both
def test_a_rate_that_changes_on_the_way_changes_neither_pitch_nor_length(read):
    wave = read(FOUND / "joined_44100_48000.mp3")
    first, second = wave[RATE // 4 : RATE], wave[-RATE:][: 3 * RATE // 4]
    assert len(wave) / RATE == pytest.approx(69120 / 44100 + 72576 / 48000, abs=0.01)
    assert strongest_hertz(first) == pytest.approx(strongest_hertz(second), rel=0.01)


@both
def test_channels_that_change_on_the_way_are_read_on(read, tmp_path):
    parts = []
    for channels in (1, 2, 1):
        soundfile.write(tmp_path / "part.mp3", np.repeat(tone()[:, None], channels, axis=1), RATE)
        parts.append((tmp_path / "part.mp3").read_bytes())
    (tmp_path / "joined.mp3").write_bytes(b"".join(parts))
    wave = read(tmp_path / "joined.mp3")
    assert len(wave) / RATE == pytest.approx(3, abs=0.2)
    assert strongest_hertz(wave[RATE : 2 * RATE]) == pytest.approx(500, abs=2)


@both
@pytest.mark.parametrize(("name", "second"), [("a.ogg", (22050, 1)), ("a.ogg", (44100, 2)), ("a.opus", (24000, 1))])
def test_a_joined_ogg_is_read_to_its_end(read, tmp_path, name, second):
    def link(rate, channels):
        codec = "OPUS" if name == "a.opus" else "VORBIS"
        wave = np.repeat(tone(1, rate=rate)[:, None], channels, axis=1)
        soundfile.write(tmp_path / name, wave, rate, format="OGG", subtype=codec)
        return (tmp_path / name).read_bytes()

    first = link(48000, 2)
    # A recording of a radio ends anywhere.
    (tmp_path / name).write_bytes(first + link(*second) + first[:60])
    wave = read(tmp_path / name)
    assert len(wave) / RATE == pytest.approx(2, abs=0.02)
    assert [round(strongest_hertz(part)) for part in np.split(wave[: 2 * 15000], 2)] == [500, 500]


@both
def test_a_rate_that_is_hardly_one_is_refused_before_a_small_file_fills_the_memory(read, tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(0.01), 1)
    with pytest.raises(ValueError, match=r"rate is 1 Hz, and must be at least 1000 Hz"):
        read(tmp_path / "a.wav")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are text there")
@both
def test_a_name_may_be_bytes_that_are_not_text(read, tmp_path):
    path = tmp_path / os.fsdecode(b"na\xefve.wav")
    with path.open("wb") as file:
        soundfile.write(file, tone(1), RATE, format="WAV")
    assert len(read(path)) == RATE


@both
def test_what_follows_the_sound_at_the_end_is_ignored_and_noted_once(read, noted):
    assert len(read(FOUND / "html_tail.mp3")) / RATE == pytest.approx(3, abs=0.05)
    assert noted() == [f"{FOUND / 'html_tail.mp3'}: what follows the sound at its end cannot be decoded and is ignored"]


@both
def test_a_web_page_that_is_named_like_a_sound_is_called_one(read):
    with pytest.raises(ValueError, match=r"html_named\.mp3 .*: it is a web page"):
        read(FOUND / "html_named.mp3")


@both
@pytest.mark.parametrize("name", ["empty.mp3", "empty.wav"])
def test_an_empty_file_is_called_one(read, tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=rf"{name} .*: it is empty"):
        read(tmp_path / name)


@both
def test_the_content_decides_how_a_file_is_read_not_its_name(read, tmp_path):
    (tmp_path / "phone.wav").write_bytes((FOUND / "html_tail.mp3").read_bytes())
    (tmp_path / "phone.mp3").write_bytes((FOUND / "phone.m4a").read_bytes())
    for name in ("phone.wav", "phone.mp3"):
        assert len(read(tmp_path / name)) / RATE == pytest.approx(3, abs=0.05)


@both
def test_of_a_flac_that_breaks_off_the_beginning_is_read_exactly(read, tmp_path):
    values = np.random.default_rng(0).integers(-32768, 32768, 3 * RATE).astype(np.int16)
    soundfile.write(tmp_path / "a.flac", values, RATE)
    content = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(content[: len(content) // 2])
    wave = read(tmp_path / "a.flac")
    assert len(wave) / RATE == pytest.approx(1.5, abs=0.1)
    assert np.array_equal(wave, values[: len(wave)] / np.float32(32768))
    assert np.array_equal(np.concatenate(list(sound_files.stream(tmp_path / "a.flac", RATE))), wave)


@both
def test_a_file_that_is_mostly_damaged_is_refused(read, tmp_path):
    whole = write(tmp_path / "whole.mp3", "libmp3lame", tone(2)).read_bytes()
    (tmp_path / "some.mp3").write_bytes(whole[: len(whole) // 5] + bytes([0xFF, 0xFB, 0x90, 0]) * 9000)
    with pytest.raises(ValueError, match="packets cannot be decoded"):
        read(tmp_path / "some.mp3")


@both
@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_that_was_written_into_a_pipe_has_all_its_samples_exactly(read, tmp_path, size):
    values = np.random.default_rng(0).integers(-32768, 32768, 5000).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", values, RATE)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    place = content.index(b"data") + 4
    content[4:8] = content[place : place + 4] = struct.pack("<I", size)
    (tmp_path / "a.wav").write_bytes(content)
    assert np.array_equal(read(tmp_path / "a.wav"), values / np.float32(32768))
    assert sound_files.length_at(tmp_path / "a.wav", RATE) == 5000


def test_an_empty_wav_with_a_title_has_no_samples(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), RATE)
    content = (tmp_path / "a.wav").read_bytes() + b"LIST" + struct.pack("<I", 400) + bytes(400)
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(content) - 8) + content[8:])
    with pytest.raises(ValueError, match="has no samples"):
        sound_files.read(tmp_path / "a.wav", RATE)


@both
@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.m4a", "aac"), ("a.opus", "libopus"), ("a.wma", "wmav2"), ("a.aac", "aac")],
)
def test_compressed_files_keep_pitch_level_and_length(read, tmp_path, name, codec):
    rate = 48000 if codec == "libopus" else RATE
    wave = read(write(tmp_path / name, codec, tone(2, rate=rate), rate))
    assert len(wave) / RATE == pytest.approx(2, abs=0.1)
    middle = wave[RATE // 2 : 3 * RATE // 2]
    assert strongest_hertz(middle) == pytest.approx(500, abs=1)
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.5, rel=0.03)


@both
def test_ogg_vorbis_keeps_pitch_and_length(read, tmp_path):
    soundfile.write(tmp_path / "a.ogg", tone(2), RATE)
    wave = read(tmp_path / "a.ogg")
    assert len(wave) / RATE == pytest.approx(2, abs=0.01)
    assert strongest_hertz(wave) == pytest.approx(500, abs=1)


@both
def test_a_name_may_have_a_colon(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Of a name that begins with one word, FFmpeg takes that for a protocol.
    for name in ("Act 2: Storm.mp3", "Storm: live.mp3", "pipe:1.mp3"):
        soundfile.write(name, tone(), RATE)
        assert len(read(Path(name))) / RATE == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("name", ["Act 2: Storm.mp4", "Storm: live.mp4"])
def test_the_name_of_a_video_may_have_a_colon(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    video = Mp4(Path(name), 16, 16, Fraction(25))
    video.write(np.zeros((16, 16, 3), np.uint8))
    video.finish()
    assert (tmp_path / name).stat().st_size


def test_a_playlist_that_is_named_like_a_song_opens_nothing(tmp_path):
    (tmp_path / "a.mp3").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.mp3\n")
    with pytest.raises(ValueError, match=r"a\.mp3 is not a readable sound file"):
        sound_files.read(tmp_path / "a.mp3", RATE)


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp3"])
@pytest.mark.parametrize(
    "text", ["#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n"]
)
def test_a_playlist_that_names_a_file_of_this_machine_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text.format("other.ts"))
    with av.open(str(tmp_path / "other.ts"), "w", format="mpegts") as file:
        stream = file.add_stream("mp2", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 11520), np.int16), format="s16", layout="mono")
        frame.sample_rate = 48000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    with pytest.raises(sound_files.BadFileError, match="is a playlist"):
        sound_files.read(tmp_path / name, 16_000)
    with pytest.raises(ValueError, match="is a playlist"):
        next(film_frames(tmp_path / name, 10))


def test_files_that_are_not_named_like_sound_files_are_listed_once(tmp_path, noted):
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    (tmp_path / "more").mkdir()
    for name in ("cover.jpg", "more/notes.txt", ".hidden"):
        (tmp_path / name).write_text("")
    assert sound_files.find(tmp_path) == [tmp_path / "a.wav"]
    assert noted() == ["left out, not named like a sound file: cover.jpg, more/notes.txt"]


def test_the_checked_length_of_a_compressed_file_is_its_length():
    path = FOUND / "phone.m4a"
    assert sound_files.length_at(path, 16000) == len(sound_files.read(path, 16000))


def test_eight_channels_come_whole(tmp_path):
    waves = np.stack([tone(hertz=500 * number) for number in range(1, 9)])
    soundfile.write(tmp_path / "eight.wav", waves.T, RATE, subtype="FLOAT")
    found = np.concatenate([block.samples for block in decoding.decode(tmp_path / "eight.wav")], axis=1)
    np.testing.assert_array_equal(found, waves)


def test_the_channels_of_a_mixing_desk_are_mixed_down(tmp_path):
    waves = np.stack([tone(hertz=500)] * 32)
    soundfile.write(tmp_path / "desk.wav", waves.T, RATE, subtype="FLOAT")
    found = np.concatenate([block.samples for block in decoding.decode(tmp_path / "desk.wav", "stereo")], axis=1)
    np.testing.assert_allclose(found, waves[:2], atol=1e-6)
