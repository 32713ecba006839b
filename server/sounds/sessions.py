"""Commands that keep and recall everything that is set, sound and images, by a name."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import errors
from core.commands.image import SETTING_COMMANDS
from core.commands.reading import Refusal, read_values
from core.commands.session import IMAGES, SOUND
from core.commands.spec import Executor
from server.engine.request import Request
from server.osc.packet import Message
from server.session import Session, Setup
from server.session_folders import Row, StoredSession
from server.sounds.conditions import conditions_of
from server.sounds.foley import foley_of, with_foley_loaded
from server.sounds.models import facts_of, with_loaded
from server.sounds.result import AskRenderer, Context, Result

_SETTINGS = frozenset(spec.address for spec in SETTING_COMMANDS)
_LONGEST_S, _POLL_S = 60.0, 0.01
# Lists of settings that are empty unless the session sets them.
_EMPTY: Mapping[str, Mapping[str, Any]] = {"/image/edits": {"edit": []}, "/image/classes": {"class": []}}


def save(context: Context, request: Request) -> Result:
    """Save the session under a name."""
    name = request.command.values["name"]
    context.sessions.save(name, context.session)
    return Result(context.session, [Message("/session/saved", (name,))])


def names(context: Context, request: Request) -> Result:
    """Report the names of the saved sessions."""
    return Result(context.session, [Message("/session/names", tuple(context.sessions.names()))])


def delete(context: Context, request: Request) -> Result:
    """Delete a saved session."""
    context.sessions.delete(request.command.values["name"])
    return Result(context.session)


def load(context: Context, request: Request) -> Result:
    """Recall a session; what names something that is missing is reported, and the rest is set."""
    stored, part = context.sessions.load(request.command.values["name"]), request.command.values["part"]
    session, replies = (context.session, []) if part == IMAGES else _all_sound(context, stored, request)
    if part == SOUND:
        return Result(session, replies)
    before = {_key(row) for row in context.sessions.images()}
    rows = [*_switched_off(before, stored.images), *stored.images]
    return Result(session, [*replies, *_images(context.ask_renderer, rows, request)])


def _all_sound(context: Context, stored: StoredSession, request: Request) -> tuple[Session, list[Message]]:
    """The session with all that is stored for the sound, and what to reply."""
    session, missing = _sound(context, stored)
    session, silent = _foley(context, session, stored.sound.foley, request)
    facts = [*(facts_of(session) if session.model else ()), *(foley_of(session) if session.foley else ())]
    return session, [*facts, *conditions_of(session), *missing, *silent]


def _sound(context: Context, stored: StoredSession) -> tuple[Session, list[Message]]:
    """The session with the stored slots, random numbers, model and what is set for it, and what is missing."""
    sound = stored.sound
    now = replace(context.session, seed=sound.seed, random=sound.random).with_slots(sound.slots.items())
    if sound.model is None:
        return now.with_model(None, None), []
    try:
        folder = str(context.catalog.locate(sound.model))
        wanted = Setup(folder, sound.conditions, sound.components, sound.edits)
        session = with_loaded(replace(now, waiting=wanted), context.catalog, folder)
    except (OSError, ValueError) as error:
        return now, [_missing("sound", sound.model, error)]
    return session, list(_lost(session, sound.components))


def _foley(context: Context, session: Session, name: str | None, request: Request) -> tuple[Session, list[Message]]:
    """The session with the stored foley model, and what is missing; where none is stored, the present one stays."""
    if name is None or (session.foley and Path(session.foley.folder).name == name):
        return session, []
    try:
        return with_foley_loaded(session, context.catalog, name, request.progress), []
    except (OSError, ValueError) as error:
        return session, [_missing("foley", name, error)]


def _lost(session: Session, components: str | None) -> Iterator[Message]:
    """What was stored and could not be set again."""
    waiting = session.waiting
    for name in waiting.conditions.keys() - session.conditions.keys():
        yield Message("/session/missing", ("condition", name, "the model does not have it"))
    if components and session.components is None:
        yield Message("/session/missing", ("components", components, "there is no such file for the model"))


def _switched_off(before: set[tuple[str, ...]], images: Sequence[Row]) -> Iterator[Row]:
    """Commands that switch off what is set now and not in the session."""
    for address, *which in sorted(before - {_key(row) for row in images}):
        if address == "/image/map":
            yield {"address": address, "values": {"control": which[0], "word": which[1:]}}
        elif address in _EMPTY:
            yield {"address": address, "values": _EMPTY[address]}
        elif address == "/image/bend":
            yield {"address": address, "values": {"number": int(which[0])}}


def _key(row: Row) -> tuple[str, ...]:
    """A setting of its own: the address, and of what there are several, which."""
    values, address = row["values"], row["address"]
    if address == "/image/map":
        words = values.get("word")
        named = values.get("control") in ("edit", "bend", "class") and isinstance(words, list)
        return (address, str(values.get("control")), *(map(str, words[:1]) if named else ()))
    return (address, str(values["number"])) if "number" in values else (address,)


def _images(ask: AskRenderer | None, rows: list[Row], request: Request) -> Iterator[Message]:
    """Set the images, one command after the other; notes that are played meanwhile go first."""
    for done, row in enumerate(rows):
        request.progress(done, len(rows))
        error = _answer(ask, row, request)
        if error.startswith("no renderer"):
            yield _missing("images", "-", error)
            return
        if error:
            yield _missing(row["address"], str(row["values"].get("name", "-")), error)


def _answer(ask: AskRenderer | None, row: Row, request: Request) -> str:
    """The renderer's error, "" if there is none."""
    if ask is None:
        return "no renderer is connected"
    answered, found = threading.Event(), [""]

    def answer(_: Any, error: str) -> None:
        found[0] = error
        answered.set()

    # Checked here too: not every value, such as NaN, can be sent.
    command = read_values(row["address"], row["values"], Executor.RENDERER)
    if isinstance(command, Refusal):
        return command.reason
    if command.address not in _SETTINGS:
        return f"{command.address} is not a setting of the images"
    ask(row["address"], {name: command.values[name] for name in row["values"] if name in command.values}, answer)
    end_s = time.monotonic() + _LONGEST_S
    while not answered.wait(_POLL_S):
        request.give_way()
        if time.monotonic() > end_s:
            return "the renderer does not answer"
    return found[0]


def _missing(what: str, name: str, error: "Exception | str") -> Message:
    reason = error if isinstance(error, str) else errors.sentence(error)
    return Message("/session/missing", (what, name, reason))
