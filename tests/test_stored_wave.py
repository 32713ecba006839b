"""Long sounds in a temporary file, read as if they were arrays."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from core.audio.features import features
from core.audio.levels import scale_to_peak
from core.audio.stored_wave import StoredWave, stored_at_peak

BLOCKS = np.split(np.random.default_rng(1).standard_normal(30_000).astype(np.float32), [7, 7, 9_000, 22_222])


@pytest.fixture
def whole():
    wave = np.concatenate(BLOCKS)
    scale_to_peak(wave, 0.5)
    return wave


@pytest.mark.parametrize("part", [slice(None), slice(5, 8), slice(21_000, 29_999), slice(29_000, None, 3), slice(9, 3)])
def test_a_stored_sound_has_the_samples_of_the_array_bit_by_bit(whole, part):
    stored = stored_at_peak(BLOCKS, 0.5, in_memory=10_000)
    assert isinstance(stored, StoredWave)
    assert stored[part].tobytes() == whole[part].tobytes()


def test_a_short_sound_is_an_array(whole):
    assert stored_at_peak(BLOCKS, 0.5).tobytes() == whole.tobytes()


def test_a_full_disk_leaves_it_in_memory(whole, monkeypatch):
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full)
        assert stored_at_peak(BLOCKS, 0.5, in_memory=10_000).tobytes() == whole.tobytes()


def test_stored_silence_stays_silence():
    assert not np.asarray(stored_at_peak([np.zeros(30, np.float32)], 0.5, in_memory=10)).any()


def test_images_follow_a_stored_sound_as_an_array(whole):
    stored = features(stored_at_peak(BLOCKS, 0.5, in_memory=10_000), 1000)
    assert stored.loudness.tobytes() == features(whole, 1000).loudness.tobytes()
