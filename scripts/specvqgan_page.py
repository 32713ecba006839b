"""Sample sounds for pictures on a page: load a film or choose a class, prime, sample, see, hear, save.

The page is for this machine, unless --host is given: then its address has a token. It stays until Ctrl-C.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from core import errors, signals
from scripts import frame
from scripts.flags import engine, models
from scripts.shared import foley_folder

PROG = "specvqgan_page"
PORT = 7774


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    add = flags.add_argument
    add(
        "--model",
        metavar="NAME",
        help="a model's name, its folder, or a run of the original's (default: the first found)",
    )
    add("--vocoder", type=frame.path, metavar="DIR", help="the vocoder, for a run of the original's")
    add(
        "--features",
        type=frame.path,
        metavar="FILE",
        help="ResNet-50 of torchvision, for a run that follows photographs",
    )
    add(
        "--out",
        type=frame.path,
        default=Path("samples"),
        metavar="DIR",
        help="where sounds are saved (default: samples)",
    )
    add("--host", default="127.0.0.1", help="address of the page (default: this machine only)")
    add("--port", type=int, default=PORT, help=f"of the page; 0: any (default: {PORT})")
    engine.add(flags)
    models.add(flags, models.FOLEY)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_serve, parser().parse_args(argv), PROG)


def _serve(options: argparse.Namespace) -> int:
    import specvqgan
    from core import checks
    from core.files.user_folders import data_dir
    from specvqgan.page.server import SamplingPage
    from specvqgan.page.session import PageSession

    checks.in_range("--port", options.port, 0, 65535)
    folder = foley_folder.locate(options.model, models.folders(options))
    given = engine.given(options)
    model = specvqgan.load_foley(folder, vocoder=options.vocoder, features=options.features, **given)
    session = PageSession(model, options.out)
    page = SamplingPage(session)
    ended, received = threading.Event(), list[int]()

    def end(number: int, _: object) -> None:
        received.append(number)
        ended.set()

    signals.on_end(end)
    print(f"page {page.start(options.host, options.port, data_dir() / 'foley_page.token')}", flush=True)
    while not ended.wait(0.5):
        pass
    page.stop()
    session.close()
    return errors.INTERRUPTED if signal.SIGINT in received else errors.OK


if __name__ == "__main__":
    sys.exit(main())
