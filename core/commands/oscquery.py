"""The command table as an OSCQuery address space: plain objects for JSON.

Source: the OSCQuery proposal (github.com/Vidvox/OSCQueryProposal), its required and optional attributes.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.commands.arguments import Arg, Value
from core.commands.spec import Spec
from core.commands.table import COMMANDS, TABLE

# What is set now, by address: the arguments of the message that would set it again.
Values = Mapping[str, Sequence[Value]]
# The names that there are for an argument, by address and the argument's name.
Choices = Mapping[str, Mapping[str, Sequence[str]]]

FULL_PATH, CONTENTS, VALUE = "FULL_PATH", "CONTENTS", "VALUE"
_PER_ARGUMENT = (VALUE, "RANGE", "UNIT", "CLIPMODE")
ATTRIBUTES = (FULL_PATH, CONTENTS, "TYPE", "ACCESS", "DESCRIPTION", *_PER_ARGUMENT)
EXTENSIONS = ("ACCESS", "DESCRIPTION", *_PER_ARGUMENT, "LISTEN", "PATH_CHANGED")
# Bits of ACCESS.
READ, WRITE = 1, 2
_TAGS = {"int": "i", "float": "f", "name": "s"}
# The type of a command without arguments: nil, which hosts show as a button.
_NIL = "N"
_UNITS = {"s": "time.second", "Hz": "time.hz", "bpm": "time.bpm"}
_CONTAINERS = {
    "/": "Play the latent space of GANs: sound and images",
    "/image": "The images: models, how they follow the sound, recordings",
    "/sound": "The sound: models, latent vectors, notes, hallucinations, directions",
    "/session": "Everything that is set, by name",
}


def host_info(name: str, osc_port: int, osc_host: str = "") -> dict[str, Any]:
    """HOST_INFO of a server: its name, and where it takes OSC.

    Args:
        name: a person reads it.
        osc_port: UDP.
        osc_host: its address; "": the machine that answers the query.
    """
    info: dict[str, Any] = {"NAME": name, "EXTENSIONS": dict.fromkeys(EXTENSIONS, True)}
    info |= {"OSC_PORT": osc_port, "OSC_TRANSPORT": "UDP"}
    return info | ({"OSC_IP": osc_host} if osc_host else {})


def node(path: str, values: Values, choices: Choices) -> dict[str, Any] | None:
    """The node at a path with all that is in it; None: there is none."""
    path = path.rstrip("/") or "/"
    if path in COMMANDS:
        return _method(COMMANDS[path], values.get(path), choices.get(path, {}))
    inside = [spec for spec in TABLE if spec.address.startswith(path if path == "/" else f"{path}/")]
    return _container(path, inside, values, choices) if inside else None


def attribute(path: str, name: str, values: Values, choices: Choices) -> dict[str, Any] | None:
    """One attribute of a node as an object; None: the node does not have it.

    Raises:
        KeyError: there is no such node.
        ValueError: there is no such attribute.
    """
    if name not in ATTRIBUTES:
        raise ValueError(f"{name[:40]!r} is not an attribute; there are: {', '.join(ATTRIBUTES)}, HOST_INFO")
    found = node(path, values, choices)
    if found is None:
        raise KeyError(path)
    if name in found:
        return {name: found[name]}
    # Readable, and not set yet.
    return {} if name == VALUE and found["ACCESS"] & READ else None


def _container(path: str, inside: Iterable[Spec], values: Values, choices: Choices) -> dict[str, Any]:
    start = len(path.rstrip("/")) + 1
    names = dict.fromkeys(spec.address[start:].partition("/")[0] for spec in inside)
    contents = {name: node(f"{path.rstrip('/')}/{name}", values, choices) for name in names}
    return {FULL_PATH: path, "ACCESS": 0, "DESCRIPTION": _CONTAINERS.get(path, path), CONTENTS: contents}


def _method(spec: Spec, value: Sequence[Value] | None, names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    args = _arguments(spec, value)
    found: dict[str, Any] = {
        FULL_PATH: spec.address,
        "ACCESS": WRITE | (READ if spec.readable else 0),
        "TYPE": "".join(_TAGS[arg.kind] for arg in args) or _NIL,
        "DESCRIPTION": f"{spec.help} Arguments: {spec.usage or 'none'}.",
    }
    ranges = [_range(arg, names.get(arg.name, ())) for arg in args]
    units = [_UNITS.get(arg.unit) for arg in args]
    # Values outside a range are refused, not moved into it.
    clips = [None if one is None else "none" for one in ranges]
    for key, row in (("RANGE", ranges), ("UNIT", units), ("CLIPMODE", clips)):
        if any(one is not None for one in row):
            found[key] = row
    if value and spec.readable:
        found[VALUE] = list(value)
    return found


def _arguments(spec: Spec, value: Sequence[Value] | None) -> list[Arg]:
    """The arguments of a message: as many as the value has, or all of them with the group once."""
    if value:
        groups = -(-max(0, len(value) - len(spec.args)) // len(spec.group)) if spec.group else 0
        return [*spec.args, *spec.group * groups][: len(value)]
    return [*spec.args, *spec.group * max(1, spec.min_groups)]


def _range(arg: Arg, names: Sequence[str]) -> dict[str, Any] | None:
    if arg.choices or names:
        return {"VALS": [*(arg.choices or names)]}
    if math.isinf(arg.low) or math.isinf(arg.high):
        return None
    number = int if arg.kind == "int" else float
    return {"MIN": number(arg.low), "MAX": number(arg.high)}
