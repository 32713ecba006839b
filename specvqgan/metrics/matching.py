"""Which generated sounds belong to which real ones, by their paths.

    .../VAS_validation/cls_2/video_00003_sample_1.npy       generated: class, clip, number of the sample
    .../dog/melspec_10s_22050hz/video_00003_mel.npy         real: class, kind of file, clip

Where clips of several classes have the same name, the class counts too. `cls_2` is the third class in alphabetical
order.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

_SAMPLE = re.compile(r"_sample_\d+$")
_CLASS = re.compile(r"cls_(\d{1,9})")
# Folders between a class and its files.
_KINDS = re.compile(r"melspec_.*|audio|wavs?|videos?|feature_.*")


@dataclass(frozen=True)
class Matches:
    """Pairs of places in the two lists of paths, and how many of each belong to none.

    Attributes:
        pairs: (place of a generated sound, place of its real one).
        lonely_generated: generated sounds without a real one.
        lonely_real: real sounds without a generated one.
    """

    pairs: tuple[tuple[int, int], ...]
    lonely_generated: int
    lonely_real: int


def match(generated: Sequence[str], real: Sequence[str], classes: Sequence[str] = ()) -> Matches:
    """Match paths.

    Args:
        generated: paths; there may be several samples of one clip.
        real: paths; one of each clip.
        classes: all names of classes; none: those of the real sounds' folders.

    Raises:
        ValueError: two real sounds are of the same clip; the message names them.
    """
    clips = [clip(path) for path in real]
    by_class = len(set(clips)) < len(clips)
    names = dict(enumerate(sorted(classes or {class_name(path) for path in real})))

    def key(path: str) -> tuple[str, str]:
        return (class_name(path, names) if by_class else "", clip(path))

    places: dict[tuple[str, str], int] = {}
    for place, path in enumerate(real):
        if (other := places.setdefault(key(path), place)) != place:
            raise ValueError(f"{real[other]} and {path} are of the same clip; there must be one real sound of each")
    pairs = tuple((place, places[key(path)]) for place, path in enumerate(generated) if key(path) in places)
    return Matches(pairs, len(generated) - len(pairs), len(real) - len({one for _, one in pairs}))


def clip(path: str) -> str:
    """The name of a clip, without the number of a sample and the kind of file.

    >>> clip("cls_2/video_00003_sample_1.npy"), clip("dog/video_00003_mel.npy")
    ('video_00003', 'video_00003')
    """
    return _SAMPLE.sub("", PurePath(path).stem).removesuffix("_mel")


def class_name(path: str, names: Mapping[int, str] | None = None) -> str:
    """The class that a path's folder names; `cls_N` is the Nth of the names, where there are so many.

    >>> class_name("vas/dog/melspec_10s_22050hz/a_mel.npy"), class_name("cls_1/a.npy", {1: "dog"})
    ('dog', 'dog')
    """
    folders = [part for part in PurePath(path).parts[:-1] if not _KINDS.fullmatch(part)]
    name = folders[-1] if folders else ""
    number = class_number(path)
    return name if number is None else (names or {}).get(number, name)


def class_number(path: str) -> int | None:
    """N, if a path's folder is `cls_N`; else None."""
    found = _CLASS.fullmatch(PurePath(path).parent.name)
    return int(found[1]) if found else None
