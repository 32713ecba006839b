"""Notes drawn by additive synthesis: organs, synthesiser leads, voices and basses, with NSynth's labels.

Sound fonts have few organs, leads and voices at their pitch. Here each instrument is a spectrum, an envelope and a
movement; nothing is random but its partials' phases, which follow from its name and the pitch.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gansynth.dataset.qualities import measured_qualities
from gansynth.dataset.records import FAMILIES, QUALITIES, SOURCES, Labels, Note

# Formants of sung vowels: centre in Hz, level in dB, bandwidth in Hz (Csound's table for a tenor, rounded).
_VOWELS = {
    "a": ((650, 0, 80), (1080, -6, 90), (2650, -7, 120), (2900, -8, 130), (3250, -22, 140)),
    "e": ((400, 0, 70), (1700, -14, 80), (2600, -12, 100), (3200, -14, 120), (3580, -20, 120)),
    "i": ((290, 0, 40), (1870, -15, 90), (2800, -18, 100), (3250, -20, 120), (3540, -30, 120)),
    "o": ((400, 0, 40), (800, -10, 80), (2600, -12, 100), (2800, -12, 120), (3000, -26, 120)),
    "u": ((350, 0, 40), (600, -20, 60), (2700, -17, 100), (2900, -14, 120), (3300, -26, 120)),
}


@dataclass(frozen=True)
class AdditiveInstrument:
    """An instrument: its labels, its partials, and how its notes begin, move and end.

    Attributes:
        name: of the instrument.
        family: one of NSynth's.
        source: one of NSynth's.
        partials: the strength of the partials at multiples 1, 2, ... of the pitch; a short list, or () for all with the
            strength 1 / number ** slope.
        slope: of the partials.
        odd: only odd multiples.
        cutoff_hz: of a low-pass filter of the fourth order; its peak falls to `closed` of it over a second.
        closed: where the filter falls to, as a share.
        vowel: of a voice; "" for none.
        attack_s: time in which a note rises.
        decay_s: time in which it falls to a third; 0: it does not.
        hold_s: when the key is released.
        release_s: time in which it falls to a thousandth after that.
        detune_cents: distance of a second oscillator; 0: there is none.
        vibrato_cents: depth of the vibrato.
        vibrato_hz: its speed.
        breath: level of filtered noise beside the tone.
        click: level of the noise at a key's contact.
    """

    name: str
    family: str
    source: str = "synthetic"
    partials: tuple[float, ...] = ()
    slope: float = 1.0
    odd: bool = False
    cutoff_hz: float = 20000.0
    closed: float = 1.0
    vowel: str = ""
    attack_s: float = 0.01
    decay_s: float = 0.0
    hold_s: float = 2.5
    release_s: float = 0.1
    detune_cents: float = 0.0
    vibrato_cents: float = 0.0
    vibrato_hz: float = 5.0
    breath: float = 0.0
    click: float = 0.0


def _organ(name: str, partials: Sequence[float], hold_s: float, vibrato_cents: float = 0.0) -> AdditiveInstrument:
    return AdditiveInstrument(
        name, "organ", "electronic", tuple(partials), attack_s=0.006, hold_s=hold_s, release_s=0.06,
        vibrato_cents=vibrato_cents, vibrato_hz=6.3, click=0.03,
    )  # fmt: skip


INSTRUMENTS = (
    _organ("drawbar_flute", (1, 0.5, 0, 0.2), 2.8),
    _organ("drawbar_full", (1, 0.8, 0.7, 0.8, 0, 0.5, 0, 0.6), 1.6, 7),
    _organ("drawbar_jazz", (1, 0.9, 0.8), 2.2, 9),
    _organ("drawbar_bright", (1, 0.3, 0.1, 0.7, 0, 0.4, 0, 0.8), 3.2),
    _organ("combo_organ", (1, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1), 2.5, 12),
    AdditiveInstrument("principal_pipe", "organ", "acoustic", slope=1.4, cutoff_hz=5000, attack_s=0.05, hold_s=3.3,
                       release_s=0.3, breath=0.006),
    AdditiveInstrument("stopped_pipe", "organ", "acoustic", slope=1.8, odd=True, attack_s=0.07, hold_s=2.4,
                       release_s=0.35, breath=0.015),
    AdditiveInstrument("mixture_pipes", "organ", "acoustic", (1, 0.7, 0.5, 0.6, 0.2, 0.5, 0.1, 0.5, 0, 0.2, 0, 0.4),
                       attack_s=0.04, hold_s=1.8, release_s=0.4, detune_cents=4),
    AdditiveInstrument("saw_stack", "synth_lead", detune_cents=14, hold_s=3.0),
    AdditiveInstrument("square_pure", "synth_lead", odd=True, hold_s=2.0, release_s=0.05),
    AdditiveInstrument("saw_sweep", "synth_lead", cutoff_hz=6000, closed=0.1, decay_s=1.5, hold_s=2.4),
    AdditiveInstrument("pulse_lead", "synth_lead", slope=0.5, cutoff_hz=3500, vibrato_cents=12, hold_s=3.2),
    AdditiveInstrument("soft_square", "synth_lead", odd=True, cutoff_hz=1800, vibrato_cents=15, attack_s=0.04,
                       hold_s=2.7),
    AdditiveInstrument("saw_brass", "synth_lead", cutoff_hz=2500, attack_s=0.08, hold_s=1.5, release_s=0.2,
                       detune_cents=8),
    AdditiveInstrument("square_pluck", "synth_lead", odd=True, cutoff_hz=7000, closed=0.15, decay_s=0.4, hold_s=2.5),
    AdditiveInstrument("air_lead", "synth_lead", slope=1.5, breath=0.03, attack_s=0.03, hold_s=2.2, vibrato_cents=10),
    AdditiveInstrument("saw_bass", "bass", cutoff_hz=1500, closed=0.2, decay_s=1.0, hold_s=2.0),
    AdditiveInstrument("square_bass", "bass", odd=True, cutoff_hz=900, closed=0.5, hold_s=2.6),
    *(
        AdditiveInstrument(f"sung_{vowel}", "vocal", slope=0.9, vowel=vowel, attack_s=attack_s, hold_s=hold_s,
                           release_s=0.25, vibrato_cents=vibrato, vibrato_hz=5.4, breath=0.01)
        for vowel, attack_s, hold_s, vibrato in (
            ("a", 0.06, 2.8, 18), ("e", 0.05, 2.1, 0), ("i", 0.05, 2.5, 14), ("o", 0.09, 3.3, 20), ("u", 0.1, 1.7, 0)
        )
    ),
    AdditiveInstrument("choir_hum", "vocal", slope=1.3, vowel="u", attack_s=0.25, hold_s=3.0, release_s=0.5,
                       detune_cents=11, vibrato_cents=8, breath=0.02),
)  # fmt: skip


def notes(
    pitches: Sequence[int], sample_rate: int = 16000, length: int = 64000, peak: float = 0.6,
    instruments: Sequence[AdditiveInstrument] = INSTRUMENTS,
) -> Iterator[Note]:  # fmt: skip
    """Every instrument at every pitch: notes of `length` samples with this peak."""
    for instrument in instruments:
        for pitch in pitches:
            yield note(instrument, pitch, sample_rate, length, peak)


def note(instrument: AdditiveInstrument, pitch: int, sample_rate: int, length: int, peak: float) -> Note:
    """One note."""
    name = f"{instrument.name}_{pitch}"
    random = np.random.default_rng(zlib.crc32(name.encode()))
    times = np.arange(length) / sample_rate
    wave = _tone(instrument, pitch, times, sample_rate, random) + _noise(instrument, times, random)
    wave *= _envelope(instrument, times)
    wave *= peak / np.abs(wave).max()
    words = measured_qualities(wave, pitch, sample_rate, min(instrument.hold_s, length / sample_rate - 0.1))
    qualities = tuple(int(word in words) for word in QUALITIES)
    labels = Labels(
        instrument.name, pitch, SOURCES.index(instrument.source), FAMILIES.index(instrument.family), qualities
    )
    return Note(name, labels, wave.astype(np.float32))


def _tone(
    instrument: AdditiveInstrument, pitch: int, times: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    """The partials below half the sample rate, at a level of about 1."""
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    depth = np.minimum(1, times / 0.4) * instrument.vibrato_cents
    swing = 2 ** (depth * np.sin(2 * np.pi * instrument.vibrato_hz * times) / 1200)
    turns = np.cumsum(hertz * swing) / sample_rate
    cutoff_hz = instrument.cutoff_hz * (instrument.closed + (1 - instrument.closed) * np.exp(-3 * times))
    wave = np.zeros_like(times)
    for number in range(1, int(0.48 * sample_rate / hertz) + 1):
        strength = _strength(instrument, number) * _formant(instrument.vowel, number * hertz)
        if strength < 1e-4:
            continue
        partial = np.sin(2 * np.pi * (number * turns + random.random()))
        if instrument.detune_cents:
            apart = 2 ** (instrument.detune_cents / 1200)
            partial = 0.6 * partial + 0.6 * np.sin(2 * np.pi * (number * apart * turns + random.random()))
        wave += strength * partial / np.sqrt(1 + (number * hertz / cutoff_hz) ** 4)
    return wave


def _strength(instrument: AdditiveInstrument, number: int) -> float:
    if instrument.partials:
        return instrument.partials[number - 1] if number <= len(instrument.partials) else 0.0
    return 0.0 if instrument.odd and number % 2 == 0 else number**-instrument.slope


def _formant(vowel: str, hertz: float) -> float:
    """The gain of a vowel's resonances; 1 without a vowel."""
    if not vowel:
        return 1.0
    peaks = [10 ** (level / 20) / (1 + ((hertz - centre) / width) ** 2) for centre, level, width in _VOWELS[vowel]]
    return 0.02 + sum(peaks)


def _noise(instrument: AdditiveInstrument, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
    white = random.standard_normal(len(times))
    return instrument.breath * white + instrument.click * 10 * white * np.exp(-times / 0.003)


def _envelope(instrument: AdditiveInstrument, times: np.ndarray) -> np.ndarray:
    rise = np.sin(0.5 * np.pi * np.minimum(1, times / instrument.attack_s)) ** 2
    decay = np.exp(-times / instrument.decay_s) if instrument.decay_s else 1.0
    return rise * decay * np.exp(-6.9 * np.maximum(0, times - instrument.hold_s) / instrument.release_s)
