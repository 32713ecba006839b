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
    found = known_factors(model, ("hue", "zoom", "turn", "light"))
    place = found.names.index("turn")
    move = found.components[place, 0, 0] * 2.0 * found.stdev[place]
    assert move.tolist() == [0, 0, 2, 0]
    assert found.layer == "z"


def test_the_first_changes_pictures_most(model):
    found = known_factors(model, ("hue", "zoom", "turn", "light"))
    assert list(found.var_ratio) == sorted(found.var_ratio, reverse=True)
    assert found.var_ratio.sum() == pytest.approx(1)


def test_they_are_a_models_own_directions_once_saved(model):
    ganspace.save(ganspace.own_file(model), known_factors(model, ("hue", "zoom", "turn", "light")))
    assert set(ganspace.own(model).names) == {"hue", "zoom", "turn", "light"}


def test_there_is_a_name_for_each(model):
    with pytest.raises(ValueError, match="the number of factors must be 4"):
        known_factors(model, ("hue",))
    assert np.all(known_factors(model, "abcd").stdev == 1)
