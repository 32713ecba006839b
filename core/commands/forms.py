"""The command table as plain objects, for programs that build controls from it, such as the page."""

import math
from collections.abc import Mapping
from typing import Any

from core.commands.arguments import Arg
from core.commands.spec import Spec
from core.commands.table import TABLE

# What a page cannot do, and why.
NOT_FOR_PAGES: Mapping[str, str] = {
    "/notify": "a page gets its replies by itself",
    "/room": "a page is always in the room main",
}
# What nobody fills in: of these the page takes care itself.
WITHOUT_FORM = frozenset({*NOT_FOR_PAGES, "/sound/stream_position"})


def described() -> list[dict[str, Any]]:
    """One object for each command of a page: address, help, readable, arguments, group, how often it may be there."""
    return [_command(spec) for spec in TABLE if spec.address not in WITHOUT_FORM]


def _command(spec: Spec) -> dict[str, Any]:
    return {
        "address": spec.address,
        "help": spec.help,
        "readable": spec.readable,
        "args": [_argument(arg) for arg in spec.args],
        "group": [_argument(arg) for arg in spec.group],
        "min_groups": spec.min_groups,
        "max_groups": spec.max_groups,
    }


def _argument(arg: Arg) -> dict[str, Any]:
    """An argument; low and high are left out where there is no limit, default where there is none."""
    limits = {name: value for name, value in (("low", arg.low), ("high", arg.high)) if not math.isinf(value)}
    given = {"default": arg.default} if arg.default is not None else {}
    shown = {"name": arg.name, "kind": arg.kind, "help": arg.help, "unit": arg.unit, "optional": arg.optional}
    return {**shown, **limits, **given, "otherwise": arg.otherwise, "choices": list(arg.choices)}
