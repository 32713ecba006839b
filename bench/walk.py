"""README and exercises, walked in a real Pd with a level meter on what reaches the loudspeakers.

Each scene does what a page says with one patch, records a sound, and measures it: loudness by ITU-R BS.1770, peak,
faults. Scenes whose sound is one of many random ones are walked several times.

    python -m bench.walk [--times N] [--only WORD] [--out DIR]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bench import walk_files
from bench.live_patches import PATIENCE_S, opened
from bench.reliability.running import Running, running, wait
from bench.walk_files import Command
from bench.walk_scenes import DROP_IN, SCENES, Scene
from core.audio.loudness import TARGET_LUFS, loudness_lufs, mean_loudness_lufs
from gansynth.report import faults

# What a listener may expect: of all scenes at usual settings, the mean; and of every single sound.
WITHIN_DB, HIGHEST_DB = 3.0, -1.0
# The timbres of a walk are those of the walk before.
_SEED = 3
_QUIET = 10.0 ** (-70.0 / 20.0)


@dataclass(frozen=True)
class Measured:
    """What was recorded in a scene, by its repetitions.

    Attributes:
        waves: trimmed to what sounds.
        rate: in Hz.
    """

    waves: tuple[np.ndarray, ...]
    rate: int

    @property
    def mean_lufs(self) -> float:
        """Of all of them together."""
        return mean_loudness_lufs(self.waves, self.rate)

    @property
    def range_lufs(self) -> tuple[float, float]:
        """Of the softest and the loudest."""
        found = [loudness_lufs(wave, self.rate) for wave in self.waves]
        return min(found), max(found)

    @property
    def peak_db(self) -> float:
        """Of the loudest sample."""
        return float(20.0 * np.log10(max(np.abs(wave).max(initial=1e-6) for wave in self.waves)))

    @property
    def faults(self) -> str:
        """The faults that there are, with the number of sounds that have them."""
        names = [name for wave in self.waves for name in sorted(faults.find(wave, self.rate))]
        return ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names)) or "none"


def walk(scene: Scene, server: Running, times: int, folder: Path) -> Measured:
    """Record a scene so many times in a Pd of its own."""
    waves = []
    server.ask("/sound/unload", timeout_s=300.0)
    server.ask("/sound/seed", _SEED)
    server.ask("/sound/load", scene.model, timeout_s=300.0)
    with opened(folder, scene.rate, (scene.patch,), {"drop_in": DROP_IN}) as patches:
        patches.to("hallu-connect", f"127.0.0.1 {server.port}")
        if scene.ready:
            patches.wait(f"{scene.patch} {scene.ready}", patience_s=2 * PATIENCE_S)
        for count in range(times):
            scene.prepare(patches)
            # A hand waits too: what was set reaches the server, and the keyboard its mix.
            time.sleep(1.0)
            path = folder / f"{count}.wav"
            with patches.recording(scene.recorder or scene.patch, path, scene.seconds):
                scene.play(patches)
            wave, rate = soundfile.read(path, dtype="float32")
            waves.append(_sounding(wave))
    return Measured(tuple(waves), rate)


def _sounding(wave: np.ndarray) -> np.ndarray:
    """A recording without the silence before and after; all of it, if it is silent."""
    loud = np.flatnonzero(np.abs(wave) > _QUIET)
    return wave[loud[0] : loud[-1] + 1] if len(loud) else wave


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 if something is not as a listener may expect."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--times", type=int, default=6, help="how often each scene is walked (default: 6)")
    flags.add_argument("--only", default="", help="only scenes with this word in page or title")
    flags.add_argument("--out", type=Path, help="keep the recordings in this new folder")
    options = flags.parse_args(argv)
    print(
        "| page | sound | LUFS, mean | softest, loudest | peak, dBFS | faults |\n|---|---|---|---|---|---|", flush=True
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        wrong = [line for pictures in (False, True) for line in _walked(pictures, options, folder / f"with_{pictures}")]
        for command, files in walk_files.walked(folder / "files", options.only):
            sounds = [soundfile.read(file, dtype="float32") for file in files]
            print(_row(command, Measured(tuple(wave for wave, _ in sounds), sounds[0][1])), flush=True)
    print("\n".join(wrong))
    return 1 if wrong else 0


def _walked(pictures: bool, options: argparse.Namespace, folder: Path) -> list[str]:
    """Walk the scenes that need pictures, or all others; what is not as it must be."""
    scenes = [scene for scene in SCENES if scene.pictures is pictures and options.only in f"{scene.page} {scene.title}"]
    if not scenes:
        return []
    folder.mkdir(parents=True)
    wrong = []
    with running(folder, *(["--image-port", "0"] if pictures else ["--no-image"])) as server:
        if pictures:
            wait(lambda: server.ask("/image/status")[0].address == "/image/status.reply", "no pictures came")
        for number, scene in enumerate(scenes):
            found = walk(scene, server, options.times, folder / str(number))
            print(_row(scene, found), flush=True)
            wrong += _wrong(scene, found)
    return wrong


def _row(scene: Scene | Command, found: Measured) -> str:
    softest, loudest = found.range_lufs
    figures = f"{found.mean_lufs:.1f} | {softest:.1f}, {loudest:.1f} | {found.peak_db:.1f} | {found.faults}"
    return f"| {scene.page} | {scene.title} | {figures} |"


def _wrong(scene: Scene, found: Measured) -> list[str]:
    """What is not as it must be."""
    name = f"{scene.page}, {scene.title}"
    off = found.mean_lufs - TARGET_LUFS
    wrong = [f"{name}: {off:+.1f} dB beside {TARGET_LUFS:g} LUFS"] if scene.usual and abs(off) > WITHIN_DB else []
    wrong += [f"{name}: its peak is {found.peak_db:.1f} dBFS"] if found.peak_db > HIGHEST_DB + 0.05 else []
    return wrong + ([f"{name}: silence"] if found.range_lufs[0] < -60.0 else [])


if __name__ == "__main__":
    sys.exit(main())
