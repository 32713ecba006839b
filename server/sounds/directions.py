"""The functions behind the commands of GANSpace: one per command, as in server/sounds/notes.py."""

import numpy as np

from core.latent.interpolation import lerp
from ganspace.edited_models import CoordinateModel
from gansynth.config import check_pitch
from server.engine.queue import Request
from server.osc.packet import Message
from server.session import Session
from server.sounds.handlers import Replies, answers
from server.sounds.notes import deliver, hallucination
from server.sounds.rendered import RenderedSound

# As many coordinates as /sound/edits tells.
MAX_COORDINATES = 1024


@answers("/sound/load_ganspace_components")
def load_ganspace_components(studio: Session, request: Request) -> Replies:
    """Load directions, or find them."""
    components, file = studio.load_components(request.command.values["file"], request.progress)
    names = [name or "-" for name in components.names]
    return [
        Message("/sound/components", (components.count, components.layer, file.as_posix())),
        Message("/sound/pitch_in_edits", (int(components.knows_pitch),)),
        Message("/sound/directions", tuple(names)),
    ]


@answers("/sound/set_edits")
def set_edits(studio: Session, request: Request) -> Replies:
    """What is added to every z."""
    studio.set_edits(request.command.values["edit"])
    return []


@answers("/sound/edits")
def edits(studio: Session, request: Request) -> Replies:
    """Where a z lies on the directions."""
    name = request.command.values["slot"]
    z, model, components = studio.latents([name]), studio.need_model(), studio.need_components()
    pitch = components.origin.pitch if components.origin.pitch in model.pitches else studio.default_pitch()
    found = model.activations(z, [pitch], components.layer, conditions=studio.conditions)
    coordinates = components.coordinates(found, [pitch], count=min(components.count, MAX_COORDINATES))[0]
    return [Message("/sound/edits", (name, *map(float, coordinates)))]


@answers("/sound/synthesize_noz")
def synthesize_noz(studio: Session, request: Request) -> Replies:
    """A note from coordinates alone."""
    model, values = studio.need_model(), request.command.values
    check_pitch(model.name, model.pitches, values["pitch"])
    player = CoordinateModel(model, studio.need_components())
    waves = player.generate(np.array([values["edit"]], np.float64), [values["pitch"]], progress=request.progress)
    made = RenderedSound(
        values["target"], waves[0], model.sample_rate, values["pitch"], np.array([values["edit"]], np.float32)
    )
    return deliver(studio, request, [made])


@answers("/sound/hallucinate_noz")
def hallucinate_noz(studio: Session, request: Request) -> Replies:
    """A path in straight lines through coordinates."""
    model, values = studio.need_model(), request.command.values
    width, given = values["edits_per_point"], values["edit"]
    if len(given) % width:
        raise ValueError(f"{len(given)} edits are no whole number of points with {width} edits each")
    keys = np.array(given, np.float64).reshape(-1, width)
    player = CoordinateModel(model, studio.need_components())
    return hallucination(studio, request, player, keys, values["pitch"], between=lerp)
