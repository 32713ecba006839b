"""The functions behind /sound/...: one per command. They return the replies before /done and raise what /fail says."""

from typing import TYPE_CHECKING

import numpy as np

from core.commands.limits import MAX_NOTES, MAX_SECONDS
from core.latent.interpolation import Interpolation, slerp
from core.latent.key_path import key_times_s
from gansynth.conditions import ANY
from gansynth.config import check_pitch, nearest_pitch
from gansynth.hallucination import NoteModel, Timing, hallucination_length
from gansynth.hallucination import hallucinate as render
from server.engine.queue import Request
from server.osc.packet import Message
from server.session import DEFAULT_PITCH, Session
from server.sounds.handlers import Replies, answers
from server.sounds.rendered import RenderedSound

if TYPE_CHECKING:
    from gansynth import Config
    from gansynth.model import Model

TIMES = ("spacing", "start_trim", "attack", "sustain", "release")


@answers("/sound/load")
def load(studio: Session, request: Request) -> Replies:
    """Load a checkpoint."""
    model = studio.load(request.command.values["checkpoint"])
    facts = (model.name, model.audio_length, model.sample_rate, model.latent_size)
    return [Message("/sound/loaded", (*facts, *(int(pitch) for pitch in model.pitches)))]


@answers("/sound/unload")
def unload(studio: Session, request: Request) -> Replies:
    """Forget the model."""
    studio.unload()
    return [Message("/sound/unloaded")]


@answers("/sound/seed")
def seed(studio: Session, request: Request) -> Replies:
    """Start the random numbers anew."""
    studio.reseed(request.command.values["seed"])
    return []


@answers("/sound/randomize_z")
def randomize_z(studio: Session, request: Request) -> Replies:
    """New random latents."""
    size = studio.need_model().latent_size
    names = request.command.values["slot"]
    for name in names:
        studio.put(name, studio.random.standard_normal(size, np.float32))
    return [_z(studio, name) for name in names]


@answers("/sound/set_z")
def set_z(studio: Session, request: Request) -> Replies:
    """A latent of the client's own."""
    model, values = studio.need_model(), request.command.values
    if len(values["value"]) != model.latent_size:
        raise ValueError(f"{model.name} needs {model.latent_size} values per slot, not {len(values['value'])}")
    studio.put(values["slot"], np.array(values["value"], np.float32))
    return []


@answers("/sound/slerp_z")
def slerp_z(studio: Session, request: Request) -> Replies:
    """The point between two slots."""
    values = request.command.values
    start, end = studio.slot(values["slot0"]), studio.slot(values["slot1"])
    if len(start) != len(end):
        raise ValueError(f"the slots have {len(start)} and {len(end)} values; slerp needs two of one size")
    studio.put(values["dst"], slerp(start, end, values["amount"]))
    return [_z(studio, values["dst"])]


@answers("/sound/condition")
def condition(studio: Session, request: Request) -> Replies:
    """What notes shall be besides their pitch."""
    values = request.command.values
    studio.set_condition(values["name"], values["value"])
    return [_condition(studio, values["name"])]


@answers("/sound/conditions")
def conditions(studio: Session, request: Request) -> Replies:
    """What there is to set, and what is set."""
    choices = studio.need_model().conditions
    pairs = ((Message("/sound/choices", (name, *choices[name])), _condition(studio, name)) for name in choices)
    return [message for pair in pairs for message in pair]


@answers("/sound/synthesize")
def synthesize(studio: Session, request: Request) -> Replies:
    """One note per slot, target and pitch."""
    model, values = studio.need_model(), request.command.values
    for pitch in values["pitch"]:
        check_pitch(model.name, model.pitches, pitch)
    z, player = studio.latents(values["slot"]), studio.player()
    waves = player.generate(z, values["pitch"], conditions=studio.conditions, progress=request.progress)
    notes = zip(request.command.targets, waves, values["pitch"], z[:, None], strict=True)
    return deliver(studio, request, [RenderedSound(name, wave, model.sample_rate, *of) for name, wave, *of in notes])


@answers("/sound/hallucinate")
def hallucinate(studio: Session, request: Request) -> Replies:
    """A path through random key points."""
    model, values = studio.need_model(), request.command.values
    # Checked before numbers are drawn, for the silly number would be drawn first.
    _check_size(values["notes"], values["steps"])
    keys = studio.random.standard_normal((values["notes"], model.latent_size), np.float32)
    return hallucination(studio, request, model, keys, values["pitch"])


@answers("/sound/hallucinate_z")
def hallucinate_z(studio: Session, request: Request) -> Replies:
    """A path through the client's key points."""
    values = request.command.values
    return hallucination(studio, request, studio.player(), studio.latents(values["slot"]), values["pitch"])


def hallucination(
    studio: Session,
    request: Request,
    player: NoteModel,
    keys: np.ndarray,
    pitch: int | None,
    between: Interpolation = slerp,
) -> Replies:
    """A path through key points [n, size] that `player` plays, with the request's times, delivered."""
    values = request.command.values
    times = {name: values[name] for name in TIMES if values[name] is not None}
    timing, pitch = check_hallucination(studio.need_model(), len(keys), values["steps"], times, pitch)
    path = (keys, values["steps"], timing, pitch)
    wave = render(player, *path, interpolate=between, conditions=studio.conditions, progress=request.progress)
    when = key_times_s(len(keys), values["steps"], timing.spacing)
    return deliver(studio, request, [RenderedSound(values["target"], wave, player.sample_rate, pitch, keys, when)])


def check_hallucination(
    model: "Model | Config", keys: int, steps: int, times: dict[str, float], pitch: int | None
) -> tuple[Timing, int]:
    """The times that were given with the model's defaults for the rest, and the pitch; all checked.

    Raises:
        ValueError: too many notes, too long a clip or envelope, or a pitch that the model has not.
    """
    if pitch is None:
        pitch = nearest_pitch(model.pitches, DEFAULT_PITCH)
    check_pitch(model.name, model.pitches, pitch)
    defaults = Timing.default_for(model.audio_length / model.sample_rate)
    timing = Timing(**{name: times.get(name, getattr(defaults, name)) for name in TIMES})
    timing = timing.fitted(model.audio_length, model.sample_rate)
    count = _check_size(keys, steps)
    seconds = hallucination_length(count, timing, model.sample_rate) / model.sample_rate
    if seconds > MAX_SECONDS:
        raise ValueError(f"it would last {seconds:.0f} s; the longest is {MAX_SECONDS:.0f} s")
    return timing, pitch


def _check_size(keys: int, steps: int) -> int:
    count = keys + (keys - 1) * steps
    if count > MAX_NOTES:
        raise ValueError(f"{keys} key points with {steps} steps are {count} notes; the most is {MAX_NOTES}")
    return count


def deliver(studio: Session, request: Request, sounds: list[RenderedSound]) -> Replies:
    """Sounds as files."""
    rate = studio.need_model().sample_rate
    clips = studio.delivery.deliver([made.wave for made in sounds], rate, request.client_rate)
    studio.made = sounds
    pairs = zip(sounds, clips, strict=True)
    return [Message("/sound/audio", (made.target, clip.path, clip.frames, clip.sample_rate)) for made, clip in pairs]


def _condition(studio: Session, name: str) -> Message:
    return Message("/sound/conditioned", (name, *studio.conditions.get(name, (ANY,))))


def _z(studio: Session, name: str) -> Message:
    return Message("/sound/z", (name, *map(float, studio.slots[name])))
