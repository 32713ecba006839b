"""WAV files in the spool folder."""

import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from waiting import PATIENCE_S

from core.audio import wav
from core.audio.resample import StreamResampler
from server.osc.clients import ClientPreferences
from server.osc.packet import Message, decode, encode
from server.sinks.spool_limit import KEEP_S
from server.sinks.wav_spool import WavSpool
from server.sounds.rendered import Pieces, RenderedSound, Segment


@pytest.fixture
def spool(tmp_path):
    return WavSpool(tmp_path / "spool")


def tone(rate, hz=440.0, seconds=1.0):
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def age(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_the_samples_arrive_bit_exact(spool):
    wave = np.random.default_rng(1).standard_normal(1000).astype(np.float32) * 3
    (file,) = spool.write([wave], 16000)
    assert np.array_equal(soundfile.read(file.path, dtype="float32")[0], wave)


def test_the_file_is_mono_float_at_the_models_rate(spool):
    (file,) = spool.write([tone(16000)], 16000)
    info = soundfile.info(file.path)
    assert (info.channels, info.subtype, info.samplerate) == (1, "FLOAT", 16000)


def test_the_reply_tells_the_length_and_rate_of_the_file(spool):
    (file,) = spool.write([tone(16000)], 16000, 48000)
    info = soundfile.info(file.path)
    assert (file.frames, file.sample_rate) == (info.frames, info.samplerate) == (48000, 48000)


def test_resampling_keeps_the_pitch(spool):
    (file,) = spool.write([tone(16000)], 16000, 44100)
    spectrum = np.abs(np.fft.rfft(soundfile.read(file.path)[0]))
    assert np.argmax(spectrum) == 440


def test_paths_are_absolute(spool):
    (file,) = spool.write([tone(16000)], 16000)
    assert file.path.startswith(spool.folder.as_posix() + "/")


def test_nothing_but_the_files_is_left_in_the_folder(spool):
    files = spool.write([tone(16000), tone(16000)], 16000)
    assert sorted(path.as_posix() for path in spool.folder.iterdir()) == sorted(file.path for file in files)


def test_values_that_are_not_finite_leave_no_file_of_the_batch(spool):
    with pytest.raises(ValueError, match="not finite"):
        spool.write([tone(16000), np.array([np.nan], np.float32)], 16000)
    assert list(spool.folder.iterdir()) == []


def test_a_spool_folder_that_vanished_is_made_again(spool):
    spool.folder.rmdir()
    assert spool.write([tone(16000)], 16000)


def test_a_spool_that_cannot_be_written_is_an_error(spool):
    spool.folder.rmdir()
    spool.folder.write_text("in the way")
    with pytest.raises(OSError, match="spool"):
        spool.write([tone(16000)], 16000)


def test_a_full_disk_leaves_nothing(tmp_path):
    """No file of this process may grow beyond 10 kB for a moment, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(OSError, match=str(tmp_path)):
            wav.write(tmp_path / "x.wav", tone(16000), 16000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_files_live_ten_minutes(spool):
    (file,) = spool.write([tone(16000)], 16000)
    spool.clean(time.time() + 600)
    assert soundfile.info(file.path)


def test_older_files_are_cleaned(spool):
    spool.write([tone(16000)], 16000)
    spool.clean(time.time() + KEEP_S + 1)
    assert list(spool.folder.iterdir()) == []


def test_a_busy_server_cleans_as_it_goes(spool, monkeypatch):
    monkeypatch.setattr("server.sinks.spool_limit.CLEAN_EVERY_S", -1)
    (old,) = spool.write([tone(16000)], 16000)
    age(old.path, KEEP_S + 60)
    (new,) = spool.write([tone(16000)], 16000)
    end_s = time.monotonic() + PATIENCE_S
    while Path(old.path).exists() and time.monotonic() < end_s:
        time.sleep(0.01)
    assert [path.as_posix() for path in spool.folder.iterdir()] == [new.path]


def test_leftovers_of_dead_servers_are_cleaned_at_the_start(tmp_path):
    for name in (
        "hallu-0123456789abcdef.wav",
        "hallu-0123456789abcdef.wav.part",
        ".hallu-0123456789abcdef-01234567.part.wav",
        "hallu-0123456789abcdef-sent.flac",
        ".hallu-0123456789abcdef-sent-01234567.part.flac",
    ):
        (tmp_path / name).touch()
        age(tmp_path / name, KEEP_S + 60)
    WavSpool(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_are_never_cleaned(tmp_path):
    for name in ("song.wav", "hallu-song.wav", "hallu-0123456789abcdef.wav.txt"):
        (tmp_path / name).touch()
        age(tmp_path / name, 1e6)
    WavSpool(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def rendered(target, wave):
    return RenderedSound(target, wave, 16000, 32, np.zeros((1, 4)))


def test_a_sink_writes_at_its_clients_rate(spool):
    (reply,) = spool.sink(ClientPreferences(rate=48000)).deliver([rendered("t", tone(16000))])
    assert (reply.address, reply.args[0], reply.args[2:]) == ("/sound/audio", "t", (48000, 48000))
    assert soundfile.info(reply.args[1]).samplerate == 48000


def test_a_sink_keeps_the_order_of_sounds(spool):
    replies = spool.sink(ClientPreferences()).deliver([rendered(name, tone(16000)) for name in ("b", "a", "c")])
    assert [reply.args[0] for reply in replies] == ["b", "a", "c"]


def test_a_sink_without_sounds_writes_nothing(spool):
    assert spool.sink(ClientPreferences()).deliver([]) == []
    assert list(spool.folder.iterdir()) == []


def test_beyond_its_limit_the_oldest_files_go_but_none_that_is_young(tmp_path):
    spool = WavSpool(tmp_path, limit=3 * wav.file_size(16000))
    names = [spool.write([tone(16000)], 16000)[0].path for _ in range(3)]
    age(names[1], 300)
    age(names[2], 200)
    spool.write([tone(16000)], 16000)
    assert [Path(name).exists() for name in names] == [True, False, True]
    spool.write([tone(16000)], 16000)
    with pytest.raises(OSError, match=r"the spool is full: 0\.2 MB of new files, at most 0\.2 MB"):
        spool.write([tone(16000)], 16000)
    assert len(list(tmp_path.iterdir())) == 3


def test_two_engines_together_stay_near_the_limit(tmp_path):
    ours, theirs = (WavSpool(tmp_path, limit=32 * wav.file_size(160)) for _ in range(2))
    for _ in range(30):
        theirs.write([tone(16000, seconds=0.01)], 16000)
    with pytest.raises(OSError, match="the spool is full"):
        for _ in range(32):
            ours.write([tone(16000, seconds=0.01)], 16000)
    assert len(list(tmp_path.iterdir())) <= 40


def test_a_sound_that_is_larger_than_the_spool_is_refused_before_it_is_resampled(tmp_path):
    spool = WavSpool(tmp_path, limit=1 << 20)
    with pytest.raises(OSError, match="does not fit in the spool of 1 MB"):
        spool.write([tone(16000, seconds=2)], 16000, 192_000)
    assert not list(tmp_path.iterdir())


def test_a_long_sound_at_192_khz_takes_little_memory(tmp_path):
    code = """if True:
        import resource, sys
        import numpy as np
        from pathlib import Path
        from server.sinks.wav_spool import WavSpool
        spool, wave = WavSpool(Path(sys.argv[1])), np.zeros(300 * 16_000, np.float32)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        spool.write([wave], 16_000, 192_000)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    grown = subprocess.check_output([sys.executable, "-c", code, str(tmp_path)], text=True)
    # The file has 230 MB.
    assert int(grown) < 40_000


def test_frames_of_a_stream_of_days_start_again_at_0(spool):
    pieces = Pieces(StreamResampler(16000, 16000), frames=2**31 + 5, index=2**31, rate=16000)
    (reply,) = spool.sink(ClientPreferences()).deliver([Segment("s", tone(16000), 16000, pieces)])
    assert (reply.args[1], reply.args[5]) == (0, 5)
    assert list(decode(encode(reply))) == [Message(reply.address, reply.args)]


@pytest.mark.parametrize("rate", [16000, 44100])
def test_segments_at_their_level_are_the_whole_sound_cut(spool, rate):
    sink, pieces, noise = spool.sink(ClientPreferences(rate=rate, level=True)), Pieces(), loud_noise()
    parts = np.array_split(noise, 5)
    segments = [Segment("s", part, 16000, pieces, part is parts[-1], 12.0) for part in parts]
    replies = [reply for segment in segments for reply in sink.deliver([segment])]
    (whole,) = sink.deliver([replace(rendered("t", noise), gain_db=12.0)])
    joined = np.concatenate([soundfile.read(reply.args[2])[0] for reply in replies])
    assert [reply.args[5] for reply in replies] == list(np.cumsum([0, *(reply.args[3] for reply in replies[:-1])]))
    assert np.allclose(joined, soundfile.read(whole.args[1])[0], atol=1e-6)
    assert 0.5 < np.abs(joined).max() <= 10 ** (-1 / 20)


def loud_noise():
    return np.random.default_rng(0).standard_normal(16000).astype(np.float32)
