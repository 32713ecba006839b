"""Loops in tempo: seams, lengths, labels, presets."""

from fractions import Fraction

import numpy as np
import pytest
from plain_model import PlainModel

from core.latent import oscillators
from core.latent.oscillators import FUNCTIONS, Oscillator, offsets
from renderer.video import loops, tempo
from renderer.video.tempo_preset import read_preset
from renderer.video.tempo_settings import Tempo, axes, fitting_periods, settings_of


@pytest.mark.parametrize("name", [*FUNCTIONS, "ramp+0.5", "sin+0.25"])
def test_a_frame_after_the_last_would_be_the_first(name):
    sets = [Oscillator((0, 1), 0.7, 4, name), Oscillator((2,), 1.0, 0.5, name)]
    ends = offsets(sets, np.float64([0, 16]), 8)
    assert np.array_equal(ends[0], ends[1])


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"saw", "square", "pulse"}))
def test_functions_do_not_jump(name):
    turns = np.arange(1001) / 1000
    assert np.abs(np.diff(oscillators.function(name)(turns))).max() < 0.01


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_stay_within_one_and_use_most_of_it(name):
    values = oscillators.function(name)(np.arange(1000) / 1000)
    assert np.abs(values).max() <= 1
    assert np.ptp(values) > 1.9


@pytest.mark.parametrize("name", ["ramp", "fall", "saw"])
def test_a_ramp_is_centred(name):
    assert oscillators.function(name)(np.arange(1000) / 1000).mean() == pytest.approx(0, abs=2e-3)


def test_a_phase_is_a_part_of_a_turn():
    turns = np.arange(50) / 50
    np.testing.assert_allclose(oscillators.function("sin+0.25")(turns), oscillators.function("cos")(turns), atol=1e-12)


@pytest.mark.parametrize("name", ["exp", "__import__('os')", "sin+1", "sin+", "", "lambda x: x"])
def test_an_unknown_function_is_refused(name):
    with pytest.raises(ValueError, match="a function is one of sin, cos"):
        Oscillator((0,), 1, 1, name)


def test_only_the_axes_of_a_set_swing_by_its_magnitude():
    moved = offsets([Oscillator((1, 3), 0.5, 2, "sin")], np.arange(0, 2, 0.5), 4)
    np.testing.assert_allclose(moved, np.outer([0, 0.5, 0, -0.5], [0, 1, 0, 1]), atol=1e-12)


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"axis must be in 0\.\.3 .*, not 4"):
        offsets([Oscillator((4,), 1, 1, "sin")], np.zeros(1), 4)


def test_a_period_that_would_make_the_loop_jump_is_refused():
    with pytest.raises(ValueError, match="3 beats does not go into 16 beats"):
        loops.check_seamless([Oscillator((0,), 1, 3, "sin")], 16)


@pytest.mark.parametrize("beats", [1, 2, 3, 4, 6, 12, 16, 17, 40])
def test_the_usual_periods_go_into_any_number_of_beats(beats):
    assert all(beats % period == 0 for period in fitting_periods(beats))
    assert len(fitting_periods(beats)) == 10


def test_sixteen_beats_have_the_usual_periods():
    assert fitting_periods(16) == (1, 1, 2, 2, 4, 4, 8, 8, 16, 16)


@pytest.mark.parametrize(("bpm", "beats", "fps"), [(135, 16, 30), (120, 16, 30), (97.3, 4, 25), (400, 1, 24)])
def test_a_loop_is_exactly_as_long_as_its_beats(bpm, beats, fps):
    frames, rate = loops.frame_count(bpm, beats, fps)
    assert frames / rate == pytest.approx(60 * beats / bpm, rel=1e-9)
    assert frames == round(60 * beats / bpm * fps)
    assert rate == pytest.approx(fps, rel=0.5 / frames + 1e-9)


def test_the_label_has_the_sum_y_scale():
    vector = loops.label(40, [3, 5], 0.9, quantize=False)
    assert np.flatnonzero(vector).tolist() == [3, 5]
    np.testing.assert_allclose(vector[[3, 5]], 0.45)


def test_a_random_label_has_the_length_y_scale():
    vector = loops.label(40, [], 0.9, quantize=False, drawn=np.random.default_rng(0).standard_normal(40))
    assert np.linalg.norm(vector) == pytest.approx(0.9)
    assert vector.min() < 0 < vector.max()


@pytest.mark.parametrize("count", [1, 4, 12])
def test_a_quantised_label_of_many_classes_is_not_empty(count):
    vector = loops.label(40, range(count), 1.0, quantize=True)
    assert np.count_nonzero(vector) == count


def test_a_quantised_random_label_is_all_or_nothing():
    drawn = np.random.default_rng(0).standard_normal(40)
    vector = loops.label(40, [], 1.0, quantize=True, drawn=drawn)
    assert len(np.unique(vector)) == 2
    assert (vector > 0).tolist() == (np.abs(drawn) > 0.5 * np.abs(drawn).max()).tolist()


def test_a_label_needs_a_class():
    with pytest.raises(ValueError, match="at least one class"):
        loops.label(40, [], 1.0, quantize=False)


def test_all_frames_of_a_loop_are_planned():
    film, chosen = tempo.timeline_of(Tempo(seed=1, bpm=120, num_beats=4, classes=("thing 7",)), PlainModel())
    assert (len(film), film.rate, chosen, film.classes) == (60, 30, (7,), (7,))
    assert np.abs(film.noise.mean(axis=0) - loops.rest_at(1, 32, 1.0)).max() < 1 / 14  # it swings about its rest


def test_a_sine_runs_through_the_seam_as_anywhere_else():
    settings = Tempo(seed=1, num_beats=4, axis_sets=((0, 1),), magnitudes=(1.0,), periods=(2.0,), funcs=("sin",))
    noise = tempo.timeline_of(settings, PlainModel())[0].noise[:, 0]
    steps = np.abs(np.diff(np.append(noise, noise[0])))
    assert steps[-1] == pytest.approx(steps[0], abs=1e-4)


def test_the_same_seed_makes_the_same_loop():
    films = [tempo.timeline_of(Tempo(seed=seed, random_label=True), PlainModel())[0] for seed in (5, 5, 6)]
    assert np.array_equal(films[0].noise, films[1].noise)
    assert np.array_equal(films[0].weights, films[1].weights)
    assert not np.array_equal(films[0].noise, films[2].noise)
    assert films[0].weights.shape == (240, 40)


def test_a_set_without_axes_magnitude_or_period_is_left_out():
    settings = settings_of(
        {
            "seed": 0,
            "axis_sets": ["0-3", None, [4], 5],
            "magnitudes": [1, 1, None, 0.5],
            "periods": [1, 1, 1, 2],
            "funcs": ["sin", "cos", "sin", "ramp"],
        }
    )
    assert settings.oscillators(32) == (Oscillator((0, 1, 2, 3), 1, 1, "sin"), Oscillator((5,), 0.5, 2, "ramp"))


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"axis_sets 10, magnitudes 2 \(1 2\), periods 10, funcs 10"):
        Tempo(seed=0, magnitudes=(1.0, 2.0)).oscillators(128)


@pytest.mark.parametrize("z_size", [5, 32, 128])
def test_the_usual_sets_lie_in_the_noise(z_size):
    sets = Tempo(seed=0).oscillators(z_size)
    assert max(axis for one in sets for axis in one.axes) < z_size


def test_the_usual_sets_are_ten_of_eight_axes():
    sets = Tempo(seed=0).oscillators(128)
    assert [one.axes[0] for one in sets] == list(range(0, 80, 8))
    assert {len(one.axes) for one in sets} == {8}


@pytest.mark.parametrize(("text", "expected"), [("0-3", (0, 1, 2, 3)), ("7", (7,)), ("0,3,8-9", (0, 3, 8, 9))])
def test_axes_as_text(text, expected):
    assert axes(text) == expected


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"bpm": 0}, "bpm must be in 1..1000"),
        ({"num_beats": 2.5}, "num_beats must be a whole number"),
        ({"truncation": 2}, "truncation must be in 0.02..1"),
        ({"fps": "fast"}, "fps must be a number, not 'fast'"),
        ({"random_label": "yes"}, "random_label must be true or false"),
        ({"ratio": "wide"}, "ratio must be like 16:9"),
        ({"tempo": 1}, "no parameter 'tempo'"),
        ({"axis_sets": [["a"]]}, "axes must be whole numbers"),
        ({"axis_sets": 3}, "wrong kind"),
        ({"classes": [1], "random_label": True}, "exclude each other"),
    ],
)
def test_a_parameter_out_of_range_is_named(values, rule):
    with pytest.raises(ValueError, match=rule):
        settings_of({"seed": 0, **values})


PRESETS = {
    "a.yaml": "bpm: 144\nclasses: [thing 3]\nratio: 16:9\nfuncs: [sin]\naxis_sets: [[0, 1]]\n",
    "a.toml": 'bpm = 144\nclasses = ["thing 3"]\nratio = "16:9"\nfuncs = ["sin"]\naxis_sets = [[0, 1]]\n',
    "a.json": '{"bpm": 144, "classes": ["thing 3"], "ratio": "16:9", "funcs": ["sin"], "axis_sets": [[0, 1]]}',
}


@pytest.mark.parametrize("name", PRESETS)
def test_presets_of_each_kind_say_the_same(tmp_path, name):
    (tmp_path / name).write_text(PRESETS[name])
    settings = settings_of({"seed": 1, **read_preset(tmp_path / name)})
    expected = Tempo(1, 144, classes=("thing 3",), ratio="16:9", funcs=("sin",), axis_sets=((0, 1),))
    assert settings == expected


@pytest.mark.parametrize("name", ["a.yaml", "a.toml", "a.json", "a.py"])
def test_a_preset_that_cannot_be_read_is_named(tmp_path, name):
    (tmp_path / name).write_text("[: {")
    with pytest.raises(ValueError, match=r"a preset ends in|is not (YAML|TOML|JSON)"):
        read_preset(tmp_path / name)


def test_a_preset_executes_nothing(tmp_path):
    (tmp_path / "a.yaml").write_text("bpm: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(ValueError, match="is not YAML"):
        read_preset(tmp_path / "a.yaml")


@pytest.mark.parametrize("suffix", ["mp4", "gif", "npy"])
def test_a_loop_and_its_manifest_are_written_and_repeat(tmp_path, suffix):
    settings = settings_of({"seed": 3, "num_beats": 1, "fps": 20})
    out, received = tempo.make(settings, tmp_path / f"a.{suffix}", tmp_path, PlainModel(), 4)
    again = settings_of(read_preset(received))
    tempo.make(again, tmp_path / f"b.{suffix}", tmp_path, PlainModel(), 7)
    assert out.read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_a_loop_is_sixteen_to_nine(tmp_path):
    out, _ = tempo.make(settings_of({"seed": 3, "num_beats": 1}), tmp_path / "a.npy", tmp_path, PlainModel(), 4)
    assert np.load(out).shape == (15, 16, 28, 3)


def test_a_loop_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a loop ends in \.mp4, \.gif, \.npy, not in '\.avi'"):
        tempo.make(Tempo(seed=0), tmp_path / "a.avi", tmp_path, PlainModel())


def test_rates_are_exact():
    assert loops.frame_count(135, 16, 30) == (213, Fraction(213 * 135, 960))


def test_aliases_that_grow_without_limit_are_refused(tmp_path):
    rows = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (tmp_path / "a.yaml").write_text("\n".join(["a0: &a0 [1]", *rows, "funcs: *a11"]))
    with pytest.raises(ValueError, match="is not YAML: it has an alias"):
        read_preset(tmp_path / "a.yaml")
