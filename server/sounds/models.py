"""Commands that load and unload sound models."""

from gansynth.level import measure
from server.engine.request import Request
from server.osc.packet import Message
from server.sounds.result import Context, Result


def load(context: Context, request: Request) -> Result:
    """Load a checkpoint in place of the one that is loaded."""
    model, folder = context.catalog.load(request.command.values["checkpoint"])
    facts = (model.name, model.audio_length, model.sample_rate, model.latent_size)
    loaded = Message("/sound/loaded", (*facts, *(int(pitch) for pitch in model.pitches)))
    level = measure(model)
    gains = Message("/sound/level", (model.name, level.note_db, level.hallucination_db))
    return Result(context.session.with_model(model, folder, level), [loaded, gains])


def unload(context: Context, request: Request) -> Result:
    """Unload the model."""
    return Result(context.session.with_model(None, None), [Message("/sound/unloaded")])
