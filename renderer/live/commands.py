"""One function for each command under /image, and the table that names them.

A function gets checked values by name and returns its replies, each [address, argument...]. It raises ValueError,
FileNotFoundError or OSError with one sentence that says what is wrong. One that has to wait for a search for
directions returns Later.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.latent.oscillators import Oscillator
from core.protocols import ImageModel
from renderer import classes as classes_of
from renderer.bending import TRANSFORMS, Bend
from renderer.live import bends, signals
from renderer.live.controller import RenderController
from renderer.live.direction_search import DirectionSearch
from renderer.live.directions import Directions
from renderer.live.settings import Settings
from renderer.outcome import Reply

Values = Mapping[str, Any]
# Axes of an oscillator that never got any.
_AXES = 16
# Pd's numbers are exact integers up to here.
_LARGEST_COUNT = 2**24


@dataclass(frozen=True)
class Later:
    """The command continues with `then` when the search has ended, whether it found directions or not."""

    search: DirectionSearch
    then: "Callable[[], list[Reply] | Later]"


@dataclass(frozen=True)
class Handler:
    """A command's function; a `query` changes nothing, so it need not wait for other commands."""

    function: Callable[[RenderController, Values], list[Reply] | Later]
    query: bool = False


def load(controller: RenderController, values: Values) -> list[Reply]:
    """Load another image model."""
    model = controller.open(values["name"])
    return [["/image/loaded", model.name, model.size, model.z_size, model.num_classes]]


def classes(controller: RenderController, values: Values) -> list[Reply]:
    """Choose the classes that are shown."""
    return [["/image/class_names", *controller.choose(values["class"])]]


def _set(controller: RenderController, **changes: Any) -> list[Reply]:
    controller.scene.change(lambda settings: replace(settings, **changes), time.monotonic())
    return []


def truncation(controller: RenderController, values: Values) -> list[Reply]:
    """Set the truncation."""
    return _set(controller, truncation=values["value"])


def jitter(controller: RenderController, values: Values) -> list[Reply]:
    """Set how strongly the sound moves the image."""
    return _set(controller, jitter=values["value"])


def smooth(controller: RenderController, values: Values) -> list[Reply]:
    """Set how slowly the image follows."""
    return _set(controller, smooth=values["value"])


def bpm(controller: RenderController, values: Values) -> list[Reply]:
    """Set the tempo."""
    return _set(controller, bpm=values["value"])


def mode(controller: RenderController, values: Values) -> list[Reply]:
    """Set what moves the image."""
    return _set(controller, mode=values["name"])


def oscillator(controller: RenderController, values: Values) -> list[Reply]:
    """Set one oscillator of tempo mode; without axes it keeps those it has."""
    number = values["number"]
    axes = tuple(dict.fromkeys(values["axes"])) or _axes_of(controller, number)
    changed = Oscillator(axes, values["magnitude"], values["period"], values["function"])
    controller.scene.change(lambda settings: settings.with_oscillator(number, changed), time.monotonic())
    return []


def _axes_of(controller: RenderController, number: int) -> tuple[int, ...]:
    known = controller.scene.settings.oscillators.get(number)
    return known.axes if known else tuple(range((number - 1) * _AXES // 2, (number + 1) * _AXES // 2))


def load_ganspace_components(controller: RenderController, values: Values) -> list[Reply] | Later:
    """Load directions, or search for them."""
    found = controller.direction_control.load(values["file"], controller.model)
    if isinstance(found, DirectionSearch):
        return Later(found.join(), lambda: _directions_replies(found.result()))
    return _directions_replies(found)


def _directions_replies(found: Directions) -> list[Reply]:
    components = ["/image/components", found.count, found.layer, found.file]
    return [components, ["/image/directions", *(name or "-" for name in found.names)]]


def edits(controller: RenderController, values: Values) -> list[Reply] | Later:
    """Set the edits along the directions; during a search, after it."""
    search = controller.direction_control.search
    if search:
        return Later(search.join(), lambda: edits(controller, values))
    controller.direction_control.edit(values["edit"])
    return []


def bend(controller: RenderController, values: Values) -> list[Reply]:
    """Set a bend, or switch it off."""
    controller.bend(values["number"], None if values["transform"] is None else _bend(values))
    return []


def _bend(values: Values) -> Bend:
    if values["amount"] is None:
        raise ValueError(f"{values['transform']} needs an amount")
    return Bend(*(values[name] for name in ("layer", "transform", "amount", "x", "y")))


def noise(controller: RenderController, values: Values) -> list[Reply]:
    """Set the noise of a model that has noise inputs."""
    if not bends.noisy(controller.model):
        raise ValueError(f"{controller.model.name} has no noise inputs")
    return controller.prepare(noise=values["amount"], noise_speed=values["speed"])


def displace(controller: RenderController, values: Values) -> list[Reply]:
    """Set the displacement map of the images."""
    if bends.FRAMES not in bends.layers_of(controller.model):
        raise ValueError(f"{controller.model.name} has no layers that bend")
    return controller.prepare(displace=values["amount"], displace_scale=values["scale"])


def map_control(controller: RenderController, values: Values) -> list[Reply]:
    """Let a control follow a signal, or no longer."""
    words = [values["control"], *values["word"]]
    place, binding = signals.key(words), signals.read(words)
    if binding and binding.control == "class":
        classes_of.find([binding.which], controller.model.class_names)
    scene = controller.scene
    scene.change(
        lambda now: replace(now, bindings=signals.with_binding(now.bindings, place, binding)), time.monotonic()
    )
    return _mapped(scene.settings, [place])


def _mapped(now: Settings, places: Iterable[tuple[str, str]]) -> list[Reply]:
    found = [now.bindings[place] for place in places if place in now.bindings]
    return [["/image/mapped", one.control, one.which or "-", one.signal, one.low, one.high] for one in found]


def signal(controller: RenderController, values: Values) -> list[Reply]:
    """Take the values of control signals."""
    controller.scene.signal(dict(zip(values["name"], values["value"], strict=True)))
    return []


def fade(controller: RenderController, values: Values) -> list[Reply]:
    """Fade to black or back."""
    controller.scene.fade_to(values["level"], values["seconds"], time.monotonic())
    return []


def record(controller: RenderController, values: Values) -> list[Reply]:
    """Start or stop a recording."""
    if values["what"] == "stop":
        return [["/image/file", controller.recordings.stop().as_posix()]]
    path = controller.recordings.start(values["file"], client_sound=values["sound"] == "client")
    mix = controller.recordings.client_sound
    return [["/image/file", path.as_posix()], *([["/image/mix", mix.path.as_posix()]] if mix else [])]


def mix(controller: RenderController, values: Values) -> list[Reply]:
    """Note how much of its own sound the client has written."""
    controller.recordings.report_sound(values["blocks"])
    return []


def output(controller: RenderController, values: Values) -> list[Reply]:
    """Switch a sink of pictures on or off."""
    name = values["sink"]
    if values["what"] == "on":
        controller.outputs.start(name)
    else:
        controller.outputs.stop(name)
    return [["/image/output", name, values["what"]]]


def snapshot(controller: RenderController, values: Values) -> list[Reply]:
    """Save the current frame."""
    return [["/image/file", controller.recordings.snapshot(values["file"]).as_posix()]]


def status(controller: RenderController, _: Values) -> list[Reply]:
    """What the renderer is doing, "-" for nothing."""
    now = controller.status()
    playing = now.playing.target if now.playing else "-"
    reply = [now.model or "-", now.mode, now.fps, now.dropped, controller.page or "-", playing]
    reply += [now.components or "-", controller.scene.changes % _LARGEST_COUNT]
    return [["/image/status.reply", *reply]]


def settings(controller: RenderController, _: Values) -> list[Reply]:
    """The current settings, and the directions if there are any."""
    now, model, known = controller.scene.snapshot()
    names = [model.class_names[number] for number in now.classes] if model else []
    dials = [now.truncation, now.jitter, now.smooth, now.mode, now.bpm]
    chosen = () if controller.default_classes else now.classes
    replies: list[Reply] = [["/image/settings.reply", *dials, *chosen], ["/image/class_names", *names]]
    if known is not None:
        moved = max((place for place, edit in enumerate(now.edits, 1) if edit), default=0)
        replies += [*_directions_replies(known), ["/image/edits", *now.edits[:moved]]]
    outputs = [["/image/output", name, "on"] for name in controller.outputs.on]
    return [*replies, *_bend_replies(now, model), *_mapped(now, now.bindings), *outputs]


def _bend_replies(now: Settings, model: ImageModel | None) -> list[Reply]:
    layers = bends.layers_of(model)
    replies: list[Reply] = [["/image/layers", *layers]] if layers else []
    if bends.noisy(model):
        replies.append(["/image/noise", now.noise, now.noise_speed])
    if layers:
        replies.append(["/image/displace", now.displace, now.displace_scale])
    for number, one in sorted(now.bends.items()):
        x, y = one.direction if TRANSFORMS[one.transform].directed else one.centre
        replies.append(["/image/bend", number, one.layer, one.transform, one.amount, x, y])
    return replies


HANDLERS = {
    "/image/load": Handler(load),
    "/image/classes": Handler(classes),
    "/image/truncation": Handler(truncation),
    "/image/jitter": Handler(jitter),
    "/image/smooth": Handler(smooth),
    "/image/mode": Handler(mode),
    "/image/bpm": Handler(bpm),
    "/image/oscillator": Handler(oscillator),
    "/image/load_ganspace_components": Handler(load_ganspace_components),
    "/image/edits": Handler(edits),
    "/image/bend": Handler(bend),
    "/image/noise": Handler(noise),
    "/image/displace": Handler(displace),
    "/image/map": Handler(map_control),
    "/image/fade": Handler(fade, query=True),
    "/image/signal": Handler(signal, query=True),
    "/image/record": Handler(record),
    "/image/mix": Handler(mix, query=True),
    "/image/output": Handler(output),
    "/image/snapshot": Handler(snapshot),
    "/image/status": Handler(status, query=True),
    "/image/settings": Handler(settings, query=True),
}
