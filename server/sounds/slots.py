"""Commands about random numbers and the slots of latent vectors."""

import numpy as np

from core.latent.interpolation import slerp
from server.engine.request import Request
from server.osc.packet import Message
from server.session import Session
from server.sounds.result import Context, Result


def seed(context: Context, request: Request) -> Result:
    """Start the random numbers from a seed."""
    return Result(context.session.with_seed(request.command.values["seed"]))


def randomize_z(context: Context, request: Request) -> Result:
    """Fill slots with random latent vectors."""
    names = request.command.values["slot"]
    session, z = context.session.draw_latents(len(names))
    session = session.with_slots(zip(names, z, strict=True))
    return Result(session, [z_reply(session, name) for name in names])


def set_z(context: Context, request: Request) -> Result:
    """Fill a slot with a latent vector of the client's."""
    model, values = context.session.need_model(), request.command.values
    if len(values["value"]) != model.latent_size:
        raise ValueError(f"{model.name} needs {model.latent_size} values per slot, not {len(values['value'])}")
    return Result(context.session.with_slots([(values["slot"], np.array(values["value"], np.float32))]))


def slerp_z(context: Context, request: Request) -> Result:
    """Fill a slot with the vector between two others."""
    values = request.command.values
    session = context.session.using((values["slot0"], values["slot1"]))
    start, end = session.slots[values["slot0"]], session.slots[values["slot1"]]
    if len(start) != len(end):
        raise ValueError(f"the slots have {len(start)} and {len(end)} values; slerp needs two of one size")
    session = session.with_slots([(values["dst"], slerp(start, end, values["amount"]))])
    return Result(session, [z_reply(session, values["dst"])])


def z_reply(session: Session, name: str) -> Message:
    """The reply with a slot's values."""
    return Message("/sound/z", (name, *map(float, session.slots[name])))
