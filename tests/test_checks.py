import numpy as np
import pytest

from core import checks


def test_what_obeys_is_returned() -> None:
    assert checks.number("x", np.float32(0.5)) == 0.5
    assert checks.in_range("x", 1, 1, 2) == 1
    assert checks.above("x", 0.1, 0) == 0.1
    assert checks.whole("x", 3.0, 0, 3) == 3
    assert type(checks.whole("x", np.int64(3))) is int
    assert checks.one_of("x", "b", ("a", "b")) == "b"
    assert checks.shape("x", np.zeros((2, 3)), ("n", 3)).shape == (2, 3)
    assert checks.finite("x", np.ones(2)).sum() == 2


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: checks.number("bpm", "fast"), "bpm must be a number, not 'fast'"),
        (lambda: checks.number("bpm", True), "bpm must be a number, not True"),
        (lambda: checks.number("bpm", float("nan")), "bpm must be a finite number, not nan"),
        (lambda: checks.in_range("bpm", 0.0, 1, 1000, "bpm"), "bpm must be in 1..1000 bpm, not 0"),
        (lambda: checks.in_range("keep", -1, 0), "keep must be at least 0, not -1"),
        (lambda: checks.above("period", 0, 0, unit="beats"), "period must be above 0 beats, not 0"),
        (lambda: checks.above("truncation", 1.5, 0, 1), "truncation must be above 0 and at most 1, not 1.5"),
        (lambda: checks.whole("pitch", 52.5, 0, 127), "pitch must be a whole number, not 52.5"),
        (lambda: checks.whole("pitch", 128, 0, 127), "pitch must be in 0..127, not 128"),
        (lambda: checks.whole("samples", float("inf")), "samples must be a finite number, not inf"),
        (lambda: checks.in_range("pitch", 10**5000, 0, 127), "pitch must be in 0..127, not a number of 16610 bits"),
        (lambda: checks.one_of("mode", "c", ("a", "b")), "mode must be one of a, b, not 'c'"),
        (lambda: checks.shape("z", np.zeros(3), ("n", 3)), "z must have shape [n, 3], not [3]"),
        (lambda: checks.shape("z", np.zeros((1, 2)), ("n", 3)), "z must have shape [n, 3], not [1, 2]"),
        (lambda: checks.finite("wave", np.array([np.inf])), "a value of wave is not finite"),
        (lambda: checks.finite("comp", np.array([None])), "a value of comp is not finite"),
    ],
)
def test_the_message_names_the_value_and_the_rule(check, message) -> None:
    with pytest.raises(ValueError) as caught:
        check()
    assert str(caught.value) == message


def test_a_long_value_is_cut() -> None:
    with pytest.raises(ValueError) as caught:
        checks.number("x", "y" * 1000)
    assert len(str(caught.value)) < 100
