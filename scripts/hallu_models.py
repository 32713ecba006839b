"""List the installed models, add one, or remove one.

Of sound models it lists name, pitches, latent size, length of a note in seconds, conditions, components files and
folder; of image models name, pixels, latent size, classes, components files and folder; of models of sounds for
pictures name, seconds of a clip, number of classes and folder.
"""

import argparse
import sys
from collections.abc import Sequence

from core import families
from core.progress import BYTES, show_progress
from scripts import frame
from scripts.flags import models

PROG = "hallu models"


def parser() -> argparse.ArgumentParser:
    """The flags, and those of `add` and `remove`."""
    flags = frame.new_parser(PROG, __doc__)
    models.add(flags, models.SOUND, models.IMAGE, models.FOLEY)
    flags.set_defaults(work=_list)
    actions = flags.add_subparsers(metavar="ACTION")
    add = actions.add_parser("add", help="install a model", description=_add_text())
    add.add_argument(
        "source", metavar="PATH_OR_URL_OR_NAME", help=f"folder, zip, tar, {_files()}, http(s) address, or name"
    )
    add.add_argument("--name", metavar="NAME", help="what to call it (default: as it comes)")
    add.add_argument(
        "--to", type=frame.path, metavar="DIR", help="models folder to put it in (default: the user's own)"
    )
    add.add_argument("--sha256", metavar="HEX", help="refuse a file with another checksum (default: take any)")
    frame.add_debug(add, default=argparse.SUPPRESS)
    add.set_defaults(work=_add)
    remove = actions.add_parser("remove", help="delete an added model", description="Delete a model that was added.")
    remove.add_argument("name", type=str, metavar="NAME", help="the name of its folder")
    remove.add_argument(
        "--from",
        dest="models_folder",
        type=frame.path,
        metavar="DIR",
        help="models folder (default: the user's own)",
    )
    frame.add_debug(remove, default=argparse.SUPPRESS)
    remove.set_defaults(work=_remove)
    return flags


def _files() -> str:
    """The suffixes of files that are a model by themselves."""
    return ", ".join(suffix for family in families.families() for suffix in family.suffixes)


def _add_text() -> str:
    return (
        "Install a model from a folder, a file, a zip or a tar, or by name. "
        f"Known names: {', '.join(families.known_models())}."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv)
    return frame.run(options.work, options, PROG)


def _list(options: argparse.Namespace) -> None:
    from scripts.shared import model_table

    print(model_table.table(models.folders(options)))


def _add(options: argparse.Namespace) -> None:
    from core.files.user_folders import user_models
    from core.install import install_model

    with show_progress(BYTES, "downloading") as progress:
        folder = install_model.add(options.source, options.to or user_models(), options.name, progress, options.sha256)
    print(f"added {folder.name} in {folder}")


def _remove(options: argparse.Namespace) -> None:
    from core.files.user_folders import user_models
    from core.install import remove_model

    for folder in remove_model.remove(options.name, options.models_folder or user_models()):
        print(f"removed {folder}")


if __name__ == "__main__":
    sys.exit(main())
