"""Pages that renderers serve: execute what they ask of the server, and report what is set.

A page's process is connected as a renderer is, by the same keys. What it sends: `ask`, with an id, the name of the
page, an address and values by name. What it gets: `told` for each reply, the last one /done or /fail; `audio` for
sounds (server/sinks/page_sink.py); and `state`, which all pages get when something is set, whoever set it.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import checks, families
from core.commands.forms import NOT_FOR_PAGES
from core.commands.reading import Command, Refusal, read_values
from renderer.ipc import messages
from server.osc.origin import Origin
from server.osc.packet import Message
from server.session import Session
from server.sinks.page_sink import PageSink

log = logging.getLogger(__name__)

_LONGEST_NAME, _MOST_PAGES = 64, 16
_PAGE = re.compile(r"|http://[\w.\-\[\]:]{1,255}/(\?token=[\w\-]{1,64})?", re.ASCII)
# New models are found within this time.
_SCAN_S = 5.0


@dataclass(frozen=True)
class Instrument:
    """What pages need of the server.

    Attributes:
        perform: executes a command.
        session: returns the present session.
        models: the models folders.
        osc: host and port that take OSC; "": the machine that the page is on.
        name: of the server, for people.
    """

    perform: Callable[[Command | Refusal, Origin], None]
    session: Callable[[], Session]
    models: Sequence[Path]
    osc: tuple[str, int]
    name: str


class KnownPages:
    """The addresses of pages, as renderers report them."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._newest, self._newest_s = "", float("-inf")

    @property
    def any(self) -> bool:
        """Whether there has been one."""
        return bool(self._seen)

    def see(self, page: object, preferred: bool) -> str:
        """Take the address of a page, "" for none, and return it; of two, `address` is the preferred one.

        Raises:
            ValueError: it is not an address.
        """
        if not isinstance(page, str) or not _PAGE.fullmatch(page):
            raise ValueError(f"{page!r:.80} is not the address of a page")
        if preferred:
            self._newest, self._newest_s = page, time.monotonic()
        if page and page not in self._seen:
            self._seen = {page, *list(self._seen)[:_MOST_PAGES]}
            log.info("page at %s", page)
        return page

    def address(self, within_s: float) -> str:
        """The page's address; "": there was none within so many seconds."""
        return self._newest if time.monotonic() - self._newest_s <= within_s else ""


class Pages:
    """The pages of all renderers. All methods are called in the publisher's thread."""

    def __init__(self, instrument: Instrument, publish: Callable[[list[bytes]], None]) -> None:
        """Serve pages; `publish` sends the frames of a message, from any thread."""
        self._instrument, self._publish = instrument, publish
        self._reported: Session | None = None
        self._names: list[str] = []
        self._scanned_s = float("-inf")

    def ask(self, fields: Mapping[str, Any]) -> None:
        """Handle an `ask` message.

        Raises:
            ValueError: the id or the page's name is missing or wrong.
        """
        number, page = fields.get("id"), fields.get("page")
        if type(number) is not int:
            raise checks.mismatch("the id of what a page asks", "be a whole number", number)
        if not isinstance(page, str) or not 0 < len(page) <= _LONGEST_NAME:
            raise checks.mismatch("the page", f"be a name of at most {_LONGEST_NAME} characters", page)

        def reply(message: Message) -> None:
            self._publish(messages.encode("told", {"page": page, "id": number, "reply": _row(message)}))

        command = read_values(fields.get("address"), fields.get("values"))
        if command.address in NOT_FOR_PAGES:
            command = Refusal(command.address, "-", NOT_FOR_PAGES[command.address])
        self._instrument.perform(command, Origin(("page", page), reply, sink=PageSink(page, self._publish)))

    def report(self, again: bool = False) -> None:
        """Publish what is set, if it has changed; `again`: in any case, for a page that has just come."""
        session = self._instrument.session()
        if session is self._reported and not again:
            return
        self._reported = session
        self._publish(messages.encode("state", self._state(session)))

    def scan(self) -> None:
        """Look for new models now and then."""
        if time.monotonic() - self._scanned_s < _SCAN_S:
            return
        self._scanned_s = time.monotonic()
        names = [found.name for found in families.find(self._instrument.models, "sound")]
        if names != self._names:
            self._names = names
            self.report(again=True)

    def _state(self, session: Session) -> dict[str, Any]:
        host, port = self._instrument.osc
        pitches = [int(pitch) for pitch in session.model.pitches] if session.model else []
        return {
            "name": self._instrument.name,
            "osc_host": host,
            "osc_port": port,
            "values": values_of(session),
            "choices": {"/sound/load": {"checkpoint": self._names}},
            "pitches": pitches,
            "conditions": _conditions(session),
        }


def values_of(session: Session) -> dict[str, list[Any]]:
    """What the readable commands under /sound have set: the arguments that would set it again."""
    model, file = session.model, session.components_file
    return {
        "/sound/load": [model.name] if model else [],
        "/sound/seed": [session.seed],
        "/sound/load_ganspace_components": [Path(file).name] if file else [],
        "/sound/set_edits": [float(edit) for edit in session.edits],
    }


def _conditions(session: Session) -> dict[str, dict[str, list[str]]]:
    """For each condition of the model the values that there are, and those that are set."""
    choices = session.model.conditions if session.model else {}
    return {name: {"values": [*values], "set": [*session.conditions.get(name, ())]} for name, values in choices.items()}


def _row(message: Message) -> list[Any]:
    return [message.address, *(_text(value) for value in message.args)]


def _text(value: Any) -> Any:
    # Names may hold bytes that are not UTF-8.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
