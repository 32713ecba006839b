"""Notes in memory: those that were played, and those that are prepared while nothing else is to do."""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

import numpy as np

from server.session import Session
from server.sounds.rendered import Pieces

# About five hundred notes of 2 s at 16 kHz.
LIMIT_BYTES = 64 << 20
# What is prepared leaves some of it to what is played.
_PREPARED = 0.75
_MAX_WANTED = 1024


def note_key(session: Session, z: np.ndarray, pitch: int) -> Hashable:
    """All that a note of the session's model depends on."""
    files = tuple(sorted((str(path), state) for path, state in session.files.items()))
    conditions = tuple(sorted(session.conditions.items()))
    edits = (session.components_file, session.edits) if any(session.edits) else None
    return session.folder, files, z.tobytes(), pitch, conditions, edits


@dataclass(frozen=True)
class CachedNote:
    """A rendered note.

    Attributes:
        wave: float32 [samples], the whole note.
        head: how many of them are its head.
        delivered: in which pieces it was delivered, by sink and velocity.
    """

    wave: np.ndarray
    head: int
    delivered: dict[object, Pieces] = field(default_factory=dict)

    def pieces(self, sink: object, velocity: int) -> Pieces:
        """The pieces for a sink at a velocity: those that were delivered before, or new ones."""
        return self.delivered.setdefault((sink, velocity), Pieces())


class NoteCache:
    """At most LIMIT_BYTES of notes; those that were not used for longest go. Used by the engine's thread alone."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._notes: OrderedDict[Hashable, CachedNote] = OrderedDict()
        self._bytes = 0
        # Slots and pitches that somebody wants to be ready, the newest last; the values say nothing.
        self._wanted: OrderedDict[tuple[str, int], None] = OrderedDict()

    def get(self, key: Hashable) -> CachedNote | None:
        """A note that is there."""
        if key in self._notes:
            self._notes.move_to_end(key)
        return self._notes.get(key)

    def put(self, key: Hashable, note: CachedNote) -> None:
        """Keep a note."""
        if key in self._notes:
            self._bytes -= self._notes.pop(key).wave.nbytes
        self._notes[key] = note
        self._bytes += note.wave.nbytes
        while self._bytes > self._limit_bytes:
            self._bytes -= self._notes.popitem(last=False)[1].wave.nbytes

    def want(self, slot: str, pitches: Iterable[int]) -> None:
        """Ask for notes of a slot; they are to be ready whatever the slot, edits and conditions become."""
        for pitch in pitches:
            self._wanted.pop((slot, pitch), None)
            self._wanted[slot, pitch] = None
        while len(self._wanted) > _MAX_WANTED:
            self._wanted.popitem(last=False)

    def missing(self, session: Session) -> tuple[np.ndarray, int, Hashable] | None:
        """The next note to prepare: z, pitch and key; None if all are there, or no more fit."""
        model = session.model
        if model is None:
            return None
        room = int(_PREPARED * self._limit_bytes) // (4 * model.audio_length)
        for slot, pitch in list(self._wanted)[-room:] if room else ():
            z = session.slots.get(slot)
            if z is None or len(z) != model.latent_size or pitch not in model.pitches:
                continue
            key = note_key(session, z, pitch)
            if key not in self._notes:
                return z, pitch, key
        return None
