"""The one table that names the function for each address.

A new command is a row in core/commands/ and a line here. Commands for images are not in it: the renderer has its own
functions for them (renderer/live/), and the dispatcher sends them there.
"""

from dataclasses import dataclass

from server.engine.lanes import Lane
from server.osc import queries, settings_query
from server.osc.queries import DoorQuery, RoomQuery
from server.sounds import (
    conditions,
    directions,
    foley,
    hallucinations,
    image_loops,
    live_notes,
    loops,
    matches,
    models,
    notes,
    sessions,
    slots,
    streams,
)
from server.sounds.result import Handler


@dataclass(frozen=True)
class AtDoor:
    """Answered at once, whatever the client's room does."""

    query: DoorQuery


@dataclass(frozen=True)
class AtOnce:
    """Answered at once about the client's room, also while its engine works."""

    query: RoomQuery


@dataclass(frozen=True)
class Queued:
    """Handled by the engine, in turn; `lane` says which others it goes before."""

    handler: Handler
    lane: Lane = Lane.RENDER


FUNCTIONS: dict[str, AtDoor | AtOnce | Queued] = {
    "/status": AtOnce(queries.status),
    "/notify": AtDoor(queries.notify),
    "/room": AtDoor(queries.room),
    "/cancel": AtOnce(queries.cancel),
    "/sound/play": AtDoor(queries.play),
    "/sound/stop": AtDoor(queries.stop),
    "/sound/settings": AtOnce(settings_query.settings),
    "/sound/load": Queued(models.load, Lane.CHANGE),
    "/sound/unload": Queued(models.unload, Lane.CHANGE),
    "/sound/seed": Queued(slots.seed, Lane.CHANGE),
    "/sound/randomize_z": Queued(slots.randomize_z, Lane.CHANGE),
    "/sound/set_z": Queued(slots.set_z, Lane.CONTROL),
    "/sound/slerp_z": Queued(slots.slerp_z, Lane.CONTROL),
    "/sound/condition": Queued(conditions.condition, Lane.CONTROL),
    "/sound/conditions": Queued(conditions.conditions),
    "/sound/synthesize": Queued(notes.synthesize),
    "/sound/note": Queued(live_notes.note, Lane.NOTE),
    "/sound/loop": Queued(loops.loop, Lane.NOTE),
    "/sound/prepare": Queued(live_notes.prepare, Lane.CONTROL),
    "/sound/stream": Queued(streams.stream, Lane.CHANGE),
    "/sound/stream_set": Queued(streams.stream_set, Lane.CONTROL),
    "/sound/stream_add": Queued(streams.stream_add, Lane.CONTROL),
    "/sound/stream_position": Queued(streams.stream_position, Lane.CLOCK),
    "/sound/stream_stop": Queued(streams.stream_stop, Lane.CONTROL),
    "/sound/hallucinate": Queued(hallucinations.hallucinate),
    "/sound/hallucinate_z": Queued(hallucinations.hallucinate_z),
    "/session/save": Queued(sessions.save, Lane.CHANGE),
    "/session/load": Queued(sessions.load, Lane.CHANGE),
    "/session/list": Queued(sessions.names),
    "/session/delete": Queued(sessions.delete, Lane.CHANGE),
    "/sound/match": Queued(matches.match),
    "/sound/hallucinate_path": Queued(hallucinations.hallucinate_path),
    "/sound/load_ganspace_components": Queued(directions.load_ganspace_components, Lane.CHANGE),
    "/sound/set_edits": Queued(directions.set_edits, Lane.CONTROL),
    "/sound/edits": Queued(directions.edits),
    "/sound/load_foley": Queued(foley.load_foley, Lane.CHANGE),
    "/sound/from_image": Queued(foley.from_image),
    "/sound/image_loop": Queued(image_loops.image_loop),
    "/sound/synthesize_noz": Queued(notes.synthesize_noz),
    "/sound/hallucinate_noz": Queued(hallucinations.hallucinate_noz),
    "/sound/hallucinate_noz_path": Queued(hallucinations.hallucinate_noz_path),
}
