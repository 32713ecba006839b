"""Say where the Pure Data patches are, put them where Pd finds them, or open one.

Without arguments: the folder, the words with which Pd finds the objects in it, and the names of the patches to play.
"""

import argparse
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from core import errors
from scripts import frame

PROG = "hallu pd"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    what = flags.add_mutually_exclusive_group()
    what.add_argument(
        "--install",
        nargs="?",
        type=frame.path,
        const=True,
        metavar="DIR",
        help="copy them to DIR/hallu (default: where Pd looks for libraries); patches that you changed there are kept",
    )
    what.add_argument("--open", metavar="NAME", help="start Pd with a patch, such as gansynth")
    flags.add_argument("words", nargs="*", metavar="-- WORD", help="more words for Pd, with --open")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_pd, parser().parse_args(argv), PROG)


def _pd(options: argparse.Namespace) -> int:
    if options.words and options.open is None:
        raise ValueError(f"words for Pd go with --open, not {' '.join(options.words)!r:.80}")
    if options.open is not None:
        return _open(options.open, options.words)
    if options.install is not None:
        _install(options.install)
    else:
        _show()
    return errors.OK


def _show() -> None:
    from core.files.user_folders import shipped
    from core.install import pd_patches

    folder = shipped("pd")
    print(folder)
    print(f"objects: pd -path {shlex.quote(str(folder))}")
    print(f"patches: {' '.join(pd_patches.patches())}")


def _install(into: Path | bool) -> None:
    from core.install import pd_patches

    folder, kept = pd_patches.install(into if isinstance(into, Path) else pd_patches.standard_folder())
    print(f"installed in {folder}")
    for path in kept:
        print(f"your version is now {path.name}")
    print(f"in patches of your own, [declare -path {pd_patches.LIBRARY}] finds the objects")


def _open(name: str, words: Sequence[str]) -> int:
    from core.files.user_folders import shipped
    from core.install import pd_patches

    folder, name = shipped("pd"), name.removesuffix(".pd")
    if name not in pd_patches.patches():
        raise FileNotFoundError(f"there is no patch {name!r:.60}; there are {', '.join(pd_patches.patches())}")
    program = pd_patches.find_pd()
    return subprocess.call([program, "-path", str(folder), *words, str(folder / f"{name}.pd")])


if __name__ == "__main__":
    sys.exit(main())
