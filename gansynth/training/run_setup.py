"""The start of a GANSynth run: its notes and labels, and the files that describe the run in its folder."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from core.files.atomic import write_text
from core.progress import Progress
from core.training.settings import check_same_run
from gansynth import conditions, config
from gansynth.conditions import JointCounts
from gansynth.config import PLAYING, Config
from gansynth.dataset import records
from gansynth.dataset.records import Labels
from gansynth.training import hparams, spectra
from gansynth.training.batches import NoteSource
from gansynth.training.hparams import SoundHparams

# These may change while a run goes on: they neither shape the networks nor say what they learn from.
_CHANGEABLE = {field.name for field in fields(SoundHparams)} - {
    "train_instrument_sources",
    "train_min_pitch",
    "train_max_pitch",
    "seed",
}
_CHANGEABLE |= hparams.IGNORED | PLAYING | {"stable_stage_num_images", "transition_stage_num_images"}


def set_up(folder: Path, settings: Mapping[str, Any], progress: Progress) -> NoteSource:
    """Describe the run in its folder (experiment.json, meta.json), or check that it is the run described there.

    Args:
        folder: the run folder.
        settings: from `hparams.settle`.
        progress: called with the spectrograms computed and their total.

    Returns:
        The notes to train on. Their spectrograms are kept in the dataset's folder.

    Raises:
        FileNotFoundError: there is no such dataset.
        ValueError: a setting breaks a rule, or the folder holds another run.
    """
    own = hparams.from_settings(settings)
    data_dir = data_folder(own)
    rows, chosen = _chosen(records.read_labels(data_dir), own)
    described = _described(settings, own, chosen)
    folder.mkdir(parents=True, exist_ok=True)
    check_same_run(folder / hparams.EXPERIMENT, described, _CHANGEABLE, "name a new train_root_dir")
    meta = {name: records.to_json(one) for name, one in chosen.items()}
    write_text(folder / records.META, json.dumps(meta, indent=1) + "\n")
    hparams.write(folder, described, own)
    run = config.read_settings(folder)
    run.check_channels(run.num_resolutions)
    spectra.fit_normalizer(data_dir, run, own.normalizer_margin, own.normalizer_num_examples)
    return NoteSource(run, own, spectra.prepare(data_dir, data_dir, run, progress), tuple(rows))


def _chosen(labels: Mapping[str, Labels], own: SoundHparams) -> tuple[list[int], dict[str, Labels]]:
    """The notes of a dataset to train on: their rows, and their labels by name."""
    rows = spectra.selected(
        list(labels.values()), own.train_instrument_sources, own.train_min_pitch, own.train_max_pitch
    )
    names = list(labels)
    return rows, {names[row]: labels[names[row]] for row in rows}


def data_folder(own: SoundHparams) -> Path:
    """The folder of the dataset that train_data_path names: data.tfrecord in it, or the folder itself.

    Raises:
        ValueError: train_data_path is missing, or train_meta_path is in another folder.
    """
    if not own.train_data_path:
        raise ValueError('train_data_path is missing; name the dataset, such as {"train_data_path": "dataset"}')
    path = Path(own.train_data_path).expanduser()
    folder = path.parent if path.name == records.RECORDS else path
    if own.train_meta_path and Path(own.train_meta_path).expanduser().resolve() != (folder / records.META).resolve():
        raise ValueError(f"train_meta_path must be {folder / records.META}, beside the data, not {own.train_meta_path}")
    return folder


def _described(settings: Mapping[str, Any], own: SoundHparams, chosen: Mapping[str, Labels]) -> dict[str, Any]:
    """The settings, with the joint counts of the labels where there are conditions."""
    described = {key: value for key, value in settings.items() if key != "label_counts"}
    if described.get("conditions"):
        described["conditions"] = list(conditions.ordered(described["conditions"]))
        pitches = tuple(sorted({one.pitch for one in chosen.values()}))
        shape = Config(folder=Path(), pitches=pitches, conditions=tuple(described["conditions"]))
        described["label_counts"] = JointCounts.of(shape, chosen.values()).to_json()
    return described
