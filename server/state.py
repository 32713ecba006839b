"""What survives a kill: slots, random numbers, the loaded checkpoint, in one .npz file without pickle.

The file holds a header (JSON text) and all latents end to end; it is replaced whole, so a killed server leaves the old
one or the new one. It is written before /done, so what was acknowledged is there.

A header that lacks "conditions", "components" or "edits", as those did that were written before there were any, means
none; a reader that does not know them passes over them. So all are version 1.
"""

import io
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.files import atomic

log = logging.getLogger(__name__)

VERSION = 1
Conditions = dict[str, tuple[str, ...]]


@dataclass
class State:
    """What is saved.

    Slots by name (float32 [latent]), the seed and the state of numpy's generator, the checkpoint's folder, the values
    of the conditions, the components file, and the edits (in standard deviations) that are set.
    """

    seed: int
    random: dict[str, Any]
    slots: dict[str, np.ndarray] = field(default_factory=dict)
    model: str | None = None
    conditions: Conditions = field(default_factory=dict)
    components: str | None = None
    edits: tuple[float, ...] = ()


def save(path: Path, state: State) -> None:
    """Write the file whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    header = {
        "hallu_state": VERSION,
        "seed": state.seed,
        "random": state.random,
        "model": state.model,
        "conditions": state.conditions,
        "components": state.components,
        "edits": state.edits,
        "slots": [[name, len(z)] for name, z in state.slots.items()],
    }
    latents = np.concatenate([np.zeros(0, np.float32), *state.slots.values()])
    memory = io.BytesIO()
    np.savez(memory, header=np.array(json.dumps(header)), latents=latents)
    atomic.write_bytes(path, memory.getbuffer())


def load(path: Path) -> State:
    """Read the file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not a state file of ours, or broken.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return _state(json.loads(str(file["header"])), np.asarray(file["latents"], np.float32))
    except OSError:
        raise
    except Exception as error:
        # A broken file can raise nearly anything (BadZipFile, KeyError, MemoryError, ...), and must never stop a start.
        raise ValueError(f"{path} is no state file: {error}") from None


def restore(path: Path) -> State | None:
    """Read the file, or nothing where there is none; a broken one is set aside under another name."""
    try:
        return load(path)
    except FileNotFoundError:
        return None
    except ValueError as error:
        aside = path.with_name(path.name + ".broken")
        path.replace(aside)
        log.warning("%s; it is now %s, and the server starts afresh", error, aside.name)
        return None


def _state(header: dict[str, Any], latents: np.ndarray) -> State:
    if header["hallu_state"] != VERSION:
        raise ValueError(f"version {header['hallu_state']!r}; this server reads {VERSION}")
    np.random.default_rng().bit_generator.state = header["random"]
    names = [str(name) for name, _ in header["slots"]]
    ends = np.cumsum([int(size) for _, size in header["slots"]], dtype=int)
    if len(latents) != (ends[-1] if len(ends) else 0) or not np.isfinite(latents).all():
        raise ValueError("the latents do not fit the header")
    slots = dict(zip(names, np.split(latents, ends[:-1]), strict=True)) if names else {}
    conditions = {str(name): tuple(map(str, values)) for name, values in header.get("conditions", {}).items()}
    model, components = (None if header.get(key) is None else str(header[key]) for key in ("model", "components"))
    edits = tuple(map(float, header.get("edits", ())))
    return State(int(header["seed"]), header["random"], slots, model, conditions, components, edits)
