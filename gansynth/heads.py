"""How long the head of a note is: the part that is computed first, and played while the rest is computed.

There are a few fixed lengths, since each is a network of its own to compile. The shortest one is chosen that lasts
until the rest is there, by the time that the rest of the last notes took.
"""

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np

from gansynth import streaming
from gansynth.config import Config

# Frames of a head after those of the padding.
_FRAMES = (8, 16, 32, 64)
# Between the head's reply and the rest's: the way there and back, and a client that reads a file.
_DELIVERY_S = 0.06
# The time of a rest varies, the more so where something else uses the processor.
_SAFETY = 2.0
# How much the newest time counts in the running mean.
_NEWEST = 0.25


class HeadLengths:
    """The head lengths of a model, and how fast it has been. Methods may be called from any thread.

    Attributes:
        frames: the lengths there are, in spectrogram frames, rising; empty where a note is too short for any.
    """

    def __init__(self, config: Config) -> None:
        latency = streaming.latency_frames(config)
        self.frames = tuple(latency + more for more in _FRAMES if 2 * (latency + more) <= config.frames + latency)
        self._config = config
        self._rest_s = 0.0
        self._lock = threading.Lock()

    def measured(self, rest_s: float) -> None:
        """Take the seconds that the rest of a note took into account."""
        with self._lock:
            self._rest_s += (rest_s - self._rest_s) * (_NEWEST if self._rest_s else 1.0)

    def choose(self, notes: int = 1) -> int:
        """Frames of the head of a note, if so many notes wait for their rest, this one included.

        Returns:
            All frames of the note where no head is long enough, or there is none.
        """
        with self._lock:
            needed_s = _DELIVERY_S + _SAFETY * self._rest_s * max(1, notes)
        for frames in self.frames:
            if streaming.samples_after(frames, self._config) >= needed_s * self._config.sample_rate:
                return frames
        return self.frames[-1] if self.frames else self._config.frames

    def blocks(self, specgram: Callable[[int], np.ndarray], notes: int) -> Iterator[np.ndarray]:
        """A note as its head and its rest, float32 [samples] each; together audio_length samples.

        Args:
            specgram: computes the first frames of the note's spectrogram, [frames, frequencies, 2].
            notes: see `choose`.
        """
        config, state, head = self._config, streaming.StreamState(), self.choose(notes)
        if head < config.frames:
            block, state = streaming.advance(specgram(head), state, config)
            yield block
        begun = time.perf_counter()
        block, state = streaming.advance(specgram(config.frames)[state.frames :], state, config)
        rest = np.concatenate([block, streaming.finish(state, config)])
        self.measured(time.perf_counter() - begun)
        yield rest
