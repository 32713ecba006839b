"""Control signals against AIART's own and against sounds whose answer is known; where AIART is wrong, what is right."""

import numpy as np
import pytest

from core.audio.pieces import SAMPLE_RATE
from core.audio.signals import envelopes, harmony, peaks, segments, separation, shaping
from core.audio.signals.signal import Signal
from tests.aiart import FPS, FRAMES, arrays, signal, sound

RMS_RATE = SAMPLE_RATE / 512
# The settings of AIART's chains, in seconds at its 24 frames a second.
PEAKS_B = {"distance_s": 20 / FPS, "prominence": 0.6, "width_s": 2 / FPS, "height": 0.1}
PEAKS_HALF = {"radius_s": 0.5, "sigma_s": 5 / FPS, "distance_s": 10 / FPS, "width_s": 1 / FPS, "height": 0.3}


def near(found, wanted, tolerance=2e-5):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance)


def drums_level(rate=FPS):
    return shaping.clip(shaping.resample(shaping.normalize(envelopes.rms(sound("drums"))), FRAMES, rate))


def test_rms():
    near(envelopes.rms(sound("mix")).values, arrays()["rms/mix"])


def test_the_level_of_the_drums():
    near(drums_level().values, arrays()["config/drums_rms"])


def test_normalize_reaches_both_ends():
    found = shaping.normalize(envelopes.rms(sound("mix")), 1, 3).values
    near(found, arrays()["normalize/mix_1_3"])
    assert (found.min(), found.max()) == (1, pytest.approx(3, abs=1e-12))


def test_a_constant_signal_becomes_the_lower_end():
    assert (shaping.normalize(Signal(np.full(5, 0.25), 1), 0.4, 1.2).values == 0.4).all()


def test_ema_is_that_of_pandas():
    near(shaping.ema(signal("rms/mix", RMS_RATE), 39 / RMS_RATE).values, arrays()["ema/mix_rms"])


def test_a_smoothed_level_drives_the_noise():
    smooth = shaping.resample(shaping.smooth(envelopes.rms(sound("drums")), 64 / RMS_RATE), FRAMES, FPS, limit=False)
    near(smooth.values, arrays()["trace/rms_signal"])
    near(shaping.normalize(smooth, 0.4, 1.2).values, arrays()["trace/rms_signal_for_noise"], 1e-4)


@pytest.mark.parametrize(
    ("name", "stem", "low", "high", "smooth", "power"),
    [
        ("mid", "drums", 500, 2000, 4, 1.2),
        ("mid_2", "drums", 0, 2200, 1, 1),
        ("bass_high", "bass", 1000, 8000, 4, 1),
        ("default", "drums", 20, 8000, 1, 1),
    ],
)
def test_onsets_in_a_band(name, stem, low, high, smooth, power):
    strength = envelopes.onsets(separation.percussive(sound(stem)), low, high)
    near(strength.values, arrays()[f"onset/{name}_strength"], 2e-4)
    at_frames = shaping.smooth(shaping.resample(strength, FRAMES, FPS), smooth / FPS)
    near(shaping.power(shaping.normalize(at_frames), power).values, arrays()[f"onset/{name}"])


@pytest.mark.parametrize("name", ["control", "onset/mid_2", "onset/bass_high"])
def test_places_of_peaks(name):
    wanted = "peaks/" + name.removeprefix("onset/")
    usual = {"distance_s": 25 / FPS, "prominence": 0.2, "width_s": 5 / FPS, "height": 0.5}
    assert peaks.peak_places(signal(name), **usual).tolist() == arrays()[f"{wanted}_default"].tolist()
    assert peaks.peak_places(signal(name), **PEAKS_B).tolist() == arrays()[f"{wanted}_b"].tolist()


@pytest.mark.parametrize(
    ("name", "shape", "late"),
    [
        ("a", {"radius_s": 6 / FPS, **PEAKS_B}, 3),
        ("b", {"radius_s": 4 / FPS, **PEAKS_B}, 2),
        ("half", {"shape": "fall", **PEAKS_HALF}, 0),
        ("half_rev", {"shape": "rise", **PEAKS_HALF}, 12),
    ],
)
def test_smoothed_peaks_are_where_the_peaks_are(name, shape, late):
    """AIART's full shape comes half a radius late, and its rising half a whole radius."""
    found = peaks.peaks(signal("control"), **{"sigma_s": 10 / FPS, **shape})
    near(found.values[: len(found) - late], arrays()[f"s_peaks/control_{name}"][late:])


def test_the_top_of_a_smoothed_peak_is_at_its_time():
    impulse = Signal(np.eye(1, 100, 50)[0], FPS)
    found = peaks.peaks(impulse, radius_s=4 / FPS, width_s=0, height=0.5)
    assert found.values.argmax() == 50


def test_peaks_of_one_value_stay():
    """AIART returns nothing for the radius 1."""
    impulse = Signal(np.eye(1, 100, 50)[0], FPS)
    assert len(peaks.peaks(impulse, radius_s=1 / FPS, width_s=0)) == 100
    assert peaks.peaks(impulse, radius_s=0, width_s=0).values.tolist() == impulse.values.tolist()


def test_a_plateau_dips_where_the_signal_rises():
    near(shaping.plateau(signal("s_peaks/mid_2_b"), 0.85).values, arrays()["plateau/generator__block_2"])


def test_decompose_gives_the_shares_of_twelve_parts():
    """AIART's shares fall below 0 where resampling rings; all others are the same."""
    parts = shaping.smooth(harmony.decompose(separation.harmonic(sound("mix"), 5)), 3 / RMS_RATE)
    found = shaping.shares(shaping.resample(shaping.shares(parts), FRAMES, FPS)).values
    limited, ringing = (shaping.resample(shaping.shares(parts), FRAMES, FPS, limit=limit).values for limit in (1, 0))
    as_theirs = (limited == ringing).all(axis=1)
    assert as_theirs.mean() > 0.3
    near(found[as_theirs], arrays()["decompose/mix_smooth3_margin5"][as_theirs], 1e-3)
    assert found.min() >= 0
    assert arrays()["decompose/mix_smooth3_margin5"].min() < 0
    near(found.sum(axis=1), np.ones(FRAMES))


def test_chroma_gives_the_shares_of_twelve_pitches():
    strengths = harmony.chroma(separation.harmonic(sound("other")))
    # The sound begins in the middle of a note: before it there is silence here, and nothing at all there.
    near(strengths.values[22:-2], arrays()["chroma/other_smooth3_cqt"].T[22:-2], 1e-3)
    at_frames = shaping.shares(shaping.resample(shaping.smooth(strengths, 3 / RMS_RATE), FRAMES, FPS))
    near(at_frames.values[12:-8], arrays()["chroma/other_smooth3"][12:-8], 1e-3)


@pytest.mark.parametrize(
    ("late", "of_hz", "widths"), [(False, 100, (1 / 24, 399 / 24)), (True, 150, (30 / 24, 349 / 24))]
)
def test_changes_are_found_where_aiart_finds_them(late, of_hz, widths):
    """AIART says 1 Hz of 100 (or 150) Hz; the level has 43 values a second, so its cut-off is really 0.43 (0.29) Hz."""
    cutoff_hz = RMS_RATE / of_hz
    for name, seconds in (("seg", 8), ("seg_long", 60)):
        found = segments.changes(signal(f"{name}/rms", RMS_RATE, late), seconds, cutoff_hz, *widths)
        wanted = arrays("aiart_audio_late" if late else "aiart_audio")
        assert found.tolist() == wanted[f"{name}/raw"].tolist()
        assert segments.boundaries(found, seconds * 24).tolist() == wanted[f"{name}/fixed"].tolist()


def test_a_cut_off_is_in_hertz():
    """Forwards and backwards: a swing of the level at the cut-off loses half of its size."""
    time = np.arange(4000) / RMS_RATE
    level = Signal(0.5 + 0.25 * np.sin(2 * np.pi * time), RMS_RATE)
    import scipy.signal

    kept = []
    real = scipy.signal.find_peaks_cwt
    try:
        scipy.signal.find_peaks_cwt = lambda quiet, widths: kept.append(quiet) or real(quiet, [24])
        segments.changes(level, 4000 / RMS_RATE, cutoff_hz=1.0)
    finally:
        scipy.signal.find_peaks_cwt = real
    assert np.ptp(kept[0][500:1500]) == pytest.approx(0.25, rel=0.02)


@pytest.mark.parametrize(
    ("places", "count", "name"),
    [((1, 50, 199), 200, "0"), ((5, 50, 150), 200, "1"), ((3,), 100, "2"), ((0, 99), 100, "3"), ((2, 205), 200, "4")],
)
def test_boundaries_begin_and_end_with_the_song(places, count, name):
    assert segments.boundaries(np.array(places), count).tolist() == arrays()[f"fix_impulse/{name}"].tolist()


def test_a_song_without_changes_is_one_segment():
    """AIART raises an IndexError."""
    assert segments.boundaries(np.array([], int), 100).tolist() == [0, 99]


def test_short_segments_join_and_long_ones_are_divided():
    assert segments.rearranged(np.array([0, 3, 50, 98, 99]), 10, 60).tolist() == [0, 50, 99]
    assert segments.rearranged(np.array([0, 99]), 10, 40).tolist() == [0, 33, 66, 99]


def test_a_sawtooth_begins_at_each_boundary():
    found = segments.sawtooth(np.array([0, 40, 75, 130, 191]), np.ones(4), FRAMES)
    near(found, arrays()["sawtooth/given"])
    assert found[40] == 0


def test_a_beat_pulses_on_the_strokes():
    """AIART takes the beat at another frame rate than it has."""
    found = envelopes.beat(sound("drums")).values
    tops = np.flatnonzero((found[1:-1] > found[:-2]) & (found[1:-1] >= found[2:]) & (found[1:-1] > 0.2)) + 1
    assert np.diff(tops / RMS_RATE).mean() == pytest.approx(0.5, abs=0.01)
    strokes = np.round(tops / RMS_RATE / 0.5) * 0.5
    # Half of a window of the analysis, at most.
    assert np.abs(tops / RMS_RATE - strokes).max() < 0.06


def test_a_band_keeps_what_is_in_it():
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    low, high = np.sin(2 * np.pi * 100 * time), np.sin(2 * np.pi * 2000 * time)
    near(separation.band((low + high).astype(np.float32), 0, 400)[2000:-2000], low[2000:-2000], 0.01)


def test_harmonic_and_percussive_parts_of_a_long_sound_have_no_seams(monkeypatch):
    whole = separation.percussive(sound("mix"))
    monkeypatch.setattr(separation, "PIECE_S", 2.0)
    near(separation.percussive(sound("mix")), whole, 1e-5)


def test_a_long_sound_is_decomposed_by_what_some_of_its_moments_show(monkeypatch):
    whole = shaping.shares(harmony.decompose(sound("other"))).values
    monkeypatch.setattr(harmony, "_MOST_MOMENTS", 200)
    found = shaping.shares(harmony.decompose(sound("other"))).values
    assert found.shape == whole.shape
    # The parts come in another order, but the same moments are alike.
    assert np.corrcoef((whole @ whole.T).ravel(), (found @ found.T).ravel())[0, 1] > 0.8


@pytest.mark.parametrize(
    "find", [envelopes.rms, envelopes.onsets, envelopes.beat, harmony.chroma, harmony.decompose, separation.percussive]
)
def test_silence_is_finite(find):
    found = find(np.zeros(30000, np.float32))
    assert np.isfinite(getattr(found, "values", found)).all()


def test_shares_of_silence_are_equal():
    assert (shaping.shares(Signal(np.zeros((3, 4)), 1)).values == 0.25).all()


def test_an_integral_is_the_way_of_a_speed():
    assert shaping.integral(Signal(np.full(49, 2.0), 24)).values[-1] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("work", "rule"),
    [
        (lambda wave: envelopes.onsets(wave, 3000, 200), "high_hz of onsets must be above 3000 and at most 11025 Hz"),
        (lambda wave: separation.band(wave, -1), r"low_hz of band must be in 0\.\.11025 Hz, not -1"),
        (lambda wave: separation.harmonic(wave, 0), "margin of harmonic must be at least 1, not 0"),
        (lambda wave: harmony.decompose(wave, 13), r"components of decompose must be in 1\.\.12, not 13"),
    ],
)
def test_what_is_out_of_range_is_named(work, rule):
    with pytest.raises(ValueError, match=rule):
        work(np.zeros(1000, np.float32))


def test_smoothed_over_longer_than_the_song_a_signal_is_its_mean():
    rising = Signal(np.arange(50.0), 10.0)
    np.testing.assert_allclose(shaping.smooth(rising, 1e300).values, 24.5, rtol=1e-4)


def test_peaks_wider_than_the_song_end_with_it():
    one = Signal(np.eye(50)[20], 10.0)
    found = peaks.peaks(one, radius_s=1e300, sigma_s=1e300, width_s=0.0).values
    np.testing.assert_allclose(found, 1.0)
