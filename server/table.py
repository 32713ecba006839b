"""The one table that names the function for each address.

A new command is a row in core/commands/ and a line here. Commands for images are not in it: the renderer has its own
functions for them (renderer/live/), and the dispatcher sends them there.
"""

from dataclasses import dataclass

from server.osc import queries
from server.osc.queries import Query
from server.sounds import conditions, directions, hallucinations, models, notes, slots
from server.sounds.result import Handler


@dataclass(frozen=True)
class AtOnce:
    """Answered by the receive thread, also while the engine works."""

    query: Query


@dataclass(frozen=True)
class Queued:
    """Handled by the engine, in turn."""

    handler: Handler


FUNCTIONS: dict[str, AtOnce | Queued] = {
    "/status": AtOnce(queries.status),
    "/notify": AtOnce(queries.notify),
    "/cancel": AtOnce(queries.cancel),
    "/sound/play": AtOnce(queries.play),
    "/sound/stop": AtOnce(queries.stop),
    "/sound/load": Queued(models.load),
    "/sound/unload": Queued(models.unload),
    "/sound/seed": Queued(slots.seed),
    "/sound/randomize_z": Queued(slots.randomize_z),
    "/sound/set_z": Queued(slots.set_z),
    "/sound/slerp_z": Queued(slots.slerp_z),
    "/sound/condition": Queued(conditions.condition),
    "/sound/conditions": Queued(conditions.conditions),
    "/sound/synthesize": Queued(notes.synthesize),
    "/sound/hallucinate": Queued(hallucinations.hallucinate),
    "/sound/hallucinate_z": Queued(hallucinations.hallucinate_z),
    "/sound/load_ganspace_components": Queued(directions.load_ganspace_components),
    "/sound/set_edits": Queued(directions.set_edits),
    "/sound/edits": Queued(directions.edits),
    "/sound/synthesize_noz": Queued(notes.synthesize_noz),
    "/sound/hallucinate_noz": Queued(hallucinations.hallucinate_noz),
}
