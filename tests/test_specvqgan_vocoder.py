"""MelGAN computes what the original does: every array of melgan/reference.npz."""

import numpy as np
import pytest
import specvqgan_files as files

import specvqgan
from core.nn import engine
from specvqgan.vocoder import network, weights


@pytest.fixture(scope="module")
def vocoder():
    return specvqgan.load_vocoder(files.FOLDER / "melgan")


@pytest.fixture(scope="module")
def known():
    return files.arrays("melgan/reference")


def test_the_sound_is_the_originals(vocoder, known):
    np.testing.assert_allclose(vocoder.generate(known["mel"][None])[0], known["wave"], rtol=0, atol=3e-5)


def test_the_shortest_spectrogram_and_values_beyond_0_to_1(vocoder, known):
    short = files.mel()[None, :, 200:204]
    np.testing.assert_allclose(vocoder.generate(short)[0], known["wave_four_frames"], rtol=0, atol=3e-5)
    beyond = 1.5 * known["mel"][None] - 0.25
    np.testing.assert_allclose(vocoder.generate(beyond)[0], known["wave_beyond"], rtol=0, atol=3e-5)


def test_a_whole_clip(vocoder, known):
    wave = vocoder.generate(files.mel()[None])[0]
    assert wave.shape == tuple(known["full_shape"])
    np.testing.assert_allclose(wave[::97], known["full_every_97th"], rtol=0, atol=3e-5)
    assert np.sqrt(np.square(wave, dtype=np.float64).mean()) == pytest.approx(known["full_rms"], rel=1e-5)


def test_every_part_is_the_originals(vocoder, known):
    mel = known["mel"][:, :8].T[None, None]
    names = {key: f"model.{key.rpartition('_')[2]}" for key in known if key.startswith("first_8_frames")}

    def run(ops, arrays, x):
        seen = {}

        def hook(name, value):
            seen[name] = value
            return value

        network.generate(ops, arrays, x, vocoder.config, hook)
        return tuple(seen[name] for name in names.values())

    found = engine.compile(run, vocoder._arrays, [mel.shape])(mel)
    for key, value in zip(names, found, strict=True):
        np.testing.assert_allclose(value[0, 0].T, known[key], rtol=0, atol=3e-5, err_msg=key)


@pytest.mark.parametrize("frames", [0, 3])
def test_three_frames_are_too_few(vocoder, frames):
    with pytest.raises(ValueError, match=f"frames of mel must be at least 4, not {frames}"):
        vocoder.generate(np.zeros((1, 80, frames)))


def test_weights_travel_to_the_originals_layout_and_back(vocoder):
    arrays = weights.initial(vocoder.config, np.random.default_rng(0))
    back = weights.from_original(weights.to_original(arrays), vocoder.config)
    assert all((back[name] == arrays[name]).all() for name in arrays)


@pytest.mark.parametrize("size", [1, 50, 400])
def test_blocks_are_the_whole(vocoder, size):
    mel = np.concatenate([files.mel(), files.mel()[:, ::-1]], axis=1)[:, :900]
    blocks = list(vocoder.stream(mel[:, at : at + size] for at in range(0, mel.shape[1], size)))
    whole = engine.compile(vocoder._generate, vocoder._arrays, [(1, 1, 900, 80)])(mel.T[None, None])[0, 0, :, 0]
    assert len(blocks) > 3
    np.testing.assert_allclose(np.concatenate(blocks), whole, rtol=0, atol=2e-6)


def test_a_block_waits_for_a_few_frames_only(vocoder):
    taken = 0

    def pieces():
        nonlocal taken
        for at in range(0, 860, 10):
            taken = at + 10
            yield files.mel()[:, at : at + 10]

    done = 0
    for block in vocoder.stream(pieces()):
        done += len(block) // 256
        assert taken - done <= vocoder.margin + 10 or taken == 860


def test_a_sample_depends_on_no_more_frames_than_it_is_said(vocoder):
    mel = np.array(files.mel()[None, :, :64])
    before = vocoder.generate(mel)[0].reshape(64, 256)
    mel[0, :, 30] += 0.5
    changed = np.abs(vocoder.generate(mel)[0].reshape(64, 256) - before).max(axis=1) > 1e-6
    (places,) = np.nonzero(changed)
    assert vocoder.margin - 2 <= 30 - places.min() <= vocoder.margin
    assert vocoder.margin - 2 <= places.max() - 30 <= vocoder.margin
