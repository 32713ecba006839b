"""One row of the command table."""

from dataclasses import dataclass

from core.commands.arguments import Arg


@dataclass(frozen=True)
class Spec:
    """One row: arguments in order, then a group that may repeat, the replies before the end, and a line of help.

    A group comes `min_groups` to `max_groups` times. `query` rows are answered by the receive thread at once, `image`
    rows by the renderer; the others wait for the engine. `progress` rows send /progress while they work.
    """

    address: str
    help: str
    args: tuple[Arg, ...] = ()
    group: tuple[Arg, ...] = ()
    min_groups: int = 1
    max_groups: int = 0
    replies: tuple[str, ...] = ()
    query: bool = False
    image: bool = False
    progress: bool = False

    @property
    def usage(self) -> str:
        """The arguments as the contract writes them: `target notes steps [spacing [start_trim]]`."""
        words = [arg.name for arg in self.args if not arg.default]
        optional = [arg.name for arg in self.args if arg.default]
        group = [arg.name for arg in self.group]
        if len(group) > 1:
            words += [*group, f"[{' '.join(group)} ...]"]
        elif group:
            words += [f"{group[0]}..." if self.min_groups else f"[{group[0]}...]"]
        for name in optional:
            words.append("[" + name)
        return " ".join(words) + "]" * len(optional)
