"""Commands about directions (GANSpace)."""

from pathlib import Path

from server.engine.request import Request
from server.osc.packet import Message
from server.session import Session
from server.sounds.result import Context, Result

# How many coordinates /sound/edits reports at most.
MAX_COORDINATES = 1024


def load_ganspace_components(context: Context, request: Request) -> Result:
    """Load directions of the loaded model, or compute them."""
    session, name = context.session, request.command.values["file"]
    model, folder = session.need_model(), Path(session.folder or "")
    session = session.with_components(*context.catalog.load_components(name, model, folder, request.progress))
    return Result(session, loaded_components(session))


def loaded_components(session: Session) -> list[Message]:
    """The replies that describe the loaded directions; none if there are none."""
    components, file = session.components, session.components_file
    if components is None or file is None:
        return []
    return [
        Message("/sound/components", (components.count, components.layer, Path(file).as_posix())),
        Message("/sound/pitch_in_edits", (int(components.knows_pitch),)),
        Message("/sound/directions", tuple(name or "-" for name in components.names)),
    ]


def set_edits(context: Context, request: Request) -> Result:
    """Set what is added to every z from now on."""
    return Result(context.session.with_edits(request.command.values["edit"]))


def edits(context: Context, request: Request) -> Result:
    """Report where a slot's z lies on the directions."""
    name = request.command.values["slot"]
    session, z = context.session.latents([name])
    model, components = session.need_model(), session.need_components()
    pitch = components.origin.pitch if components.origin.pitch in model.pitches else session.default_pitch()
    activations = model.activations(z, [pitch], components.layer, conditions=session.conditions)
    coordinates = components.coordinates(activations, [pitch], count=min(components.count, MAX_COORDINATES))[0]
    return Result(session, [Message("/sound/edits", (name, *map(float, coordinates)))])
