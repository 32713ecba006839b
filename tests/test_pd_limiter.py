"""hallu-limiter~.pd in a real Pd, and that nothing of ours reaches a loudspeaker without it."""

import re

import numpy as np
import pytest
import soundfile

from pd import PD, escaped, pd_running

RATE = 44100
CEILING = 0.891
PATCHES = sorted(path for path in PD.rglob("*.pd") if " dac~;" in path.read_text())
FILE_THROUGH_LIMITER = """#N canvas 0 0 500 400 12;
#X obj 20 20 r in;
#X obj 20 60 readsf~;
#X obj 20 90 hallu-limiter~;
#X obj 20 120 writesf~;
#X obj 120 90 r record;
#X obj 200 60 list prepend ended;
#X obj 200 100 s report;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 1 5 0;
#X connect 2 0 3 0;
#X connect 4 0 3 0;
#X connect 5 0 6 0;
"""


def limited(folder, wave):
    """What the limiter makes of a wave, from the first sample that is not 0."""
    soundfile.write(folder / "in.wav", wave.astype(np.float32), RATE, subtype="FLOAT")
    with pd_running(folder, FILE_THROUGH_LIMITER) as pd:
        pd.say(f"open {escaped(folder / 'in.wav')}")
        with pd.recording() as record:
            pd.say("1")
            pd.wait("ended")
    out = soundfile.read(record, dtype="float32")[0]
    return out[np.flatnonzero(out)[0] :]


def sine(level, seconds=0.5):
    return (level * np.cos(2 * np.pi * 440 * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def test_a_quiet_sound_passes_unchanged(tmp_path):
    wave = sine(0.8)
    assert np.array_equal(limited(tmp_path, wave)[: len(wave)], wave)


def test_a_peak_of_13_comes_out_at_minus_1_dbfs_and_the_next_quiet_sound_recovers(tmp_path):
    quiet = sine(0.3, 1.0)
    out = limited(tmp_path, np.concatenate([quiet, sine(13.0), quiet]))
    assert np.abs(out).max() <= CEILING
    loud = out[len(quiet) : len(quiet) + RATE // 2]
    assert np.abs(loud[-RATE // 10 :]).max() == pytest.approx(CEILING, rel=1e-3)
    assert np.array_equal(out[: len(quiet)], quiet)
    end = out[len(quiet) + RATE // 2 :][: len(quiet)]
    assert np.array_equal(end[-RATE // 10 :], quiet[-RATE // 10 :])


def test_what_is_not_a_number_comes_out_as_silence(tmp_path):
    wave = sine(0.3)
    wave[1000:1100], wave[2000], wave[3000] = np.nan, np.inf, -np.inf
    out = limited(tmp_path, wave)[: len(wave)]
    assert np.array_equal(out, np.where(np.isfinite(wave), wave, 0))


def sources_of_loudspeakers(patch):
    """The text of every object that is connected to a dac~."""
    canvases, sources = [], []
    for record in re.split(r"(?<!\\);\n", patch.read_text()):
        if record.startswith("#N canvas"):
            canvases.append([])
        elif record.startswith("#X connect"):
            source, _, target, _ = map(int, record.split()[2:6])
            sources += [canvases[-1][source]] if " dac~" in canvases[-1][target] else []
        elif record.startswith("#X restore") and len(canvases) > 1:
            canvases.pop()
            canvases[-1].append(record)
        elif re.match("#X (obj|msg|text|floatatom|symbolatom) ", record):
            canvases[-1].append(record)
    return sources


@pytest.mark.parametrize("patch", PATCHES, ids=[path.name for path in PATCHES])
def test_a_limiter_stands_before_every_loudspeaker(patch):
    sources = sources_of_loudspeakers(patch)
    assert sources and all(source.endswith(" hallu-limiter~") for source in sources)
