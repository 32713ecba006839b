"""Write the sound of a film as AAC (PyAV)."""

from fractions import Fraction
from typing import Any

import numpy as np

from core.audio.blocks import AudioSource

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
# AAC takes at most six bits per sample; more would be clamped with a warning.
_MOST_BITS_A_SECOND, _MOST_BITS_A_SAMPLE = 112_000, 5


class SoundTrack:
    """A sound track in AAC, written along with the frames, so that neither waits in memory for the other."""

    def __init__(self, file: Any, sound: AudioSource) -> None:
        """Add a track to a file of PyAV's that is being written."""
        self._file, self._rate = file, sound.sample_rate
        self._layout = "mono" if sound.channels == 1 else "stereo"
        rate = self._rate if self._rate in _AAC_RATES else 48000
        self._stream = file.add_stream("aac", rate=rate, layout=self._layout)
        self._stream.bit_rate = sound.channels * min(_MOST_BITS_A_SECOND, _MOST_BITS_A_SAMPLE * rate)
        self._blocks = sound.blocks()
        self._waiting = np.zeros((sound.channels, 0), np.float32)
        self._done = 0

    def go_to(self, time_s: Fraction) -> None:
        """Write all samples before a time, and silence after the end of the sound."""
        needed = max(0, round(time_s * self._rate) - self._done)
        while self._waiting.shape[1] < needed:
            block = next(self._blocks, None)
            if block is None:
                missing = needed - self._waiting.shape[1]
                block = np.zeros((len(self._waiting), missing), np.float32)
            self._waiting = np.concatenate([self._waiting, block], axis=1)
        self._write(self._waiting[:, :needed])
        self._waiting = self._waiting[:, needed:]

    def _write(self, samples: np.ndarray) -> None:
        import av

        if not samples.shape[1]:
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._done, Fraction(1, self._rate)
        self._file.mux(self._stream.encode(frame))
        self._done += samples.shape[1]

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._file.mux(self._stream.encode(None))
