"""Measures of images along a direction, where the change is known."""

import numpy as np
import pytest

from ganspace import image_metrics
from ganspace.audio_metrics import sentence

SIZE, STEPS = 128, np.arange(-3, 4)


def blobs(place=(0.0, 0.0), grown=1.0, turned=0.0, wider=1.0):
    """Three soft blobs of different sizes, moved (in edges), grown, stretched, turned (degrees) around the middle."""
    y, x = np.meshgrid(*[np.linspace(-0.5, 0.5, SIZE)] * 2, indexing="ij")
    angle = np.radians(turned)
    x, y = (x - place[0]) / grown / wider, (y - place[1]) / grown * wider
    x, y = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    spots = ((-0.15, -0.1, 0.08), (0.2, 0.05, 0.11), (-0.05, 0.2, 0.06))
    light = sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * wide**2)) for a, b, wide in spots)
    return np.repeat((light - 0.6)[..., None], 3, axis=2)


def along(change):
    """The numbers of pictures change(amount) from -3 to 3."""
    return image_metrics.measure(np.stack([change(float(amount)) for amount in STEPS]))


@pytest.mark.parametrize(
    ("field", "change", "step"),
    [
        ("right", lambda a: blobs((0.02 * a, 0)), 2.0),
        ("down", lambda a: blobs((0, 0.02 * a)), 2.0),
        ("turn_deg", lambda a: blobs(turned=4 * a), 4.0),
    ],
)
def test_movement_is_measured(field, change, step):
    found = [getattr(look, field) for look in along(change)]
    assert found == pytest.approx(step * STEPS, rel=0.2, abs=0.3)


def test_growth_is_measured():
    found = [look.size for look in along(lambda a: blobs(grown=1.06**a))]
    assert found == pytest.approx(100 * 1.06**STEPS, rel=0.04)


def test_stretch_is_measured():
    found = along(lambda a: blobs(wider=1.04**a))
    assert [look.width for look in found] == pytest.approx(100 * 1.04 ** (2 * STEPS), rel=0.05)
    assert [look.size for look in found] == pytest.approx([100] * 7, abs=3)


def test_what_only_moves_neither_grows_nor_turns():
    for look in along(lambda a: blobs((0.02 * a, -0.01 * a))):
        assert look.size == pytest.approx(100, abs=3)
        assert abs(look.turn_deg) < 2


def test_a_change_of_light_is_no_movement():
    found = along(lambda a: 0.6 * blobs() + 0.1 * a)
    assert [look.lightness for look in found] == pytest.approx(found[3].lightness + 5 * STEPS, abs=0.1)
    assert max(abs(look.right) + abs(look.down) for look in found) < 0.5


def test_hue_goes_round():
    def coloured(amount):
        hue = np.radians(30 * amount + 200)
        third = 2 * np.pi / 3
        return 0.8 * np.stack([np.full((SIZE, SIZE), np.cos(hue - k * third)) for k in range(3)], axis=-1)

    assert [look.hue_deg for look in along(coloured)] == pytest.approx(30 * STEPS, abs=0.5)


def test_noise_is_detail_and_a_slope_is_not():
    rng = np.random.default_rng(0).standard_normal((SIZE, SIZE, 1))
    slope = np.broadcast_to(np.linspace(-1, 1, SIZE)[:, None, None], (SIZE, SIZE, 3))
    found = along(lambda a: slope * 0.5 + 0.02 * (a + 3) * rng)
    assert found[0].detail < 1
    assert [look.detail for look in found][1:] == sorted(look.detail for look in found)[1:]


def test_a_direction_is_named_after_what_it_does_most():
    rows = [along(lambda a, start=start: blobs((start + 0.02 * a, 0))) for start in (-0.05, 0.0, 0.05)]
    assert image_metrics.name(rows) == "to the right"
    assert sentence(rows[1], STEPS, image_metrics.QUANTITIES).startswith("to the right (-")


def test_a_direction_on_which_frames_do_not_agree_has_no_name():
    rows = [along(lambda a, way=way: blobs((0.02 * way * a, 0))) for way in (1, 1, -1)]
    assert image_metrics.name(rows) == ""
