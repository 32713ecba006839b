"""Commands that render single notes at once."""

import numpy as np

from ganspace.edited_models import CoordinateModel
from gansynth.config import check_pitch
from server.engine.request import Request
from server.sounds.rendered import RenderedSound
from server.sounds.result import Context, Result


def synthesize(context: Context, request: Request) -> Result:
    """Render one note for each slot, target and pitch."""
    values = request.command.values
    model = context.session.need_model()
    for pitch in values["pitch"]:
        check_pitch(model.name, model.pitches, pitch)
    session, z = context.session.latents(values["slot"])
    waves = session.edited_model().generate(
        z, values["pitch"], conditions=session.conditions, progress=request.progress
    )
    notes = zip(request.command.targets, waves, values["pitch"], z[:, None], strict=True)
    gain_db = session.level.note_db
    sounds = [
        RenderedSound(target, wave, model.sample_rate, pitch, keys, gain_db=gain_db)
        for target, wave, pitch, keys in notes
    ]
    return Result(session, sounds=sounds)


def synthesize_noz(context: Context, request: Request) -> Result:
    """Render a note from coordinates on the directions, without a latent vector."""
    session, values = context.session, request.command.values
    model, pitch = session.need_model(), values["pitch"]
    check_pitch(model.name, model.pitches, pitch)
    coordinates = np.array([values["edit"]], np.float64)
    path = CoordinateModel(model, session.need_components())
    (wave,) = path.generate(coordinates, [pitch], progress=request.progress)
    keys, gain_db = coordinates.astype(np.float32), session.level.note_db
    sound = RenderedSound(values["target"], wave, model.sample_rate, pitch, keys, gain_db=gain_db)
    return Result(session, sounds=[sound])
