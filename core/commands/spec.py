"""One row of the command table."""

from dataclasses import dataclass
from enum import Enum

from core.commands.arguments import Arg


class Executor(Enum):
    """Where a command is executed."""

    # Answered at once, also while the engine works.
    RECEIVE_THREAD = "receive thread"
    ENGINE = "engine"
    RENDERER = "renderer"


@dataclass(frozen=True)
class Spec:
    """One command: arguments in order, then a group that may repeat.

    Attributes:
        address: the OSC address.
        help: what it does, in one line.
        args: the arguments, in order; optional ones last.
        group: arguments that repeat together after `args`.
        min_groups: how often the group must be there.
        max_groups: how often it may be there.
        replies: messages before /done, each an address and its arguments.
        later: messages that may follow /done, to the client that sent the command last.
        executor: where it is executed.
        progress: whether it sends /progress while it works.
        named_by: the argument by which the client tells its requests apart.
        readable: whether what it has set can be read, as OSCQuery's VALUE: the arguments of the message that would set
            it again.
    """

    address: str
    help: str
    args: tuple[Arg, ...] = ()
    group: tuple[Arg, ...] = ()
    min_groups: int = 1
    max_groups: int = 0
    replies: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    executor: Executor = Executor.ENGINE
    progress: bool = False
    named_by: str = "target"
    readable: bool = False

    @property
    def usage(self) -> str:
        """The arguments as the documentation writes them: `target notes steps [spacing [start_trim]]`."""
        words = [arg.name for arg in self.args if not arg.optional]
        optional = [arg.name for arg in self.args if arg.optional]
        group = [arg.name for arg in self.group]
        if len(group) > 1:
            words += [*group, f"[{' '.join(group)} ...]"]
        elif group:
            words += [f"{group[0]}..." if self.min_groups else f"[{group[0]}...]"]
        for name in optional:
            words.append("[" + name)
        return " ".join(words) + "]" * len(optional)

    def arg(self, name: str) -> Arg:
        """The argument of this name.

        Raises:
            KeyError: there is none.
        """
        return {arg.name: arg for arg in (*self.args, *self.group)}[name]
