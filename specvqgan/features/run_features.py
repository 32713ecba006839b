"""What a transformer of the original takes for its condition, as its run folder says: which features, and how many."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from core import checks
from specvqgan.features import clips, feature_files
from specvqgan.features.clips import CROPPED, FRAMES_PER_S, LENGTH
from specvqgan.features.frame_networks import KINDS

# The entries of a run that name folders of features, colours before motion.
_FOLDERS = ("rgb_feats_dir_path", "flow_feats_dir_path")
_MOST, _MOST_DEPTH = 100_000, 1 << 16


@dataclass(frozen=True)
class RunFeatures:
    """The features that a run was trained on.

    Attributes:
        kinds: of `frame_networks.KINDS`; several are put side by side.
        folders: names of the folders with each kind's files.
        fps: frames per second of the films.
        depth: numbers of a frame, of all kinds together.
        length: frames that a clip is brought to.
        crop: frames of its middle that are used.
        count: how many of them are taken.
        repeats: how often each of these is repeated.
        random: the condition is random numbers in 0..1, for a model without features.
    """

    kinds: tuple[str, ...]
    folders: tuple[str, ...]
    fps: float
    depth: int
    length: int = LENGTH
    crop: int = CROPPED
    count: int = CROPPED
    repeats: int = 1
    random: bool = False

    def __post_init__(self) -> None:
        checks.whole("depth", self.depth, 1, _MOST_DEPTH)
        checks.whole("length", self.length, 1, _MOST)
        checks.whole("crop", self.crop, 1, self.length)
        checks.whole("count", self.count, 1, self.crop)
        checks.whole("repeats", self.repeats, 1, _MOST // self.count)

    def condition(self, *features: np.ndarray) -> np.ndarray:
        """The condition of a clip, float32 [count * repeats, depth].

        Args:
            features: of each kind, [frames, depth]; a short clip is repeated.

        Raises:
            ValueError: they have another depth, or not the same frames.
        """
        whole = features[0] if len(features) == 1 else clips.side_by_side(*features)
        checks.shape("features", whole, ("frames", self.depth))
        middle = clips.condition(whole, length=self.length, crop=self.crop)
        return clips.resampled(middle, self.count, self.repeats)

    def read(self, path: Path) -> np.ndarray:
        """The condition of a clip from its files of features, of which one is given.

        A file may have all of the run's numbers itself. If not, and if it is where the original has its files,
        .../FOLDER/NAME.pkl with a FOLDER for each kind, the others are beside it.

        Raises:
            FileNotFoundError: a kind is missing.
            ValueError: a file is damaged, or has features of another depth; the message names it.
        """
        found = [feature_files.read(path)]
        if found[0].shape[1] != self.depth and path.parent.name.startswith("feature_") and self.folders:
            found = [feature_files.read(path.parent.parent / folder / path.name) for folder in self.folders]
        try:
            return self.condition(*found)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def random_condition(self, rng: np.random.Generator) -> np.ndarray:
        """The condition of a model without features, float32 [count * repeats, depth]."""
        return rng.random((self.count, self.depth), np.float32).repeat(self.repeats, axis=0)


def from_run(config: Mapping[str, Any]) -> RunFeatures:
    """The features that a run's settings name; see `run_folder.read_config`.

    Raises:
        ValueError: they name none, or a number breaks a rule.
    """
    params = _entry(_entry(config, "data"), "params")
    folders = [PurePath(params[name]).name for name in _FOLDERS if isinstance(params.get(name), str)]
    sampler = params.get("feat_sampler_cfg") or {}
    chosen = _entry(sampler, "params") if sampler else {}
    crop = _number(params, "feat_crop_len", CROPPED)
    return RunFeatures(
        tuple(_kind(folder) for folder in folders),
        tuple(folders),
        _fps(folders),
        _number(params, "feat_depth", 0),
        _number(params, "feat_len", LENGTH),
        crop,
        _number(chosen, "feat_sample_size", crop),
        _number(chosen, "times_to_repeat_after_resample", 1),
        params.get("replace_feats_with_random") is True,
    )


def _entry(values: Any, name: str) -> Mapping[str, Any]:
    found = values.get(name) if isinstance(values, Mapping) else None
    if not isinstance(found, Mapping):
        raise ValueError(f"the run's settings have no {name}, which say which features it takes")
    return found


def _number(values: Mapping[str, Any], name: str, usual: int) -> int:
    found = values.get(name)
    return usual if found is None else int(checks.of_kind(name, found, int))


def _kind(folder: str) -> str:
    """The kind of features of a folder such as feature_rgb_bninception_dim1024_21.5fps."""
    for kind in KINDS.values():
        if folder.startswith(f"feature_{kind.title}_"):
            return kind.name
    raise ValueError(f"the run takes features of {folder!r:.80}; known are {', '.join(KINDS)}")


def _fps(folders: list[str]) -> float:
    found = re.search(r"_(\d{1,4}(?:\.\d{1,6})?)fps$", folders[0]) if folders else None
    return checks.above("fps", float(found[1]), 0, 1000) if found else FRAMES_PER_S
