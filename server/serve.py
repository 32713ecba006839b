"""`hallu serve`: connect socket, dispatcher, engine and link, and stop them at the end."""

import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from core import discovery, errors, families, hosts, log_limit, signals
from core.files import atomic
from core.files.user_folders import data_dir, user_models
from core.install import install_model
from core.processes import when_input_ends
from renderer.sinks.catalog import CLASSES
from renderer.video.shape import Shape
from server import state_keeper
from server.catalog import Catalog
from server.checkpoints import locate
from server.engine.queue import Engine
from server.engine.work import EngineWork
from server.link.keyring import Keyring
from server.link.pages import Instrument, Pages
from server.link.publisher import Publisher
from server.link.renderer_process import RendererFiles, RendererProcess
from server.osc.dispatcher import Dispatcher
from server.osc.udp import OscSocket
from server.remote.port import RemotePort
from server.rooms.engine_main import SWITCH_S
from server.rooms.engine_process import ProcessHost, stop_all
from server.rooms.host import LocalHost
from server.rooms.registry import Rooms
from server.rooms.room import RoomStore
from server.rooms.setup import room_engines, room_folders, room_rules
from server.session_folders import SessionFolders
from server.settings import IMAGE_PORT, PORT, SPOOL, ServerSettings
from server.sinks.wav_spool import WavSpool

log = logging.getLogger(__name__)


def serve(settings: ServerSettings) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP.

    Returns:
        The exit status: 130 after SIGINT, as from Ctrl-C; 0 after the others.

    Raises:
        OSError: the port is taken, a folder cannot be created, or the checkpoint to load does not exist.
        ValueError: that checkpoint's settings cannot be read.
    """
    # A message waits at most so long for the engine's thread to let go of the interpreter (5 ms otherwise).
    sys.setswitchinterval(SWITCH_S)
    if settings.load is not None:
        families.sound_description(locate(settings.load, settings.models))
    _check_page_host(settings.page_host)
    _check_outputs(settings)
    log_limit.limit_root()
    spool = _spool(settings)
    osc = OscSocket(settings.host, settings.port)
    install_model.clean(user_models())
    keyring = Keyring(settings.keys)
    publisher = _publisher(settings, keyring)
    # Held until the process ends.
    lock = state_keeper.lock(settings.state, f"the server on {osc.name}, process {os.getpid()}")
    work = _work(settings, publisher, spool)
    engine = Engine(work)
    engines = room_engines(settings, spool, confined=not _alone(settings))
    rooms = Rooms([LocalHost(engine, work, spool), *engines], room_rules(settings, keyring))
    dispatcher = Dispatcher(rooms, publisher, osc.send)
    remote = _remote(settings, keyring, spool, publisher, rooms)
    publisher.pages = _pages(settings, publisher, osc, dispatcher, work)
    received = _stop_at_end(osc, settings.tied)
    _announce(settings, osc, remote)
    publisher.start()
    engine.start()
    for each in engines:
        each.start()
    if remote:
        remote.start(Dispatcher(rooms, publisher, remote.send).handle, lambda client: spool.room(rooms.of(client)))
    with _renderer(settings, publisher.port, keyring):
        osc.serve(dispatcher.handle)
        publisher.stop()
    status = _close(engine, engines, osc, remote, errors.INTERRUPTED if signal.SIGINT in received else errors.OK)
    if lock:
        lock.release()
    return status


def _pages(
    settings: ServerSettings, publisher: Publisher, osc: OscSocket, dispatcher: Dispatcher, work: EngineWork
) -> Pages:
    """What the pages of renderers may ask for."""
    host = "" if hosts.is_unspecified(settings.host) else settings.host
    where = (host, osc.port)
    # Two servers on one machine have two names.
    name = f"hallu on {socket.gethostname()}" + ("" if osc.port == PORT else f" {osc.port}")
    instrument = Instrument(dispatcher.perform, lambda: work.session, settings.models, where, name)
    return Pages(instrument, publisher.publish)


def _stop_at_end(osc: OscSocket, tied: bool) -> list[int]:
    """Stop on the signals that end a program, or when its input ends; returns the list that receives their numbers."""
    received: list[int] = []

    def stop(number: int, frame: object) -> None:
        received.append(number)
        osc.stop()

    signals.on_end(stop)
    if tied:
        when_input_ends(osc.stop)
    return received


def _alone(settings: ServerSettings) -> bool:
    """Whether only programs of this machine play. A bridge shows the page, too."""
    return hosts.is_loopback(settings.host) and hosts.is_loopback(settings.page_host) and settings.remote is None


def _remote(
    settings: ServerSettings, keyring: Keyring, spool: WavSpool, publisher: Publisher, rooms: Rooms
) -> RemotePort | None:
    """The port for bridges; None: there is none.

    Raises:
        OSError: it is taken.
    """
    if settings.remote is None:
        return None

    def page() -> tuple[str | None, tuple[str, int] | None]:
        parts = urlsplit(publisher.page)
        if not parts.port:
            return None, None
        return f"?{parts.query}" if parts.query else "", (hosts.reachable(settings.page_host), parts.port)

    keys = keyring if settings.remote_keys else None
    if keys and keys.unstored:
        log.warning("key files will be useless after a restart: the server's keys are not stored: %s", keys.unstored)
    gone = partial(rooms.give_up, reason="its bridge is gone")
    return RemotePort(settings.remote_host, settings.remote, keys, spool, settings.pictures, page, gone)


def _announce(settings: ServerSettings, osc: OscSocket, remote: RemotePort | None) -> None:
    """Print the address, and a warning where others can reach it."""
    if not hosts.is_loopback(settings.host):
        log.warning("listening on %s: everybody who reaches this address can play", settings.host)
    if settings.page and not hosts.is_loopback(settings.page_host):
        log.warning(
            "the page is on %s: everybody who reaches it can watch; controls need the token in its address",
            settings.page_host,
        )
    if remote:
        log.info("bridges connect to port %d%s", remote.port, _who(settings))
    print(f"ready {osc.name}", flush=True)


def _who(settings: ServerSettings) -> str:
    """Who may connect to the port for bridges."""
    if settings.remote_keys:
        return ", with a key of `hallu keys add NAME`"
    return " of 127.0.0.1, without keys: everybody who has an account on this machine can play"


def _spool(settings: ServerSettings) -> WavSpool:
    """The spool; where the user's data folder cannot be written, one in the system's folder for temporary files.

    Raises:
        OSError: the folder that was named cannot be created.
    """
    folder, default = settings.spool, data_dir() / SPOOL
    try:
        atomic.check_folder(folder)
    except OSError as error:
        if folder == default:
            folder = Path(tempfile.mkdtemp(prefix="hallu-spool-"))
        log.warning("%s; audio files go to %s", errors.sentence(error), folder)
    return WavSpool(folder, settings.spool_limit)


def _check_page_host(host: str) -> None:
    """Check, before a renderer fails at it again and again, that this machine has an address.

    Raises:
        OSError: it does not.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind(address)
    except OSError as error:
        raise OSError(f"--page-host {host} is not an address of this machine: {error.strerror or error}") from None


def _check_outputs(settings: ServerSettings) -> None:
    """Check, before a renderer fails at it, that the pictures can be shown where they were asked for.

    Raises:
        ValueError: a sink cannot be used here, or the size is not one.
    """
    Shape(settings.picture_size)
    for name in settings.picture_out:
        problem = CLASSES[name].missing()
        if problem:
            raise ValueError(f"--picture-out {name}: {problem}")


def _work(settings: ServerSettings, publisher: Publisher, spool: WavSpool) -> EngineWork:
    # Of clients elsewhere, those with the page included, paths stay inside the spool.
    sounds = None if _alone(settings) else (spool.folder,)
    loader = partial(families.load, engine=settings.engine, precision=settings.precision)
    catalog = Catalog(settings.models, loader, sounds, foley_loader=partial(loader, kind="foley"))
    sessions = SessionFolders(settings.state.parent / "sessions", _image_settings(settings))
    return EngineWork(
        catalog,
        settings.state,
        publisher,
        load=settings.load,
        idle=spool.clean,
        sessions=sessions,
        ask_renderer=publisher.ask,
        ask_frames=publisher.ask_frames,
        store=RoomStore(room_folders(settings), spool) if settings.rooms else None,
    )


def _image_settings(settings: ServerSettings) -> Path:
    """Where the renderer keeps what is set for the images."""
    return settings.state.with_name(f"{settings.state.stem}_images.json")


def _announced(settings: ServerSettings) -> bool:
    """Whether to announce the server on the local network; without zeroconf only if somebody asked for it."""
    if settings.announce is not None:
        return settings.announce
    return discovery.available() and not hosts.is_loopback(settings.page_host)


@contextmanager
def _renderer(settings: ServerSettings, port: int, keyring: Keyring) -> Iterator[None]:
    """Run the renderer during the block; without images, or an image model, it only serves the page."""
    if not settings.page:
        yield
        return
    only_page = not settings.image or not families.find(settings.models, "image")
    stored = _image_settings(settings)
    shown = (settings.page_host, settings.picture_out, settings.picture_size)
    files = RendererFiles(settings.models, settings.pictures, stored, *shown, only_page, _announced(settings))
    process = RendererProcess(hosts.reachable(settings.link_host), port, files, keyring.new)
    process.start()
    try:
        yield
    finally:
        process.stop()


def _publisher(settings: ServerSettings, keyring: Keyring) -> Publisher:
    host = settings.link_host
    if settings.image_port is not None:
        return Publisher(host, settings.image_port, keyring)
    try:
        return Publisher(host, 0 if settings.port == 0 else IMAGE_PORT, keyring)
    except OSError as error:
        log.info("%s; taking other ports", error)
        return Publisher(host, 0, keyring)


def _close(
    engine: Engine, engines: Sequence[ProcessHost], osc: OscSocket, remote: RemotePort | None, status: int
) -> int:
    ended = engine.stop()
    stop_all(engines)
    if remote:
        remote.stop()
    osc.close()
    if not ended:
        # A network is still computing in its thread; to end the interpreter under it would crash.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(status)
    return status
