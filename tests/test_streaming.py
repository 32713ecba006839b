"""Streaming is a law: a sound in blocks is the whole sound, whatever the blocks."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import CONDITIONAL, DATA

import gansynth
from core.nn import numpy_ops
from gansynth import read_config, spectral, streaming
from gansynth.config import DATA_TYPES
from gansynth.heads import HeadLengths


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """32 frames of 64 samples, 0.5 s at 1 kHz, with a fade-in of 50 ms."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "stage_00006").mkdir()
    (folder / "experiment.json").write_text(json.dumps(CONDITIONAL | {"fade_in_s": 0.05}))
    return read_config(folder)


def specgram(config, seed=0):
    random, shape = np.random.default_rng(seed), (config.frames, config.frequencies)
    return np.stack([random.standard_normal(shape) - 3, random.uniform(-1, 1, shape)], axis=-1).astype(np.float32)


def whole(spectra, config):
    return spectral.faded_in(numpy_ops, spectral.specgrams_to_waves(numpy_ops, spectra[None], config), config)[0]


def streamed(spectra, config, size):
    state, blocks = streaming.StreamState(), []
    for begin in range(0, len(spectra), size):
        block, state = streaming.advance(spectra[begin : begin + size], state, config)
        blocks.append(block)
    return np.concatenate([*blocks, streaming.finish(state, config)])


PLAYED = [*({"data_type": one} for one in DATA_TYPES), {"data_type": "complex_mel", "consistent_phases": True}]


@pytest.mark.parametrize("played", PLAYED)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 11, 31, 32])
def test_blocks_of_any_size_are_the_whole_sound_bit_by_bit(config, played, size):
    config = replace(config, **played)
    spectra = specgram(config)
    assert streamed(spectra, config, size).tobytes() == whole(spectra, config).tobytes()


@pytest.mark.parametrize("played", PLAYED[-2:])
def test_samples_come_out_after_the_latency_that_is_declared(config, played):
    config = replace(config, **played)
    state, frames, spectra = streaming.StreamState(), 0, specgram(config)
    while True:
        block, state = streaming.advance(spectra[frames : frames + 1], state, config)
        frames += 1
        if len(block):
            break
    assert frames - 1 == streaming.latency_frames(config)


@pytest.mark.parametrize("played", PLAYED[-2:])
def test_as_many_samples_are_out_as_it_says(config, played):
    config = replace(config, **played)
    state, out, spectra = streaming.StreamState(), 0, specgram(config)
    for frame in range(config.frames):
        block, state = streaming.advance(spectra[frame : frame + 1], state, config)
        out += len(block)
        assert out == streaming.samples_after(frame + 1, config)


def test_a_block_of_no_frames_changes_nothing(config):
    _, state = streaming.advance(specgram(config)[:9], streaming.StreamState(), config)
    block, after = streaming.advance(specgram(config)[:0], state, config)
    assert not len(block) and after is state


@pytest.fixture(scope="module")
def model():
    return gansynth.load(DATA / "magenta_small")


@pytest.fixture
def z(model):
    return np.random.default_rng(3).standard_normal(model.latent_size)


@pytest.mark.parametrize("notes", [1, 10**6])
def test_head_and_rest_are_the_note(model, z, notes):
    head, rest = model.blocks(z, 40, notes=notes)
    (whole_note,) = model.generate(z[None], [40])
    assert len(head) + len(rest) == model.audio_length
    assert np.linalg.norm(np.concatenate([head, rest]) - whole_note) < 1e-3 * np.linalg.norm(whole_note)


def test_a_note_has_the_same_head_each_time(model, z):
    assert next(model.blocks(z, 40)).tobytes() == next(model.blocks(z, 40)).tobytes()


def test_the_head_is_there_before_the_rest_is_computed(model, z, monkeypatch):
    computed = []
    monkeypatch.setattr(model._networks, "specgram", lambda x, start, frames: computed.append(frames) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        next(model.blocks(z, 40))
    assert computed == [model.heads.choose()] and computed[0] < model.config.frames


def test_slower_rests_and_more_notes_make_longer_heads(model):
    heads = HeadLengths(model.config)
    assert heads.choose() == heads.frames[0]
    heads.measured(0.1)
    assert heads.frames[0] < heads.choose(1) < heads.choose(3)


def test_a_note_too_short_for_a_head_is_one_block(config):
    config = replace(config, start_height=1, audio_length=100)
    heads = HeadLengths(config)
    assert heads.frames == ()
    (block,) = heads.blocks(lambda frames: specgram(config)[:frames], 1)
    assert block.tobytes() == whole(specgram(config), config).tobytes()


def test_a_note_rendered_by_its_controls_comes_in_blocks(model, z):
    blocks = list(model.render({"z": z, "pitch": 40}))
    assert len(blocks) > 2 and sum(map(len, blocks)) == model.audio_length


def test_an_edited_note_comes_in_blocks(model, z):
    rng = np.random.default_rng(0)
    shape = model.layer_shape("conv0")
    activations = rng.standard_normal(shape)
    head, rest = model.blocks_from_activations("conv0", activations, 40)
    (whole_note,) = model.generate_from_activations("conv0", activations[None], [40])
    assert np.linalg.norm(np.concatenate([head, rest]) - whole_note) < 1e-3 * np.linalg.norm(whole_note)
