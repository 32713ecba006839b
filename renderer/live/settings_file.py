"""The settings of the renderer in a file: a renderer that is killed comes back as it was.

The file is JSON, `{"version": 1, "settings": [{"address": "/image/...", "values": {...}}, ...]}`: the last command of
each kind that set something, oldest first. It is replaced whole before a command is answered.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core import errors
from core.commands.image import SETTING_COMMANDS
from core.commands.reading import Command, Refusal, read_values
from core.commands.spec import Executor
from core.files import atomic
from core.files.regular import read_regular
from renderer.live import signals

log = logging.getLogger(__name__)

VERSION = 1
_MAX_BYTES = 1 << 20
LOAD, DIRECTIONS, EDITS = "/image/load", "/image/load_ganspace_components", "/image/edits"
MAP = "/image/map"
# Directions belong to a model, and edits to directions: loading one resets the others.
RESETS = {LOAD: (DIRECTIONS, EDITS), DIRECTIONS: (EDITS,)}
_SETTINGS = frozenset(spec.address for spec in SETTING_COMMANDS)


class SettingsFile:
    """Reads the file once, then writes it with every setting. Not thread-safe: the controller's lock guards it."""

    def __init__(self, path: Path | None = None) -> None:
        """Use a file, which need not exist; None: keep nothing."""
        self._path = path
        self._commands: dict[tuple[str, Any], Command] = {}
        self._writable = True

    def read(self) -> list[Command]:
        """The stored commands, oldest first. A damaged file is renamed to NAME.broken or so, with one warning."""
        try:
            commands = _parse(read_regular(self._path, _MAX_BYTES).decode()) if self._path else []
        except FileNotFoundError:
            commands = []
        except OSError as error:
            log.warning("image settings cannot be read: %s", error)
            commands = []
        except ValueError as error:
            commands = []
            self._set_aside(error)
        self._commands = {_key(command): command for command in commands}
        return commands

    def store(self, command: Command) -> None:
        """Write a command that was executed, if it set something, in place of the one before and what it resets."""
        if command.address not in _SETTINGS:
            return
        for address in RESETS.get(command.address, ()):
            self._commands.pop((address, None), None)
        # At the end: classes are those of the model that was loaded before.
        self._commands.pop(_key(command), None)
        self._commands[_key(command)] = command
        if self._path:
            self._write(self._path)

    def _write(self, path: Path) -> None:
        rows = [{"address": command.address, "values": command.values} for command in self._commands.values()]
        try:
            atomic.write_text(path, json.dumps({"version": VERSION, "settings": rows}, indent=1))
            self._writable = True
        except OSError as error:
            if self._writable:
                log.warning("image settings are lost when the renderer ends: %s", errors.sentence(error))
            self._writable = False

    def _set_aside(self, error: ValueError) -> None:
        assert self._path is not None
        try:
            aside = atomic.set_aside(self._path, ".broken")
        except OSError as wrong:
            # It stays as it is: nothing is written over it.
            log.warning("%s: %s; image settings are not saved: %s", self._path, error, errors.sentence(wrong))
            self._path = None
            return
        log.warning("%s: %s; renamed to %s, starting with default settings", self._path, error, aside.name)


def _key(command: Command) -> tuple[str, Any]:
    # Each oscillator is a setting of its own, and each control that can follow a signal.
    if command.address == MAP:
        words = (command.values["control"], *command.values["word"])
        named = words[0] in signals.CONTROLS and signals.CONTROLS[words[0]].named
        return MAP, words[: 2 if named else 1]
    return command.address, command.values.get("number")


def _parse(text: str) -> list[Command]:
    """The commands in a file's text; those that the table refuses are left out with a warning.

    Raises:
        ValueError: the text is not such a file.
    """
    try:
        content = json.loads(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None
    if not isinstance(content, Mapping) or content.get("version") != VERSION:
        raise ValueError(f"it must be a JSON object of version {VERSION}")
    rows = content.get("settings")
    if not isinstance(rows, list) or not all(map(_is_row, rows)):
        raise ValueError("its settings must be a list of objects with an address and values")
    return list(_read(rows))


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, Mapping)
        and isinstance(row.get("address"), str)
        and row["address"] in _SETTINGS
        and isinstance(row.get("values"), Mapping)
    )


def _read(rows: list[dict[str, Any]]) -> Iterator[Command]:
    for row in rows:
        command = read_values(row["address"], row["values"], Executor.RENDERER)
        if isinstance(command, Refusal):
            log.warning("a stored setting is left out: %s: %s", command.address, command.reason)
        else:
            yield command
