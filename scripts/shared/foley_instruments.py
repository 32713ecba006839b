"""The instruments of clips that a program makes: a sound font's, its drums, and strokes of a sound model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.audio.resample import resample
from core.progress import Progress, ignore
from core.protocols import SoundModel
from gansynth.dataset import soundfont

# Of General MIDI's standard kit: bass drum, low tom, snare, clap, hi-hat.
KIT = (36, 45, 38, 39, 46)
_NOTE_S, _STRUCK_S, _STROKE_S = 5.3, 3.0, 1.5
# How many sounds of the model are tried, to find strokes among them.
_TRIED = 96


class Family(Protocol):
    """Instruments that sound alike.

    Attributes:
        programs: of General MIDI, from 0; none: drums.
        base: the lowest MIDI pitch.
        held: whether a note lasts until the next one.
    """

    @property
    def programs(self) -> Sequence[int]: ...  # noqa: D102

    @property
    def base(self) -> int: ...  # noqa: D102

    @property
    def held(self) -> bool: ...  # noqa: D102


def waves(
    families: Sequence[Family], steps: Sequence[int], sample_rate: int, program: str, sound_font: Path,
    voice: SoundModel | None, seed: int, progress: Progress = ignore,
) -> list[list[list[np.ndarray]]]:  # fmt: skip
    """Every note: [family][instrument][step], float32 [samples] each.

    Args:
        families: to render.
        steps: semitones above each family's base; as many as the kit has drums.
        sample_rate: in Hz.
        program: path of fluidsynth.
        sound_font: path of an .sf2 or .sf3 file.
        voice: a sound model of strokes, as a second drum kit; None: without.
        seed: of the model's sounds.
        progress: counts families.
    """
    found: list[list[list[np.ndarray]]] = []
    for family in families:
        progress(len(found), len(families))
        if family.programs:
            found.append([_pitched(family, one, steps, sample_rate, program, sound_font) for one in family.programs])
            continue
        kits = [_kit(sample_rate, program, sound_font)]
        found.append(kits if voice is None else [*kits, strokes(voice, len(steps), sample_rate, seed)])
    progress(len(families), len(families))
    return found


def _pitched(
    family: Family, number: int, steps: Sequence[int], sample_rate: int, program: str, sound_font: Path
) -> list[np.ndarray]:
    seconds = _NOTE_S if family.held else _STRUCK_S
    pitches = [family.base + step for step in steps]
    plan = soundfont.SoundFontPlan((number,), pitches, (100,), sample_rate, round(seconds * sample_rate), seconds - 0.1)
    return _waves(plan, program, sound_font, pitches)


def _kit(sample_rate: int, program: str, sound_font: Path) -> list[np.ndarray]:
    plan = soundfont.SoundFontPlan(
        (0,), KIT, (100,), sample_rate, round(_STROKE_S * sample_rate), 1.0, soundfont.DRUMS, pitched=False
    )
    return _waves(plan, program, sound_font, KIT)


def _waves(plan: soundfont.SoundFontPlan, program: str, sound_font: Path, pitches: Sequence[int]) -> list[np.ndarray]:
    found = {pitch: wave for (_, pitch, _), wave in soundfont.render_waves(plan, program, sound_font)}
    if missing := [pitch for pitch in pitches if pitch not in found]:
        raise ValueError(f"{sound_font} is silent at pitch {missing[0]} of program {plan.programs[0]}")
    return [found[pitch] for pitch in pitches]


def strokes(voice: SoundModel, count: int, sample_rate: int, seed: int) -> list[np.ndarray]:
    """Short sounds of a model, from dull to bright: those with the sharpest attacks of many."""
    rng = np.random.default_rng(seed)
    waves = [_random_sound(voice, rng) for _ in range(_TRIED)]
    sharpest = sorted(waves, key=lambda wave: -_sharpness(wave, voice.sample_rate))[: _TRIED // 6]
    ordered = sorted(sharpest, key=lambda wave: _centroid_hz(wave, voice.sample_rate))
    places = np.linspace(0, len(ordered) - 1, count).round().astype(int)
    length = round(_STROKE_S * voice.sample_rate)
    fade = np.minimum(1, np.arange(length)[::-1] / (0.2 * voice.sample_rate)).astype(np.float32)
    return [
        resample(
            (np.pad(ordered[place], (0, length))[:length] * fade).astype(np.float32), voice.sample_rate, sample_rate
        )
        for place in places
    ]


def _random_sound(voice: SoundModel, rng: np.random.Generator) -> np.ndarray:
    """A sound of random vectors and choices, from its first loud sample on."""
    values: dict[str, Any] = {}
    for control in voice.controls:
        if control.size:
            values[control.name] = rng.standard_normal(control.size).astype(np.float32)
        elif control.choices and not control.optional:
            values[control.name] = control.choices[int(rng.integers(len(control.choices)))]
    wave = np.concatenate(list(voice.render(values)))
    loud = np.flatnonzero(np.abs(wave) > 0.1 * np.abs(wave).max(initial=1e-9))
    return wave[max(0, loud[0] - 32) :] if len(loud) else wave


def _sharpness(wave: np.ndarray, sample_rate: int) -> float:
    """How much of the energy of a sound's first half second is in its first twentieth of a second."""
    energy = np.square(wave[: sample_rate // 2])
    return float(energy[: sample_rate // 20].sum() / max(energy.sum(), 1e-12))


def _centroid_hz(wave: np.ndarray, sample_rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(wave)) ** 2
    return float((spectrum * np.fft.rfftfreq(len(wave), 1 / sample_rate)).sum() / max(spectrum.sum(), 1e-12))
