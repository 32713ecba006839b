"""General MIDI's instruments with NSynth's labels: those with a steady pitch that belong to one of its families.

Left out are timpani, orchestra hit, pads, effects, drums and noises (programs 47, 55, 88-103, 115-127). Source is how
the real instrument makes its sound; a synthesiser's imitation of a string section is synthetic.
"""

from dataclasses import dataclass

ACOUSTIC, ELECTRONIC, SYNTHETIC = "acoustic", "electronic", "synthetic"

# First program, family, source, names of the programs from there on.
_ROWS: tuple[tuple[int, str, str, str], ...] = (
    (0, "keyboard", ACOUSTIC, "grand_piano bright_piano"),
    (2, "keyboard", ELECTRONIC, "electric_grand"),
    (3, "keyboard", ACOUSTIC, "honky_tonk"),
    (4, "keyboard", ELECTRONIC, "electric_piano_1 electric_piano_2"),
    (6, "keyboard", ACOUSTIC, "harpsichord"),
    (7, "keyboard", ELECTRONIC, "clavinet"),
    (8, "mallet", ACOUSTIC, "celesta glockenspiel music_box vibraphone marimba xylophone tubular_bells dulcimer"),
    (16, "organ", ELECTRONIC, "drawbar_organ percussive_organ rock_organ"),
    (19, "organ", ACOUSTIC, "church_organ reed_organ accordion harmonica bandoneon"),
    (24, "guitar", ACOUSTIC, "nylon_guitar steel_guitar"),
    (26, "guitar", ELECTRONIC, "jazz_guitar clean_guitar muted_guitar overdriven_guitar distortion_guitar"),
    (31, "guitar", ELECTRONIC, "guitar_harmonics"),
    (32, "bass", ACOUSTIC, "acoustic_bass"),
    (33, "bass", ELECTRONIC, "finger_bass pick_bass fretless_bass slap_bass_1 slap_bass_2"),
    (38, "bass", SYNTHETIC, "synth_bass_1 synth_bass_2"),
    (40, "string", ACOUSTIC, "violin viola cello contrabass tremolo_strings pizzicato_strings harp"),
    (48, "string", ACOUSTIC, "string_ensemble_1 string_ensemble_2"),
    (50, "string", SYNTHETIC, "synth_strings_1 synth_strings_2"),
    (52, "vocal", ACOUSTIC, "choir_aahs voice_oohs"),
    (54, "vocal", SYNTHETIC, "synth_voice"),
    (56, "brass", ACOUSTIC, "trumpet trombone tuba muted_trumpet french_horn brass_section"),
    (62, "brass", SYNTHETIC, "synth_brass_1 synth_brass_2"),
    (64, "reed", ACOUSTIC, "soprano_sax alto_sax tenor_sax baritone_sax oboe english_horn bassoon clarinet"),
    (72, "flute", ACOUSTIC, "piccolo flute recorder pan_flute bottle shakuhachi whistle ocarina"),
    (80, "synth_lead", SYNTHETIC, "square_lead saw_lead calliope_lead chiff_lead charang_lead voice_lead"),
    (86, "synth_lead", SYNTHETIC, "fifths_lead bass_lead"),
    (104, "guitar", ACOUSTIC, "sitar banjo shamisen koto"),
    (108, "mallet", ACOUSTIC, "kalimba"),
    (109, "reed", ACOUSTIC, "bagpipe"),
    (110, "string", ACOUSTIC, "fiddle"),
    (111, "reed", ACOUSTIC, "shanai"),
    (112, "mallet", ACOUSTIC, "tinkle_bell"),
    (114, "mallet", ACOUSTIC, "steel_drums"),
)
_DISTORTED = {29, 30, 84}
_MULTIPHONIC = {86}
_MOVING = {44}  # tremolo
_STRUCK = {*range(4), *range(8, 16), 45, 108, 112, 114}
# Glockenspiel, tubular bells, the organs with drawbars, guitar harmonics, the lead in fifths, tinkle bell.
_OFF_PITCH = {9, 14, 16, 17, 18, 31, 86, 112}


@dataclass(frozen=True)
class Instrument:
    """One program, counted from 0: its name, and NSynth's words for it.

    `qualities` are those that do not depend on the note, without those that can be measured in it (bright, dark,
    fast_decay, long_release). `in_tune`: FluidR3 plays it at the requested pitch; a bell's strike tone, the lower
    octaves of an organ and a harmonic of a string are at other pitches.
    """

    program: int
    name: str
    family: str
    source: str
    qualities: frozenset[str]
    in_tune: bool


def _qualities(program: int) -> frozenset[str]:
    marks = (
        ("distortion", _DISTORTED),
        ("multiphonic", _MULTIPHONIC),
        ("nonlinear_env", _MOVING),
        ("percussive", _STRUCK),
    )
    return frozenset(word for word, programs in marks if program in programs)


INSTRUMENTS: dict[int, Instrument] = {
    first + i: Instrument(first + i, name, family, source, _qualities(first + i), first + i not in _OFF_PITCH)
    for first, family, source, names in _ROWS
    for i, name in enumerate(names.split())
}
IN_TUNE = tuple(program for program, instrument in INSTRUMENTS.items() if instrument.in_tune)
