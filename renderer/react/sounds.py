"""The sounds of a song by name: the mix, and its stems, from files, or separated from it."""

import logging
import re
from pathlib import Path

import numpy as np

from core import checks
from core.audio import sound_files
from core.audio.levels import check_scale
from core.audio.pieces import SAMPLE_RATE
from core.audio.signals import separation
from core.audio.vocals.separator import VocalSeparator, load, weights_file

log = logging.getLogger(__name__)

SPLEETER = "spleeter"
SEPARATIONS = ("bands", SPLEETER)
MIX, STEMS = "mix", ("drums", "bass", "other", "vocals")
# "Song - drums.wav" is drums too.
_WORDS = re.compile(r"[^a-z]+")
# Parts from which stems are made.
_HARMONIC, _PERCUSSIVE, _VOICE, _ACCOMPANIMENT = "harmonic", "percussive", "voice", "accompaniment"
# Where the bass ends, and between what most of the energy of voices is.
_BANDS_HZ = {"bass": (0.0, 250.0), "other": (250.0, SAMPLE_RATE / 2), "vocals": (300.0, 3400.0)}


class SongSounds:
    """Waves of a song, float32 [samples] at SAMPLE_RATE, each read or separated when it is first asked for.

    Args:
        song: the file of the mix.
        stems: a folder with files called drums, bass, other and vocals, of any kind of sound; those that are missing,
            or all where there is no folder, are separated from the mix.
        separate: how: "bands", by what is harmonic, short and low; "spleeter", the voice by a trained network first.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there is no stem in it, or two of the same name; or the network is not installed.
    """

    def __init__(self, song: Path, stems: Path | None = None, separate: str = SEPARATIONS[0]) -> None:
        self._song = song
        self._network = weights_file() if checks.one_of("separate", separate, SEPARATIONS) == SPLEETER else None
        self._waves: dict[str, np.ndarray] = {}
        self.files = find_stems(stems) if stems else {}
        missing = [name for name in STEMS if name not in self.files]
        if stems and missing:
            log.info("%s has no %s; separated from the mix where a signal wants it", stems, " or ".join(missing))

    def wave(self, name: str) -> np.ndarray:
        """The wave of a sound, as long as the mix.

        Raises:
            ValueError: there is no sound of this name, or its file cannot be read.
        """
        return self._kept(checks.one_of("a sound", name, (MIX, *STEMS)))

    def release(self) -> None:
        """Forget all waves; they are read again where they are asked for."""
        self._waves.clear()

    def _kept(self, name: str) -> np.ndarray:
        if name not in self._waves:
            self._waves[name] = self._made(name)
        return self._waves[name]

    def _made(self, name: str) -> np.ndarray:
        if name == MIX:
            return _read(self._song)
        mix = self._kept(MIX)
        if name in self.files:
            wave = _read(self.files[name])[: len(mix)]
            return np.pad(wave, (0, len(mix) - len(wave)))
        return self._separated(name, mix)

    def _separated(self, name: str, mix: np.ndarray) -> np.ndarray:
        if self._network and _ACCOMPANIMENT not in self._waves:
            log.info("separating the voice")
            self._waves[_VOICE], self._waves[_ACCOMPANIMENT] = VocalSeparator(load(self._network))(mix)
        if self._network and name == "vocals":
            return self._waves[_VOICE]
        if _HARMONIC not in self._waves:
            log.info("separating what sounds on from what is short")
            source = self._waves.get(_ACCOMPANIMENT, mix)
            self._waves[_HARMONIC], self._waves[_PERCUSSIVE] = separation.harmonic_percussive(source)
        if name == "drums":
            return self._waves[_PERCUSSIVE]
        return separation.band(self._waves[_HARMONIC], *_BANDS_HZ[name])


def _read(path: Path) -> np.ndarray:
    wave = sound_files.read(path, SAMPLE_RATE)
    check_scale(path, wave)
    return wave


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
