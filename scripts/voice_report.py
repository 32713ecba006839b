"""Measure a trained sound model against real notes: tuning, faults, variety, recognised instrument families."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import gansynth
from core.audio.music_tagger import MusicTagger
from core.progress import show_progress
from core.scikit_learn import scikit_learn
from gansynth.dataset import records, summary
from gansynth.dataset.records import FAMILIES, Labels, Note
from gansynth.report import confusion_plot, evaluation, note_plan, report_text
from gansynth.report.note_plan import NoteRequest
from scripts import frame
from scripts.flags import engine, models

if TYPE_CHECKING:
    from gansynth.model import Model
    from gansynth.report.evaluation import NoteMeasurement

PROG = "gansynth_voice_report"
# The sheet has rows of real notes, each above a row of generated ones of the same pitches.
SHEET_PAIRS = summary.SHEET_ROWS // 2


def parser() -> argparse.ArgumentParser:
    """The flags."""
    count = partial(frame.whole, least=1)
    flags = frame.new_parser(PROG, __doc__)
    models.add_model(flags, "the model's name, or its folder; or that of a run")
    engine.add(flags)
    flags.add_argument("--data_dir", type=frame.path, required=True, help="folder of the dataset, for comparison")
    flags.add_argument("--out_dir", type=frame.path, required=True, help="folder for the report; created if missing")
    flags.add_argument("--notes", type=count, default=200, help="how many notes to generate (default: %(default)s)")
    flags.add_argument(
        "--real_notes",
        type=count,
        default=2000,
        help="how many notes of the dataset to measure, chosen at random if it has more (default: %(default)s)",
    )
    flags.add_argument(
        "--musicnn",
        type=frame.path,
        metavar="WHEEL",
        help="also judge by the tagger musicnn: its wheel (pip download --no-deps musicnn), or where it is installed",
    )
    flags.add_argument(
        "--seed", type=partial(frame.whole, least=0), default=0, help="of notes and sounds (default: %(default)s)"
    )
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_report, parser().parse_args(argv), PROG)


def _report(options: argparse.Namespace) -> None:
    frame.refuse_existing(*(options.out_dir / name for name in ("report.json", "sheet.png", "confusion.png")))
    # It judges at the end, after minutes.
    scikit_learn("svm")
    rng = np.random.default_rng(options.seed)
    labels = records.read_labels(options.data_dir)
    config = gansynth.read_config(options.ckpt_dir)
    requests = note_plan.plan(config, labels, options.notes, rng)
    shown = _shown(requests)
    wanted = _drawn({name: one for name, one in labels.items() if one.pitch in config.pitches}, options.real_notes, rng)
    model = frame.load(options)
    tagger = MusicTagger(options.musicnn) if options.musicnn else None
    options.out_dir.mkdir(parents=True, exist_ok=True)
    real, examples = _real(
        options.data_dir, model, wanted, {requests[place].like for place in shown}, len(labels), tagger
    )
    length = min(model.audio_length, len(next(iter(examples.values())).audio))
    generated, waves = _generated(model, requests, labels, length, rng, tagger)
    _write(options, model, real, generated)
    sheet = _sheet([examples[requests[place].like] for place in shown], [(requests[i].pitch, waves[i]) for i in shown])
    summary.save_sheet(options.out_dir / "sheet.png", sheet, model.sample_rate)
    print(f"{options.out_dir}: {', '.join(sorted(path.name for path in options.out_dir.iterdir()))}")


def _shown(requests: Sequence[NoteRequest]) -> list[int]:
    """Positions of the requests on the sheet, low to high."""
    most = SHEET_PAIRS * summary.SHEET_COLUMNS
    ranked = sorted(range(len(requests)), key=lambda place: requests[place].pitch)
    return [ranked[i] for i in np.unique(np.linspace(0, len(ranked) - 1, min(most, len(ranked))).round().astype(int))]


def _drawn(labels: dict[str, Labels], most: int, rng: np.random.Generator) -> set[str]:
    names = list(labels)
    return set(names if len(names) <= most else rng.choice(names, most, replace=False).tolist())


def _real(
    folder: Path, model: "Model", wanted: set[str], shown: set[str], total: int, tagger: MusicTagger | None
) -> tuple[list["NoteMeasurement"], dict[str, Note]]:
    """Measurements of the chosen real notes, and the notes for the sheet, cut to the model's length."""
    measured, examples = [], {}
    with show_progress("note", "measuring real notes") as progress:
        for done, note in enumerate(records.read(folder)):
            progress(done, total)
            audio, known = note.audio[: model.audio_length], note.labels
            if note.name in wanted:
                family = FAMILIES[known.family]
                measured.append(
                    evaluation.measure_note(audio, model.sample_rate, known.pitch, family, known.instrument, tagger)
                )
            if note.name in shown:
                examples[note.name] = Note(note.name, known, audio)
        progress(total, total)
    return measured, examples


def _generated(
    model: "Model",
    requests: Sequence[NoteRequest],
    labels: dict[str, Labels],
    length: int,
    rng: np.random.Generator,
    tagger: MusicTagger | None,
) -> tuple[list["NoteMeasurement"], dict[int, np.ndarray]]:
    """Measurements of the notes that the model generates, and their sounds by position in the requests."""
    drawn = [model.prior.draw(rng, 1, dict(request.conditions), np.float64) for request in requests]
    latents = np.concatenate(drawn).astype(np.float32)
    measured, waves = [], {}
    with show_progress("note", "generating") as progress:
        for place, wave in _sounds(model, requests, latents, length):
            request = requests[place]
            family = FAMILIES[labels[request.like].family] if "family" in dict(request.conditions) else ""
            measured.append(evaluation.measure_note(wave, model.sample_rate, request.pitch, family, tagger=tagger))
            waves[place] = wave
            progress(len(measured), len(requests))
    return measured, waves


def _sounds(
    model: "Model", requests: Sequence[NoteRequest], latents: np.ndarray, length: int
) -> Iterator[tuple[int, np.ndarray]]:
    for conditions, places in note_plan.groups(requests).items():
        pitches = [requests[place].pitch for place in places]
        yield from zip(
            places, model.notes(latents[places], pitches, conditions=dict(conditions), length=length), strict=True
        )


def _write(
    options: argparse.Namespace, model: "Model", real: "list[NoteMeasurement]", generated: "list[NoteMeasurement]"
) -> None:
    found, confusion = evaluation.evaluate(real, generated)
    asked: dict[str, Any] = {"model": model.name, "notes": options.notes, "seed": options.seed}
    text = json.dumps(asked | found, indent=2)
    (options.out_dir / "report.json").write_text(text + "\n", encoding="utf-8")
    if confusion:
        title = f"{model.name}: {100 * confusion.accuracy:.0f} % as requested, chance {100 * confusion.chance:.0f} %"
        confusion_plot.save(options.out_dir / "confusion.png", confusion, title)
    for line in report_text.lines(found):
        print(line)


def _sheet(real: Sequence[Note], generated: Sequence[tuple[int, np.ndarray]]) -> Iterator[Note]:
    """Rows of real notes, each above a row of generated ones."""
    own = [Note(f"generated_{pitch}", Labels("generated", pitch), wave) for pitch, wave in generated]
    for start in range(0, len(real), summary.SHEET_COLUMNS):
        row = slice(start, start + summary.SHEET_COLUMNS)
        yield from real[row]
        yield from own[row]


if __name__ == "__main__":
    sys.exit(main())
