"""Read the configuration of a song's video: a preset, a TOML file, or values; a mistake is named in one sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from importlib import resources
from pathlib import Path
from typing import Any

from core import checks
from core.audio.signals.chain import read_chain
from core.files.regular import read_text
from core.formats import toml_file
from renderer.react.config import (
    EXPOSURES,
    BendConfig,
    ClassesConfig,
    DisplacementConfig,
    LatentsConfig,
    NoiseConfig,
    ReactConfig,
    SegmentsConfig,
    TrackConfig,
)
from renderer.react.sounds import MIX, STEMS

# Those that ship, in presets/.
PRESETS = ("default", "aiart", "aiart-late")


def load_text(name: str) -> str:
    """The text of a configuration: a preset by name, or a .toml file.

    Raises:
        FileNotFoundError: there is no such preset or file.
        ValueError: it is not text.
    """
    if name in PRESETS:
        return (resources.files("renderer.react") / "presets" / f"{name}.toml").read_text("utf-8")
    path = Path(name).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"there is no configuration {name}; presets are {', '.join(PRESETS)}")
    try:
        return read_text(path)
    except UnicodeDecodeError:
        raise ValueError(f"the configuration {name} is not UTF-8 text") from None


def load_values(name: str) -> dict[str, Any]:
    """The values of a configuration; see `load_text`.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not TOML.
    """
    text = load_text(name)
    try:
        return toml_file.parse(text)
    except ValueError as error:
        raise ValueError(f"the configuration {name} is not TOML: {error}") from None


def read_config(values: Mapping[str, Any]) -> ReactConfig:
    """The configuration from its values.

    Raises:
        ValueError: a name is not known or missing, or a value breaks a rule; the message names it.
    """
    _known("the configuration", values, [one.name for one in fields(ReactConfig)])
    signals = _table("signals", values.get("signals", {}))
    for name in set(signals) & {MIX, *STEMS}:
        raise ValueError(f"a signal must not be called {name}: that is a sound")
    return ReactConfig(
        _latents(_table("latents", values.get("latents", {}))),
        {name: read_chain(name, table) for name, table in signals.items()},
        _segments(_table("segments", values.get("segments", {}))),
        _made(ClassesConfig, "classes", _table("classes", values.get("classes", {}))),
        _made(NoiseConfig, "noise", _table("noise", values.get("noise", {}))),
        _made(DisplacementConfig, "displacement", _table("displacement", values.get("displacement", {}))),
        tuple(_made(BendConfig, "bends", _table("bends", one)) for one in _list("bends", values.get("bends", []))),
        checks.of_kind("exposure", values.get("exposure", EXPOSURES[0]), str),
    )


def _segments(values: Mapping[str, Any]) -> SegmentsConfig:
    """In the file `source` is called `from`, which Python keeps for itself."""
    names = ["from" if one.name == "source" else one.name for one in fields(SegmentsConfig)]
    _known("segments", values, names)
    made: SegmentsConfig = _made(
        SegmentsConfig, "segments", {"source" if key == "from" else key: value for key, value in values.items()}
    )
    return made


def _latents(values: Mapping[str, Any]) -> LatentsConfig:
    given = dict(values)
    tracks = {}
    for name, table in _table("latents.tracks", given.get("tracks", {})).items():
        one = dict(_table(f"track {name}", table))
        seeds = _list(f"seeds of track {name}", one.get("seeds", []))
        one["seeds"] = tuple(checks.of_kind("seed of a track", seed, int) for seed in seeds)
        tracks[name] = _made(TrackConfig, f"track {name}", one)
    given["tracks"] = tracks
    given |= {stack: _stack(stack, given.get(stack, [])) for stack in ("a", "b")}
    return _made(LatentsConfig, "latents", given)


def _stack(name: str, value: Any) -> tuple[tuple[str, int], ...]:
    parts = _list(f"{name} of latents", value)
    for part in parts:
        if not isinstance(part, Sequence) or isinstance(part, str) or len(part) != 2 or not isinstance(part[0], str):
            raise checks.mismatch(f"{name} of latents", 'be a list such as [["sections", 2], ["path", 6]]', value)
    return tuple((part[0], part[1]) for part in parts)


def _made(kind: type, name: str, values: Mapping[str, Any]) -> Any:
    """A dataclass from the settings of a table; numbers and texts must be of the kinds of its fields."""
    known = {one.name: one for one in fields(kind)}
    _known(name, values, tuple(known))
    needed = [key for key, one in known.items() if one.default is MISSING and one.default_factory is MISSING]
    if missing := [key for key in needed if key not in values]:
        raise ValueError(f"{name} needs {', '.join(missing)}")
    plain = (int, float, str, bool)
    kinds = {key: kind for key, one in known.items() for kind in plain if one.type in (kind, kind | None)}
    return kind(**{key: _of_kind(key, name, value, kinds.get(key)) for key, value in values.items()})


def _of_kind(key: str, name: str, value: Any, kind: type | None) -> Any:
    return value if kind is None else checks.of_kind(f"{key} of {name}", value, kind)


def _known(name: str, values: Mapping[str, Any], allowed: Sequence[str]) -> None:
    for key in values:
        checks.one_of(f"a setting of {name}", key, allowed)


def _table(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise checks.mismatch(name, "be a table", value)
    return value


def _list(name: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise checks.mismatch(name, "be a list", value)
    return value
