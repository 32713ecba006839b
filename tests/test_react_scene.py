"""What is rendered at each frame of a song: latents, noise, classes, bends."""

import numpy as np
import pytest
from react_runs import (
    STILL,
    STROKES,
    a_small_biggan,  # noqa: F401 - a fixture
    load,
    scene_of,
)

from core.audio.pieces import SAMPLE_RATE
from renderer.react.bends import place
from renderer.react.config_file import load_values, read_config
from renderer.react.scene import Scene, Song
from tests.mapped_model import MappedModel


def test_movement_is_the_same_at_any_frame_rate():
    values = load_values("default")
    slow, fast = (scene_of(values, fps=fps) for fps in (12.0, 48.0))
    both = [(slow.at(frame).latent, fast.at(4 * frame).latent) for frame in range(4, 90)]
    apart = [np.abs(a - b).mean() / np.abs(a).mean() for a, b in both]
    # At a stroke the slower one has moved on by a part of its longer frame.
    assert np.median(apart) < 0.05
    assert np.max(apart) < 0.4


def test_noise_of_a_mapped_model_has_its_sizes_and_deviation():
    given = scene_of(load_values("default") | {"noise": {"sigma": 0.5}, "displacement": {}}).at(30)
    assert [one.shape for one in given.noise] == [(1, size, size, 1) for size in (4, 8, 8, 16, 16, 32, 32, 64, 64)]
    assert given.noise[-1].std() == pytest.approx(0.5, rel=0.05)
    assert given.noise[-3].std() == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("preset", ["default", "aiart", "aiart-late"])
@pytest.mark.parametrize("length", [1, 3000, 40000])
def test_silence_of_any_length_is_rendered(preset, length):
    silence = np.zeros(length, np.float32)
    seconds = length / SAMPLE_RATE
    whole = Song(lambda name: silence, seconds, max(1, round(24 * seconds)), 24.0)
    given = Scene(read_config(load_values(preset)), whole, MappedModel(64, 32), 0).at(whole.frames - 1)
    assert np.isfinite(given.latent).all()
    assert all(np.isfinite(one).all() for one in given.noise)


@pytest.mark.parametrize("follow", [{"follow": "segments"}, {"follow": "path", "position": 1.5}])
def test_class_weights_have_the_sum_1(biggan, follow):
    model = load(biggan)
    given = scene_of(STILL | {"classes": follow}, model, classes=(0, 2)).at(10)
    assert given.classes.sum() == pytest.approx(1.0)
    assert given.classes[0, 1] == 0


def test_classes_follow_the_columns_of_a_signal(biggan):
    signals = {"pitches": {"from": "other", "steps": ["chroma"]}}
    values = STILL | {"signals": signals, "classes": {"follow": "weights", "weights": "pitches"}}
    scene = scene_of(values, load(biggan), classes=(0, 1, 2))
    shown = np.stack([scene.at(frame).classes[0] for frame in range(192)])
    np.testing.assert_allclose(shown.sum(axis=1), 1, atol=1e-5)
    assert (shown.max(axis=0) > 0.5).sum() >= 2


class WithClasses(MappedModel):
    """Its w begins with the number of the class."""

    num_classes, class_names = 3, ("moss", "rust", "snow")

    def mapping(self, z, classes, truncation=0.7, cutoff=None):
        w = super().mapping(z, classes, truncation)
        w[:, :, 0] = truncation * (np.asarray(classes) @ [0.0, 1.0, 2.0])[:, None]
        return w


class OwnAverages(WithClasses):
    """The average w of class n is n + 1."""

    def mapping(self, z, classes, truncation=0.7, cutoff=None):
        average = 1 + (np.asarray(classes) @ [0.0, 1.0, 2.0])[:, None, None]
        return average + truncation * super().mapping(z, classes, 1.0)


def test_all_layers_of_a_mapped_model_are_of_the_same_class():
    classes = {"follow": "path", "position": {"times_s": [0, 8], "values": [0, 2]}, "contrast": 3}
    values = load_values("default") | {"classes": classes}
    values["latents"] = values["latents"] | {"truncation": 1.0, "modulation": 0.3}
    scene = scene_of(values, WithClasses(64, 32), classes=(2, 1))
    for frame, number in ((0, 2.0), (48, 1.5), (96, 1.0)):
        # A slerp between two latents of the same class goes a little beyond it.
        np.testing.assert_allclose(scene.at(frame).latent[0, :, 0], number, atol=0.2)


def test_truncation_leads_to_the_average_of_the_class_that_is_shown():
    classes = {"follow": "path", "position": 1.0}
    values = STILL | {"classes": classes, "latents": STILL["latents"] | {"truncation": 0.0}}
    latent = scene_of(values, OwnAverages(64, 32), classes=(0, 2)).at(5).latent
    np.testing.assert_allclose(latent, 3.0, atol=1e-5)


def test_latent_vectors_stay_as_far_from_zero_when_they_are_mixed(biggan):
    scene = scene_of(STROKES | {"latents": STROKES["latents"] | {"modulation": 0.5}}, load(biggan), seed=3)
    apart = [scene._latents.a.at(9), scene._latents.b.at(9)]
    mixed = scene._latents.at(9)
    np.testing.assert_allclose(mixed, (apart[0] + apart[1]) / np.sqrt(2), rtol=1e-5)


class Bendable(MappedModel):
    layers = ("z", "w", "b32.conv1", "b32.torgb", "b64.conv0", "b64.conv1", "b64.torgb")
    bend_layers = (*layers[2:], "rgb")

    def layer_shape(self, layer):
        size = int(layer[1:3])
        return (size, size, 3 if layer.endswith("torgb") else 16)


@pytest.mark.parametrize(
    ("at_px", "on", "layer"),
    [
        (64, "rgb", "b64.torgb"),
        (48, "rgb", "b32.torgb"),
        (512, "features", "b64.conv1"),
        (4, "features", "b32.conv1"),
        (8, "frame", "rgb"),
    ],
)
def test_a_bend_is_placed_by_the_size_of_the_layer(at_px, on, layer):
    assert place(Bendable(64, 32), at_px, on) == layer


def test_where_no_layer_adds_to_the_colours_the_frame_is_bent(biggan):
    assert place(load(biggan), 8, "rgb") == "rgb"


def test_bends_follow_signals():
    bend = {"transform": "zoom", "at_px": 64, "amount": {"signal": "strokes", "low": 1, "high": 0.5}}
    scene = scene_of(STROKES | {"bends": [bend]}, Bendable(64, 32))
    (first,) = scene.at(40).bends
    assert first.layer == "b64.torgb"
    assert first.amount == pytest.approx(1 - 0.5 * scene.signals["strokes"][40])


def test_a_model_that_cannot_be_bent_is_rendered_without_bends(caplog):
    caplog.set_level("INFO")
    scene = scene_of(STILL | {"bends": [{"transform": "zoom", "at_px": 64, "amount": 0.9}]})
    assert scene.at(0).bends == ()
    assert "mapped has no layers that can be bent" in caplog.text


def test_points_in_time_make_a_curve():
    values = STILL | {"noise": {"sigma": {"times_s": [1, 3], "values": [0.0, 2.0]}}}
    sigma = scene_of(values)._noise._sigma
    assert sigma[[0, 24, 48, 72, 191]].tolist() == [0, 0, 1, 2, 2]
