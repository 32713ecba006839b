"""Objects of a pickle whose classes are not here, and are not looked for: records of what the file says of them."""

from typing import Any

_MAX_CLASSES = 10_000


class Record:
    """An object of a class that is not here.

    Attributes:
        kind: the class's name, "module.Class".
        args: what it was created with.
        state: what it was set to; None: nothing.
        items: of an object that is a dict or a list too.
    """

    kind = ""

    def __new__(cls, *args: Any, **options: Any) -> "Record":
        """An object with these arguments."""
        found = super().__new__(cls)
        found.args, found.state, found.items = args, None, {}
        return found

    def __init__(self, *_: Any, **__: Any) -> None:
        self.args: tuple[Any, ...]
        self.state: Any
        self.items: dict[Any, Any]

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items[key] = value

    def append(self, value: Any) -> None:
        """Take one more item of a list."""
        self.items[len(self.items)] = value

    def __repr__(self) -> str:
        return f"a {self.kind}"


class RecordKinds:
    """Stands for the classes that one pickle asks for: each becomes a kind of `Record` of its own."""

    def __init__(self) -> None:
        self._kinds: dict[str, type[Record]] = {}

    def get(self, module: str, name: str) -> type[Record]:
        """The records of a class.

        Raises:
            ValueError: the pickle asks for more classes than any program has.
        """
        if len(self._kinds) >= _MAX_CLASSES:
            raise ValueError(f"it asks for more than {_MAX_CLASSES} classes")
        kind = f"{module}.{name}"
        return self._kinds.setdefault(kind, type("Record", (Record,), {"kind": kind}))
