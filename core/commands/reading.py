"""Check a message against the command table: from arguments in order (OSC), or from values by name (JSON)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.commands.arguments import Value
from core.commands.limits import MAX_REASON
from core.commands.shared import TARGET
from core.commands.spec import Executor, Spec
from core.commands.table import COMMANDS


@dataclass(frozen=True)
class Command:
    """A checked message.

    Attributes:
        spec: its row in the table.
        values: each argument by name, those of the group as lists. An argument that was left out has its default, or
            None where no single value describes that.
        targets: names by which the client tells its requests apart.
    """

    spec: Spec
    values: dict[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The OSC address."""
        return self.spec.address


@dataclass(frozen=True)
class Refusal:
    """Why a message is not a command: what /fail reports."""

    address: str
    target: str
    reason: str


def read(address: str, args: Sequence[Value]) -> Command | Refusal:
    """Check a message with its arguments in the table's order."""
    spec = COMMANDS.get(address)
    if spec is None:
        return _unknown(address)
    try:
        values = _values(spec, args)
    except ValueError as error:
        return Refusal(spec.address, _target_in(spec, args), str(error))
    return Command(spec, values, _targets(spec, values))


def read_values(address: Any, values: Any, executor: Executor | None = None) -> Command | Refusal:
    """Check a message as JSON delivers it, with its arguments by name as in `Command.values`.

    Args:
        address: of the command.
        values: see above.
        executor: who is to execute it; None: whoever does.
    """
    if not isinstance(address, str):
        return Refusal("-", "-", f"address must be a name, not {address!r:.60}")
    spec = COMMANDS.get(address)
    if spec is None:
        return _unknown(address)
    if executor is not None and spec.executor is not executor:
        return Refusal(address, "-", f"{address} is a command for the {spec.executor.value}, not the {executor.value}")
    try:
        return read(address, _args(spec, values))
    except ValueError as error:
        return Refusal(spec.address, "-", str(error))


def target_of(command: Command | Refusal) -> str:
    """What the client calls a request."""
    if isinstance(command, Refusal):
        return command.target
    return command.targets[0] if command.targets else "-"


def printable(address: str) -> str:
    """A wrong address in a form that any client can read."""
    return address[:MAX_REASON].encode("ascii", "replace").decode() or "-"


def _unknown(address: str) -> Refusal:
    return Refusal(printable(address), "-", f"unknown address {printable(address):.60}; `hallu send --list` shows all")


def _args(spec: Spec, values: Any) -> list[Any]:
    """Arguments in the table's order, from values by name."""
    if not isinstance(values, Mapping):
        raise ValueError(f"values must be an object, not {values!r:.60}")
    given = [values.get(arg.name) for arg in spec.args]
    # What was left out of a checked command has its default there.
    while given and given[-1] in ((None,) if spec.group else (None, spec.args[len(given) - 1].default)):
        given.pop()
    columns = [_column(values, arg.name) for arg in spec.group]
    if len({len(column) for column in columns}) > 1:
        raise ValueError(f"{' and '.join(arg.name for arg in spec.group)} must have the same length")
    rows = [value for row in zip(*columns, strict=True) for value in row]
    return given + rows if len(given) == len(spec.args) else given


def _column(values: Mapping[str, Any], name: str) -> list[Any]:
    column = values.get(name) or []
    if not isinstance(column, (list, tuple)):
        raise ValueError(f"{name} must be a list, not {column!r:.60}")
    return list(column)


def _values(spec: Spec, args: Sequence[Value]) -> dict[str, Any]:
    _check_count(spec, len(args))
    values: dict[str, Any] = {arg.name: arg.default for arg in spec.args}
    values |= {arg.name: arg.read(value) for arg, value in zip(spec.args, args, strict=False)}
    rest = args[len(spec.args) :]
    for place, arg in enumerate(spec.group):
        values[arg.name] = [arg.read(value) for value in rest[place :: len(spec.group)]]
    return values


def _check_count(spec: Spec, given: int) -> None:
    least = sum(not arg.optional for arg in spec.args) + len(spec.group) * spec.min_groups
    most = len(spec.args) + len(spec.group) * spec.max_groups
    if not spec.args and not spec.group and given:
        raise ValueError(f"takes no arguments, not {given}")
    if not least <= given <= most:
        raise ValueError(f"needs {_count_text(least, most)} ({spec.usage}), not {given}")
    if spec.group and (given - len(spec.args)) % len(spec.group):
        raise ValueError(f"needs whole groups of {len(spec.group)} ({spec.usage}), not {given} arguments")


def _count_text(least: int, most: int) -> str:
    if least == most:
        return f"{least} argument" if least == 1 else f"{least} arguments"
    return f"{least} to {most} arguments"


def _targets(spec: Spec, values: dict[str, Any]) -> tuple[str, ...]:
    if spec.named_by in (arg.name for arg in spec.group):
        return tuple(values[spec.named_by])
    # One that may be left out has no default.
    return () if values.get(spec.named_by) is None else (values[spec.named_by],)


def _target_in(spec: Spec, args: Sequence[Value]) -> str:
    """The target of a message that breaks a rule, as far as it has one."""
    order = [arg.name for arg in (*spec.args, *spec.group)]
    if spec.named_by not in order or order.index(spec.named_by) >= len(args):
        return "-"
    try:
        return str(TARGET.read(args[order.index(spec.named_by)]))
    except ValueError:
        return "-"
