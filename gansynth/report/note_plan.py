"""The notes to request of a model for its evaluation: its own pitches, with labels that the data has."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.text import spans
from gansynth.conditions import CONDITIONS, ConditionValue
from gansynth.config import Config
from gansynth.dataset.records import Labels


@dataclass(frozen=True)
class NoteRequest:
    """A note to request; `like` is the name of a real note with the same labels."""

    pitch: int
    like: str
    conditions: tuple[tuple[str, ConditionValue], ...] = ()


def plan(config: Config, labels: Mapping[str, Labels], count: int, rng: np.random.Generator) -> list[NoteRequest]:
    """Requests spread evenly over pitches and, for a conditional model, over the families that the data has there.

    Raises:
        ValueError: the data has none of the model's pitches.
    """
    names = _by_pitch(config, labels)
    pitches = [pitch for _ in range(-(-count // len(names))) for pitch in rng.permutation(list(names)).tolist()]
    return [_request(config, labels, pitch, names[pitch], rng) for pitch in pitches[:count]]


def groups(requests: Sequence[NoteRequest]) -> dict[tuple[tuple[str, ConditionValue], ...], list[int]]:
    """Positions of the requests with the same conditions, which can be generated together."""
    found = defaultdict(list)
    for place, request in enumerate(requests):
        found[request.conditions].append(place)
    return dict(found)


def _by_pitch(config: Config, labels: Mapping[str, Labels]) -> dict[int, dict[int, list[str]]]:
    """Names of the real notes by pitch and family."""
    found: dict[int, dict[int, list[str]]] = {}
    for name, known in labels.items():
        if known.pitch in config.pitches:
            found.setdefault(known.pitch, {}).setdefault(known.family, []).append(name)
    if not found:
        there = spans(sorted({known.pitch for known in labels.values()}))
        raise ValueError(f"the data has pitches {there}, and {config.name} has {spans(config.pitches)}: none in common")
    return found


def _request(
    config: Config,
    labels: Mapping[str, Labels],
    pitch: int,
    by_family: Mapping[int, list[str]],
    rng: np.random.Generator,
) -> NoteRequest:
    even = "family" in config.conditions
    names = by_family[rng.choice(list(by_family))] if even else [name for some in by_family.values() for name in some]
    like = names[rng.integers(len(names))]
    return NoteRequest(pitch, like, tuple((name, _value(name, labels[like])) for name in config.conditions))


def _value(name: str, labels: Labels) -> ConditionValue:
    """The value of a condition that a labelled note has."""
    condition = CONDITIONS[name]
    code = condition.code(labels)
    if condition.several:
        return tuple(value for place, value in enumerate(condition.values) if code >> place & 1)
    return condition.values[code]
