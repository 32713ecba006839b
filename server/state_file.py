"""The session in a file: what survives a kill, in one .npz without pickle.

The file holds a header (JSON text) and all latent vectors end to end; it is replaced whole, so a killed server leaves
the old one or the new one. It is written before /done, so what was acknowledged is in it.

Version 2 has every field of `SavedSession`. Files of version 1 may lack "conditions", "components" and "edits"; they
are read, written again as version 2, and kept beside the new file under another name.
"""

import io
import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from core import checks
from core.commands.limits import MAX_EDITS, MAX_NAME, MAX_SLOTS
from core.files import atomic
from core.formats.npz import NpzReader
from server.session import Conditions, Session, Setup, Slots

log = logging.getLogger(__name__)

VERSION = 2
# More than any command can bring: of a path, and of values in a slot.
_LONGEST_TEXT, _MOST_VALUES = 4096, MAX_EDITS


@dataclass(frozen=True)
class SavedSession:
    """What is saved.

    Attributes:
        seed: see `Session`.
        random: see `Session`.
        slots: see `Session`.
        model: the checkpoint folder.
        conditions: see `Session`.
        components: the components file.
        edits: see `Session`.
        foley: the folder of the foley model; files of before there were any do not have it.
    """

    seed: int
    random: Mapping[str, Any]
    slots: Slots = field(default_factory=dict)
    model: str | None = None
    conditions: Conditions = field(default_factory=dict)
    components: str | None = None
    edits: tuple[float, ...] = ()
    foley: str | None = None

    @classmethod
    def of(cls, session: Session) -> "SavedSession":
        """What is saved of a session."""
        setup = session.setup
        values = (setup.model, setup.conditions, setup.components, setup.edits, session.foley_folder)
        return cls(session.seed, session.random, session.slots, *values)

    def session(self) -> Session:
        """The session with the slots and the random numbers; the model and what is set for it are yet to be loaded."""
        waiting = Setup(self.model, self.conditions, self.components, self.edits)
        return Session(self.seed, self.random, self.slots, waiting=waiting, waiting_foley=self.foley)


def differs(before: Session, after: Session) -> bool:
    """Whether the file of one session would not do for the other; the order of slots does not count."""
    same_slots = before.slots.keys() == after.slots.keys() and all(
        before.slots[name] is after.slots[name] for name in before.slots
    )
    fields = ("seed", "random", "setup", "foley_folder")
    return not same_slots or any(getattr(before, name) != getattr(after, name) for name in fields)


def save(path: Path, saved: SavedSession, *, sync: bool = True) -> None:
    """Write the file whole or not at all; for `sync` see `core.files.atomic.replacing`.

    Raises:
        OSError: it cannot be written.
    """
    latents = np.concatenate([np.zeros(0, np.float32), *saved.slots.values()])
    memory = io.BytesIO()
    np.savez(memory, header=np.array(json.dumps(_header(saved))), latents=latents)
    atomic.write_bytes(path, memory.getbuffer(), sync=sync)


def _header(saved: SavedSession) -> dict[str, Any]:
    return {
        "hallu_state": VERSION,
        "seed": saved.seed,
        "random": dict(saved.random),
        "model": saved.model,
        "conditions": dict(saved.conditions),
        "components": saved.components,
        "edits": saved.edits,
        "foley": saved.foley,
        "slots": [[name, len(z)] for name, z in saved.slots.items()],
    }


def load(path: Path) -> SavedSession:
    """Read a file of version 1 or 2.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not a state file of ours, or broken.
    """
    return _read(path)[1]


def restore(path: Path) -> SavedSession | None:
    """Read the file at the start of a server; None if there is none.

    A file of version 1 is upgraded; one that is broken, or of a newer version, is set aside under another name.

    Raises:
        OSError: it cannot be read, or not be set aside.
    """
    try:
        version, saved = _read(path)
    except FileNotFoundError:
        return None
    except ValueError as error:
        aside = atomic.set_aside(path, ".broken")
        log.warning("%s; renamed to %s, starting with an empty session", error, aside.name)
        return None
    if version < VERSION:
        _upgrade(path, version, saved)
    return saved


def _read(path: Path) -> tuple[int, SavedSession]:
    """Version and content."""
    try:
        with NpzReader(path) as file:
            header = json.loads(str(file["header"]))
            return header["hallu_state"], _parse(header, file["latents"])
    except OSError:
        raise
    except Exception as error:
        # A broken file can raise nearly anything (BadZipFile, KeyError, MemoryError, ...), and must never stop a start.
        raise ValueError(f"{path} is not a state file: {error}") from None


def _parse(header: dict[str, Any], latents: np.ndarray) -> SavedSession:
    if header["hallu_state"] == 1:
        header = {"conditions": {}, "components": None, "edits": (), **header}
    elif header["hallu_state"] != VERSION:
        raise ValueError(f"version {header['hallu_state']!r}; this server reads 1 and {VERSION}")
    np.random.default_rng().bit_generator.state = header["random"]
    return SavedSession(
        seed=int(header["seed"]),
        random=header["random"],
        slots=_slots(header["slots"], latents),
        model=_optional_text(header["model"]),
        conditions={str(name): tuple(map(str, values)) for name, values in header["conditions"].items()},
        components=_optional_text(header["components"]),
        edits=_edits(header["edits"]),
        foley=_optional_text(header.get("foley")),
    )


def _slots(sizes: list[list[Any]], values: np.ndarray) -> Slots:
    checks.one_of("the type of the latents", str(values.dtype), ("float32", "float64"))
    with np.errstate(over="ignore"):
        latents = values.astype(np.float32)
    if len(sizes) > MAX_SLOTS:
        raise ValueError(f"there are {len(sizes)} slots, more than {MAX_SLOTS}")
    for name, size in sizes:
        checks.in_range("the length of a slot's name", len(str(name)), 0, MAX_NAME)
        checks.whole("the size of a slot", size, 1, _MOST_VALUES)
    ends = np.cumsum([int(size) for _, size in sizes], dtype=int)
    if latents.shape != (ends[-1] if len(ends) else 0,) or not np.isfinite(latents).all():
        raise ValueError("the latents do not fit the header")
    latents.flags.writeable = False
    parts = np.split(latents, ends[:-1]) if len(ends) else []
    return MappingProxyType(dict(zip((str(name) for name, _ in sizes), parts, strict=True)))


def _edits(values: list[Any]) -> tuple[float, ...]:
    checks.in_range("the number of edits", len(values), 0, MAX_EDITS)
    return tuple(checks.finite("edits", np.array([float(value) for value in values])).tolist())


def _optional_text(value: Any) -> str | None:
    if value is not None and len(str(value)) > _LONGEST_TEXT:
        raise ValueError(f"a name has at most {_LONGEST_TEXT} letters")
    return None if value is None else str(value)


def _upgrade(path: Path, version: int, saved: SavedSession) -> None:
    """Write the file again in the present version, and keep the old one beside it."""
    try:
        old = _free_name(path, version)
        shutil.copy2(path, old)
        save(path, saved)
    except OSError as error:
        log.warning("%s stays at version %d for now: %s", path, version, error)
        return
    log.info("%s upgraded to version %d; the file of version %d is %s", path, VERSION, version, old.name)


def _free_name(path: Path, version: int) -> Path:
    name = path.with_name(f"{path.stem}.v{version}{path.suffix}")
    number = 1
    while name.exists():
        number += 1
        name = path.with_name(f"{path.stem}.v{version}-{number}{path.suffix}")
    return name
