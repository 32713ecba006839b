"""`python -m renderer`: the companion that paints what a server plays, and shows it in a browser.

`hallu serve` starts one; it may as well run on another machine.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from core.files import user_folders

if TYPE_CHECKING:
    from core.protocols import ImageModel
    from renderer.live.controller import RenderController
    from renderer.live.link import Link

log = logging.getLogger("renderer")

PAGE_PORT = 7773


def main(argv: Sequence[str] | None = None) -> int:
    """Paint until Ctrl-C, SIGTERM, or the server says bye.

    Returns:
        0 when told to end, 1 on failure, 2 on wrong usage.
    """
    args = _parser().parse_args(argv)
    # TensorFlow reads these when it is imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if args.debug else "3")
    logging.basicConfig(level=logging.WARNING, format="renderer: %(message)s", stream=sys.stderr)
    logging.getLogger("renderer").setLevel(logging.DEBUG if args.debug else logging.INFO)
    try:
        _run(args)
    except (ValueError, OSError) as error:
        if args.debug:
            raise
        print(f"renderer: {error}", file=sys.stderr)
        return 1
    # TensorFlow may still be at work in a thread; to tear the interpreter down under it would crash.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m renderer", description=__doc__)
    add = parser.add_argument
    add(
        "--server",
        default="tcp://127.0.0.1:7771",
        metavar="tcp://HOST:PORT",
        help="where a server publishes (hallu serve --image-port); the port after it is used too (default %(default)s)",
    )
    add(
        "--models",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="folders with image models in DIR/FAMILY/NAME (default: those that ship, then the user's own)",
    )
    add("--model", metavar="NAME", help="picture model to start with (default: the first there is)")
    add(
        "--out", type=Path, metavar="DIR", help="folder for pictures that are kept (default: in the user's data folder)"
    )
    add("--page-host", default="127.0.0.1", metavar="HOST", help="address of the page (default: this machine only)")
    add(
        "--page-port",
        type=int,
        metavar="PORT",
        help=f"port of the page, 0 for any free one (default {PAGE_PORT}, or any free one)",
    )
    add("--fps", type=float, default=30.0, help="pictures a second that are aimed at, 1..120 (default %(default)g)")
    add(
        "--threads",
        type=int,
        help="threads to paint with (default: one for every two cores; the others are for the sound)",
    )
    add("--tied", action="store_true", help="end when standard input ends; hallu serve ties its renderer to itself so")
    add("--debug", action="store_true", help="say more, and show where an error comes from")
    return parser


def _run(args: argparse.Namespace) -> None:
    from renderer.live import process
    from renderer.live.controller import RenderController
    from renderer.live.link import Link
    from renderer.live.render_loop import Rates

    models = tuple(args.models or user_folders.default_models())
    _check(args, models)
    process.yield_to_others()
    threads = args.threads or process.fair_threads()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    atelier = RenderController(models, args.out or user_folders.data_dir() / "pictures", _load, Rates(args.fps))
    link = Link(atelier, args.server, ended.set, _version())
    page = _show(atelier, link, args)
    if args.tied:
        process.when_input_ends(ended.set)
    link.start(lambda: _prepare(atelier, args.model, threads))
    atelier.stage.start()
    # In pieces: on Windows an endless wait does not hear Ctrl-C.
    while not ended.wait(0.5):
        pass
    atelier.close()
    link.stop()
    page()


def _check(args: argparse.Namespace, models: Sequence[Path]) -> None:
    for folder in args.models or ():
        if not folder.is_dir():
            raise FileNotFoundError(f"--models {folder} is no folder")
    if args.model is not None:
        from renderer import image_models

        image_models.choose(models, args.model)
    if not 1 <= args.fps <= 120:
        raise ValueError(f"--fps must be in 1..120, not {args.fps:g}")
    if args.threads is not None and not 1 <= args.threads <= 256:
        raise ValueError(f"--threads must be in 1..256, not {args.threads}")
    if not 0 <= (args.page_port or 0) <= 65535:
        raise ValueError(f"--page-port must be in 0..65535, not {args.page_port}")


def _show(atelier: "RenderController", link: "Link", args: argparse.Namespace) -> Callable[[], None]:
    """Serve the page; what ends it."""
    from renderer.web import WebServer

    page = WebServer(atelier.frames, atelier.status, link.do)
    try:
        atelier.page = page.start(args.page_host, PAGE_PORT if args.page_port is None else args.page_port)
    except OSError:
        if args.page_port is not None:
            raise
        atelier.page = page.start(args.page_host, 0)
    print(f"page {atelier.page}", flush=True)
    return page.stop


def _prepare(atelier: "RenderController", name: str | None, threads: int) -> None:
    from renderer.live import process

    with atelier.lock:
        process.limit_threads(threads)
        try:
            atelier.open(name)
        except (ValueError, OSError) as error:
            log.warning("%s", error)


def _load(folder: Path) -> "ImageModel":
    from core import families

    model: ImageModel = families.load(folder, "image")
    return model


def _version() -> str:
    try:
        return version("hallu")
    except PackageNotFoundError:
        return "unknown"


if __name__ == "__main__":
    sys.exit(main())
