"""`python -m renderer`: render images of what a server plays, live, and show them in a browser.

`hallu serve` starts a renderer; it can also run on another machine.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core import checks, errors, flag_types, log_limit, processes, signals
from core.files import user_folders

if TYPE_CHECKING:
    from renderer.ipc.keys import LinkKeys
    from renderer.live.announcer import Announcer
    from renderer.live.controller import RenderController
    from renderer.live.dispatcher import RenderDispatcher
    from renderer.live.page_control import PageControl
    from renderer.live.server_end import ServerEnd

log = logging.getLogger("renderer")

PAGE_PORT = 7773


def main(argv: Sequence[str] | None = None) -> int:
    """Render until Ctrl-C, SIGTERM, SIGHUP, or the server says bye and --stay is not given.

    Returns:
        1 on failure. Otherwise the process ends here: with 130 after Ctrl-C, else with 0.
    """
    args = _parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="renderer: %(message)s", stream=sys.stderr)
    log_limit.limit_root()
    logging.getLogger("renderer").setLevel(logging.DEBUG if args.debug else logging.INFO)
    status = errors.exit_status(lambda: _run(args), "renderer", args.debug)
    if status == errors.FAILED:
        return status
    # A frame may still be computed in a thread; a normal exit would take the engine away under it.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m renderer", description=__doc__)
    flag_types.refuse_empty(parser)
    add = parser.add_argument
    add(
        "--server",
        default="tcp://127.0.0.1:7771",
        metavar="tcp://HOST:PORT",
        help="where a server publishes (hallu serve --image-port); the port after it is used too (default %(default)s)",
    )
    add("--key", metavar="FILE", help="keys that `hallu keys add` of the server has made (-: from standard input)")
    add(
        "--models",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="folders with image models in DIR/FAMILY/NAME (default: those that ship, then the user's own)",
    )
    add("--model", metavar="NAME", help="image model to start with (default: the last one, or the first found)")
    add("--out", type=Path, metavar="DIR", help="folder for images and videos (default: in the user's data folder)")
    add(
        "--settings",
        type=Path,
        metavar="FILE",
        help="JSON file in which image settings are kept (default: in the user's data folder)",
    )
    _add_page_flags(add)
    _add_output_flags(add)
    add(
        "--fps",
        type=float,
        help="frames per second to aim at, 1..120 (default: 60 if the model needs less than half the time, else 30)",
    )
    add("--threads", type=int, help="threads that render (default: half the cores; the others are for the sound)")
    add(
        "--precision",
        choices=("auto", "f32", "bf16"),
        default="auto",
        help="of live frames: f32, or bf16, faster where the processor has it (default: bf16 if frames differ by less"
        " than one grey level)",
    )
    add("--stay", action="store_true", help="when the server stops, wait for the next one (default: stop too)")
    add("--no-images", action="store_true", help="render nothing; serve the page of the sound")
    add("--announce", action="store_true", help="announce the page on the local network, with zeroconf")
    add("--tied", action="store_true", help="end when standard input ends; hallu serve uses it")
    add("--debug", action="store_true", help="log more, and show tracebacks")
    return parser


def _add_page_flags(add: Callable[..., object]) -> None:
    add("--page-host", default="127.0.0.1", metavar="HOST", help="address of the page (default: this machine only)")
    add(
        "--page-port",
        type=int,
        metavar="PORT",
        help=f"port of the page, 0 for any free one (default {PAGE_PORT}, or any free one)",
    )


def _add_output_flags(add: Callable[..., object]) -> None:
    from core.commands.image import SINKS

    add(
        "--picture-out",
        nargs="+",
        default=(),
        choices=SINKS,
        help="show the images in other programs too (hallu sinks)",
    )
    add(
        "--picture-size",
        type=str,
        default="",
        metavar="WxH",
        help="size for these (default 1280x720); 1:1: as rendered",
    )


def _run(args: argparse.Namespace) -> int:
    from renderer.live import precision, process, recordings
    from renderer.live.controller import RenderController
    from renderer.live.dispatcher import RenderDispatcher
    from renderer.live.link import Link
    from renderer.live.page_control import PageControl
    from renderer.live.render_loop import Rates
    from renderer.live.server_end import ServerEnd
    from renderer.live.settings_file import SettingsFile

    models = tuple(args.models or user_folders.default_models())
    _check(args, models)
    process.lower_priority()
    threads = args.threads or process.default_threads()
    ended, received = _end_event()
    data = user_folders.data_dir()
    load = partial(precision.load, precision=args.precision)
    out = args.out or data / "pictures"
    controller = RenderController(models, out, load, Rates(args.fps))
    dispatcher = RenderDispatcher(controller, SettingsFile(args.settings or _default_settings()))
    server_end, images = ServerEnd(), not args.no_images
    link = Link(
        controller, dispatcher, args.server, ended.set, _version(), _keys(args.key), args.stay, server_end, images
    )
    if images:
        recordings.recover(out)
        _show_elsewhere(controller, args)
    stop_page = _serve_page(controller, PageControl(controller, dispatcher, server_end, images), args)
    announcer = _announce(controller.page, server_end, args) if args.announce else None
    if args.tied:
        processes.when_input_ends(ended.set)
    link.start(lambda: _prepare(controller, dispatcher, args.model, threads) if images else None)
    if images:
        controller.render_loop.start()
    _wait(ended)
    if images:
        controller.close()
    if announcer:
        announcer.close()
    link.stop()
    stop_page()
    return errors.INTERRUPTED if signal.SIGINT in received else errors.OK


def _show_elsewhere(controller: "RenderController", args: argparse.Namespace) -> None:
    """Start the sinks that were named; one that cannot be used here is left out with a warning."""
    controller.outputs.use(args.picture_size)
    for name in args.picture_out:
        try:
            controller.outputs.start(name)
        except ValueError as error:
            log.warning("%s: %s", name, error)


def _keys(given: str | None) -> "LinkKeys | None":
    """The keys in a file, or in the first line of standard input.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: there are no keys in it.
    """
    from renderer.ipc import keys

    if given is None:
        return None
    return (
        keys.parse(sys.stdin.buffer.readline(1024).decode("ascii", "replace"))
        if given == "-"
        else keys.read(Path(given))
    )


def _end_event() -> tuple[threading.Event, list[int]]:
    """An event that the signals which end a program set, and the list that receives the numbers of these signals."""
    ended, received = threading.Event(), list[int]()

    def end(number: int, frame: object) -> None:
        received.append(number)
        ended.set()

    signals.on_end(end)
    return ended, received


def _wait(ended: threading.Event) -> None:
    # With a timeout: on Windows an endless wait does not notice Ctrl-C.
    while not ended.wait(0.5):
        pass


def _check(args: argparse.Namespace, models: Sequence[Path]) -> None:
    for folder in args.models or ():
        if not folder.is_dir():
            raise FileNotFoundError(f"--models {folder} is not a folder")
    if args.model is not None:
        from renderer import image_models

        image_models.choose(models, args.model)
    if args.fps is not None:
        checks.in_range("--fps", args.fps, 1, 120)
    if args.threads is not None:
        checks.in_range("--threads", args.threads, 1, 256)
    checks.in_range("--page-port", args.page_port or 0, 0, 65535)


def _serve_page(controller: "RenderController", control: "PageControl", args: argparse.Namespace) -> Callable[[], None]:
    """Serve the page; returns the function that stops it."""
    from renderer.web import WebServer

    token = (args.settings or _default_settings()).with_suffix(".token")
    page = WebServer(controller.frames, control)
    try:
        port = PAGE_PORT if args.page_port is None else args.page_port
        controller.page = page.start(args.page_host, port, token)
    except OSError:
        if args.page_port is not None:
            raise
        controller.page = page.start(args.page_host, 0, token)
    print(f"page {controller.page}", flush=True)
    return page.stop


def _announce(page: str, server_end: "ServerEnd", args: argparse.Namespace) -> "Announcer":
    from renderer.live.announcer import Announcer

    return Announcer(server_end, args.page_host, urlsplit(page).port or PAGE_PORT)


def _default_settings() -> Path:
    return user_folders.data_dir() / "image_settings.json"


def _prepare(controller: "RenderController", dispatcher: "RenderDispatcher", model: str | None, threads: int) -> None:
    from renderer.live import process

    with controller.lock:
        process.limit_threads(threads)
        # The first frame looks as the last one before: not with the default settings.
        controller.render_loop.held = True
        try:
            dispatcher.restore(model)
        finally:
            controller.render_loop.held = False


def _version() -> str:
    try:
        return version("hallu")
    except PackageNotFoundError:
        return "unknown"


if __name__ == "__main__":
    sys.exit(main())
