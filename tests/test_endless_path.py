"""Paths without an end."""

from functools import partial

import numpy as np
import pytest

from core.latent.endless_path import EndlessPath
from core.latent.interpolation import slerp
from core.latent.key_path import key_path

SIZE = 6


def keys(count, seed=1):
    return np.random.default_rng(seed).standard_normal((count, SIZE))


def path(steps=3, seed=0):
    return EndlessPath(partial(np.random.default_rng(seed).standard_normal, SIZE, np.float32), steps)


def points(a_path, count):
    return np.stack([a_path.next() for _ in range(count)])


@pytest.mark.parametrize("steps", [0, 1, 6])
def test_through_given_key_points_it_is_a_key_path(steps):
    a_path = path(steps)
    a_path.add(keys(4))
    whole = key_path(keys(4), steps)
    assert (points(a_path, len(whole)) == whole).all()


def test_after_the_last_key_point_it_goes_on():
    a_path = path(1)
    a_path.add(keys(2))
    found = points(a_path, 50)
    assert len(np.unique(found, axis=0)) == 50 and np.isfinite(found).all()


def test_the_same_seed_and_calls_give_the_same_points():
    def walk():
        a_path = path(2, seed=5)
        before = points(a_path, 4)
        a_path.add(keys(1))
        a_path.steps = 5
        return np.concatenate([before, points(a_path, 9)])

    assert (walk() == walk()).all()


def test_a_key_point_that_is_added_is_next_in_place_of_a_random_one():
    a_path = path(3)
    points(a_path, 2)
    a_path.add(keys(1))
    here, *_, end = points(a_path, 5)
    assert (end == keys(1)[0]).all() and not (here == end).all()


def test_a_key_point_that_was_added_before_is_reached_first():
    a_path = path(3)
    a_path.add(keys(2))
    points(a_path, 2)
    a_path.add(keys(1, seed=9))
    found = points(a_path, 7)
    assert (found[2] == keys(2)[1]).all() and (found[6] == keys(1, seed=9)[0]).all()


def test_other_steps_count_for_what_is_left_of_an_arc():
    a_path = path(3)
    a_path.add(keys(2))
    points(a_path, 2)
    a_path.steps = 1
    found = points(a_path, 2)
    assert (found[0] == slerp(*keys(2), 0.5)).all() and (found[1] == keys(2)[1]).all()


def test_a_loop_returns_to_its_key_points():
    a_path = path(0)
    a_path.loop = True
    a_path.add(keys(3))
    assert (points(a_path, 9) == np.tile(keys(3), (3, 1))).all()


def test_a_path_that_wanders_little_stays_near():
    near, far = path(0), path(0)
    near.wander = 0.1
    steps = [np.linalg.norm(np.diff(points(each, 50), axis=0), axis=1).mean() for each in (near, far)]
    assert steps[0] < 0.3 * steps[1]
