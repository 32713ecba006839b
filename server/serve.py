"""`hallu serve`: wires socket, desk, engine and studio, and takes them down again."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import families
from server.checkpoints import locate
from server.engine.queue import Engine
from server.engine.work import EngineWork
from server.link.publisher import Publisher
from server.link.renderer_process import RendererProcess
from server.osc.dispatcher import Dispatcher
from server.osc.udp import OscSocket
from server.session import Folders, Session
from server.settings import IMAGE_PORT, Settings
from server.sinks.wav_spool import WavSpool

log = logging.getLogger(__name__)

_LOOPBACK = ("127.", "::1", "localhost")


def serve(settings: Settings) -> int:
    """Run until SIGINT or SIGTERM.

    Returns:
        The exit status.

    Raises:
        OSError: the port is taken, a folder cannot be made, or the checkpoint to load is not there.
        ValueError: that checkpoint's settings cannot be read.
    """
    if settings.load is not None:
        families.sound_description(locate(settings.load, settings.models))
    settings.state.parent.mkdir(parents=True, exist_ok=True)
    studio = Session(Folders(settings.models, settings.state), WavSpool(settings.spool), families.load)
    osc = OscSocket(settings.host, settings.port)
    publisher = _publisher(settings)
    engine = Engine(EngineWork(studio, lambda: _prepare(studio, settings.load), publisher))
    desk = Dispatcher(engine, publisher, osc.send, lambda: _loaded(studio))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: osc.stop())
    if not settings.host.startswith(_LOOPBACK):
        log.warning("listening on %s: everybody who reaches this address can play", settings.host)
    print(f"ready {osc.name}", flush=True)
    publisher.start()
    engine.start()
    with _renderer(settings, publisher.port):
        osc.serve(desk.handle)
        publisher.stop()
    return _close(engine, osc)


@contextmanager
def _renderer(settings: Settings, port: int) -> Iterator[None]:
    """A renderer process meanwhile, unless there shall be none or it would have nothing to paint with."""
    if not settings.image or not families.find(settings.models, "image"):
        yield
        return
    # A server that listens everywhere is reached by loopback as well.
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "localhost") else settings.host
    process = RendererProcess(host, port, settings.models, settings.pictures)
    process.start()
    try:
        yield
    finally:
        process.stop()


def _publisher(settings: Settings) -> Publisher:
    if settings.image_port is not None:
        return Publisher(settings.host, settings.image_port)
    try:
        return Publisher(settings.host, 0 if settings.port == 0 else IMAGE_PORT)
    except OSError as error:
        log.info("%s; taking other ports", error)
        return Publisher(settings.host, 0)


def _prepare(studio: Session, name: str | None) -> None:
    studio.reload(name)


def _loaded(studio: Session) -> tuple[str, str]:
    setup = studio.setup
    return setup.model.name if setup.model else "-", Path(setup.components_file).name if setup.components_file else "-"


def _close(engine: Engine, osc: OscSocket) -> int:
    ended = engine.stop()
    osc.close()
    if not ended:
        # A network is still at work in its thread; to tear the interpreter down under it would crash.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)
    return 0
