"""The shipped patches, opened in a real Pd and played by their own buttons: what their tests share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from pd import PD, Atoms, Pd, pd_running


def same(wave: np.ndarray, wanted: np.ndarray, within: float = 1e-6) -> bool:
    """Whether two sounds are the same, but for this part of the loudest sample."""
    return wave.shape == wanted.shape and bool(np.abs(wave - wanted).max() <= within * np.abs(wanted).max())


class Played:
    """A shipped patch that plays a server. Names are those in the patch, without their $0."""

    BUSES = ("answer", "say", "player")

    def __init__(self, pd: Pd, array: str, port: int) -> None:
        self.pd = pd
        self.number = pd.number_of(array)
        for bus in self.BUSES:
            pd.listen(self.name(bus))
        pd.to("hallu-connect", f"127.0.0.1 {port}")
        self.answer("loaded")

    def name(self, name: str) -> str:
        return f"{self.number}-{name}"

    def press(self, button: str, *answer: object) -> Atoms | None:
        self.pd.press(self.name(button + "-button"))
        return self.answer(*answer) if answer else None

    def answer(self, *words: object) -> Atoms:
        return self.wait("answer", *words)

    def wait(self, name: str, *words: object) -> Atoms:
        return self.pd.wait(self.name(name), *words)

    def listen(self, *names: str) -> None:
        for name in names:
            self.pd.listen(self.name(name))

    def set(self, name: str, value: object) -> None:
        self.pd.to(self.name(name), str(value))

    def array(self, name: str) -> np.ndarray:
        return self.pd.array(self.name(name))


@contextmanager
def playing(folder: Path, port: int) -> Iterator[Callable[[str, str], Played]]:
    """A function that opens a shipped patch, which holds `$0-ARRAY`, on the server at this port.

    Raises:
        AssertionError: at the end, if a Pd has complained of anything.
    """
    open_patches: list[Pd] = []

    def start(patch: str, array: str) -> Played:
        pd = stack.enter_context(pd_running(folder, PD / patch, paths=()))
        open_patches.append(pd)
        return Played(pd, array, port)

    with ExitStack() as stack:
        yield start
        # The probe looks for $0 by asking for arrays that are not there.
        complaints = [line for pd in open_patches for line in pd.errors() if "couldn't find named array" not in line]
        assert complaints == []
