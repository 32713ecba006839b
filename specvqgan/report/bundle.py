"""A foley model as a folder: three trained networks, and what else is needed to play them."""

import json
import shutil
from pathlib import Path

import specvqgan
from core import checks
from core.files.atomic import new_folder
from specvqgan import run_folder
from specvqgan.dataset.folder import ClipFormat
from specvqgan.family import PARTS, SETTINGS

FORMAT, VERSION = "hallu-foley", 1


def write(out: Path, parts: dict[str, Path], form: ClipFormat, top_k: int | None = None, refine: bool = False) -> None:
    """Write a new folder with three networks and foley.json.

    Args:
        out: to write, whole or not at all.
        parts: folders of ours with the trained codebook, transformer and vocoder, by these names.
        form: of the dataset that they were trained on.
        top_k: of how many of the likeliest codes one is drawn; None: half of them.
        refine: whether the vocoder's sound is refined; see `specvqgan.vocoder.refined`.

    Raises:
        FileExistsError: the folder exists and is not empty.
        FileNotFoundError: there is no network in a folder.
        ValueError: the networks do not fit each other, or the dataset.
    """
    transformer = specvqgan.load_transformer(parts["transformer"]).config
    codebook = specvqgan.load_codebook(parts["codebook"]).config
    checks.one_of("codes and rows of the transformer", (transformer.codes, transformer.rows),
                  ((codebook.codes, codebook.rows),))  # fmt: skip
    checks.one_of("frames of the transformer", transformer.frames, (0, form.moments))
    checks.one_of("mels of the vocoder", specvqgan.load_vocoder(parts["vocoder"]).config.mels, (codebook.mels,))
    settings = {
        "format": FORMAT,
        "version": VERSION,
        "seconds": form.seconds,
        "sample_rate": form.sample_rate,
        "features": form.features,
        "moments": form.moments,
        "classes": list(form.classes) if transformer.classes else [],
        "top_k": top_k,
        "refine": refine,
    }
    with new_folder(out) as folder:
        for name in PARTS:
            (folder / name).mkdir()
            for file in (run_folder.CONFIG, run_folder.WEIGHTS):
                shutil.copyfile(parts[name] / file, folder / name / file)
        (folder / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
