"""Chains of steps from sounds to signals: what they find, and what is said about mistakes in them."""

import numpy as np
import pytest

from core.audio.signals import chain
from core.audio.signals.chain import Analysis, read_chain
from tests.aiart import FPS, FRAMES, arrays, sound


def analysis(**tables):
    chains = {name: read_chain(name, table) for name, table in tables.items()}
    return Analysis(chains, sound, FRAMES, FPS)


def test_steps_are_done_from_left_to_right():
    level = {"from": "drums", "steps": ["rms", "normalize", "resample", "clip"]}
    found = analysis(level=level).values("level")
    np.testing.assert_allclose(found, arrays()["config/drums_rms"], atol=2e-5)


def test_a_signal_may_come_from_another():
    level = {"from": "drums", "steps": ["rms", "normalize", "resample", "clip"]}
    half = {"from": "level", "steps": [{"do": "scale", "by": 0.5, "plus": 1}]}
    both = analysis(level=level, half=half)
    np.testing.assert_allclose(both.values("half"), 1 + both.values("level") / 2)


def test_a_signal_ends_with_a_value_per_frame():
    assert analysis(fast={"from": "drums", "steps": ["onsets"]}).values("fast").shape == (FRAMES,)
    assert analysis(pitches={"from": "other", "steps": ["chroma"]}).values("pitches").shape == (FRAMES, 12)


def test_what_two_chains_begin_with_is_computed_once(monkeypatch):
    computed = []
    percussive = chain.Step(lambda wave: computed.append(len(wave)) or wave, chain.WAVE, chain.WAVE)
    monkeypatch.setitem(chain.STEPS, "percussive", percussive)
    both = analysis(**{name: {"from": "drums", "steps": ["percussive", name]} for name in ("rms", "onsets")})
    both.values("rms")
    both.values("onsets")
    assert len(computed) == 1


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        ("drums", "signal 'x' must be a table with `from` and `steps`, not 'drums'"),
        ({"steps": []}, "must be a table with `from` and `steps`"),
        ({"from": "drums", "steps": "rms"}, "steps of signal 'x' must be a list, not 'rms'"),
        (
            {"from": "drums", "steps": ["loud"]},
            "a step of signal 'x' must be one of harmonic, .*, not 'loud'",
        ),
        ({"from": "drums", "steps": [3]}, "must be a name, or a table with `do`, not 3"),
        (
            {"from": "drums", "steps": [{"do": "smooth", "second": 3}]},
            "a setting of smooth in signal 'x' must be one of seconds",
        ),
        (
            {"from": "drums", "steps": [{"do": "smooth", "seconds": []}]},
            "seconds of smooth in signal 'x' must be a number",
        ),
        ({"from": "drums", "steps": ["smooth"]}, "smooth in signal 'x' needs seconds"),
    ],
)
def test_a_mistake_in_a_chain_is_named(table, rule):
    with pytest.raises(ValueError, match=rule):
        read_chain("x", table)


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        ({"from": "drums", "steps": ["percussive"]}, "signal 'x' ends as a sound"),
        ({"from": "drums", "steps": ["rms", "onsets"]}, "onsets in signal 'x' works on a sound, not on a signal"),
        ({"from": "drums", "steps": ["normalize"]}, "normalize in signal 'x' works on a signal, not on a sound"),
        ({"from": "x", "steps": ["normalize"]}, "signal 'x' comes from itself: x <- x"),
        (
            {"from": "drums", "steps": ["rms", {"do": "smooth", "seconds": -1}]},
            "signal 'x': seconds of smooth must be at least 0 s",
        ),
        (
            {"from": "drums", "steps": ["rms", {"do": "peaks", "shape": "round"}]},
            "signal 'x': shape of peaks must be one of",
        ),
    ],
)
def test_a_chain_that_does_not_fit_together_is_named(table, rule):
    with pytest.raises(ValueError, match=rule):
        analysis(x=table).values("x")


def test_an_unknown_signal_is_named():
    with pytest.raises(ValueError, match="a signal must be one of level, not 'levels'"):
        analysis(level={"from": "drums", "steps": ["rms"]}).values("levels")
