"""Hyper-parameters as a user gives them: presets, unknown names, and runs that must stay the same run."""

import difflib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.files import json_files
from core.files.atomic import write_text

# Beside the weights of an exported model: what its trainer needs to go on; see `core.training.exported_state`.
EXPORTED = "training.safetensors"
# Longest text of a value in a message.
_SHOWN = 40


def preset(kind: str, name: str, presets: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """A preset by name.

    Raises:
        ValueError: there is none of that name; the message calls it a `kind`.
    """
    if name not in presets:
        raise ValueError(f"there is no {kind} {name!r}; there are {', '.join(presets)}")
    return presets[name]


def check_known(names: Collection[str], known: Collection[str], page: str) -> None:
    """Check the names of hyper-parameters.

    Raises:
        ValueError: one is not known; the message has the nearest name, or the page that lists them.
    """
    if unknown := sorted(set(names) - set(known)):
        near = difflib.get_close_matches(unknown[0], known, 1)
        advice = f"did you mean {near[0]}?" if near else f"{page} lists them"
        raise ValueError(f"there is no hyper-parameter {unknown[0]!r}; {advice}")


def check_same_run(
    path: Path, described: Mapping[str, Any], changeable: Collection[str], advice: str = "name a new folder"
) -> None:
    """Check that a run folder holds no other run than the one described.

    Args:
        path: the JSON file that describes the run in the folder; it may be missing.
        described: the run's settings now.
        changeable: the settings that may change while a run goes on.
        advice: ends the message.

    Raises:
        ValueError: another setting has changed.
    """
    if not path.exists():
        return
    before = json_files.read_object(path)
    for key in sorted(set(described) - set(changeable)):
        if before.get(key) != described[key]:
            was, now = _shown(before.get(key)), _shown(described[key])
            raise ValueError(f"{path.parent} holds a run with {key} {was}, not {now}; {advice}")


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def write_run(path: Path, described: Mapping[str, Any], classes: Sequence[str], changeable: Collection[str]) -> None:
    """Write the file that describes a run and its classes, or check that it describes this one; see `check_same_run`.

    Raises:
        ValueError: the folder holds another run.
    """
    described = {**described, "classes": list(classes)}
    check_same_run(path, described, changeable)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(described, indent=1) + "\n")


def read_run(path: Path, command: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The settings of a run from the file that describes it, and the names of its classes.

    Raises:
        FileNotFoundError: there is no such file; the message names the command that writes one.
        ValueError: it does not describe a run.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist; {path.parent} is not a run of {command}")
    described = json_files.read_object(path)
    classes = described.pop("classes", None)
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise ValueError(f"{path} must have a list of names under classes; it does not describe a run")
    return described, tuple(classes)


def check_classes(folder: Path, before: Sequence[str], now: Sequence[str]) -> None:
    """Check that images have the classes of a model or a run.

    Raises:
        ValueError: they have others.
    """
    if tuple(before) != tuple(now):
        raise ValueError(f"{folder} has the classes {', '.join(before) or 'none'}; the images have {', '.join(now)}")
