"""A server whose checkpoints have directions, for the tests of the GANSpace patches.

`magenta_small` has its own components file, with names and a mean for each pitch; `other` is the same network under
another name, with eight of the course's directions.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from conftest import SMALL, RunningServer, running_with

import ganspace

PICKLE = "magenta_small_conv0_ipca_1024.pickle"
OWN = "magenta_small_conv0.npz"
EIGHT = "eight.npz"
OTHERS = "other_conv0.npz"


@dataclass(frozen=True)
class Walked:
    """The server, and the components that its models have."""

    running: RunningServer
    own: ganspace.Components
    eight: ganspace.Components
    course: ganspace.Components


def first(components: ganspace.Components, count: int) -> ganspace.Components:
    """The strongest of these directions."""
    names = ("components", "stdev", "var_ratio")
    return replace(components, **{name: getattr(components, name)[:count] for name in names})


def directions_server(folder: Path) -> Iterator[Walked]:
    """Run it, `magenta_small` loaded; its directions are found by the server, and then get two names."""
    gansynth = folder / "models" / "gansynth"
    for name in ("magenta_small", "other"):
        shutil.copytree(SMALL, gansynth / name)
    course = ganspace.load(SMALL / PICKLE)
    ganspace.save(gansynth / "other" / EIGHT, first(course, 8))
    ganspace.save(gansynth / "other" / OTHERS, first(course, 16))
    for running in running_with(RunningServer(folder, folder / "models"), "magenta_small"):
        running.send("/sound/load_ganspace_components", "auto")
        own = ganspace.load(gansynth / "magenta_small" / OWN).named(0, "bright").named(2, "airy")
        ganspace.save(gansynth / "magenta_small" / OWN, own)
        yield Walked(running, own, ganspace.load(gansynth / "other" / EIGHT), course)
