"""Render notes of a sound font: many in one run of the FluidSynth program, then cut apart and labelled.

FluidSynth plays a MIDI file in which the notes follow each other with all sound switched off between them. It does not
filter when it transposes, so it runs at about three times the wanted rate, and a proper resampler reduces the rate.
"""

import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from core import checks
from core.audio import sound_files
from core.audio.levels import SILENCE_DB, gain
from core.files.regular import open_regular
from gansynth.dataset.general_midi import IN_TUNE, INSTRUMENTS, Instrument
from gansynth.dataset.qualities import measured_qualities
from gansynth.dataset.records import FAMILIES, QUALITIES, SOURCES, Labels, Note

SYSTEM_FONTS = tuple(
    Path(folder) / name
    for folder in ("/usr/share/sounds/sf2", "/usr/share/soundfonts", "/usr/local/share/soundfonts")
    for name in ("FluidR3_GM.sf2", "FluidR3_GM2-2.sf2")
)
# FluidSynth handles events at the start of blocks of 64 samples, about 1.5 ms: EARLY_MS keeps a note from beginning
# before its cut, PAUSE_MS keeps the next one from beginning before the last one is switched off.
EARLY_MS, PAUSE_MS = 2, 50
GAIN = 2.0
NOTES_PER_RUN = 64
# General MIDI's channel of drum kits, counted from 0.
DRUMS = 9
# Some of FluidR3's samples have an offset, up to 0.05; notes that still sound at their end would click there.
HIGH_PASS_HZ, FADE_S = 10.0, 0.02
_UNLOADED = re.compile("failed to load (the )?soundfont", re.IGNORECASE)
_LOWEST_RENDER_RATE, _HIGHEST_RENDER_RATE = 44100, 96000


@dataclass(frozen=True)
class SoundFontPlan:
    """The notes to render: every program at every pitch and velocity, in that order.

    programs (General MIDI, from 0) must be in general_midi.INSTRUMENTS, unless `pitched` is false; a note is held for
    hold_s seconds and cut at length samples. On the channel DRUMS programs are kits, and pitches are instruments.

    Raises:
        ValueError: one of them is out of range, or there are none.
    """

    programs: Sequence[int] = IN_TUNE
    pitches: Sequence[int] = tuple(range(24, 85))
    velocities: Sequence[int] = (100,)
    sample_rate: int = 16000
    length: int = 64000
    hold_s: float = 3.0
    channel: int = 0
    pitched: bool = True

    def __post_init__(self) -> None:
        unknown = set(self.programs) - INSTRUMENTS.keys() if self.pitched else set()
        if unknown:
            raise ValueError(f"program {min(unknown)} has no steady pitch or no family; use one of {list(INSTRUMENTS)}")
        for name, least in (("pitches", 0), ("velocities", 1)):
            for value in getattr(self, name):
                checks.in_range(name, value, least, 127)
        if not (self.programs and self.pitches and self.velocities):
            raise ValueError("at least one program, pitch and velocity are needed")
        checks.whole("sample_rate", self.sample_rate, 8000, _HIGHEST_RENDER_RATE, "Hz")
        checks.above("hold_s", self.hold_s, 0, self.length / self.sample_rate, "s, the note's length")

    @property
    def render_rate(self) -> int:
        """FluidSynth's sample rate in Hz: a multiple of sample_rate, high enough for a sound font's whole spectrum."""
        times = math.ceil(_LOWEST_RENDER_RATE / self.sample_rate)
        return self.sample_rate * times if self.sample_rate * times <= _HIGHEST_RENDER_RATE else self.sample_rate

    @property
    def slot_ms(self) -> int:
        """Milliseconds from the start of one note to the start of the next."""
        return math.ceil(1000 * self.length / self.sample_rate) + 2 * PAUSE_MS

    def keys(self) -> list[tuple[int, int, int]]:
        """(program, pitch, velocity) of every note."""
        return [(g, p, v) for g in self.programs for p in self.pitches for v in self.velocities]


def find_fluidsynth() -> str:
    """Find the program FluidSynth.

    Raises:
        FileNotFoundError: it is not installed.
    """
    found = shutil.which("fluidsynth")
    if not found:
        raise FileNotFoundError("the program fluidsynth is not installed; on Debian and Ubuntu: apt install fluidsynth")
    return found


def find_sound_font(path: Path | None = None) -> Path:
    """The sound font at `path`, or FluidR3 General MIDI where systems put it.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it is not a sound font.
    """
    path = path or _system_font()
    if not path.is_file():
        raise FileNotFoundError(f"there is no sound font {path}")
    with open_regular(path) as file:
        head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise ValueError(f"{path} is not a sound font: it does not begin like an .sf2 or .sf3 file")
    return path


def _system_font() -> Path:
    for path in SYSTEM_FONTS:
        if path.is_file():
            return path
    raise FileNotFoundError(
        "no sound font was found; name one with --sound_font, or on Debian and Ubuntu: apt install fluid-soundfont-gm"
    )


def render(
    plan: SoundFontPlan, program: str, sound_font: Path, progress: Callable[[int, int], None] | None = None
) -> Iterator[Note]:
    """Render the notes of a plan, in its order; those whose peak is below SILENCE_DB are left out.

    DC is filtered out, and the last FADE_S seconds fade to silence. Levels are those of the sound font times GAIN; a
    note that would exceed full scale is scaled down to it. Nothing is random: the same font and program give the same
    notes.

    Args:
        plan: what to render.
        program: path of fluidsynth.
        sound_font: path of an .sf2 or .sf3 file.
        progress: counts notes, before the first and after each run of FluidSynth.

    Raises:
        ChildProcessError: FluidSynth fails.
        ValueError: the sound font is damaged.
    """
    for key, wave in render_waves(plan, program, sound_font, progress):
        yield _note(key, wave, plan)


def render_waves(
    plan: SoundFontPlan, program: str, sound_font: Path, progress: Callable[[int, int], None] | None = None
) -> Iterator[tuple[tuple[int, int, int], np.ndarray]]:
    """The notes of a plan, pitched or not, as (program, pitch, velocity) and float32 [length]; see `render`."""
    keys = plan.keys()
    for start in range(0, len(keys), NOTES_PER_RUN):
        if progress:
            progress(start, len(keys))
        batch = keys[start : start + NOTES_PER_RUN]
        for key, wave in zip(batch, _run(batch, plan, program, sound_font), strict=True):
            peak = np.abs(wave).max()
            if peak > gain(SILENCE_DB):
                yield key, wave / max(1.0, peak)
    if progress:
        progress(len(keys), len(keys))


def _run(keys: Sequence[tuple[int, int, int]], plan: SoundFontPlan, program: str, sound_font: Path) -> np.ndarray:
    """Run FluidSynth once: float32 [notes, length]."""
    with tempfile.TemporaryDirectory(prefix="hallu-") as folder:
        song, sound = Path(folder) / "notes.mid", Path(folder) / "notes.wav"
        _song(keys, plan).save(song)
        # -ni: no keyboard, no shell; -R 0 -C 0: no reverb, no chorus; float: nothing is clipped or dithered.
        command = [program, "-ni", "-q", "-R", "0", "-C", "0", "-g", str(GAIN), "-r", str(plan.render_rate)]
        command += ["-o", "synth.dynamic-sample-loading=1", "-O", "float", "-T", "wav", "-F", str(sound)]
        done = subprocess.run([*command, str(sound_font), str(song)], capture_output=True, text=True, errors="replace")
        # FluidSynth does not fail on a font that it cannot load: it plays the system's own instead.
        if _UNLOADED.search(done.stderr):
            raise ValueError(f"{sound_font} is damaged: fluidsynth cannot load it")
        if done.returncode or not sound.exists():
            output = " ".join((done.stderr or done.stdout).split())
            raise ChildProcessError(f"fluidsynth failed on {sound_font} (status {done.returncode}): {output[-200:]}")
        wave = sound_files.read(sound, plan.sample_rate)
    starts = [round(i * plan.slot_ms * plan.sample_rate / 1000) for i in range(len(keys))]
    wave = np.pad(wave, (0, max(0, starts[-1] + plan.length - len(wave))))
    return _finished(np.stack([wave[start : start + plan.length] for start in starts]), plan.sample_rate)


def _finished(waves: np.ndarray, sample_rate: int) -> np.ndarray:
    """Waves [n, length] without DC, faded out at the end so that it does not click."""
    length = waves.shape[1]
    spectra = np.fft.rfft(waves, 2 * length, axis=1)
    hz = np.fft.rfftfreq(2 * length, 1 / sample_rate)
    # A causal first-order high-pass, so that nothing sounds before the note.
    filtered = np.fft.irfft(spectra * (1j * hz / (1j * hz + HIGH_PASS_HZ)), axis=1)[:, :length]
    fade = min(length, round(FADE_S * sample_rate))
    filtered[:, length - fade :] *= np.linspace(1, 0, fade)
    return filtered.astype(np.float32)


def _song(keys: Sequence[tuple[int, int, int]], plan: SoundFontPlan) -> mido.MidiFile:
    """A MIDI file whose ticks are milliseconds, with a note in each slot."""
    song = mido.MidiFile(ticks_per_beat=500)
    track = song.add_track()
    hold_ms = round(1000 * plan.hold_s)
    wait = EARLY_MS
    for program, pitch, velocity in keys:
        track.append(mido.Message("program_change", program=program, channel=plan.channel))
        track.append(mido.Message("note_on", note=pitch, velocity=velocity, time=wait, channel=plan.channel))
        track.append(mido.Message("note_off", note=pitch, time=hold_ms, channel=plan.channel))
        rest = plan.slot_ms - PAUSE_MS - EARLY_MS - hold_ms
        track.append(mido.Message("control_change", control=120, time=rest, channel=plan.channel))  # all sound off
        wait = PAUSE_MS + EARLY_MS
    return song


def _note(key: tuple[int, int, int], wave: np.ndarray, plan: SoundFontPlan) -> Note:
    program, pitch, velocity = key
    instrument = INSTRUMENTS[program]
    name = f"{instrument.name}-v{velocity:03}"
    family, source = FAMILIES.index(instrument.family), SOURCES.index(instrument.source)
    return Note(f"{name}_{pitch}", Labels(name, pitch, source, family, _qualities(instrument, pitch, wave, plan)), wave)


def _qualities(instrument: Instrument, pitch: int, wave: np.ndarray, plan: SoundFontPlan) -> tuple[int, ...]:
    words = instrument.qualities | measured_qualities(wave, pitch, plan.sample_rate, plan.hold_s)
    return tuple(int(word in words) for word in QUALITIES)
