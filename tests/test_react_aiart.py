"""AIART's own two configurations give AIART's own latents, signals and noise; where AIART is wrong, what is right."""

import numpy as np
import pytest

from core.latent.tf_normal import tf_normal
from renderer.react import displacement, noise
from renderer.react.config_file import load_values, read_config
from renderer.react.scene import Scene, Song
from renderer.react.tracks import Keys, SegmentTrack, Transitions, slerp_rows
from tests.aiart import FOLDER, FPS, FRAMES, arrays, sound
from tests.mapped_model import MappedModel

NETWORK = FOLDER.parent / "stylegan2" / "aiart64_net.npz"
# By preset: its arrays, which blocks of B were kept, where it bends, and how late AIART's peaks are.
PRESETS = {
    "aiart": ("aiart_audio", [0, 2, 4], {"drums_zoom": ("5", 0.9, 2)}),
    "aiart-late": ("aiart_audio_late", [0, 1, 3], {"drums_zoom": ("3", 0.85, 2), "bass_zoom": ("5", 0.9, 1)}),
}


class GivenSegments(Scene):
    """The segments that the fixture's video was made with."""

    bounds = arrays()["trace/segmentation_given"]


@pytest.fixture(scope="module", params=PRESETS)
def made(request):
    config = read_config(load_values(request.param))
    return request.param, GivenSegments(config, Song(sound, 8.0, FRAMES, float(FPS)), MappedModel(), 0)


def near_theirs(found, wanted, but, tolerance=1e-3):
    """All frames but those in `but`, where AIART is wrong, are AIART's."""
    off = np.abs(found - wanted).reshape(len(found), -1).max(axis=1) > tolerance
    assert set(np.flatnonzero(off)) <= set(but)


def test_the_tempo_latents_are_aiarts_but_for_its_last_frame(made):
    name, scene = made
    arrays_name, blocks_b, _ = PRESETS[name]
    theirs = arrays(arrays_name)
    last = FRAMES - 1
    found_a = np.stack([scene._latents.a.at(frame) for frame in range(FRAMES)])
    near_theirs(found_a[:, 2, :16], theirs["trace/latents_A"][:, 1], [last])
    # AIART fills the last frame with zeros; here it is where the frame before was.
    assert not theirs["trace/latents_A"][last, 1].any()
    np.testing.assert_allclose(found_a[last, 2], found_a[last - 1, 2])
    tempo_b = [index for index, block in enumerate(blocks_b) if scene._latents.b.names[block] != "harmony"]
    found_b = np.stack([scene._latents.b.at(frame) for frame in range(FRAMES)])[:, blocks_b, :16]
    for index in tempo_b:
        near_theirs(found_b[:, index], theirs["trace/latents_B"][:, index], [last])


def test_the_harmony_latents_are_aiarts_where_its_signal_does_not_ring(made):
    name, scene = made
    found = np.stack([scene._latents.a.at(frame)[0, :16] for frame in range(FRAMES)])
    # The late one begins in the middle of a note, where a silence before it counts here.
    but = [*range(10), *range(182, FRAMES)]
    near_theirs(found, arrays(PRESETS[name][0])["trace/latents_A"][:, 0], but, 2e-3)


def test_blocks_are_stacked_as_aiarts(made):
    name, scene = made
    for stack, key in ((scene._latents.a, "A"), (scene._latents.b, "B")):
        equal = stack.names[:, None] == stack.names
        assert (equal == arrays(PRESETS[name][0])[f"trace/latents_{key}_equal_blocks"]).all()


def test_the_drums_modulate_between_both_sets(made):
    name, scene = made
    theirs = arrays(PRESETS[name][0])
    for frame, wanted in zip(theirs["trace/frames"], theirs["trace/w_in"], strict=True):
        if 10 < frame < FRAMES - 1:
            np.testing.assert_allclose(scene.at(frame).latent[0, :, :64], wanted, atol=1e-3)


def test_the_noise_turns_and_swells_as_aiarts(made):
    name, scene = made
    theirs = arrays(PRESETS[name][0])
    np.testing.assert_allclose(scene._noise._turns, theirs["trace/sawtooth_signal"], atol=3e-4)
    np.testing.assert_allclose(scene._noise._sigma, theirs["trace/rms_signal_for_noise"], atol=1e-4)


def test_the_zooms_dip_at_the_strokes_not_after_them(made):
    name, scene = made
    arrays_name, _, bends = PRESETS[name]
    for signal, (block, low, late) in bends.items():
        peaks = arrays(arrays_name)[f"config/transform/generator__block_{block}"]
        wanted = 1 - (1 - low) * peaks
        np.testing.assert_allclose(scene.signals[signal][:-late], wanted[late:], atol=2e-6)


@pytest.mark.parametrize("key", ["melody", "tempo", "drum"])
def test_seeds_are_those_of_tensorflow(key):
    melody = [388, 51, 97, 251, 389, 447, 185, 35, 166, 8, 21, 39]
    seeds = melody if key == "melody" else arrays()[f"seeds/{key}"]
    found = np.stack([tf_normal(int(seed), 512) for seed in seeds])
    np.testing.assert_allclose(found, arrays()[f"z/{key}"], atol=2e-6)


@pytest.mark.parametrize("key", ["tempo", "drum"])
def test_seeds_of_segments_are_aiarts(key):
    drawn = np.random.default_rng({"tempo": 8, "drum": 42}[key]).integers(0, 500, 8)
    assert drawn.tolist() == arrays()[f"seeds/{key}"].tolist()


def test_a_transition_is_a_slerp():
    keys = np.stack([arrays()[f"slerp/positive_{end}"] for end in ("from", "to")])
    track = SegmentTrack(Keys(keys), Transitions(np.array([0, 5]), length=10, lead=5))
    found = np.stack([track.at(frame) for frame in range(10)])
    np.testing.assert_allclose(found, arrays()["slerp/positive"], atol=2e-5)


@pytest.mark.parametrize("name", ["negative", "random"])
def test_a_slerp_ends_at_its_target_whatever_the_angle(name):
    """AIART's ends at minus the target where the angle is above 90 degrees."""
    a, b = arrays()[f"slerp/{name}_from"], arrays()[f"slerp/{name}_to"]
    assert a @ b < 0
    np.testing.assert_allclose(slerp_rows(a, b, 1.0), b)
    np.testing.assert_allclose(arrays()[f"slerp/{name}"][-1], -b, atol=1e-5)


def test_a_slerp_between_equal_latents_stays():
    """AIART's can be a vector of zeros."""
    same = arrays()["slerp/same_from"]
    np.testing.assert_allclose(slerp_rows(same, same, 0.5), same, atol=1e-6)


def test_turned_noise_is_aiarts_divided_by_root_2():
    theirs = np.load(NETWORK)
    found = noise.turned_noise(theirs["base_noise/16"], 0.3, 1.2)
    np.testing.assert_allclose(found * np.sqrt(2), theirs["rotate/16_0.3_1.2"].squeeze(), atol=2e-6)


@pytest.mark.parametrize("turns", [0.0, 0.3, 0.77])
def test_noise_has_its_standard_deviation_at_any_angle(turns):
    assert noise.turned_noise(noise.base_noise(128, 1), turns, 0.8).std() == pytest.approx(0.8, rel=0.03)


def test_noise_is_the_same_after_a_whole_turn():
    base = noise.base_noise(16, 1)
    np.testing.assert_allclose(noise.turned_noise(base, 1.25), noise.turned_noise(base, 0.25), atol=1e-5)


@pytest.mark.parametrize("size", [4, 64, 512])
@pytest.mark.parametrize("given", ["f0.37_a0.6_r0.9", "f0_a0.05_r0.75", "f1.9_a1_r0.1"])
def test_a_displacement_map_of_aiarts_vectors_is_aiarts(size, given):
    theirs, (turns, amount, detail) = np.load(NETWORK), (float(part[1:]) for part in given.split("_"))
    both = np.stack([theirs[f"disp/{size}/{given}/{axis}"] for axis in ("gx", "gy")], axis=-1).astype(np.float32)
    assert len(both) == displacement.grid(size, detail)
    found = displacement.displacement(both, size, turns, amount, least_px=1.0)
    step = max(1, size // 32)
    np.testing.assert_allclose(found[::step, ::step], theirs[f"disp/{size}/{given}/map"], atol=5e-4)


def test_an_image_is_warped_as_tensorflow_does():
    theirs = np.load(NETWORK)
    found = np.stack([displacement.warped(image, theirs["bend_flow"]) for image in np.moveaxis(theirs["map"], -1, 0)])
    np.testing.assert_allclose(np.moveaxis(found, 0, -1), theirs["bend/DisplacementMap/flow3d"], atol=2e-5)


def test_a_displacement_map_flows():
    """AIART draws its vectors again for each frame; at the start of a segment they are all the same."""
    some = displacement.vectors(12, 0)
    maps = [displacement.displacement(some, 64, turns, 1.0) for turns in (0.0, 0.01, 0.5)]
    size = np.abs(maps[0]).mean()
    assert np.abs(maps[1] - maps[0]).mean() < 0.1 * size
    np.testing.assert_allclose(maps[2], -maps[0], atol=1e-4)
    assert np.abs(maps[0].mean()) < 0.3 * size
    assert np.abs(np.load(NETWORK)["disp/64/f0_a0.05_r0.75/gx"]).std() == 0


def test_a_warp_of_nothing_changes_nothing():
    image = noise.turned_noise(noise.base_noise(16, 1), 0.1)
    np.testing.assert_allclose(displacement.warped(image, np.zeros((16, 16, 2), np.float32)), image, atol=1e-6)
