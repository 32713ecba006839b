"""Paths, envelopes and overlaps, on a model whose notes are known exactly."""

import tracemalloc

import numpy as np
import pytest

from core.latent.interpolation import slerp
from core.latent.key_path import key_path, point_count
from gansynth.audio_plots import save_hallucination
from gansynth.hallucination import Timing, envelope, hallucinate, overlap_add, stored_hallucination
from server.sinks.wav_spool import WavSpool

RATE = 1000


class Flat:
    """Every note is all ones; remembers the requests."""

    audio_length, sample_rate = 4000, RATE

    def notes(self, z, pitches, *, conditions=None, length=None, progress=None):
        self.asked = (np.array(z), list(pitches), length)
        for done, _ in enumerate(z):
            if progress:
                progress(done, len(z))
            yield np.ones(length, np.float32)


def test_slerp_is_exact_at_its_ends():
    a, b = np.array([1.0, 2.0]), np.array([-3.0, 0.5])
    assert np.array_equal(slerp(a, b, 0), a)
    assert np.array_equal(slerp(a, b, 1), b)


def test_slerp_goes_along_the_circle():
    np.testing.assert_allclose(slerp([1, 0], [0, 1], 1 / 3), [np.sqrt(3) / 2, 1 / 2])


@pytest.mark.parametrize("other", [[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0], [1e-300, 0.0], [1.0, 1e-12]])
def test_slerp_is_finite_between_awkward_vectors(other):
    for t in (0.0, 0.1, 0.5, 1.0):
        assert np.isfinite(slerp([1.0, 0.0], other, t)).all()


@pytest.mark.parametrize(("n", "m"), [(1, 0), (1, 5), (2, 0), (2, 3), (5, 4)])
def test_a_path_has_n_plus_n_minus_1_times_m_points_none_twice(n, m):
    path = key_path(np.random.default_rng(0).standard_normal((n, 8)), m)
    assert len(np.unique(path, axis=0)) == len(path) == n + (n - 1) * m


def test_the_points_of_a_path_are_evenly_spaced():
    path = key_path(np.array([[1.0, 0.0], [0.0, 1.0]]), 4)
    angles = np.degrees(np.arctan2(path[:, 1], path[:, 0]))
    np.testing.assert_allclose(angles, [0, 18, 36, 54, 72, 90], atol=1e-9)


def test_the_key_points_are_on_the_path():
    keys = np.random.default_rng(0).standard_normal((3, 8))
    assert np.array_equal(key_path(keys, 4)[::5], keys)


def test_the_envelope_is_silence_rise_ones_and_fall():
    shape = envelope(Timing(start_trim=0.002, attack=0.004, sustain=0.003, release=0.002), RATE)
    np.testing.assert_allclose(shape, [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0])


def test_an_envelope_without_fades_is_ones():
    assert (envelope(Timing(attack=0, sustain=1, release=0), RATE) == 1).all()


@pytest.mark.parametrize("spacing", [0.05, 0.1, 0.2, 0.4, 3.0])
def test_the_clip_ends_where_the_last_envelope_ends(spacing):
    timing = Timing(spacing=spacing, attack=0.1, sustain=0.2, release=0.3)
    wave = hallucinate(Flat(), np.eye(3), 2, timing, 60)
    assert len(wave) == round(6 * spacing * RATE) + 600


def test_each_note_starts_at_its_rounded_multiple_of_the_spacing():
    notes = np.zeros((4, 2))
    notes[:, 0] = 1
    timing = Timing(spacing=0.0333, start_trim=0, attack=0, sustain=0.002, release=0)
    assert np.flatnonzero(overlap_add(notes, 4, timing, RATE)).tolist() == [0, 33, 67, 100]


def test_overlapping_notes_are_summed():
    timing = Timing(spacing=0.01, attack=0, sustain=0.02, release=0)
    wave = overlap_add(np.ones((2, 20)), 2, timing, RATE)
    np.testing.assert_allclose(wave[[0, 10, 20]], [0.25, 0.5, 0.25])


def test_the_peak_is_one_half_also_below_zero():
    notes = np.full((2, 20), -3.0)
    wave = overlap_add(notes, 2, Timing(spacing=0.1, attack=0, sustain=0.02, release=0), RATE)
    assert wave.min() == -0.5


def test_a_quiet_note_is_as_loud_as_a_loud_one():
    notes = np.stack([np.full(20, 0.001), np.full(20, 100.0)])
    wave = overlap_add(notes, 2, Timing(spacing=0.1, attack=0, sustain=0.02, release=0), RATE)
    assert wave[0] == wave[100] == 0.5


def test_silence_stays_silence():
    assert not overlap_add(np.zeros((2, 20)), 2, Timing(spacing=0.1, attack=0, sustain=0.02, release=0), RATE).any()


def test_a_long_clip_needs_no_more_memory_than_itself():
    timing = Timing(spacing=1.0, attack=0, sustain=0.5, release=0)
    notes = (np.full(500, 1.0 + number % 3, np.float32) for number in range(2000))
    tracemalloc.start()
    wave = overlap_add(notes, 2000, timing, 1000)
    assert tracemalloc.get_traced_memory()[1] < 1.2 * wave.nbytes
    tracemalloc.stop()


def test_a_stored_hallucination_and_its_wav_need_memory_for_blocks_only(tmp_path):
    timing, keys = Timing(spacing=2.0, attack=0, sustain=0.5, release=0), np.zeros((4000, 2))
    tracemalloc.start()
    wave = stored_hallucination(Flat(), keys, 0, timing, 60)
    spooled = WavSpool(tmp_path).write([wave], RATE, 2000)[0]
    assert tracemalloc.get_traced_memory()[1] < len(wave) * 4
    tracemalloc.stop()
    assert spooled.frames == 2 * len(wave)


def test_only_what_the_envelope_lets_through_is_computed():
    model = Flat()
    hallucinate(model, np.eye(2), 0, Timing(attack=0.1, sustain=0.2, release=0.3), 60)
    assert model.asked[2] == 600


def test_all_notes_have_the_pitch():
    model = Flat()
    hallucinate(model, np.eye(2), 3, Timing(), 61)
    assert model.asked[1] == [61] * 5


def test_the_pitch_of_a_key_point_is_held_until_the_next():
    model = Flat()
    hallucinate(model, np.eye(3), 2, Timing(), [60, 64, 67])
    assert model.asked[1] == [60, 60, 60, 64, 64, 64, 67]


def test_each_key_point_needs_a_pitch():
    with pytest.raises(ValueError, match="there are 2 pitches for 3 key points"):
        hallucinate(Flat(), np.eye(3), 2, Timing(), [60, 64])


def test_an_envelope_up_to_10_ms_too_long_is_clipped():
    wave = hallucinate(Flat(), np.eye(1), 0, Timing(attack=1, sustain=2, release=1.01), 60)
    assert len(wave) == 4000


@pytest.mark.parametrize("trim", [0, 1])
def test_an_envelope_of_no_length_is_refused(trim):
    with pytest.raises(
        ValueError, match=r"no length: attack, sustain and release are 0, 0 and 0 s; .* at least one sample"
    ):
        hallucinate(Flat(), np.eye(1), 0, Timing(0.2, trim, 0, 0, 0), 60)


def test_a_longer_envelope_is_refused():
    with pytest.raises(ValueError, match=r"envelope is 4\.011 s; .* must fit into a note of 4 s"):
        hallucinate(Flat(), np.eye(1), 0, Timing(attack=1, sustain=2, release=1.011), 60)


def test_default_times_shrink_together_for_short_notes():
    timing = Timing.default_for(0.75)
    assert (timing.spacing, timing.attack, timing.sustain, timing.release) == (0.1, 0.25, 0.25, 0.25)


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_time_below_0_or_not_finite_is_refused(value):
    with pytest.raises(ValueError, match=r"spacing must be .*, not"):
        Timing(spacing=value)


def test_fewer_than_0_steps_are_refused():
    with pytest.raises(ValueError, match="steps must be at least 0, not -1"):
        key_path(np.eye(2), -1)


def test_no_key_points_are_refused():
    with pytest.raises(ValueError, match="must be at least 1, not 0"):
        key_path(np.zeros((0, 4)), 1)


def test_the_real_model_sounds_the_same_cropped_and_whole(magenta):
    keys = np.random.default_rng(0).standard_normal((2, magenta.latent_size))
    timing = Timing(spacing=0.4, attack=0.1, sustain=0.3, release=0.1)
    whole = magenta.generate(key_path(keys, 1), [32] * 3)
    expected = overlap_add(whole, 3, timing, magenta.sample_rate)
    np.testing.assert_allclose(hallucinate(magenta, keys, 1, timing, 32), expected, atol=1e-4)


def test_any_sound_can_be_plotted(tmp_path):
    for name, wave in (("noise", np.random.default_rng(0).standard_normal(5000)), ("silence", np.zeros(2000))):
        save_hallucination(tmp_path / f"{name}.png", wave, RATE, [0, 1.5])
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_number_of_notes():
    assert point_count(5, 4) == len(key_path(np.eye(5), 4))
