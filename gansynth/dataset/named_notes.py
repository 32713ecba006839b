"""Libraries of recorded notes: what their file names, or a notes.json beside them, say about each note.

    cello_A3_forte_1.flac, whose parts are instrument_pitch_dynamic_take
    notes.json     {"cello_057_forte_1": {"instrument": "cello", "pitch": 57, "dynamic": "forte"}, ...}

Each instrument counts as one of its own at each dynamic and articulation, since it sounds differently there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import checks
from core.audio.sound_files import BadFileError
from core.files import json_files

NOTES = "notes.json"
INSTRUMENT, PITCH, DYNAMIC, ARTICULATION = "instrument", "pitch", "dynamic", "articulation"
KEPT = (INSTRUMENT, PITCH, DYNAMIC, ARTICULATION)
_TONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SHIFTS = {"": 0, "#": 1, "s": 1, "b": -1, "f": -1}
# What is said of an instrument unless something else is: it adds nothing to its name.
_PLAIN = {"normal", "arco-normal", "ordinary", "none", "", "-"}

# Families by words in an instrument's name; the first that fits counts.
_FAMILIES: tuple[tuple[str, str], ...] = (
    ("reed", "clarinet bassoon contrabassoon oboe english-horn cor-anglais saxophone sax bagpipe shawm shanai"),
    ("brass", "trumpet trombone tuba horn cornet flugelhorn euphonium brass"),
    ("flute", "flute piccolo recorder ocarina whistle shakuhachi pan-pipes panpipes"),
    ("string", "double-bass contrabass upright-bass violin viola cello fiddle harp strings string erhu"),
    ("synth_lead", "lead synth-lead"),
    ("guitar", "guitar banjo mandolin ukulele lute sitar koto shamisen oud bouzouki"),
    ("organ", "organ accordion harmonica harmonium bandoneon melodica"),
    ("keyboard", "piano harpsichord clavinet clavichord rhodes wurlitzer keyboard"),
    (
        "mallet",
        "vibraphone marimba xylophone glockenspiel celesta bell bells chimes dulcimer kalimba steel-drum gong "
        "music-box crotales triangle",
    ),
    ("vocal", "voice vocal choir soprano alto tenor baritone singer vocals"),
    ("bass", "bass"),
)


@dataclass(frozen=True)
class NoteName:
    """What a name says of a note; `pitch` is a MIDI number, and the other two are "" where nothing is said."""

    instrument: str
    pitch: int
    dynamic: str = ""
    articulation: str = ""

    @property
    def group(self) -> str:
        """The instrument with its dynamic and articulation, which a dataset counts as an instrument of its own."""
        words = [self.instrument, *(word for word in (self.dynamic, self.articulation) if word not in _PLAIN)]
        return "-".join(words)


def parse_pattern(text: str) -> tuple[str, ...]:
    """The parts of file names, such as instrument_pitch_dynamic_take; parts of other names are read and left out.

    Raises:
        ValueError: instrument or pitch is missing, or a part stands there twice.
    """
    parts = tuple(text.split("_"))
    for name in (INSTRUMENT, PITCH):
        if name not in parts:
            raise checks.mismatch("the parts of names", f"have {INSTRUMENT} and {PITCH}, joined by _", text)
    if doubled := [name for name in KEPT if parts.count(name) > 1]:
        raise checks.mismatch("the parts of names", f"name {doubled[0]} once", text)
    return parts


def read_name(path: Path, parts: Sequence[str]) -> NoteName:
    """What a file's name says, whose parts stand between _; parts that are missing at its end say nothing.

    Raises:
        BadFileError: it has no instrument or no pitch.
    """
    words = dict(zip(parts, path.stem.split("_"), strict=False))
    if not words.get(INSTRUMENT) or PITCH not in words:
        raise BadFileError(f"{path} is not named {'_'.join(parts)}")
    try:
        return NoteName(
            words[INSTRUMENT], midi_pitch(words[PITCH]), words.get(DYNAMIC, ""), words.get(ARTICULATION, "")
        )
    except ValueError as error:
        raise BadFileError(f"{path}: {error}") from None


def read_notes(folder: Path) -> dict[str, NoteName | str]:
    """What notes.json says of each name, or what is wrong with its entry.

    Raises:
        ValueError: it is not a JSON object.
    """
    return {name: _read_entry(entry) for name, entry in sorted(json_files.read_object(folder / NOTES).items())}


def _read_entry(entry: Any) -> NoteName | str:
    if not isinstance(entry, Mapping) or not isinstance(entry.get(INSTRUMENT), str) or PITCH not in entry:
        return f"must have an {INSTRUMENT} and a {PITCH}"
    try:
        pitch = midi_pitch(str(entry[PITCH]))
    except ValueError as error:
        return str(error)
    return NoteName(entry[INSTRUMENT], pitch, str(entry.get(DYNAMIC, "")), str(entry.get(ARTICULATION, "")))


def midi_pitch(text: str) -> int:
    """A MIDI number from a number or a note's name: 57, A3, As3, A#3, Bb3; C4 is 60.

    Raises:
        ValueError: it is neither, or not in 0..127.
    """
    if text.isdecimal():
        pitch = int(text[:9])
    else:
        match = re.fullmatch(r"([a-g])([#sbf]?)(-?\d)", text.lower())
        if not match:
            raise checks.mismatch("a pitch", "be a MIDI number or a note such as A3, As3 or Bb3", text)
        pitch = 12 * (int(match[3]) + 1) + _TONES[match[1]] + _SHIFTS[match[2]]
    checks.in_range("a pitch", pitch, 0, 127)
    return pitch


def family_of(instrument: str) -> str | None:
    """The family of an instrument by the words of its name; None where none of them is known."""
    name = f"-{re.sub(r'[^a-z]+', '-', instrument.lower())}-"
    for family, words in _FAMILIES:
        if any(f"-{word}-" in name for word in words.split()):
            return family
    return None
