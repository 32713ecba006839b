"""Notes that are played live: the head of a note is delivered while the rest is rendered."""

import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np

from gansynth.config import check_pitch
from server.engine.request import Request
from server.session import Session
from server.sounds.note_cache import CachedNote, NoteCache, note_key
from server.sounds.rendered import Head, Pieces, RenderedSound
from server.sounds.result import Context, Result

_LOUDEST = 127
# A rest goes before other notes from this share of its head's duration on.
_DUE = 0.3


@dataclass(frozen=True)
class PlayedNote:
    """A note that a client plays.

    Attributes:
        target: the client's name for it.
        velocity: 1..127.
        z: [1, latent].
        pitch: MIDI pitch.
        key: see `note_key`.
    """

    target: str
    velocity: int
    z: np.ndarray
    pitch: int
    key: Hashable

    def scaled(self, wave: np.ndarray) -> np.ndarray:
        """A wave of the note at its velocity; full velocity leaves it as it is."""
        return wave if self.velocity == _LOUDEST else wave * np.float32((self.velocity / _LOUDEST) ** 2)


def note(context: Context, request: Request) -> Result:
    """Deliver a note's head, or all of it from memory."""
    values, session = request.command.values, context.session
    model = session.need_model()
    check_pitch(model.name, model.pitches, values["pitch"])
    session, z = session.latents([values["slot"]])
    key = note_key(session, z[0], values["pitch"])
    played = PlayedNote(values["target"], values["velocity"], z, values["pitch"], key)
    if found := context.notes.get(key):
        pieces = found.pieces(request.sink, played.velocity)
        head = _head(session, played, found.wave[: found.head], pieces)
        return Result(session, sounds=[head, _whole(session, played, found.wave, pieces)])
    blocks = session.edited_model().blocks(
        z[0], played.pitch, conditions=session.conditions, notes=1 + context.unfinished
    )
    rest = NoteRest(session, played, next(blocks), blocks, Pieces(), time.monotonic())
    return Result(session, sounds=[_head(session, played, rest.head, rest.pieces)], rest=rest)


@dataclass(frozen=True)
class NoteRest:
    """What follows the head of a note; see `server.sounds.result.Rest`.

    Attributes:
        session: that the note began with; what is set meanwhile does not change it.
        played: the note.
        head: float32 [samples], as the model rendered it.
        blocks: renders what follows.
        pieces: of the head.
        ready_s: since when the head has been there.
    """

    session: Session
    played: PlayedNote
    head: np.ndarray
    blocks: Iterator[np.ndarray]
    pieces: Pieces
    ready_s: float

    @property
    def due_s(self) -> float:
        """When it goes before other notes."""
        return self.ready_s + _DUE * len(self.head) / self.session.need_model().sample_rate

    def __call__(self, context: Context, request: Request) -> Result:
        """Deliver the whole note, and keep it."""
        wave = np.concatenate([self.head, *self.blocks])
        kept = CachedNote(wave, len(self.head))
        kept.delivered[request.sink, self.played.velocity] = self.pieces
        context.notes.put(self.played.key, kept)
        return Result(context.session, sounds=[_whole(self.session, self.played, wave, self.pieces)])


def prepare(context: Context, request: Request) -> Result:
    """Ask for notes of a slot to be rendered while nothing else is to do."""
    values = request.command.values
    session, _ = context.session.latents([values["slot"]])
    model = session.need_model()
    for pitch in values["pitch"]:
        check_pitch(model.name, model.pitches, pitch)
    context.notes.want(values["slot"], values["pitch"] or model.pitches)
    return Result(session)


def render_missing(session: Session, notes: NoteCache) -> bool:
    """Render a note that somebody wants to be ready; False if none is missing."""
    missing = notes.missing(session)
    if missing is None:
        return False
    z, pitch, key = missing
    head, *rest = session.edited_model().blocks(z, pitch, conditions=session.conditions)
    notes.put(key, CachedNote(np.concatenate([head, *rest]), len(head)))
    return True


def _head(session: Session, played: PlayedNote, wave: np.ndarray, pieces: Pieces) -> Head:
    model = session.need_model()
    gain_db = session.level.note_db
    return Head(played.target, played.scaled(wave), model.sample_rate, model.audio_length, pieces, gain_db)


def _whole(session: Session, played: PlayedNote, wave: np.ndarray, pieces: Pieces) -> RenderedSound:
    rate, gain_db = session.need_model().sample_rate, session.level.note_db
    return RenderedSound(
        played.target, played.scaled(wave), rate, played.pitch, played.z, gain_db=gain_db, pieces=pieces
    )
