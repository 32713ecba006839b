"""Network bending: each transform, as AIART computed it where it computed it right."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.nn import engine, numpy_ops
from renderer import bending
from renderer.bending import Bend
from renderer.bending.inputs import blur_matrix
from renderer.react import displacement
from renderer.stylegan2 import network
from renderer.stylegan2.formats import model_files

DATA = Path(__file__).parent / "data" / "stylegan2"
KNOWN = np.load(DATA / "aiart64_net.npz")
MAP = KNOWN["map"][None]
CLOSE = 2e-5


def bent(bend, x=MAP):
    """A map bent by NumPy and by OpenVINO, which must agree."""
    given = bending.inputs(bend, x.shape[1])
    assert given.shape == bending.shape_of(bend.operation, x.shape[1])

    def run(ops, weights, x, given):
        return bending.apply(ops, x, bend.operation, given)

    found = engine.compile(run, {}, [x.shape, given.shape])(x, given)
    np.testing.assert_allclose(found, run(numpy_ops, {}, x, given), atol=CLOSE)
    return found[0]


@pytest.mark.parametrize(
    ("transform", "name", "amount"),
    [
        *(("zoom", "Zoom", amount) for amount in (0.8, 0.95, 1, 1.2)),
        *(("rotate", "Rotation", amount) for amount in (0.5, -1, 2, 0)),
        *(("shear", "Shear", amount) for amount in (0.3, -0.2)),
        # Others of its translations are rounded to whole pixels.
        ("translate", "Translation", 1),
        *(("hue", "Hue", amount) for amount in (0.25, -0.5, 1)),
        # Its blend is only right where nothing is mixed.
        *(("blend", "Blend", amount) for amount in (0, 1)),
    ],
)
def test_a_transform_is_that_of_aiart(transform, name, amount):
    assert np.abs(bent(Bend("x", transform, amount)) - KNOWN[f"bend/{name}/{amount}"]).max() < CLOSE


@pytest.mark.parametrize("amount", [0.25, -0.5])
def test_hue_of_colours_in_range_is_that_of_aiart(amount):
    found = bent(Bend("x", "hue", amount), KNOWN["map01"][None])
    assert np.abs(found - KNOWN[f"bend/Hue01/{amount}"]).max() < CLOSE


def test_swirl_at_512_is_that_of_aiart():
    rows, columns = np.mgrid[0:512, 0:512] / 512
    x = np.stack([np.sin(20 * columns), np.cos(15 * rows), np.sin(9 * (columns + rows))], axis=-1).astype(np.float32)
    # Its field is of float32 numbers, which misses the centre; amounts multiply what it is off by.
    for amount in (1, 20):
        found = bent(Bend("x", "swirl", amount), x[None])
        assert np.abs(found[::8, ::8] - KNOWN[f"swirl/out/{amount}"]).max() < amount * CLOSE


def test_swirl_has_a_centre_at_any_size():
    assert np.isfinite(bent(Bend("x", "swirl", 10.0))).all()


def test_blend_mixes_where_aiart_rounds():
    np.testing.assert_allclose(bent(Bend("x", "blend", 0.3)), 0.7 * MAP[0] + 0.3, atol=1e-6)


def test_translate_goes_between_pixels_where_aiart_jumps():
    half = bent(Bend("x", "translate", 0.5 / 15))
    expected = 0.5 * (MAP[0, :, 1:-1] + MAP[0, :, :-2])
    np.testing.assert_allclose(half[:, 1:-1], expected, atol=1e-5)


def test_translate_goes_where_it_is_told():
    down = bent(Bend("x", "translate", 3 / 15, 0.0, 1.0))
    np.testing.assert_allclose(down[3:], MAP[0, :-3], atol=1e-5)


def test_blur_is_a_gaussian_of_its_width():
    spot = np.zeros((1, 33, 33, 1), np.float32)
    spot[0, 16, 16] = 1.0
    found = bent(Bend("x", "blur", 0.5), spot)[..., 0]
    away = np.arange(33) - 16
    np.testing.assert_allclose((found.sum(axis=0) * away**2).sum(), 4.0, rtol=0.02)
    np.testing.assert_allclose(found.sum(), 1.0, rtol=1e-5)


def test_blur_keeps_the_edges_of_a_flat_map_which_aiart_darkens():
    flat = np.full((1, 16, 16, 3), 0.7, np.float32)
    np.testing.assert_allclose(bent(Bend("x", "blur", 1.0), flat), flat[0], rtol=1e-5)


def test_zoom_keeps_its_centre():
    x = np.zeros((1, 33, 33, 1), np.float32)
    x[0, 16 + 8, 16 - 4] = 1.0
    found = bent(Bend("x", "zoom", 0.5, -4 / 16.5, 8 / 16.5), x)[..., 0]
    assert np.unravel_index(found.argmax(), found.shape) == (24, 12)


def test_displace_flows_and_comes_back():
    start, middle, end = (bent(Bend("x", "displace", 1.0, turns=turns)) for turns in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(start, end, atol=1e-4)
    assert np.abs(start - middle).max() > 0.1


def test_displace_is_the_displacement_map_of_videos():
    bend = Bend("x", "displace", 0.5, turns=0.3, detail=0.9)
    flow = displacement.displacement(displacement.vectors(displacement.grid(32, 0.9), 0), 32, 0.3, 0.5)
    rows, columns = np.mgrid[0:32, 0:32]
    np.testing.assert_allclose(np.stack([rows, columns], -1) - bending.inputs(bend, 32)[0], flow, atol=1e-4)


@pytest.mark.parametrize("transform", bending.TRANSFORMS)
def test_the_amount_at_rest_changes_nothing(transform):
    found = bent(Bend("x", transform, bending.TRANSFORMS[transform].rest))
    np.testing.assert_allclose(found, MAP[0], atol=1e-4)


@pytest.mark.parametrize("transform", bending.TRANSFORMS)
def test_a_map_of_many_channels_can_be_bent(transform):
    x = np.random.default_rng(0).standard_normal((2, 8, 8, 7)).astype(np.float32)
    found = bent(Bend("x", transform, bending.TRANSFORMS[transform].rest + 0.5), x)
    assert found.shape == (8, 8, 7)


@pytest.mark.parametrize(
    ("transform", "amount", "rule"),
    [
        ("melt", 1, "transform must be one of zoom, blur, translate, rotate, shear, blend, hue, swirl, displace"),
        ("zoom", 0, "the amount of zoom must be in 0.05..4, not 0"),
        ("hue", float("nan"), "the amount of hue must be a finite number"),
    ],
)
def test_a_bend_that_cannot_be_is_named(transform, amount, rule):
    with pytest.raises(ValueError, match=rule):
        Bend("x", transform, amount)


def faulty_blur(size, sigma):
    """AIART's blur: twice the variance cut to a whole number, and black beyond the edges."""
    away = np.arange(size) - (size - 1) / 2
    kernel = np.exp(-(away**2) / int(2 * sigma**2))
    kernel /= kernel.sum()
    reach = size // 2
    whole = sum(np.eye(32, k=k) * kernel[k + reach] for k in range(-reach, reach + 1))
    return whole.astype(np.float32)


def test_bends_of_several_layers_are_composed_from_left_to_right():
    """AIART's own bent picture, its blur with the fault that it has."""
    config, arrays = model_files.read(DATA / "aiart64_ckpt")
    names = {"zoom": "Zoom", "rotate": "Rotation", "shear": "Shear", "translate": "Translation", "hue": "Hue"}
    own = {theirs: ours for ours, theirs in names.items()} | {"GaussianBlur": "blur"}
    blocks = {"generator__block_1": 16, "generator__block_2": 32, "generator__block_3": 64}
    spec = json.loads(str(KNOWN["bent_spec"]))
    ready = network.prepare(numpy_ops, arrays, config)
    noises = []
    for layer in config.noisy:
        first = layer.size == 4 or layer.name.endswith("conv0")
        noises.append(KNOWN[f"noise/{layer.size}"][0 if first else 1][None, :, :, None])

    def hook(name, x):
        for block, chain in spec.items():
            if name == f"b{blocks[block]}.torgb":
                for transform, _, amount in chain:
                    bend = Bend(name, own[transform], amount)
                    given = bending.inputs(bend, x.shape[1])
                    given = faulty_blur(5, max(1.0, 4 * amount)) if transform == "GaussianBlur" else given
                    x = bending.apply(numpy_ops, x, bend.operation, given)
        return x

    found = network.synthesis(numpy_ops, ready, KNOWN["ws"][:1], noises, config, hook)
    assert np.abs(found[0] - KNOWN["bent_image/0"]).max() < CLOSE


def test_a_sharp_blur_is_none():
    np.testing.assert_array_equal(blur_matrix(0.01, 8), np.eye(8))
