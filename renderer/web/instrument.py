"""What is behind a page."""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Protocol

from core.commands import oscquery
from core.commands.reading import Command
from core.progress import Progress
from renderer.outcome import Outcome, Part
from renderer.web.status import PageStatus


class Instrument(Protocol):
    """What is behind a page, besides frames."""

    def submit(self, command: Command, progress: Progress, part: Part) -> "Future[Outcome]":
        """Execute a checked command; its outcome. Commands come one after the other, from one thread of the page.

        `part` gets the segments of a sound without an end, from any thread.
        """

    def status(self) -> PageStatus:
        """What the page shows; up to five times per second and viewer, from threads of the page."""

    def values(self) -> oscquery.Values:
        """What is set, by address."""

    def choices(self) -> oscquery.Choices:
        """Names that there are, by address and argument."""

    def host_info(self) -> Mapping[str, Any]:
        """OSCQuery's HOST_INFO."""

    def sound(self, key: str) -> bytes | None:
        """A WAV file; None: it is not kept."""
