"""Commands that load and unload sound models."""

from gansynth.level import measure
from server.catalog import Catalog
from server.engine.request import Request
from server.model_files import states, unchanged
from server.osc.packet import Message
from server.session import Session
from server.sounds.directions import loaded_components
from server.sounds.result import Context, Result


def load(context: Context, request: Request) -> Result:
    """Load a checkpoint in place of the one that is loaded; if it is the same one, everything that is set stays."""
    name, session = request.command.values["checkpoint"], context.session
    if not _is_loaded(session, context.catalog, name):
        session = with_loaded(session, context.catalog, name)
    replies = [*_facts(session), *loaded_components(session)]
    if session.components is not None:
        replies.append(Message("/sound/edited", session.edits))
    return Result(session, replies)


def unload(context: Context, request: Request) -> Result:
    """Unload the model."""
    return Result(context.session.with_model(None, None), [Message("/sound/unloaded")])


def with_loaded(session: Session, catalog: Catalog, name: str) -> Session:
    """The session with a checkpoint in place of the one that is loaded.

    Raises:
        FileNotFoundError: the models folders have none of this name.
        OSError: it cannot be read.
        ValueError: it is not a checkpoint.
    """
    # The files are looked at first: a change while they are read makes the next load read them again.
    files = states(catalog.locate(name))
    model, folder = catalog.load(name)
    return session.with_model(model, folder, measure(model), files)


def _is_loaded(session: Session, catalog: Catalog, name: str) -> bool:
    """Whether this checkpoint is the loaded one, and its files are as they were."""
    folder = catalog.locate(name)
    return session.model is not None and str(folder) == session.folder and unchanged(folder, session.files)


def _facts(session: Session) -> list[Message]:
    model, level = session.need_model(), session.level
    facts = (model.name, model.audio_length, model.sample_rate, model.latent_size)
    return [
        Message("/sound/loaded", (*facts, *(int(pitch) for pitch in model.pitches))),
        Message("/sound/level", (model.name, level.note_db, level.hallucination_db, level.in_tune)),
    ]
