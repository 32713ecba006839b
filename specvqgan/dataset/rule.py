"""The rule by which pictures sound in the clips that this project makes, so that a listener can guess it.

| what is seen | what is heard |
|---|---|
| the class of the picture | a family of instruments |
| a cut, or so much motion since the last note | a note begins; the bigger the change, the stronger |
| light | timbre: a dark picture sounds dull, a light one bright; a black one is silent |
| hue | pitch: red C, yellow D, green E, blue G, violet A; grey C |
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from specvqgan.features import frame_features


@dataclass(frozen=True)
class SoundFamily:
    """Instruments that sound alike.

    Attributes:
        name: of the family.
        programs: of General MIDI, from 0; none: sounds without a pitch.
        base: the MIDI pitch that is its C.
        held: whether a note lasts until the next one; otherwise it dies away.
    """

    name: str
    programs: tuple[int, ...]
    base: int
    held: bool


FAMILIES = (
    SoundFamily("strings", (48, 52), 60, True),
    SoundFamily("flute", (73, 75), 72, True),
    SoundFamily("mallet", (11, 12), 72, False),
    SoundFamily("plucked", (24, 46), 60, False),
    SoundFamily("organ", (19, 20), 48, True),
    SoundFamily("drums", (), 60, False),
)
NAMES = tuple(family.name for family in FAMILIES)
_CLASSES = {
    "strings": "aurora nebula silk plasma ink galaxy",
    "flute": "contrails dunes mountains feathers cells",
    "mallet": "kaleidoscope spots crystals flower coral glass bubbles blossom rose",
    "plucked": "mandala rings spiral agate contours weave hexagons",
    "organ": "planet eclipse iris tunnel",
    "drums": "flames fire lightning sign caustics",
}
FAMILY_OF_CLASS = {word: NAMES.index(name) for name, words in _CLASSES.items() for word in words.split()}
# Degrees of the colour circle, and steps above the family's C.
HUES = ((0, 0), (55, 2), (130, 4), (220, 7), (300, 9))
# Mean brightness at which a sound gets brighter.
LIGHTS = (0.18, 0.27, 0.38)
# Below it a picture has no hue; below BLACK it is silent.
_GREY, BLACK = 0.08, 0.03


@dataclass(frozen=True)
class Note:
    """A note of a clip.

    Attributes:
        start: the moment (a frame's number) at which it begins.
        family: a row of FAMILIES.
        hue: a row of HUES.
        light: 0..len(LIGHTS), how bright it is.
        strength: above 0, at most 1.
        variant: which of the family's instruments.
    """

    start: int
    family: int
    hue: int
    light: int
    strength: float
    variant: int


def family_of_class(name: str, number: int) -> int:
    """The family for a class of pictures; one whose name is not known has the family of its number."""
    return FAMILY_OF_CLASS.get(name, number % len(FAMILIES))


def notes(features: np.ndarray, families: Sequence[int], variants: Sequence[int]) -> list[Note]:
    """The notes of a clip.

    Args:
        features: of its frames, [n, DEPTH].
        families: of each frame.
        variants: of each frame.
    """
    pulse = features[:, frame_features.column("motion")][:, -1]
    light = (features[:, frame_features.column("light")][:, 0] + 1) / 2
    colour = features[:, frame_features.column("colour")]
    found = []
    for start in map(int, np.flatnonzero((pulse > 0) & (light >= BLACK))):
        strength = float(pulse[start]) * min(1.0, float(light[start]) / (3 * BLACK))
        bright = int(np.searchsorted(LIGHTS, light[start]))
        found.append(Note(start, families[start], hue_of(*colour[start, 1:3]), bright, strength, variants[start]))
    return found


def hue_of(x: float, y: float) -> int:
    """The row of HUES for the mean hue as a vector of length 0..1."""
    if np.hypot(x, y) < _GREY:
        return 0
    angle = np.degrees(np.arctan2(y, x))
    away = [abs((angle - degrees + 180) % 360 - 180) for degrees, _ in HUES]
    return int(np.argmin(away))
