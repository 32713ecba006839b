"""Commands that render a path through key points as one sound."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.commands.limits import MAX_NOTES, MAX_SECONDS
from core.latent.interpolation import Interpolation, lerp, slerp
from core.latent.key_path import key_times_s, point_count
from ganspace.edited_models import CoordinateModel
from gansynth.config import check_pitch, nearest_pitch
from gansynth.hallucination import NoteModel, Timing, hallucination_length
from gansynth.hallucination import stored_hallucination as render
from gansynth.level import hallucination_db
from server.engine.request import Request
from server.session import DEFAULT_PITCH, Session
from server.sounds.rendered import RenderedSound
from server.sounds.result import Context, Result

if TYPE_CHECKING:
    from gansynth import Config
    from gansynth.model import Model

TIMES = ("spacing", "start_trim", "attack", "sustain", "release")


def hallucinate(context: Context, request: Request) -> Result:
    """Render a path through random key points."""
    model, values = context.session.need_model(), request.command.values
    # Checked before the key points are drawn, since too many of them would take time and memory.
    _note_count(values["notes"], values["steps"])
    session, keys = context.session.draw_latents(values["notes"])
    return _hallucination(session, request, model, keys)


def hallucinate_z(context: Context, request: Request) -> Result:
    """Render a path through key points in slots."""
    session, keys = context.session.latents(request.command.values["slot"])
    return _hallucination(session, request, session.edited_model(), keys)


def hallucinate_path(context: Context, request: Request) -> Result:
    """Render a path through key points in slots, each with a pitch."""
    session, keys = context.session.latents(request.command.values["slot"])
    return _hallucination(session, request, session.edited_model(), keys)


def hallucinate_noz(context: Context, request: Request) -> Result:
    """Render a path through coordinates on the directions, in straight lines."""
    session, values = context.session, request.command.values
    model, width, edits = session.need_model(), values["edits_per_point"], values["edit"]
    if len(edits) % width:
        raise ValueError(f"{len(edits)} edits do not make whole points of {width} edits each")
    keys = np.array(edits, np.float64).reshape(-1, width)
    path = CoordinateModel(model, session.need_components())
    return _hallucination(session, request, path, keys, lerp)


def hallucinate_noz_path(context: Context, request: Request) -> Result:
    """Render such a path with a pitch for each key point."""
    session, values = context.session, request.command.values
    model, width, numbers = session.need_model(), values["edits_per_point"] + 1, values["pitch_or_edit"]
    if len(numbers) % width:
        raise ValueError(f"{len(numbers)} numbers do not make whole points of a pitch and {width - 1} edits each")
    points = np.array(numbers, np.float64).reshape(-1, width)
    if broken := [pitch for pitch in points[:, 0] if pitch % 1]:
        raise ValueError(f"a pitch must be a whole number, not {broken[0]:g}")
    path = CoordinateModel(model, session.need_components())
    return _hallucination(session, request, path, points[:, 1:], lerp, [int(pitch) for pitch in points[:, 0]])


def _hallucination(
    session: Session,
    request: Request,
    model: NoteModel,
    keys: np.ndarray,
    interpolate: Interpolation = slerp,
    pitches: list[int] | None = None,
) -> Result:
    """Render a path through key points [n, size] with the request's times, and these pitches or its own."""
    values = request.command.values
    times = {name: values[name] for name in TIMES if values[name] is not None}
    wanted = pitches or values["pitch"]
    timing, pitch = check_hallucination(session.need_model(), len(keys), values["steps"], times, wanted)
    path = (keys, values["steps"], timing, pitch)
    wave = render(model, *path, interpolate=interpolate, conditions=session.conditions, progress=request.progress)
    key_times = key_times_s(len(keys), values["steps"], timing.spacing)
    gain_db, first = hallucination_db(wave, model.sample_rate), pitch if isinstance(pitch, int) else pitch[0]
    sound = RenderedSound(values["target"], wave, model.sample_rate, first, keys, key_times, gain_db)
    return Result(session, sounds=[sound])


def check_hallucination(
    model: "Model | Config", keys: int, steps: int, times: dict[str, float], pitch: int | list[int] | None
) -> tuple[Timing, int | list[int]]:
    """The given times, with the model's defaults for the others, and the pitch or the pitches; all checked.

    Raises:
        ValueError: too many notes, too long a sound or envelope, or a pitch that the model does not have.
    """
    if pitch is None:
        pitch = nearest_pitch(model.pitches, DEFAULT_PITCH)
    for each in pitch if isinstance(pitch, list) else [pitch]:
        check_pitch(model.name, model.pitches, each)
    timing = replace(Timing.default_for(model.audio_length / model.sample_rate), **times)
    timing = timing.fitted(model.audio_length, model.sample_rate)
    notes = _note_count(keys, steps)
    seconds = hallucination_length(notes, timing, model.sample_rate) / model.sample_rate
    if seconds > MAX_SECONDS:
        raise ValueError(f"it would last {seconds:.0f} s; the longest is {MAX_SECONDS:.0f} s")
    return timing, pitch


def _note_count(keys: int, steps: int) -> int:
    """How many notes a path has.

    Raises:
        ValueError: more than MAX_NOTES.
    """
    count = point_count(keys, steps)
    if count > MAX_NOTES:
        raise ValueError(f"{keys} key points with {steps} steps are {count} notes; the most is {MAX_NOTES}")
    return count
