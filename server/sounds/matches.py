"""The command that finds the latent vector for a recorded sound."""

from gansynth import matching
from gansynth.config import check_pitch
from server.engine.request import Request
from server.osc.packet import Message
from server.sounds.result import Context, Result
from server.sounds.slots import z_reply


def match(context: Context, request: Request) -> Result:
    """Put the z whose note comes nearest to a recording into a slot; edits and conditions apply to the notes."""
    session, values = context.session, request.command.values
    model, slot, pitch = session.need_model(), values["slot"], values["pitch"]
    if pitch is not None:
        check_pitch(model.name, model.pitches, pitch)
    recording = matching.read_recording(context.catalog.sound_file(values["path"]), model.sample_rate)
    player, conditions = session.edited_model(), session.conditions
    found = matching.find(model, recording, pitch, player=player, conditions=conditions, progress=request.progress)
    session = session.with_slots([(slot, found.z)])
    pitched = Message("/sound/matched_pitch", (slot, found.pitch))
    matched = Message("/sound/matched", (slot, values["path"], found.distance_db))
    return Result(session, [z_reply(session, slot), pitched, matched])
