"""Show that everything works: play the whole instrument once, without Pd.

It starts a server on a free port, plays it over OSC, and leaves sounds, pictures of them and a video.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from core import families
from core.audio.loudness import loudness_lufs
from core.commands.arguments import Value
from core.files.atomic import check_folder
from core.files.unused_names import unused
from core.files.user_folders import shipped
from core.latent.key_path import key_times_s
from core.progress import show_progress
from scripts import frame
from scripts.shared.hallucination import keep
from scripts.shared.hallucination_video import Video, render
from server.osc.client import Client
from server.osc.packet import Message

PROG = "hallu demo"
_PATIENCE_S = 120.0
_NOTES, _STEPS, _SPACING = 5, 5, 0.4
_TARGET = "demo"
_KEY_TIMES_S = key_times_s(_NOTES, _STEPS, _SPACING)
# The walk: its directions, how far it goes along each in standard deviations, the notes between.
_DIRECTIONS, _REACH, _WALK_STEPS, _WALK_SPACING = 4, 2.5, 3, 0.3


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument(
        "--out", type=frame.path, default=Path("out"), metavar="DIR", help="folder for them (default: %(default)s)"
    )
    flags.add_argument(
        "--seed",
        type=partial(frame.whole, least=0),
        help="decides the sounds (default: random, and reported)",
    )
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_demo, parser().parse_args(argv), PROG)


def _demo(options: argparse.Namespace) -> None:
    """Write hallucination.wav, .png and .mp4, and directions.wav and .png, into a folder.

    Raises:
        FileNotFoundError: no model ships.
        OSError: the server does not answer, or the files cannot be written.
        ValueError: the server refuses something.
    """
    models = shipped("models")
    folder = _sound_model(models)
    check_folder(options.out)
    sound = unused(options.out / "hallucination.wav", [".png", ".mp4"])
    with (
        tempfile.TemporaryDirectory(prefix="hallu-demo-") as scratch,
        running_server(models, Path(scratch)) as (_, port),
    ):
        print(f"The server answers on UDP port {port}. It loads {folder.name}, which takes a few seconds ...")
        with Client("127.0.0.1", port, _PATIENCE_S) as client:
            # Sounds at the level at which patches play them.
            _ask(client, "/notify", 0, 0, 1)
            _ask(client, "/sound/seed", frame.seed(options.seed))
            pitch = _note(client, folder.name)
            keys = _path(client, pitch, sound)
            _walk(client, pitch, unused(options.out / "directions.wav", [".png"]))
    _video(models, keys, sound)


def _sound_model(models: Path) -> Path:
    """The sound model that ships.

    Raises:
        FileNotFoundError: there is none.
    """
    found = families.find([models], "sound")
    if not found:
        raise FileNotFoundError(f"{models} contains no sound model; reinstall hallu")
    return found[0].folder


def _note(client: Client, name: str) -> Value:
    """Load the model and play one note; its pitch."""
    replies = _ask(client, "/sound/load", name)
    loaded, level = replies[0].args, replies[1].args
    print(f"Loaded: notes of {float(loaded[1]) / float(loaded[2]):g} s, {len(loaded) - 4} pitches.")
    print(f"Its notes play with a gain of {float(level[1]):+.1f} dB, each hallucination with its own.")
    _ask(client, "/sound/randomize_z", "demo-a", "demo-b")
    _ask(client, "/sound/slerp_z", "demo-a", "demo-b", "demo-c", 0.5)
    print("Two random timbres, and the one halfway between them.")
    pitch = loaded[4 + (len(loaded) - 4) // 2]
    note = _ask(client, "/sound/synthesize", "demo-c", _TARGET, pitch)[-2].args
    print(f"One note of it at MIDI pitch {pitch}: {float(note[2]) / float(note[3]):.1f} s of sound.")
    return pitch


def _path(client: Client, pitch: Value, out: Path) -> np.ndarray:
    """Hallucinate through random key points, float32 [n, latent], which are returned."""
    print(f"A hallucination: {_NOTES} random key points, {_STEPS} notes between each two.")
    slots = [f"demo-{number}" for number in range(_NOTES)]
    keys = np.array([reply.args[1:] for reply in _ask(client, "/sound/randomize_z", *slots)[:-1]], np.float32)
    path = _hallucinate(client, "/sound/hallucinate_z", _TARGET, _STEPS, _SPACING, 0.0, 0.5, 0.5, 0.5, pitch, *slots)
    _keep(path, out, _KEY_TIMES_S)
    return keys


def _video(models: Path, keys: np.ndarray, sound: Path) -> None:
    """Make the hallucination's video: images follow its key points, as they do live."""
    from renderer.image_models import choose

    print("Now its video ...")
    video = Video(sound.with_suffix(".mp4"), choose([models]))
    wave, rate = soundfile.read(sound, dtype="float32")
    image_model, _ = render(video, wave, rate, _KEY_TIMES_S, keys)
    print(f"Wrote {video.out}: images by {image_model.name}.")


def _walk(client: Client, pitch: Value, out: Path) -> None:
    """Walk along the first directions of the model, from the timbre of the note."""
    replies = {reply.address: reply.args for reply in _ask(client, "/sound/load_ganspace_components", "auto")}
    names = [str(name) for name in replies["/sound/directions"][:_DIRECTIONS]]
    titles = [name for name in names if name != "-"]
    print(f"{replies['/sound/components'][0]} directions; a walk along the first {_DIRECTIONS} ({', '.join(titles)}).")
    here = np.array(_ask(client, "/sound/edits", "demo-c")[0].args[1:], np.float64)
    points = np.repeat(here[None], 2 * _DIRECTIONS, axis=0)
    for direction in range(_DIRECTIONS):
        points[2 * direction : 2 * direction + 2, direction] = -_REACH, _REACH
    timing = (_WALK_STEPS, _WALK_SPACING, 0.0, 0.2, 0.4, 0.6)
    path = _hallucinate(
        client, "/sound/hallucinate_noz", _TARGET, *timing, pitch, points.shape[1], *points.ravel().tolist()
    )
    _keep(path, out, key_times_s(len(points), _WALK_STEPS, _WALK_SPACING))


def _keep(path: str, wav: Path, key_times: list[float]) -> None:
    wave, rate = soundfile.read(path, dtype="float32")
    picture = keep(wav, wave, rate, key_times)
    loudness = f"{loudness_lufs(wave, rate):.1f} LUFS"
    print(f"Wrote {wav} ({len(wave) / rate:.1f} s, {loudness}) and {picture} (spectrogram, key points marked).")


def _hallucinate(client: Client, address: str, *args: Value) -> str:
    path = ""
    with show_progress("note", "hallucinating") as progress:
        for reply in client.ask(address, *args):
            if reply.address == "/progress":
                progress(int(reply.args[2]), int(reply.args[3]))
            elif reply.address == "/sound/audio":
                path = str(reply.args[1])
            _refuse(reply)
    return path


def _ask(client: Client, address: str, *args: Value) -> list[Message]:
    replies = list(client.ask(address, *args))
    _refuse(replies[-1])
    return replies


def _refuse(reply: Message) -> None:
    if reply.address == "/fail":
        raise ValueError(f"the server refuses {reply.args[0]}: {reply.args[-1]}")


@contextmanager
def running_server(models: Path, scratch: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server process on a free loopback port, with spool and state in a scratch folder; it ends with the block.

    Raises:
        OSError: it did not start.
    """
    command = [sys.executable, "-m", "server", "serve", "--port", "0", "--models", str(models)]
    # The video is made afterwards; a live renderer would only slow the sound down.
    command += ["--no-page", "--tied", "--spool", str(scratch / "spool"), "--state", str(scratch / "state.npz")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("ready "):
            raise OSError("the server did not start; `hallu serve --debug` shows why")
        yield process, int(line.rpartition(":")[2])
    finally:
        process.terminate()
        # Before its input ends, or it would say that it was left alone.
        process.wait()
        process.communicate()


if __name__ == "__main__":
    sys.exit(main())
