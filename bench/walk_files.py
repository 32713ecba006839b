"""Commands of README and exercises that write sounds, and how loud their files are; no Pure Data."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mido

from core.files.user_folders import shipped
from scripts.gansynth_generate import main as generate
from scripts.hallu import main as hallu


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        page: where it is printed.
        words: the command; `{out}` is a new folder, `{song}` a MIDI file, `{models}` the folder of the models.
    """

    page: str
    words: str

    @property
    def title(self) -> str:
        """The words without places."""
        return " ".join(
            word for word in self.words.split() if "{" not in word and word not in ("--out", "--output_dir")
        )

    def run(self, folder: Path) -> list[Path]:
        """Run it in this process, in a new folder; the sounds that it has written."""
        folder.mkdir(parents=True)
        name, *words = self.words.split()
        places = {"out": folder / "out", "song": _song(folder / "song.mid"), "models": shipped("models")}
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            {"hallu": hallu, "gansynth_generate": generate}[name]([word.format(**places) for word in words])
        return sorted(folder.rglob("*.wav"))


COMMANDS = (
    Command("README", "hallu demo --out {out}"),
    Command("README", "gansynth_generate --ckpt_dir {models}/gansynth/fluid --output_dir {out} --seed 1"),
    Command(
        "README", "gansynth_generate --ckpt_dir {models}/gansynth/fluid --output_dir {out} --midi_file {song} --seed 1"
    ),
    Command("hallucination", "hallu hallucinate --model fluid --seed 1 --out {out}.wav"),
    Command("hallucination", "hallu hallucinate --model percussion --seed 3 --out {out}.wav"),
)


def walked(folder: Path, only: str) -> Iterator[tuple[Command, list[Path]]]:
    """The commands with this word in page or words, and what they wrote."""
    for number, command in enumerate(COMMANDS):
        if only in f"{command.page} {command.words}":
            yield command, command.run(folder / str(number))


def _song(path: Path) -> Path:
    """A short tune in two voices."""
    file = mido.MidiFile(ticks_per_beat=480)
    for pitches in ((60, 62, 64, 67, 64, 62, 60, 55), (48, 48, 52, 52)):
        track, length = file.add_track(), 480 * 8 // len(pitches)
        for pitch in pitches:
            track.append(mido.Message("note_on", note=pitch, velocity=100, time=0))
            track.append(mido.Message("note_off", note=pitch, velocity=0, time=length))
    file.save(path)
    return path
