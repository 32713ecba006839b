"""Shrink a run folder, Magenta's or ours, to what playing needs.

That is the averaged generator and the image counter of the latest save, experiment.json, meta.json and assets/. The
folder can be played at any moment: new files are written before old ones are deleted.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.files import atomic, json_files
from core.formats import checkpoint_files, tensor_bundle
from gansynth import checkpoint, config, normalizer, variables

# Settings that are paths of the machine that trained.
PATHS = ("train_root_dir", "train_data_path", "train_meta_path")
# Files of training beside the stages: TensorBoard's, samples, what a killed save left.
LEFTOVERS = (
    "events.out.tfevents.*", "graph.pbtxt", "logs", "samples",
    ".stage_*.part", ".experiment-*.part.json", ".meta-*.part.json",
)  # fmt: skip
EXPERIMENT, META = "experiment.json", "meta.json"


@dataclass(frozen=True)
class ShrinkPlan:
    """The steps of shrinking a folder.

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


def plan(folder: Path, meta_path: Path | None = None) -> ShrinkPlan:
    """Plan the steps, and check that the result can be played.

    Args:
        folder: the run folder.
        meta_path: a meta.json to copy into the folder.

    Raises:
        FileNotFoundError: the folder has no checkpoint, or there is no such meta.json.
        ValueError: the latest checkpoint cannot be played with these files.
    """
    if not config.is_checkpoint(folder):
        raise FileNotFoundError(f"{folder} is not a run folder: it has no stage_* folders")
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
    return ShrinkPlan(folder, save, needed, size, new_size, tuple(_gone(folder, save)), written, dropped)


def execute(plan: ShrinkPlan) -> None:
    """Carry out a plan; nothing is deleted before its replacement is written."""
    for name, content in plan.written.items():
        atomic.write_bytes(plan.folder / name, content)
    if plan.new_size < plan.size or plan.save != _final(plan.save):
        reader = tensor_bundle.Reader(plan.save)
        tensors = {name: reader.read(name) for name in plan.needed}
        checkpoint_files.write(plan.save.parent, checkpoint_files.number_of(plan.save), tensors)
    else:
        checkpoint_files.point(plan.save)
    for path in plan.gone:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _experiment(path: Path) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The new experiment.json, if paths of the training machine have to go, and the names of those settings."""
    if not path.is_file():
        return {}, ()
    settings = json_files.read_object(path)
    dropped = tuple(key for key in PATHS if key in settings)
    kept = {key: value for key, value in settings.items() if key not in PATHS}
    return ({path.name: (json.dumps(kept, indent=1) + "\n").encode()} if dropped else {}), dropped


def _if_new(path: Path, content: bytes) -> dict[str, bytes]:
    return {} if path.is_file() and path.read_bytes() == content else {path.name: content}


def _final(save: Path) -> Path:
    """The usual prefix of a save; after a kill there may be another."""
    return save.with_name(f"{checkpoint_files.NAME}-{checkpoint_files.number_of(save)}")


def _gone(folder: Path, save: Path) -> Iterator[Path]:
    """Unneeded files; indices of saves before their data, so that half a save is never taken for a save."""
    pointer = save.parent / checkpoint_files.POINTER
    kept = {*checkpoint_files.files(save), *checkpoint_files.files(_final(save)), pointer}
    for stage in checkpoint.stages(folder).values():
        if stage != save.parent:
            yield stage
    for path in sorted(save.parent.iterdir(), key=lambda path: (path.suffix != tensor_bundle.INDEX, path.name)):
        if path not in kept:
            yield path
    for pattern in LEFTOVERS:
        yield from sorted(folder.glob(pattern))
