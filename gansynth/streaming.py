"""Spectrogram frames -> samples, block by block: the blocks of a sound are the whole sound, bit by bit.

    state = StreamState()
    samples, state = advance(specgrams, state, config)      # as often as there are frames
    samples = finish(state, config)

Each frame in is one hop of samples out; with `consistent_phases` a frame is known when those that overlap with it are.
The sound is cut as `spectral.specgrams_to_waves` and `spectral.faded_in` cut it: the padding before it is left out, it
rises over fade_in_s, and it ends after audio_length samples.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.nn import numpy_ops
from gansynth import spectral
from gansynth.config import Config
from gansynth.spectral import OVERLAPPING


@dataclass(frozen=True)
class StreamState:
    """What the next block of one sound depends on.

    Attributes:
        frames: how many have come in.
        phase: see `spectral.windowed_frames`; None before the first frame.
        tail: the last three frames of sound, windowed, [1, 3, frame_length]; None before the first frame.
        waiting: frames whose phases are not known yet; None without `consistent_phases`, and before the first frame.
    """

    frames: int = 0
    phase: np.ndarray | None = None
    tail: np.ndarray | None = None
    waiting: "_Waiting | None" = None


@dataclass(frozen=True)
class _Waiting:
    """The last three frames of a sound that gets consistent phases.

    Attributes:
        level: [1, 3, frequencies].
        windowed: without these phases, [1, 3, frame_length].
        wave: the same as samples, as far as they are complete, [1, 3 * hop].
    """

    level: np.ndarray
    windowed: np.ndarray
    wave: np.ndarray

    @classmethod
    def silent(cls, config: Config) -> "_Waiting":
        """Frames without sound."""
        level = np.full((1, OVERLAPPING, config.frequencies), -np.inf, np.float32)
        return cls(level, _silence(config), np.zeros((1, OVERLAPPING * config.hop), np.float32))


def latency_frames(config: Config) -> int:
    """How many frames come in before the first sample goes out: those of the padding, and those that are waited for.

    After `n` frames all samples before (n - latency_frames) * hop, and the rest of the padding's last hop, are out.
    """
    return config.padding // config.hop + _awaited(config)


def samples_after(frames: int, config: Config) -> int:
    """How many samples are out after so many frames."""
    return min(max(0, (frames - _awaited(config)) * config.hop - config.padding), config.audio_length)


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
    specgrams = specgrams[None]
    windowed, phase = spectral.windowed_frames(numpy_ops, specgrams, config, state.phase)
    waiting = None
    if config.consistent_phases:
        windowed, waiting = _consistent(specgrams[..., 0], windowed, state.waiting, config)
    wave, tail = _completed(windowed, state.tail, config)
    return _cut(wave, state, config), StreamState(state.frames + specgrams.shape[1], phase, tail, waiting)


def finish(state: StreamState, config: Config) -> np.ndarray:
    """The samples under the last frames, float32: what is left when no more frames come."""
    windowed = _silence(config)
    if config.consistent_phases:
        last, _ = _consistent(_Waiting.silent(config).level, windowed, state.waiting, config)
        windowed = np.concatenate([last, windowed], axis=1)
    return _cut(_completed(windowed, state.tail, config)[0], state, config)


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


def _awaited(config: Config) -> int:
    """How many frames come in before the phases of one are known."""
    return OVERLAPPING if config.consistent_phases else 0


def _silence(config: Config) -> np.ndarray:
    return np.zeros((1, OVERLAPPING, config.frame_length), np.float32)


def _consistent(
    level: np.ndarray, windowed: np.ndarray, waiting: _Waiting | None, config: Config
) -> tuple[np.ndarray, _Waiting]:
    """The frames that others complete, as many as those, with consistent phases; and those that wait now.

    Args:
        level: of the next frames, [1, count, frequencies].
        windowed: without these phases, [1, count, frame_length].
        waiting: the frames before.
        config: of the model.
    """
    before = waiting or _Waiting.silent(config)
    wave, tail = _completed(windowed, before.windowed, config)
    level, wave = np.concatenate([before.level, level], axis=1), np.concatenate([before.wave, wave], axis=1)
    found = spectral.consistent_frames(numpy_ops, level[:, :-OVERLAPPING], wave, config)
    return found, _Waiting(level[:, -OVERLAPPING:], tail, wave[:, -OVERLAPPING * config.hop :])


def _completed(windowed: np.ndarray, tail: np.ndarray | None, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """The samples that windowed frames [1, count, frame_length] complete, [1, count * hop], and the new tail."""
    together = np.concatenate([_silence(config) if tail is None else tail, windowed], axis=1)
    wave = spectral.overlap_add(numpy_ops, together, config.hop)
    return wave[:, OVERLAPPING * config.hop :][:, : windowed.shape[1] * config.hop], together[:, -OVERLAPPING:]


def _cut(wave: np.ndarray, state: StreamState, config: Config) -> np.ndarray:
    """What is heard of the next samples [1, count]."""
    start = (state.frames - _awaited(config)) * config.hop - config.padding
    heard = wave[0, max(0, -start) : max(0, config.audio_length - start)]
    return _faded_in(heard, max(0, start), config)


def _faded_in(wave: np.ndarray, start: int, config: Config) -> np.ndarray:
    """The samples of a sound from `start` on, as `spectral.faded_in` leaves them."""
    rise = spectral.fade_in(config)[start : start + len(wave)]
    return np.concatenate([wave[: len(rise)] * rise, wave[len(rise) :]])
