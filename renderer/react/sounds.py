"""The sounds of a song by name: the mix, and its stems, from files or separated by what is harmonic, short and low."""

import functools
import logging
import re
from pathlib import Path

import numpy as np

from core import checks
from core.audio import sound_files
from core.audio.pieces import SAMPLE_RATE
from core.audio.signals import separation

log = logging.getLogger(__name__)

MIX, STEMS = "mix", ("drums", "bass", "other", "vocals")
# "Song - drums.wav" is drums too.
_WORDS = re.compile(r"[^a-z]+")
# Where the bass ends, and between what most of the energy of voices is.
_BASS_HZ = 250.0
_VOICE_HZ = (300.0, 3400.0)


class SongSounds:
    """Waves of a song, float32 [samples] at SAMPLE_RATE, each read or separated when it is first asked for.

    Args:
        song: the file of the mix.
        stems: a folder with files called drums, bass, other and vocals, of any kind of sound; those that are missing,
            or all where there is no folder, are separated from the mix.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there is no stem in it, or two of the same name.
    """

    def __init__(self, song: Path, stems: Path | None = None) -> None:
        self._song = song
        self.files = find_stems(stems) if stems else {}
        missing = [name for name in STEMS if name not in self.files]
        if stems and missing:
            log.info("%s has no %s; separated from the mix where a signal wants it", stems, " or ".join(missing))

    def wave(self, name: str) -> np.ndarray:
        """The wave of a sound, as long as the mix.

        Raises:
            ValueError: there is no sound of this name, or its file cannot be read.
        """
        checks.one_of("a sound", name, (MIX, *STEMS))
        return self._mix if name == MIX else self._stem(name)

    @functools.cached_property
    def _mix(self) -> np.ndarray:
        return sound_files.read(self._song, SAMPLE_RATE)

    @functools.cache  # noqa: B019 - it lives as long as the analysis of one song
    def _stem(self, name: str) -> np.ndarray:
        if name in self.files:
            wave = sound_files.read(self.files[name], SAMPLE_RATE)[: len(self._mix)]
            return np.pad(wave, (0, len(self._mix) - len(wave)))
        if name == "drums":
            return separation.percussive(self._mix, 1.0)
        if name == "bass":
            return separation.band(self._harmonic, 0.0, _BASS_HZ)
        if name == "vocals":
            return separation.band(self._harmonic, *_VOICE_HZ)
        return separation.band(self._harmonic, _BASS_HZ)

    @functools.cached_property
    def _harmonic(self) -> np.ndarray:
        return separation.harmonic(self._mix, 1.0)


def find_stems(folder: Path) -> dict[str, Path]:
    """The files of the stems in a folder, by their names.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there is no stem in it, or two of the same name.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder of stems {folder}")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = _WORDS.split(path.stem.lower())[-1]
        if name in STEMS and path.suffix.lower() in sound_files.SUFFIXES:
            if name in found:
                raise ValueError(f"{folder} has two files for {name}: {found[name].name} and {path.name}")
            found[name] = path
    if not found:
        raise ValueError(f"{folder} has no stems: files called {', '.join(STEMS)}, such as drums.wav or song_drums.wav")
    return found
