"""Check that a pickle takes no more memory and time than its size justifies, before it is loaded.

A few bytes of a pickle can make Python reserve gigabytes (a place in the memo far away), or build things that contain
themselves so often that hashing, copying or printing them never ends. The check walks through the opcodes and adds up
how large everything is when it is written out; it builds nothing.
"""

import pickletools
from typing import IO, Any, cast

# What may be written out, copied or hashed in all: this many items and bytes, and this many times the pickle's size.
_ALWAYS, _TIMES = 2**24, 8
_PUT = ("PUT", "BINPUT", "LONG_BINPUT")
_GET = ("GET", "BINGET", "LONG_BINGET")
# These hash or copy what they take from the stack; of a dict or set only what is added counts.
_WORK = ("REDUCE", "BUILD", "NEWOBJ", "NEWOBJ_EX", "OBJ", "INST", "FROZENSET", "DICT", "BINPERSID")
_ADD = ("SETITEM", "SETITEMS", "ADDITEMS")


class LimitedFile:
    """An open file of which no more is asked than it has: reading would reserve memory for what is not there."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size

    def read(self, count: int = -1) -> bytes:
        """At most `count` bytes."""
        left = max(0, self._size - self._file.tell())
        return self._file.read(left if count < 0 else min(count, left))

    def readline(self) -> bytes:
        """The bytes up to the end of the line."""
        return self._file.readline()

    def tell(self) -> int:
        """Where the next byte is."""
        return self._file.tell()

    def seek(self, place: int) -> None:
        """Go there."""
        self._file.seek(place)


def check(file: LimitedFile | IO[bytes], times: int = _TIMES) -> None:
    """Check the pickle that begins here; afterwards the file is at its beginning again.

    Args:
        file: the pickle.
        times: how many times its size what it builds may be, written out.

    Raises:
        ValueError: it is damaged, or takes memory or time out of proportion.
    """
    start = file.tell()
    weights = _Weights()
    for opcode, arg, _ in pickletools.genops(cast("IO[bytes]", file)):
        weights.apply(opcode, arg)
        if max(weights.total, weights.largest) > _ALWAYS + times * (file.tell() - start):
            raise ValueError("it would take memory and time out of proportion to its size")
    file.seek(start)


class _Weights:
    """The pickle machine's stack and memo, with the size of each object, written out, instead of the object."""

    def __init__(self) -> None:
        # Of what is copied or hashed, and of the largest object.
        self.total = self.largest = 0
        self._stack: list[int | None] = []
        self._memo: dict[int, int] = {}
        self._count = 0

    def apply(self, opcode: pickletools.OpcodeInfo, arg: Any) -> None:
        """Take one step."""
        self._count += 1
        try:
            if opcode.name == "MARK":
                self._stack.append(None)
            elif opcode.name in _PUT:
                self._put(int(arg))
            elif opcode.name == "MEMOIZE":
                self._put(len(self._memo))
            elif opcode.name in _GET:
                self._stack.append(self._memo[int(arg)])
            else:
                self._run(opcode, len(arg) if isinstance(arg, str | bytes | bytearray) else 0)
        except (IndexError, KeyError):
            raise ValueError("it takes something from where nothing is") from None

    def _put(self, place: int) -> None:
        if place > self._count:
            raise ValueError(f"it keeps something at place {place} of its memo after {self._count} steps")
        top = self._stack[-1]
        self._memo[place] = 0 if top is None else top

    def _run(self, opcode: pickletools.OpcodeInfo, size: int) -> None:
        """Take from the stack what an opcode takes, and put there what it makes."""
        taken = [self._take(kind) for kind in reversed(opcode.stack_before) if kind is not pickletools.markobject]
        size += 1 + sum(taken)
        if opcode.name in _WORK:
            self.total += size
        elif opcode.name in _ADD:
            # The container itself is what was taken last.
            self.total += size - taken[-1]
        self.largest = max(self.largest, size)
        self._stack += [size] * len(opcode.stack_after)

    def _take(self, kind: Any) -> int:
        """The size of one object, or of all down to the last mark."""
        if kind is not pickletools.stackslice:
            return self._stack.pop() or 0
        size = 0
        while (top := self._stack.pop()) is not None:
            size += top
        return size
