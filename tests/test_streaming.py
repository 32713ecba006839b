"""Streaming is a law: a sound in blocks is the whole sound, whatever the blocks."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import CONDITIONAL

from core.nn import numpy_ops
from gansynth import read_config, spectral, streaming
from gansynth.config import DATA_TYPES


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


@pytest.mark.parametrize("data_type", DATA_TYPES)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 11, 31, 32])
def test_blocks_of_any_size_are_the_whole_sound_bit_by_bit(config, data_type, size):
    config = replace(config, data_type=data_type)
    spectra = specgram(config)
    assert streamed(spectra, config, size).tobytes() == whole(spectra, config).tobytes()


def test_samples_come_out_after_the_latency_that_is_declared(config):
    state, frames, spectra = streaming.StreamState(), 0, specgram(config)
    while True:
        block, state = streaming.advance(spectra[frames : frames + 1], state, config)
        frames += 1
        if len(block):
            break
    assert frames - 1 == streaming.latency_frames(config)


def test_as_many_samples_are_out_as_it_says(config):
    state, out, spectra = streaming.StreamState(), 0, specgram(config)
    for frame in range(config.frames):
        block, state = streaming.advance(spectra[frame : frame + 1], state, config)
        out += len(block)
        assert out == streaming.samples_after(frame + 1, config)


def test_a_block_of_no_frames_changes_nothing(config):
    _, state = streaming.advance(specgram(config)[:9], streaming.StreamState(), config)
    block, after = streaming.advance(specgram(config)[:0], state, config)
    assert not len(block) and after is state
