"""The precision of live frames: bf16 only where the processor has it and the difference cannot be seen."""

from pathlib import Path

import numpy as np
import pytest

from renderer.live import precision

PATTERNS = Path(__file__).parent.parent / "models" / "biggan" / "patterns"


class GreyModel:
    """Frames of one grey level."""

    num_classes = 0

    def __init__(self, level):
        self.name, self.level = "grey", level

    def draw(self, rng, count, truncation):
        return np.zeros((count, 4), np.float32)

    def render(self, z, classes, truncation):
        return (np.full((8, 8, 3), self.level, np.uint8) for _ in z)


def loaded(monkeypatch, has_bf16, level):
    monkeypatch.setattr(precision, "has_bf16", lambda: has_bf16)
    models = {"f32": GreyModel(100), "bf16": GreyModel(level)}
    monkeypatch.setattr(precision.families, "load", lambda folder, kind, precision="f32": models[precision])
    return precision.load(Path("model")) is models["bf16"]


@pytest.mark.parametrize(("has_bf16", "level", "fast"), [(True, 100, True), (True, 102, False), (False, 100, False)])
def test_bf16_is_taken_where_the_processor_has_it_and_frames_look_the_same(monkeypatch, has_bf16, level, fast):
    assert loaded(monkeypatch, has_bf16, level) == fast


def test_a_difference_is_counted_in_grey_levels():
    assert precision.grey_levels_apart(GreyModel(100), GreyModel(97)) == 3.0


def test_the_shipped_model_looks_the_same_in_bf16():
    exact, fast = (precision.load(PATTERNS, one) for one in ("f32", "bf16"))
    assert precision.grey_levels_apart(exact, fast) < precision.INVISIBLE
