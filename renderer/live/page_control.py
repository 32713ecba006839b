"""What the page shows and sets: the images here, and the sound on the server."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from core.commands import oscquery
from core.commands.reading import Command
from core.commands.spec import Executor
from core.progress import Progress
from renderer.live.controller import RenderController
from renderer.live.dispatcher import RenderDispatcher
from renderer.live.server_end import ServerEnd
from renderer.live.values import values_of
from renderer.outcome import Outcome, Part
from renderer.web.status import PageStatus


class PageControl:
    """One place for all that a page needs. Methods may be called from any thread, and return at once."""

    def __init__(
        self, controller: RenderController, dispatcher: RenderDispatcher, server_end: ServerEnd, images: bool = True
    ) -> None:
        """Show a renderer and its server; without images, commands for images go to the server too."""
        self._controller, self._dispatcher = controller, dispatcher
        self._server_end, self._images = server_end, images

    def submit(self, command: Command, progress: Progress, part: Part) -> "Future[Outcome]":
        """Execute a command here or on the server."""
        if self._images and command.spec.executor is Executor.RENDERER:
            return self._dispatcher.submit(command)
        return self._server_end.ask(command, progress, part)

    def status(self) -> PageStatus:
        """What the page shows."""
        state, now_s = self._server_end.state, time.monotonic()
        return replace(
            self._controller.status(),
            images=self._images,
            fade=round(self._controller.scene.fade.at(now_s), 2),
            server=state.name,
            pitches=state.pitches,
            conditions=state.conditions,
            values=dict(self.values()),
            choices={address: dict(names) for address, names in self.choices().items()},
        )

    def values(self) -> Mapping[str, Sequence[Any]]:
        """What is set, by address."""
        return {**self._server_end.state.values, **(values_of(self._controller) if self._images else {})}

    def choices(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Names that there are, by address and argument."""
        found: dict[str, Mapping[str, Sequence[str]]] = dict(self._server_end.state.choices)
        if self._images:
            found["/image/load"] = {"name": self._controller.models()}
        return found

    def host_info(self) -> dict[str, Any]:
        """OSCQuery's HOST_INFO of the server."""
        state = self._server_end.state
        return oscquery.host_info(state.name or "hallu", state.osc_port, state.osc_host)

    def sound(self, key: str) -> bytes | None:
        """The WAV file of a sound that the page has asked for."""
        return self._server_end.sound(key)
