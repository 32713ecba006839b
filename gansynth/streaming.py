"""Spectrogram frames -> samples, block by block: the blocks of a sound are the whole sound, bit by bit.

    state = StreamState()
    samples, state = advance(specgrams, state, config)      # as often as there are frames
    samples = finish(state, config)

Each frame in is one hop of samples out. The sound is cut as `spectral.specgrams_to_waves` and `spectral.faded_in` cut
it: the padding before it is left out, it rises over fade_in_s, and it ends after audio_length samples.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.nn import numpy_ops
from gansynth import spectral
from gansynth.config import Config

# Frames that overlap with the next one.
_OVERLAPPING = 3


@dataclass(frozen=True)
class StreamState:
    """What the next block of one sound depends on.

    Attributes:
        frames: how many have come in.
        phase: see `spectral.windowed_frames`; None before the first frame.
        tail: the last three frames of sound, windowed, [1, 3, frame_length]; None before the first frame.
    """

    frames: int = 0
    phase: np.ndarray | None = None
    tail: np.ndarray | None = None


def latency_frames(config: Config) -> int:
    """How many frames come in before the first sample goes out: those of the padding.

    After `n` frames all samples before (n - latency_frames) * hop, and the rest of the padding's last hop, are out.
    """
    return config.padding // config.hop


def samples_after(frames: int, config: Config) -> int:
    """How many samples are out after so many frames."""
    return min(max(0, frames * config.hop - config.padding), config.audio_length)


def advance(specgrams: np.ndarray, state: StreamState, config: Config) -> tuple[np.ndarray, StreamState]:
    """The samples that the next frames complete.

    Args:
        specgrams: [count, frequencies, 2], denormalised.
        state: after the frames before.
        config: of the model.

    Returns:
        float32 [samples], none at first; and the state after these frames.
    """
    if not len(specgrams):
        return np.zeros(0, np.float32), state
    windowed, phase = spectral.windowed_frames(numpy_ops, specgrams[None], config, state.phase)
    samples, tail = _added(windowed, state, config)
    return samples, StreamState(state.frames + len(specgrams), phase, tail)


def finish(state: StreamState, config: Config) -> np.ndarray:
    """The samples under the last frames, float32: what is left when no more frames come."""
    silence = np.zeros((1, _OVERLAPPING, config.frame_length), np.float32)
    return _added(silence, state, config)[0]


def blocks(specgram: np.ndarray, config: Config, frames: int = 16) -> Iterator[np.ndarray]:
    """A whole sound in blocks of so many frames: float32 [samples] each, together audio_length samples.

    Args:
        specgram: [count, frequencies, 2], denormalised.
        config: of the model.
        frames: of each block; the last may have fewer, and what is left comes after it.
    """
    state = StreamState()
    for start in range(0, len(specgram), frames):
        samples, state = advance(specgram[start : start + frames], state, config)
        if len(samples):
            yield samples
    yield finish(state, config)


def _added(windowed: np.ndarray, state: StreamState, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """The samples that windowed frames [1, count, frame_length] complete, and the new tail."""
    before = np.zeros((1, _OVERLAPPING, config.frame_length), np.float32) if state.tail is None else state.tail
    together = np.concatenate([before, windowed], axis=1)
    count, hop = windowed.shape[1], config.hop
    wave = spectral.overlap_add(numpy_ops, together, hop)[0, _OVERLAPPING * hop : (_OVERLAPPING + count) * hop]
    start = state.frames * hop - config.padding
    wave = wave[max(0, -start) : max(0, config.audio_length - start)]
    return _faded_in(wave, max(0, start), config), together[:, -_OVERLAPPING:]


def _faded_in(wave: np.ndarray, start: int, config: Config) -> np.ndarray:
    """The samples of a sound from `start` on, as `spectral.faded_in` leaves them."""
    rise = spectral.fade_in(config)[start : start + len(wave)]
    return np.concatenate([wave[: len(rise)] * rise, wave[len(rise) :]])
