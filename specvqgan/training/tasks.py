"""The task of a run's settings: what is trained, on which clips."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from core.files.atomic import write_text
from core.formats.npz import read_npz
from core.progress import Progress, ignore
from core.training import settings as run_settings
from specvqgan.codebook import config as codebook_config
from specvqgan.codebook import model as codebook_model
from specvqgan.codebook.config import CodebookConfig
from specvqgan.codebook.model import Codebook
from specvqgan.dataset import folder
from specvqgan.dataset.folder import HELD_OUT, TRAIN, ClipFormat, ClipSet
from specvqgan.training.codebook.hparams import CodebookHparams
from specvqgan.training.codebook.task import CodebookTask
from specvqgan.training.run_config import RunConfig
from specvqgan.training.settings import settle
from specvqgan.training.task import Task
from specvqgan.training.vocoder.hparams import VocoderHparams
from specvqgan.training.vocoder.task import VocoderTask
from specvqgan.vocoder import config as vocoder_config
from specvqgan.vocoder.config import VocoderConfig

FILE, CODES = "train.json", "codes.npz"


def make(config: RunConfig, data: Path, run: Path, progress: Progress = ignore) -> Task:
    """The task of a run.

    Args:
        config: its settings.
        data: folder of the dataset.
        run: folder of the run, where codes of the clips are kept.
        progress: counts clips that are encoded.

    Raises:
        FileNotFoundError: the dataset or a codebook is missing.
        ValueError: a setting breaks a rule, or does not fit the dataset.
    """
    form = folder.read_format(data)
    parts = folder.read(data, TRAIN), folder.read(data, HELD_OUT)
    return _MAKERS[config.kind](config, form, parts, run, progress)


def describe(run: Path, config: RunConfig, task: Task) -> None:
    """Write train.json, which describes the run, or check that it describes this one.

    Raises:
        ValueError: the folder holds another run.
    """
    fixed = json.loads(json.dumps({"kind": config.kind, **task.described}))
    run_settings.check_same_run(run / FILE, fixed, ())
    run.mkdir(parents=True, exist_ok=True)
    described = fixed | {"settings": json.loads(json.dumps(asdict(task.hparams)))}
    write_text(run / FILE, json.dumps(described, indent=1) + "\n")


def _codebook(
    config: RunConfig, form: ClipFormat, parts: tuple[ClipSet, ClipSet], run: Path, progress: Progress
) -> Task:
    base = {"frames": form.frames, "mels": form.mels, "groups": 32, "attention": []}
    network = codebook_config.from_run(
        _network(config, CodebookConfig, codebook_config.FORMAT, codebook_config.VERSION, base)
    )
    hparams = settle(CodebookHparams, config.training)
    return CodebookTask(network, hparams, *parts, _perceptual(hparams))


def _transformer(
    config: RunConfig, form: ClipFormat, parts: tuple[ClipSet, ClipSet], run: Path, progress: Progress
) -> Task:
    from specvqgan.training.transformer.hparams import TransformerHparams
    from specvqgan.training.transformer.task import TransformerTask
    from specvqgan.transformer import config as transformer_config

    hparams = settle(TransformerHparams, config.training)
    codebook = codebook_model.load(Path(hparams.codebook), "openvino", "f32")
    tokens = _codes(run, codebook, parts, progress)
    rows = codebook.config.rows
    base = {
        "rows": rows, "columns": tokens[0].shape[1] // rows, "codes": codebook.config.codes, "frames": form.moments,
        "feature_depth": form.depth, "classes": len(form.classes) + 1,
    }  # fmt: skip
    network = transformer_config.from_run(
        _network(
            config, transformer_config.TransformerConfig, transformer_config.FORMAT, transformer_config.VERSION, base
        )
    )
    return TransformerTask(network, hparams, *parts, tokens, codebook, len(form.classes))


def _vocoder(
    config: RunConfig, form: ClipFormat, parts: tuple[ClipSet, ClipSet], run: Path, progress: Progress
) -> Task:
    base = {"mels": form.mels, "residuals": 3, "ratios": [8, 8, 2, 2], "sample_rate": form.sample_rate}
    network = vocoder_config.from_run(
        _network(config, VocoderConfig, vocoder_config.FORMAT, vocoder_config.VERSION, base)
    )
    hparams, round_trips = settle(VocoderHparams, config.training), None
    if hparams.codebook:
        codebook = codebook_model.load(Path(hparams.codebook), "openvino", "f32")
        round_trips = _round_trips(codebook, parts[0], progress)
    return VocoderTask(network, hparams, *parts, round_trips)


_MAKERS = {"codebook": _codebook, "transformer": _transformer, "vocoder": _vocoder}


def _network(config: RunConfig, kind: type, form: str, version: int, base: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as the network's `from_run` takes them: those of a folder as they are, ours with what the data gives.

    Raises:
        ValueError: the network has no such setting.
    """
    if "model" in config.network or "format" in config.network:
        return config.network
    known = [field.name for field in fields(kind)]
    if unknown := sorted(set(config.network) - set(known)):
        raise ValueError(f"there is no setting model.params.{unknown[0]}; there are {', '.join(known)}")
    return {"format": form, "version": version, **base, **config.network}


def _codes(
    run: Path, codebook: Codebook, parts: tuple[ClipSet, ClipSet], progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """The codes of all clips, which are kept in the run folder."""
    path = run / CODES
    if path.exists():
        kept = read_npz(path)
        fits = all(len(kept.get(name, ())) == len(part) for name, part in zip((TRAIN, HELD_OUT), parts, strict=True))
        if fits and str(kept.get("codebook")) == codebook.checksum:
            return kept[TRAIN], kept[HELD_OUT]
    from specvqgan.training.transformer.task import encoded

    found = encoded(codebook, parts[0], progress), encoded(codebook, parts[1], ignore)
    run.mkdir(parents=True, exist_ok=True)
    arrays = {"codebook": np.array(codebook.checksum), TRAIN: found[0], HELD_OUT: found[1]}
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return found


def _round_trips(codebook: Codebook, clips: ClipSet, progress: Progress) -> np.ndarray:
    """What a codebook leaves of spectrograms, float16 [n, mels, frames]."""
    found = []
    for row in range(len(clips)):
        progress(row, len(clips))
        grid = codebook.encode(np.asarray(clips.mels[row], np.float32)[None])
        found.append(codebook.decode(grid)[0].astype(np.float16))
    progress(len(clips), len(clips))
    return np.stack(found)


def _perceptual(hparams: CodebookHparams) -> Any:
    """The perceptual distance of a codebook's run; None: without.

    Raises:
        FileNotFoundError: the file with its weights does not exist.
        ValueError: it has other weights.
    """
    if not hparams.perceptual_weight:
        return None
    from specvqgan.training.codebook import perceptual

    return perceptual.load(Path(hparams.perceptual_weights), hparams.perceptual_plain)
