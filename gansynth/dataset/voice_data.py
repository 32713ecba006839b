"""What the voices that ship learn from: notes of a sound font, of a library, and drawn ones; drums and textures.

Notes of a sound font at three velocities, and notes of a library at five dynamics, differ in their peaks too, so that a
voice learns soft notes. How long a key is held differs from instrument to instrument.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.progress import Progress
from gansynth.dataset import additive, note_import, soundfont, textures
from gansynth.dataset.records import Note
from gansynth.dataset.soundfont import DRUMS, SoundFontPlan
from gansynth.dataset.transposition import transposed

RATE, LENGTH, SHORT = 16000, 64000, 32000
PITCHES = tuple(range(36, 84))
_BOTH = (45, 105)
# General MIDI programs and their velocities: families get about as many notes each.
PROGRAMS: dict[int, tuple[int, ...]] = {
    # bass
    32: _BOTH, 33: _BOTH, 34: (90,), 35: _BOTH, 36: (100,), 38: _BOTH, 39: _BOTH,
    # brass
    56: _BOTH, 57: (60,), 58: (70, 110), 59: (95,), 60: (60, 110), 61: _BOTH, 62: (100,), 63: (90,),
    # flute
    72: (90,), 73: _BOTH, 74: _BOTH, 75: _BOTH, 76: (90,), 77: _BOTH, 78: (90,), 79: (90,),
    # guitar
    24: _BOTH, 25: _BOTH, 26: (60, 105), 27: (60, 105), 28: (100,), 29: (100,), 30: (100,), 104: (100,), 106: (100,),
    107: (90,),
    # keyboard
    0: (30, 75, 115), 1: (100,), 2: (100,), 3: (100,), 4: _BOTH, 5: _BOTH, 6: (100,), 7: (100,),
    # mallet
    8: _BOTH, 10: (100,), 11: _BOTH, 12: _BOTH, 13: _BOTH, 15: (90,), 108: (90,), 114: _BOTH,
    # organ
    19: (90,), 20: _BOTH, 21: _BOTH, 22: (90,), 23: (90,),
    # reed
    64: (100,), 65: (100,), 66: (60, 110), 67: (100,), 68: (90,), 70: (90,), 71: (60,), 109: (90,), 111: (90,),
    # string
    40: _BOTH, 41: (90,), 42: (110,), 45: (90,), 46: _BOTH, 48: _BOTH, 49: (90,), 50: (90,), 51: (90,), 110: (100,),
    # synth_lead
    80: (100,), 81: (100,), 82: (90,), 83: (90,), 84: (100,), 85: (90,), 87: (100,),
    # vocal
    52: (50, 80, 110), 53: (50, 80, 110), 54: (50, 90),
}  # fmt: skip
# What a library of orchestral instruments lacks, for `orchestra`: each family has two hundred notes or more with it.
BESIDE: dict[int, tuple[int, ...]] = {
    0: _BOTH, 4: (90,), 5: (90,), 8: (90,), 11: (90,), 12: (100,), 13: (100,), 18: _BOTH, 19: (90,), 20: _BOTH,
    21: _BOTH, 23: (90,), 24: (90,), 40: _BOTH, 41: (90,), 45: (90,), 46: (90,), 48: (90,), 52: (50, 80, 110),
    53: (50, 110), 54: (90,), 56: (60, 110), 73: (90,), 75: (90,),
}  # fmt: skip
# The rock organ sounds an octave below its key.
OCTAVE_LOW = {18}
ORCHESTRA_PITCHES = tuple(range(36, 85))
# The longest of the library's notes last three seconds; in 192 frames, a note begins where it does in 128.
ORCHESTRA_LENGTH = 48384
KITS, DRUM_KEYS = (0, 8, 16, 24, 25, 32, 40, 48), tuple(range(27, 88))
EFFECTS, EFFECT_KEYS = tuple(range(112, 128)), (40, 52, 60, 72)
TRANSPOSED, TEXTURES = (-5, -2, 0, 3), 900
# Peaks by what a library calls a dynamic, the longer words first; others have the last one.
_PEAKS = {
    "molto-pianissimo": 0.32, "pianissimo": 0.36, "mezzo-piano": 0.48, "piano": 0.42, "mezzo-forte": 0.55,
    "fortissimo": 0.7, "forte": 0.62, "": 0.6,
}  # fmt: skip
# Spectra that are as alike as this are of one sound, which kits share.
_SAME = 0.999


def held_s(program: int, velocity: int) -> float:
    """How long an instrument's key is held at a velocity: 1 to 3.4 s."""
    random = np.random.default_rng([program, velocity])
    return round(float(random.choice([random.uniform(1.0, 2.2), random.uniform(2.2, 3.4)], p=[0.45, 0.55])), 2)


def notes(program: str, sound_font: Path, library: Path | None, progress: Progress) -> Iterator[Note]:
    """The notes of the pitched voice: PROGRAMS of the sound font, drawn instruments, and those of a library.

    Args:
        program: path of fluidsynth.
        sound_font: General MIDI.
        library: a folder of recorded notes that `note_import.find` reads, such as one with a notes.json.
        progress: counts the sound font's instruments.

    Raises:
        ValueError: see `soundfont.render` and `note_import.find`.
    """
    yield from _rendered(PROGRAMS, PITCHES, LENGTH, program, sound_font, progress)
    yield from additive.notes(PITCHES, RATE, LENGTH, instruments=additive.INSTRUMENTS)
    if library:
        yield from _recorded(library, PITCHES, LENGTH)


def orchestra(program: str, sound_font: Path, library: Path, progress: Progress) -> Iterator[Note]:
    """The notes of the voice of recorded instruments: a library's, and of the sound font what an orchestra's lacks.

    Arguments and errors as for `notes`.
    """
    yield from _rendered(BESIDE, ORCHESTRA_PITCHES, ORCHESTRA_LENGTH, program, sound_font, progress)
    yield from _recorded(library, ORCHESTRA_PITCHES, ORCHESTRA_LENGTH)


def _rendered(
    programs: Mapping[int, Sequence[int]],
    pitches: Sequence[int],
    length: int,
    program: str,
    sound_font: Path,
    progress: Progress,
) -> Iterator[Note]:
    longest = 0.8 * length / RATE
    for done, (number, velocities) in enumerate(programs.items()):
        progress(done, len(programs))
        for velocity in velocities:
            hold_s = min(held_s(number, velocity), longest) if length < LENGTH else held_s(number, velocity)
            higher = 12 if number in OCTAVE_LOW else 0
            keys = [pitch + higher for pitch in pitches]
            plan = SoundFontPlan((number,), keys, (velocity,), RATE, length, hold_s)
            peak = 0.42 if velocity <= 60 else 0.55 if velocity < 100 else 0.7
            for note in soundfont.render(plan, program, sound_font):
                yield _at_peak(_lower(note, higher), peak)
    progress(len(programs), len(programs))


def sounds(program: str, sound_font: Path, progress: Progress) -> Iterator[Note]:
    """The sounds of the voice without pitches: drums and effects of the sound font, each also transposed; textures."""
    plans = (
        SoundFontPlan(KITS, DRUM_KEYS, (110,), RATE, SHORT, 1.5, DRUMS, pitched=False),
        SoundFontPlan(EFFECTS, EFFECT_KEYS, (100,), RATE, SHORT, 1.5, pitched=False),
    )
    seen: list[np.ndarray] = []
    for done, plan in enumerate(plans):
        progress(done, len(plans))
        yield from _drums(plan, seen, program, sound_font)
    yield from textures.textures(TEXTURES, RATE, SHORT)
    progress(len(plans), len(plans))


def _drums(plan: SoundFontPlan, seen: list[np.ndarray], program: str, sound_font: Path) -> Iterator[Note]:
    """The sounds of a plan that are unlike those seen before, which they join."""
    kind = "kit" if plan.channel == DRUMS else "effect"
    for (number, key, _), wave in soundfont.render_waves(plan, program, sound_font):
        shape = np.abs(np.fft.rfft(wave[: SHORT // 4]))[: SHORT // 16]
        shape = shape / max(float(np.linalg.norm(shape)), 1e-9)
        if seen and float(np.max(np.stack(seen) @ shape)) > _SAME:
            continue
        seen.append(shape)
        for semitones in TRANSPOSED:
            yield _unpitched(f"{kind}{number}_{key}_{semitones + 5}", transposed(wave, semitones))


def _unpitched(name: str, wave: np.ndarray) -> Note:
    wave = note_import.fitted(wave, SHORT, RATE)
    wave = (wave * (0.7 / max(float(np.abs(wave).max()), 1e-9))).astype(np.float32)
    return Note(f"{name}_{textures.PITCH}", textures.unpitched(name, wave, RATE), wave)


def _recorded(library: Path, pitches: Sequence[int], length: int) -> Iterator[Note]:
    files = [file for file in note_import.find(library) if file.labels.pitch in pitches]
    for note in note_import.read(files, RATE, length, fit=True):
        dynamic = next((word for word in _PEAKS if word and f"-{word}" in note.labels.instrument), "")
        yield _at_peak(note, _PEAKS[dynamic])


def _lower(note: Note, semitones: int) -> Note:
    """A note that sounds lower than its key, under its own pitch."""
    pitch = note.labels.pitch - semitones
    return replace(note, name=f"{note.labels.instrument}_{pitch}", labels=replace(note.labels, pitch=pitch))


def _at_peak(note: Note, peak: float) -> Note:
    return replace(note, audio=(note.audio * (peak / max(float(np.abs(note.audio).max()), 1e-9))).astype(np.float32))
