"""Run the course's commands on a virtual machine: names instead of paths, long work in the background with a log.

It works in the current folder: recordings in inputs/NAME, datasets in datasets/gansynth/NAME, models in
models/gansynth/NAME. It prints each command that it runs, so that you can run it yourself with other arguments.
Arguments at the end of a command here are passed to that command.
"""

import argparse
import contextlib
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from core.processes import is_running
from scripts import frame

PROG = "dlwa"
INPUTS, DATASETS, MODELS = Path("inputs"), Path("datasets/gansynth"), Path("models/gansynth")


def parser() -> argparse.ArgumentParser:
    """The course's subcommands and flags."""
    flags = frame.new_parser(PROG, __doc__)
    models = flags.add_subparsers(metavar="MODEL", required=True)
    subcommands = models.add_parser("gansynth", help="GANSynth").add_subparsers(metavar="COMMAND", required=True)

    def add(
        name: str, work: Callable[[argparse.Namespace], None], text: str, *required: str, optional: str = ""
    ) -> None:
        one = subcommands.add_parser(name, help=text, description=text)
        one.set_defaults(work=work)
        for flag in required:
            one.add_argument(f"--{flag}", required=True, metavar="NAME")
        if optional:
            one.add_argument(f"--{optional}", metavar="NAME")
        if name == "train":
            one.add_argument("--custom", action="store_true", help="only with the arguments given at the end")
        if name in ("train", "ganspace"):
            one.add_argument("--foreground", action="store_true", help="stay until it is done, and log to the terminal")

    add("setup", setup, "create the folders, and report what there is to compute on")
    add("chop-audio", chop_audio, "cut long recordings into notes", "input_name", optional="output_name")
    add("pad-audio", pad_audio, "pad short recordings to the length of a note", "input_name", optional="output_name")
    add("make-dataset", make_dataset, "make a dataset of notes", "input_name", "dataset_name")
    add("train", train, "train a model, or continue its training", "dataset_name", "model_name")
    add("ganspace", ganspace, "find a model's directions", "model_name")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options, extra = parser().parse_known_args(argv)
    options.extra = [word for word in extra if word != "--"]
    return frame.run(options.work, options, PROG)


def setup(options: argparse.Namespace) -> None:
    """Make the folders; look for GPUs."""
    for folder in (INPUTS, DATASETS, MODELS):
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{folder}/ exists")
    looking = "from core.nn.backend import devices; print(devices())"
    done = subprocess.run([sys.executable, "-c", looking], capture_output=True, text=True)
    if done.returncode:
        raise ChildProcessError(f"the networks cannot run: {done.stderr.strip().splitlines()[-1]}")
    print(f"training will run on {done.stdout.strip()}")


def chop_audio(options: argparse.Namespace) -> None:
    """inputs/NAME -> inputs/NAME_chopped."""
    _notes(options, "chop_audio", "chopped")


def pad_audio(options: argparse.Namespace) -> None:
    """inputs/NAME -> inputs/NAME_padded."""
    _notes(options, "pad_audio", "padded")


def _notes(options: argparse.Namespace, name: str, suffix: str) -> None:
    out = INPUTS / (options.output_name or f"{options.input_name}_{suffix}")
    _run(name, [str(INPUTS / options.input_name), str(out), *options.extra])


def make_dataset(options: argparse.Namespace) -> None:
    """inputs/NAME -> datasets/gansynth/NAME."""
    folders = ["--in_dir", str(INPUTS / options.input_name), "--out_dir", str(DATASETS / options.dataset_name)]
    _run("make_dataset", [*folders, *options.extra])


def train(options: argparse.Namespace) -> None:
    """datasets/gansynth/NAME -> models/gansynth/NAME, in the background."""
    data, model = DATASETS / options.dataset_name, MODELS / options.model_name
    if not data.is_dir():
        raise FileNotFoundError(f"there is no {data}; make it with: {PROG} gansynth make-dataset")
    places = {
        "train_data_path": str(data / "data.tfrecord"),
        "train_meta_path": str(data / "meta.json"),
        "train_root_dir": str(model),
        "dataset_name": "nsynth_tfrecord",
    }
    usual = [] if options.custom else ["--config=mel_prog_hires", f"--hparams={json.dumps(places)}"]
    model.mkdir(parents=True, exist_ok=True)
    _run_long(options, "gansynth_train", [*usual, *options.extra], model / "dlwa_train.log")


def ganspace(options: argparse.Namespace) -> None:
    """models/gansynth/NAME -> ganspace.pickle in it, in the background."""
    model = MODELS / options.model_name
    if not model.is_dir():
        raise FileNotFoundError(f"there is no {model}; train it with: {PROG} gansynth train")
    usual = ["--ckpt_dir", str(model), "--random_z_count", "8192", "--pca_out_file", str(model / "ganspace.pickle")]
    _run_long(options, "gansynth_ganspace", [*usual, *options.extra], model / "dlwa_ganspace.log")


def _run(name: str, arguments: Sequence[str]) -> None:
    """Run one of our commands in the foreground.

    Raises:
        ChildProcessError: it fails; it has printed why.
    """
    words = _words(name, arguments)
    if status := subprocess.run(words).returncode:
        raise ChildProcessError(f"{name} ended with status {status}")


def _run_long(options: argparse.Namespace, name: str, arguments: Sequence[str], log: Path) -> None:
    """Run one of our commands in the background, where it outlives the terminal, unless there is --foreground."""
    if options.foreground:
        return _run(name, arguments)
    lock = log.with_suffix(".pid")
    if (running := _running(lock)) is not None:
        raise ChildProcessError(f"it is already running, as process {running}; see {log}")
    words = _words(name, arguments)
    with log.open("ab") as file:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    lock.write_text(str(process.pid), encoding="utf-8")
    print(f"running in the background, also after you log out\nwatch it:  tail -f {log}\nstop it:   kill {process.pid}")
    return None


def _words(name: str, arguments: Sequence[str]) -> list[str]:
    """The command line, shown as a user would type it."""
    shown = name if name.startswith("gansynth_") else f"gansynth_{name}"
    print(f"> {shlex.join([shown, *arguments])}", flush=True)
    return [sys.executable, "-c", f"import sys; from scripts.{name} import main; sys.exit(main())", *arguments]


def _running(lock: Path) -> int | None:
    """The process whose number is in a file, if it is still there."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        number = int(lock.read_text(encoding="utf-8"))
        return number if is_running(number) else None
    return None


if __name__ == "__main__":
    sys.exit(main())
