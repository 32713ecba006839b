"""The factors of z as directions: named, and that first which changes pictures most."""

import numpy as np
import pytest

import ganspace
from ganspace.known_factors import known_factors
from renderer import cips
from tests import small_cips


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return cips.load(small_cips.write(tmp_path_factory.mktemp("cips") / "small", size=16))


def test_a_direction_moves_its_factor_alone(model):
    found = known_factors(model, ("hue", "zoom"))
    place = found.names.index("zoom")
    assert found.components[place, 0, 0] == pytest.approx([0, 0, np.sqrt(0.5), np.sqrt(0.5)])
    assert found.layer == "z"


def test_the_first_changes_pictures_most(model):
    found = known_factors(model, ("hue", "zoom", "turn", "light"))
    assert list(found.var_ratio) == sorted(found.var_ratio, reverse=True)
    assert found.var_ratio.sum() == pytest.approx(1)


def test_they_are_a_models_own_directions_once_saved(model):
    ganspace.save(ganspace.own_file(model), known_factors(model, ("hue", "zoom", "turn", "light")))
    assert set(ganspace.own(model).names) == {"hue", "zoom", "turn", "light"}


def test_there_are_no_more_factors_than_values(model):
    with pytest.raises(ValueError, match="the number of factors must be"):
        known_factors(model, "abcde")
