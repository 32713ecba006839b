"""The figures of an evaluation as a table to read."""

from collections.abc import Iterator
from typing import Any

_WIDTH = 34


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """The figures of `gansynth.report.evaluation.evaluate` as lines of text."""
    yield _row("", "real", "generated")
    yield from _tuning(figures["tuning"], figures["clarity_db"])
    yield from _faults(figures["faults"])
    yield from _spread(figures["spread"])
    yield from _likeness(figures["likeness"])
    yield from _families(figures["families"])


def _row(name: str, *cells: str) -> str:
    return (f"{name:{_WIDTH}}" + "".join(f" {cell:>14}" for cell in cells)).rstrip()


def _tuning(tuning: dict[str, Any], clarity: dict[str, Any]) -> Iterator[str]:
    sides = [tuning["real"]["all"], tuning["generated"]["all"]]
    yield _row("notes", *(str(side["notes"]) for side in sides))
    yield _row("in tune (within 50 cents)", *(_percent(side["in_tune"]) for side in sides))
    yield _row("off by whole octaves", *(_percent(side["octaves_off"]) for side in sides))
    yield _row("median deviation", *(_number(side["median_cents"], "cents") for side in sides))
    for key, name in (("median", "clarity, median"), ("lowest_tenth", "clarity, a tenth is below")):
        yield _row(name, *(_number(clarity[side][key], "dB") for side in ("real", "generated")))
    for side in ("real", "generated"):
        yield f"out of tune by pitch, {side}: {_out_of_tune(tuning[side]['by_pitch']) or 'none'}"
        if families := _out_of_tune(tuning[side]["by_family"]):
            yield f"out of tune by family, {side}: {families}"


def _out_of_tune(groups: dict[str, Any]) -> str:
    """Notes out of tune and all notes, for each group that has some out of tune."""
    counted = {key: (round(one["notes"] * (1 - one["in_tune"])), one["notes"]) for key, one in groups.items()}
    return "  ".join(f"{key}:{wrong}/{notes}" for key, (wrong, notes) in counted.items() if wrong)


def _faults(faults: dict[str, Any]) -> Iterator[str]:
    yield ""
    for name in faults["real"]:
        yield _row(name, _percent(faults["real"][name]), _percent(faults["generated"][name]))


def _spread(spread: dict[str, Any]) -> Iterator[str]:
    yield ""
    if spread["ratio"] is None:
        yield "spread within a pitch: too few audible notes; generate more with --notes"
        return
    yield _row("spread within a pitch", "real", "generated", "ratio")
    for name, one in spread["features"].items():
        yield _row(name, *(f"{one[key]:.2f}" for key in ("real", "generated", "ratio")))
    yield _row("geometric mean of the ratios", "", "", f"{spread['ratio']:.2f}")


def _likeness(likeness: dict[str, Any]) -> Iterator[str]:
    yield ""
    bands = "  ".join(f"{name}: {value:+.1f}" for name, value in likeness["octaves_db"].items())
    yield f"louder than real notes, in dB: {bands or 'too few audible notes'}"
    if known := likeness["pitch_classifier"]:
        accuracy, distance, score, bins = (
            known[key] for key in ("accuracy", "frechet_distance", "inception_score", "different_bins")
        )
        sides = ("real", "generated")
        yield _row("by a classifier of pitches", "real", "generated")
        yield _row("at the pitch asked for", *(_percent(accuracy[side]) for side in sides))
        yield _row("Fréchet distance (FID)", *(f"{distance[side]:.1f}" for side in sides))
        yield _row("inception score", *(f"{score[side]:.1f}" for side in sides))
        yield _row(f"different bins of {bins['bins']} (NDB/k)", *(f"{bins[side]:.2f}" for side in sides))
    if judged := likeness.get("musicnn"):
        distance = judged["frechet_audio_distance"]
        yield _row("by musicnn, which tags music", "real", "generated")
        yield _row("Fréchet audio distance (FAD)", *(f"{distance[side]:.2f}" for side in ("real", "generated")))
        for side, tags in judged["tags"].items():
            yield f"tags, {side}: " + "  ".join(f"{tag} {_percent(share)}" for tag, share in tags.items())


def _families(families: dict[str, Any]) -> Iterator[str]:
    yield ""
    if "heard_as" not in families:
        yield f"families: the data has only {', '.join(families['families'])}"
        return
    yield f"families, by a classifier trained on {len(families['families'])} families of real notes"
    for part, check in families["real_held_out_by"].items():
        yield _row(f"real notes of another {part}", _percent(check["accuracy"]), f"chance {_percent(check['chance'])}")
    if "generated" in families:
        yield from _table(families["generated"], families["real_held_out_by"].get("pitch"))
    else:
        recognised = "  ".join(f"{name} {_percent(share)}" for name, share in families["heard_as"].items())
        yield f"generated notes are recognised as: {recognised or 'nothing'}"


def _table(own: dict[str, Any], real: dict[str, Any] | None) -> Iterator[str]:
    yield _row("generated notes as requested", _percent(own["accuracy"]), f"chance {_percent(own['chance'])}")
    yield _row("family", "notes", "recall", "precision", "real recall")
    for family, one in own["by_family"].items():
        usual = real["by_family"].get(family, {}).get("recall") if real else None
        cells = [_percent(share) for share in (one["recall"], one["precision"], usual)]
        yield _row(family, str(one["notes"]), *cells)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _number(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.1f} {unit}"
