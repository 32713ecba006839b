"""One function for each address under /image: values by name, as the server checks and sends them, or the page.

Replies are returned, each [address, argument...]; ValueError, FileNotFoundError and OSError say why not, in a sentence.
What has to wait for directions that are being found returns Later.
"""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from core.latent.oscillators import Oscillator
from renderer.live.controller import RenderController
from renderer.live.direction_search import DirectionSearch
from renderer.live.directions import Directions
from renderer.live.settings import check_number

log = logging.getLogger(__name__)

Values = Mapping[str, Any]
Reply = list[Any]
# Replies and "", or none and why not.
Outcome = tuple[list[Reply], str]
_LONGEST_REASON = 200
# The axes of an oscillator that was never told any.
_AXES = 16
_MOST_AXES = 1024
# Pd's numbers tell whole numbers apart up to here.
_COUNTED = 2**24


@dataclass(frozen=True)
class Later:
    """The command goes on with `work` when the directions have been found, or could not be."""

    finding: DirectionSearch
    work: "Callable[[], list[Reply] | Later]"


def load(atelier: RenderController, values: Values) -> list[Reply]:
    """Another picture model."""
    painter = atelier.open(_text(values, "name"))
    return [["/image/loaded", painter.name, painter.size, painter.z_size, painter.num_classes]]


def classes(atelier: RenderController, values: Values) -> list[Reply]:
    """What is shown."""
    wanted = values.get("class") or []
    if not isinstance(wanted, list) or not all(type(one) in (str, int) for one in wanted):
        raise ValueError(f"classes must be numbers or names, not {wanted!r:.60}")
    return [["/image/class_names", *atelier.choose(wanted)]]


def _dial(name: str) -> Callable[[RenderController, Values], list[Reply]]:
    def turn(atelier: RenderController, values: Values) -> list[Reply]:
        dial: dict[str, Any] = {name: float(check_number(name, values.get("value")))}
        atelier.show.change(lambda settings: replace(settings, **dial), time.monotonic())
        return []

    return turn


def mode(atelier: RenderController, values: Values) -> list[Reply]:
    """What pictures follow."""
    name = _text(values, "name")
    atelier.show.change(lambda settings: replace(settings, mode=name), time.monotonic())
    return []


def oscillator(atelier: RenderController, values: Values) -> list[Reply]:
    """One of those that swing in tempo mode; without axes it keeps those that it has."""
    number = _whole(values, "number")
    axes = values.get("axes") or _axes_of(atelier, number)
    if not isinstance(axes, (list, tuple)) or not all(type(axis) is int and 0 <= axis < _MOST_AXES for axis in axes):
        raise ValueError(f"axes must be whole numbers in 0..{_MOST_AXES - 1}, not {axes!r:.60}")
    magnitude, period = (check_number(name, values.get(name)) for name in ("magnitude", "period"))
    made = Oscillator(tuple(dict.fromkeys(axes)), magnitude, period, _text(values, "function"))
    atelier.show.change(lambda settings: settings.with_oscillator(number, made), time.monotonic())
    return []


def _axes_of(atelier: RenderController, number: int) -> tuple[int, ...]:
    known = atelier.show.settings.oscillators.get(number)
    return known.axes if known else tuple(range((number - 1) * _AXES // 2, (number + 1) * _AXES // 2))


def load_ganspace_components(atelier: RenderController, values: Values) -> list[Reply] | Later:
    """Other directions."""
    found = atelier.guide.load(_text(values, "file"), atelier.painter)
    if isinstance(found, DirectionSearch):
        return Later(found.join(), lambda: _told(found.result()))
    return _told(found)


def _told(found: Directions) -> list[Reply]:
    components = ["/image/components", found.count, found.layer, found.file]
    return [components, ["/image/directions", *(name or "-" for name in found.names)]]


def edits(atelier: RenderController, values: Values) -> list[Reply] | Later:
    """How far along the directions; if they are still being found, afterwards."""
    wanted = values.get("edit") or []
    if not isinstance(wanted, list):
        raise ValueError(f"edits must be numbers, not {wanted!r:.60}")
    checked = [float(check_number("an edit", edit)) for edit in wanted]
    finding = atelier.guide.finding
    if finding:
        return Later(finding.join(), lambda: edits(atelier, values))
    atelier.guide.edit(checked)
    return []


def record(atelier: RenderController, values: Values) -> list[Reply]:
    """Start or stop a video."""
    what = _text(values, "what")
    if what not in ("start", "stop"):
        raise ValueError(f"what must be start or stop, not {what!r:.60}")
    path = atelier.record(values.get("file")) if what == "start" else atelier.stop_recording()
    return [["/image/file", path.as_posix()]]


def snapshot(atelier: RenderController, values: Values) -> list[Reply]:
    """Save a picture."""
    return [["/image/file", atelier.snapshot(values.get("file")).as_posix()]]


def status(atelier: RenderController, _: Values) -> list[Reply]:
    """What the renderer is doing, "-" for nothing."""
    now = atelier.status()
    playing = now["playing"]["target"] if now["playing"] else "-"
    told = [now["model"] or "-", now["mode"], now["fps"], now["dropped"], atelier.page or "-", playing]
    told += [now["components"] or "-", atelier.show.changes % _COUNTED]
    return [["/image/status.reply", *told]]


def settings(atelier: RenderController, _: Values) -> list[Reply]:
    """What is set: dials, classes, and directions if there are any."""
    now, painter, known = atelier.show.set_now()
    names = [painter.class_names[number] for number in now.classes] if painter else []
    dials = [now.truncation, now.jitter, now.smooth, now.mode, now.bpm]
    chosen = () if atelier.choosing else now.classes
    told: list[Reply] = [["/image/settings.reply", *dials, *chosen], ["/image/class_names", *names]]
    if known is None:
        return told
    moved = max((place for place, edit in enumerate(now.edits, 1) if edit), default=0)
    return [*told, *_told(known), ["/image/edits", *now.edits[:moved]]]


COMMANDS: dict[str, Callable[[RenderController, Values], list[Reply] | Later]] = {
    "/image/load": load,
    "/image/classes": classes,
    "/image/truncation": _dial("truncation"),
    "/image/jitter": _dial("jitter"),
    "/image/smooth": _dial("smooth"),
    "/image/mode": mode,
    "/image/bpm": _dial("bpm"),
    "/image/oscillator": oscillator,
    "/image/load_ganspace_components": load_ganspace_components,
    "/image/edits": edits,
    "/image/record": record,
    "/image/snapshot": snapshot,
    "/image/status": status,
    "/image/settings": settings,
}
# These only look, and need not wait for a model that is being loaded.
QUERIES = frozenset({"/image/status", "/image/settings"})


def begin(atelier: RenderController, address: str, values: Values) -> "Future[Outcome]":
    """Do a command: its replies and "", or none and why not, in one sentence. Of those that change, one at a time.

    It is done when this returns, unless it has to wait for something that takes long.
    """
    outcome: Future[Outcome] = Future()
    # Who asked may go away; it cannot be called off any more.
    outcome.set_running_or_notify_cancel()
    if address not in COMMANDS:
        outcome.set_result(([], f"{address!r:.60} is no command of the renderer"))
    else:
        _go_on(atelier, address, lambda: COMMANDS[address](atelier, values), outcome)
    return outcome


def do(atelier: RenderController, address: str, values: Values) -> Outcome:
    """The same, waiting for the end."""
    return begin(atelier, address, values).result()


def _go_on(
    atelier: RenderController, address: str, work: Callable[[], list[Reply] | Later], outcome: "Future[Outcome]"
) -> None:
    try:
        if address in QUERIES:
            done = work()
        else:
            with atelier.lock:
                done = work()
    except (ValueError, OSError) as error:
        outcome.set_result(([], " ".join(str(error).split())[:_LONGEST_REASON]))
    except Exception as error:
        log.exception("%s went wrong", address)
        outcome.set_result(([], f"internal error: {error}"[:_LONGEST_REASON]))
    else:
        if isinstance(done, Later):
            later = done
            later.finding.ended.add_done_callback(lambda _: _go_on(atelier, address, later.work, outcome))
        else:
            outcome.set_result((done, ""))


def _text(values: Values, name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a name, not {value!r:.60}")
    return value


def _whole(values: Values, name: str) -> int:
    value = check_number(name, values.get(name))
    if value != int(value):
        raise ValueError(f"{name} must be a whole number, not {value:g}")
    return int(value)
