"""What a note of GANSynth is made from, as `core.protocols.SoundModel` declares it: z, a pitch, conditions."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core import checks
from core.protocols import Control
from gansynth.conditions import CONDITIONS, PITCH, ConditionValue
from gansynth.config import Config

LATENT = "z"


def controls(config: Config) -> tuple[Control, ...]:
    """The controls of a model with these settings."""
    pitches = config.pitches
    conditions = (CONDITIONS[name] for name in config.conditions)
    return (
        Control(LATENT, size=config.latent_size),
        Control(PITCH, pitches[0], pitches[-1], choices=tuple(map(float, pitches)), unit="MIDI pitch"),
        *(Control(one.name, choices=one.values, several=one.several, optional=True) for one in conditions),
    )


def read(config: Config, values: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, dict[str, ConditionValue]]:
    """One note's values as `Model.notes` takes them: z [1, latent_size], pitches [1], conditions.

    Raises:
        ValueError: z or the pitch is missing, or a name is not that of a control.
    """
    known = {control.name: control for control in controls(config)}
    for name in values:
        checks.one_of("a control", name, tuple(known))
    if missing := [name for name, control in known.items() if not control.optional and name not in values]:
        raise ValueError(f"{config.name} needs {' and '.join(missing)} for a note")
    conditions = {name: value for name, value in values.items() if name not in (LATENT, PITCH)}
    return np.asarray(values[LATENT])[None], np.asarray([values[PITCH]]), conditions
