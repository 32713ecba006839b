"""Commands that load and unload sound models."""

import logging
from dataclasses import replace
from pathlib import Path

from core.progress import Progress, ignore
from gansynth.level import measure
from server.catalog import Catalog
from server.engine.request import Request
from server.model_files import states, unchanged
from server.osc.packet import Message
from server.session import Session, Setup
from server.sounds.directions import loaded_components
from server.sounds.result import Context, Result

log = logging.getLogger(__name__)


def load(context: Context, request: Request) -> Result:
    """Load a checkpoint in place of the one that is loaded; if it is the same one, everything that is set stays."""
    name, session = request.command.values["checkpoint"], context.session
    if not _is_loaded(session, context.catalog, name):
        # Gives way to streams, which play on.
        session = with_loaded(session, context.catalog, name, request.progress)
    return Result(session, facts_of(session))


def unload(context: Context, request: Request) -> Result:
    """Unload the model."""
    return Result(context.session.with_model(None, None), [Message("/sound/unloaded")])


def with_loaded(session: Session, catalog: Catalog, name: str, progress: Progress = ignore) -> Session:
    """The session with a checkpoint in place of the one that is loaded.

    If it is the one that the session waits for, its conditions, components and edits are set again, as far as they are
    still there.

    Args:
        session: the present one.
        catalog: where it is looked for.
        name: of the checkpoint.
        progress: called between two steps of the work.

    Raises:
        FileNotFoundError: the models folders have none of this name.
        OSError: it cannot be read.
        ValueError: it is not a checkpoint.
    """
    # The files are looked at first: a change while they are read makes the next load read them again.
    files = states(catalog.locate(name))
    model, folder = catalog.load(name, lambda: progress(0, 1))
    key = str(folder), frozenset(files.items())
    level = catalog.levels[key] = catalog.levels.get(key) or measure(model, progress)
    waiting, loaded = session.waiting, session.with_model(model, folder, level, files)
    return _with_setup(loaded, catalog, waiting) if waiting.model == loaded.folder else loaded


def _with_setup(session: Session, catalog: Catalog, wanted: Setup) -> Session:
    """The session with what was set for its model; what cannot be set is logged, and waits."""
    session = replace(session, waiting=wanted)
    for name, values in wanted.conditions.items():
        try:
            session = session.with_condition(name, values)
        except ValueError as error:
            log.warning("condition not set: %s", error)
    if wanted.components is None:
        return session
    try:
        folder = Path(session.folder or "")
        components = catalog.load_components(wanted.components, session.need_model(), folder)
        session = session.with_components(*components)
        return session.with_edits(wanted.edits)
    except (OSError, ValueError) as error:
        log.warning("starting without components: %s", error)
        return session


def _is_loaded(session: Session, catalog: Catalog, name: str) -> bool:
    """Whether this checkpoint is the loaded one, and its files are as they were."""
    folder = catalog.locate(name)
    return session.model is not None and str(folder) == session.folder and unchanged(folder, session.files)


def facts_of(session: Session) -> list[Message]:
    """The replies that describe the loaded model and its directions.

    Raises:
        ValueError: no model is loaded.
    """
    model, level = session.need_model(), session.level
    facts = (model.name, model.audio_length, model.sample_rate, model.latent_size)
    return [
        Message("/sound/loaded", (*facts, *(int(pitch) for pitch in model.pitches))),
        Message("/sound/level", (model.name, level.note_db, level.hallucination_db, level.in_tune)),
        *loaded_components(session),
        *([Message("/sound/edited", session.edits)] if session.components is not None else []),
    ]
