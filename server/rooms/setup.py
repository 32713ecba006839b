"""The rooms that the settings of a server ask for."""

import logging
import time
from dataclasses import replace
from functools import cache

from core.processes import core_count
from server.link.keyring import Keyring
from server.rooms.engine_main import EngineSettings
from server.rooms.engine_process import ProcessHost
from server.rooms.folders import RoomFolders
from server.rooms.registry import RoomRules
from server.settings import ServerSettings
from server.sinks.wav_spool import WavSpool


def room_engines(settings: ServerSettings, spool: WavSpool, *, confined: bool) -> list[ProcessHost]:
    """Processes for rooms; none: this one has them all.

    Args:
        settings: the server's.
        spool: where WAV files go.
        confined: whether clients may name sound files of their room's folder only.
    """
    count = settings.engine_count
    if count == 1:
        return []
    shared = EngineSettings(
        number=0,
        models=settings.models,
        folders=room_folders(settings),
        spool=spool.folder,
        spool_limit=settings.spool_limit,
        confined=confined,
        load=settings.load,
        engine=settings.engine,
        precision=settings.precision,
        threads=max(1, core_count() // count),
        level=logging.getLogger("server").getEffectiveLevel(),
        started_s=time.monotonic(),
    )
    return [ProcessHost(replace(shared, number=number + 1)) for number in range(count)]


def room_rules(settings: ServerSettings, keyring: Keyring) -> RoomRules | None:
    """How clients are divided into rooms; None: there is one."""
    if settings.rooms is None:
        return None

    @cache
    def name_of_key(key: str) -> str:
        return next((name for name, public in keyring.names().items() if public == key), "bridge")

    return RoomRules(settings.rooms, room_folders(settings), name_of_key, settings.most_rooms)


def room_folders(settings: ServerSettings) -> RoomFolders:
    """Where rooms are kept: beside the server's own state."""
    return RoomFolders(settings.state.with_name(f"{settings.state.stem}-rooms"))
