"""Shrink a run folder, Magenta's or ours, to what playing needs.

That is the averaged generator and the image counter of the latest save, experiment.json, meta.json and assets/. The
folder can be played at any moment: new files are written before old ones are deleted.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.files import atomic, json_files
from core.files.regular import MOST_TEXT, read_regular
from core.formats import checkpoint_files, safetensors_file, tensor_bundle
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
    name; `dropped` are the settings that leave experiment.json. `half`: the save becomes, or stays, a single file in
    half precision.
    """

    folder: Path
    save: Path
    needed: tuple[str, ...]
    size: int
    new_size: int
    gone: tuple[Path, ...]
    written: dict[str, bytes]
    dropped: tuple[str, ...]
    half: bool = False

    @property
    def rewritten(self) -> bool:
        """Whether the save changes."""
        return self.new_size != self.size or self.half != bool(checkpoint_files.single(self.save))


def plan(folder: Path, meta_path: Path | None = None, half: bool | None = None) -> ShrinkPlan:
    """Plan the steps, and check that the result can be played.

    Args:
        folder: the run folder.
        meta_path: a meta.json to copy into the folder.
        half: whether the weights will be in half precision, in a .safetensors file, or in float32, as TensorFlow's
            checkpoints are; None: as they are.

    Raises:
        FileNotFoundError: the folder has no checkpoint, or there is no such meta.json.
        ValueError: the latest checkpoint cannot be played with these files.
    """
    if not config.is_checkpoint(folder):
        raise FileNotFoundError(f"{folder} is not a run folder: it has no stage_* folders")
    _, save = checkpoint.latest(folder)
    written, dropped = _experiment(folder / EXPERIMENT)
    if meta_path is not None:
        written |= _if_new(folder / META, read_regular(meta_path, MOST_TEXT))
    settings = config.read_settings(folder, meta_path)
    checkpoint.load(settings)
    normalizer.scale_and_shift(settings)
    half = bool(checkpoint_files.single(save)) if half is None else half
    sizes = _sizes(save)
    needed = tuple(name for name in sizes if variables.is_for_playing(name))
    files = checkpoint_files.files(save)
    size = sum(map(size_of, files))
    new_size = size - sum(sizes[name] for name in sizes if name not in needed)
    new_size -= sum(size_of(path) for path in files if path.suffix == checkpoint_files.GRAPH)
    if half != bool(checkpoint_files.single(save)):
        # All but the counter changes from four bytes to two, or back.
        new_size = new_size // 2 if half else new_size * 2
    gone = tuple(_gone(folder, save, half))
    return ShrinkPlan(folder, save, needed, size, new_size, gone, written, dropped, half)


def _sizes(save: Path) -> dict[str, int]:
    """The bytes of each variable of a save by name."""
    if path := checkpoint_files.single(save):
        return {name: value.nbytes for name, value in safetensors_file.read(path).items()}
    return tensor_bundle.Reader(save).sizes()


def execute(plan: ShrinkPlan) -> None:
    """Carry out a plan; nothing is deleted before its replacement is written."""
    for name, content in plan.written.items():
        atomic.write_bytes(plan.folder / name, content)
    if plan.rewritten or plan.save != _final(plan.save):
        tensors = _read(plan.save, plan.needed)
        number = checkpoint_files.number_of(plan.save)
        if plan.half:
            checkpoint_files.write_single(plan.save.parent, number, safetensors_file.halved(tensors))
        else:
            checkpoint_files.write(plan.save.parent, number, tensors)
    elif not plan.half:
        checkpoint_files.point(plan.save)
    for path in plan.gone:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def set_up_playing(folder: Path, **settings: Any) -> None:
    """Change settings of how a model is played, such as `phase_locking` and `octave_gains_db`, in its experiment.json.

    Raises:
        ValueError: a value breaks a rule; the file stays as it is then.
    """
    replace(config.read_settings(folder), **settings)
    changed = json_files.read_object(folder / EXPERIMENT) | settings
    atomic.write_text(folder / EXPERIMENT, json.dumps(changed, indent=1) + "\n")


def _read(save: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    if path := checkpoint_files.single(save):
        found = safetensors_file.widened(safetensors_file.read(path))
        return {name: found[name] for name in names}
    reader = tensor_bundle.Reader(save)
    return {name: reader.read(name) for name in names}


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


def _gone(folder: Path, save: Path, half: bool) -> Iterator[Path]:
    """Unneeded files; indices of saves before their data, so that half a save is never taken for a save."""
    single = {path.with_name(path.name + safetensors_file.SUFFIX) for path in (save, _final(save))}
    bundle = {*checkpoint_files.files(save), *checkpoint_files.files(_final(save))} - single
    kept = single if half else {*bundle, save.parent / checkpoint_files.POINTER}
    for stage in checkpoint.stages(folder).values():
        if stage != save.parent:
            yield stage
    for path in sorted(save.parent.iterdir(), key=lambda path: (path.suffix != tensor_bundle.INDEX, path.name)):
        if path not in kept:
            yield path
    for pattern in LEFTOVERS:
        yield from sorted(folder.glob(pattern))
