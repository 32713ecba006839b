"""Shrink a run folder, Magenta's or ours, to what playing it here needs.

That is the averaged generator and the image counter of the latest save, experiment.json, meta.json and assets/. The
folder can be played at every moment: first comes what is new, and only then what is no longer needed goes.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.files import atomic
from core.formats import checkpoint_files, tensor_bundle
from gansynth import checkpoint, config, normalizer, variables
from gansynth.dataset.records import read_json

# Paths of the machine that trained.
PATHS = ("train_root_dir", "train_data_path", "train_meta_path")
# What training leaves beside the stages: TensorBoard's files, samples, the remains of a killed save.
LEFT = (
    "events.out.tfevents.*", "graph.pbtxt", "logs", "samples",
    ".stage_*.part", ".experiment-*.part.json", ".meta-*.part.json",
)  # fmt: skip
EXPERIMENT, META = "experiment.json", "meta.json"


@dataclass(frozen=True)
class Plan:
    """What shrinking a folder would do.

    `save` is the prefix of the save that stays, with the variables `needed`; `size` and `new_size` are its bytes before
    and, to some hundred bytes, after. `gone` are the files and folders that go. `written` are new contents by file
    name; `dropped` are the settings that leave experiment.json.
    """

    folder: Path
    save: Path
    needed: tuple[str, ...]
    size: int
    new_size: int
    gone: tuple[Path, ...]
    written: dict[str, bytes]
    dropped: tuple[str, ...]


def plan(folder: Path, meta_path: Path | None = None) -> Plan:
    """Find out what would be done, and that the result can be played.

    Args:
        folder: the run folder.
        meta_path: a meta.json to copy into it.

    Raises:
        FileNotFoundError: the folder has no checkpoint, or there is no such meta.json.
        ValueError: the latest checkpoint cannot be played with these files.
    """
    if not config.is_checkpoint(folder):
        raise FileNotFoundError(f"{folder} is no run folder: it has no stage_* folders")
    _, save = checkpoint.latest(folder)
    written, dropped = _experiment(folder / EXPERIMENT)
    if meta_path is not None:
        written |= _if_new(folder / META, meta_path.read_bytes())
    settings = config.read_settings(folder, meta_path)
    checkpoint.load(settings)
    normalizer.scale_and_shift(settings)
    sizes = tensor_bundle.Reader(save).sizes()
    needed = tuple(name for name in sizes if variables.is_for_playing(name))
    files = checkpoint_files.files(save)
    size = sum(map(size_of, files))
    new_size = size - sum(sizes[name] for name in sizes if name not in needed)
    new_size -= sum(size_of(path) for path in files if path.suffix == checkpoint_files.GRAPH)
    return Plan(folder, save, needed, size, new_size, tuple(_gone(folder, save)), written, dropped)


def execute(steps: Plan) -> None:
    """Do it; nothing is deleted before what replaces it is there."""
    for name, content in steps.written.items():
        atomic.write_bytes(steps.folder / name, content)
    if steps.new_size < steps.size or steps.save != _final(steps.save):
        reader = tensor_bundle.Reader(steps.save)
        tensors = {name: reader.read(name) for name in steps.needed}
        checkpoint_files.write(steps.save.parent, checkpoint_files.number_of(steps.save), tensors)
    else:
        checkpoint_files.point(steps.save)
    for path in steps.gone:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _experiment(path: Path) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The new experiment.json where it has paths of the training machine, and their names."""
    if not path.is_file():
        return {}, ()
    settings = read_json(path)
    dropped = tuple(key for key in PATHS if key in settings)
    kept = {key: value for key, value in settings.items() if key not in PATHS}
    return ({path.name: (json.dumps(kept, indent=1) + "\n").encode()} if dropped else {}), dropped


def _if_new(path: Path, content: bytes) -> dict[str, bytes]:
    return {} if path.is_file() and path.read_bytes() == content else {path.name: content}


def _final(save: Path) -> Path:
    """The usual spelling of a save's prefix; after a kill there may be another."""
    return save.with_name(f"{checkpoint_files.NAME}-{checkpoint_files.number_of(save)}")


def _gone(folder: Path, save: Path) -> Iterator[Path]:
    """What is not needed, other saves' indices before their data, so that no half of a save is taken for one."""
    pointer = save.parent / checkpoint_files.POINTER
    kept = {*checkpoint_files.files(save), *checkpoint_files.files(_final(save)), pointer}
    for stage in checkpoint.stages(folder).values():
        if stage != save.parent:
            yield stage
    for path in sorted(save.parent.iterdir(), key=lambda path: (path.suffix != tensor_bundle.INDEX, path.name)):
        if path not in kept:
            yield path
    for pattern in LEFT:
        yield from sorted(folder.glob(pattern))
