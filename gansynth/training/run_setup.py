"""The start of a training run: which notes, which labels, and the files that describe the run in its folder."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from core.files.atomic import write_text
from core.progress import Progress
from gansynth import conditions, config
from gansynth.conditions import JointCounts
from gansynth.config import Config
from gansynth.dataset import records
from gansynth.dataset.records import Labels
from gansynth.training import hparams, spectra
from gansynth.training.batches import Source
from gansynth.training.hparams import Hparams

# A run may go on with other values of these, since they neither shape the networks nor say what they learn from.
_FREE = {field.name for field in fields(Hparams)} - {
    "train_instrument_sources",
    "train_min_pitch",
    "train_max_pitch",
    "seed",
}
_FREE |= hparams.IGNORED | {"stable_stage_num_images", "transition_stage_num_images", "fade_in_s"}


def set_up(folder: Path, settings: Mapping[str, Any], progress: Progress) -> Source:
    """Describe the run in its folder (experiment.json, meta.json), or check that it is the run described there.

    Args:
        folder: the run folder.
        settings: from `hparams.settle`.
        progress: counts the spectrograms that have to be computed.

    Returns:
        What the run is fed from. The spectra are kept in the dataset's folder.

    Raises:
        FileNotFoundError: there is no such dataset.
        ValueError: a setting breaks a rule, or the folder holds another run.
    """
    own = hparams.hparams(settings)
    data_dir = data_folder(own)
    labels = records.read_labels(data_dir)
    rows = spectra.selected(
        list(labels.values()), own.train_instrument_sources, own.train_min_pitch, own.train_max_pitch
    )
    names = list(labels)
    chosen = {names[row]: labels[names[row]] for row in rows}
    described = _described(settings, own, chosen)
    folder.mkdir(parents=True, exist_ok=True)
    _check_same(folder, described)
    meta = {name: records.to_json(one) for name, one in chosen.items()}
    write_text(folder / records.META, json.dumps(meta, indent=1) + "\n")
    hparams.write(folder, described, own)
    run = config.read_settings(folder)
    spectra.fit_normalizer(data_dir, run, own.normalizer_margin, own.normalizer_num_examples)
    return Source(run, own, spectra.prepare(data_dir, data_dir, run, progress), tuple(rows))


def data_folder(own: Hparams) -> Path:
    """The folder of the dataset that train_data_path names: data.tfrecord in it, or the folder itself.

    Raises:
        ValueError: none is named, or train_meta_path lies elsewhere.
    """
    if not own.train_data_path:
        raise ValueError('train_data_path is missing; name the dataset, such as {"train_data_path": "dataset"}')
    path = Path(own.train_data_path).expanduser()
    folder = path.parent if path.name == records.RECORDS else path
    if own.train_meta_path and Path(own.train_meta_path).expanduser().resolve() != (folder / records.META).resolve():
        raise ValueError(
            f"train_meta_path is {own.train_meta_path}; it must be {folder / records.META}, beside the data"
        )
    return folder


def _described(settings: Mapping[str, Any], own: Hparams, chosen: Mapping[str, Labels]) -> dict[str, Any]:
    """The settings with the joint counts of the labels, when there are conditions."""
    described = {key: value for key, value in settings.items() if key != "label_counts"}
    if described.get("conditions"):
        described["conditions"] = list(conditions.ordered(described["conditions"]))
        pitches = tuple(sorted({one.pitch for one in chosen.values()}))
        shape = Config(folder=Path(), pitches=pitches, conditions=tuple(described["conditions"]))
        described["label_counts"] = JointCounts.of(shape, chosen.values()).to_json()
    return described


def _check_same(folder: Path, described: Mapping[str, Any]) -> None:
    path = folder / hparams.EXPERIMENT
    if not path.exists():
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    for key in sorted((set(before) | set(described)) - _FREE):
        if key in described and before.get(key) != described[key]:
            raise ValueError(
                f"{folder} holds a run with {key} {_short(before.get(key))}, not {_short(described[key])}; "
                "name a new train_root_dir"
            )


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
