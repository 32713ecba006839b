"""Control signals of a wave [samples], mono float32 at SAMPLE_RATE: its level, onsets in a band, and beat."""

import numpy as np

from core import checks
from core.audio.pieces import SAMPLE_RATE
from core.audio.signals.signal import Signal

FRAME, HOP, ONSET_HOP = 2048, 512, 128
_NYQUIST_HZ, _BANDS = SAMPLE_RATE / 2, 128
# A log-normal prior for tempo: most likely about 80 beats a minute, half as likely at 45 and 160.
_PRIOR_SHAPE, _PRIOR_BPM = 0.5, 120.0
_BEAT_WINDOW = 384
_SMALL = 1e-10


def rms(wave: np.ndarray) -> Signal:
    """Root mean square of 2048 samples around each moment, 43 moments a second; full scale is 1."""
    import librosa

    return Signal(librosa.feature.rms(y=wave, frame_length=FRAME, hop_length=HOP)[0], SAMPLE_RATE / HOP)


def onsets(wave: np.ndarray, low_hz: float = 20.0, high_hz: float = 8000.0) -> Signal:
    """How fast the spectrum between two frequencies rises, 172 moments a second: the mean rise of its mel bands in dB.

    There are 128 bands, or fewer in a range that has fewer frequencies.

    Raises:
        ValueError: the frequencies are not in order, or outside 0..11 025 Hz.
    """
    from librosa.onset import onset_strength

    checks.in_range("low_hz of onsets", low_hz, 0, _NYQUIST_HZ, "Hz")
    checks.above("high_hz of onsets", high_hz, low_hz, _NYQUIST_HZ, "Hz")
    bands = int(np.clip((high_hz - low_hz) * FRAME / SAMPLE_RATE, 1, _BANDS))
    strength = onset_strength(y=wave, sr=SAMPLE_RATE, hop_length=ONSET_HOP, fmin=low_hz, fmax=high_hz, n_mels=bands)
    return Signal(strength, SAMPLE_RATE / ONSET_HOP)


def beat(wave: np.ndarray) -> Signal:
    """A pulse that swings with the beat, 0..1 with its peaks on the beats, 43 moments a second; 0 in silence.

    Source: predominant local pulse (Grosche and Mueller 2011, librosa), with a prior for tempo.
    """
    import scipy.stats
    from librosa.beat import plp
    from librosa.onset import onset_strength

    strength = onset_strength(y=wave, sr=SAMPLE_RATE, hop_length=HOP)
    if strength.max(initial=0.0) < _SMALL:
        return Signal(np.zeros(len(strength)), SAMPLE_RATE / HOP)
    prior = scipy.stats.lognorm(loc=np.log(_PRIOR_BPM), scale=_PRIOR_BPM, s=_PRIOR_SHAPE)
    pulse = plp(onset_envelope=strength, sr=SAMPLE_RATE, hop_length=HOP, win_length=_BEAT_WINDOW, prior=prior)
    return Signal(pulse, SAMPLE_RATE / HOP)
