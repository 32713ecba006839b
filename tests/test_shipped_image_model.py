"""`patterns`, the BigGAN that ships: it renders the class that it is asked for, with the factors of its latents."""

from pathlib import Path

import numpy as np
import pytest

from renderer import biggan, classes
from renderer.live import idle_motion
from renderer.training import patterns
from renderer.training.batches import with_factors
from renderer.training.image_metrics import features
from renderer.training.patterns.canvas import FACTORS

FOLDER = Path(__file__).parent.parent / "models" / "biggan" / "patterns"


@pytest.fixture(scope="module")
def model():
    return biggan.load(FOLDER)


def test_its_classes_are_patterns(model):
    assert model.size == 128
    assert set(model.class_names) <= set(patterns.FAMILIES)


def test_each_class_is_nearest_to_its_own_pattern(model):
    rng, names = np.random.default_rng(8), model.class_names
    factors = np.repeat(rng.standard_normal((1, len(FACTORS)), np.float32), len(names), axis=0)
    z = with_factors(rng.standard_normal((len(names), model.z_size), np.float32), factors)
    rendered = features(model.generate(z, np.eye(len(names)), 1.0))[:, :192]
    drawn = np.stack([patterns.draw(name, row) for name, row in zip(names, factors, strict=True)])
    wanted = features(drawn.astype(np.float32) / 127.5 - 1)[:, :192]
    nearest = np.linalg.norm(rendered[:, None] - wanted, axis=2).argmin(axis=1)
    assert [names[k] for k in nearest] == list(names)


def test_its_first_axes_turn_the_hue(model):
    z = np.zeros((2, model.z_size), np.float32)
    z[0, :8], z[1, :8] = -0.5, 0.5
    less, more = model.generate(z, np.eye(model.num_classes)[[model.class_names.index("flames")] * 2], 1.0)
    # Towards yellow, away from red: green against red, where there is fire.
    balance = [float((one[..., 1] - one[..., 0])[96:].mean()) for one in (less, more)]
    assert abs(balance[1] - balance[0]) > 0.05


def test_it_moves_while_nothing_plays(model):
    """By 1 of 255 a frame at 30 frames per second; 0.2 looks like a still."""
    chosen = classes.default(model.num_classes)
    points = [
        idle_motion.walk(time, model.z_size, chosen, model.num_classes)
        for first in np.arange(1000.0, 1300.0, 10.0)
        for time in (first, first + 1 / 30)
    ]
    z, weights = (np.array([point[part] for point in points]) for part in (0, 1))
    frames = np.stack(list(model.render(0.8 * z, weights, 0.8))).astype(float)
    assert 0.7 < np.abs(frames[1::2] - frames[::2]).mean() < 2.5


def test_the_folder_is_small_and_says_where_it_comes_from():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 15_000_000
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "sheet.png" in card and "Licence" in card
