"""Write the deken package of the patches, which Pd's *Find externals* installs: `python -m scripts.deken_package`.

Beside the package are its list of objects, with the descriptions in their help patches, and its checksum.
"""

import argparse
import hashlib
import io
import re
import sys
import zipfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.files import atomic
from core.files.user_folders import shipped
from core.install.pd_patches import LIBRARY
from scripts import frame

PROG = "deken_package"
# The same content gives the same file.
_TIME = (2020, 1, 1, 0, 0, 0)
_LEFT_OUT = {"__pycache__"}


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("--out", type=frame.path, default=Path(), metavar="DIR", help="where to put it (default: here)")
    flags.add_argument("--version", metavar="X.Y.Z", help="version of the package (default: that of hallu)")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_write, parser().parse_args(argv), PROG)


def objects(folder: Path) -> dict[str, str]:
    """Each object in a folder that has a help patch, and the description in it."""
    found = {}
    for path in sorted(folder.glob("*-help.pd")):
        name = path.stem.removesuffix("-help")
        # Pd breaks lines within an entry.
        text = " ".join(path.read_text(encoding="utf-8").split())
        described = re.search(r"#X text \d+ \d+ DESCRIPTION (.*?)(?:, f \d+)?;", text)
        if described and path.with_name(f"{name}.pd").is_file():
            found[name] = described[1].replace(" \\,", ",").replace("\\", "")
    return found


def _write(options: argparse.Namespace) -> None:
    folder = shipped("pd")
    name = f"{LIBRARY}[v{options.version or _version()}].dek"
    package = options.out / name
    frame.refuse_existing(package)
    data = _zip(folder)
    listed = "".join(f"{one}\t{text}\n" for one, text in objects(folder).items())
    atomic.write_bytes(package, data)
    atomic.write_text(options.out / f"{name}.txt", listed)
    atomic.write_text(options.out / f"{name}.sha256", hashlib.sha256(data).hexdigest())
    print(f"{package}: {len(listed.splitlines())} objects, {len(data) >> 10} kB")


def _zip(folder: Path) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not _LEFT_OUT & set(path.parts):
                _add(file, path.relative_to(folder).as_posix(), path.read_bytes())
        license_text = folder.parent / "LICENSE"
        if license_text.is_file():
            _add(file, "LICENSE.txt", license_text.read_bytes())
    return memory.getvalue()


def _add(file: zipfile.ZipFile, name: str, data: bytes) -> None:
    if name == "README.md":
        # The pages that it leads to are not in the package.
        data = re.sub(rb"!?\[([^]]*)\]\(\.\./[^)]*\)", rb"\1", data)
    entry = zipfile.ZipInfo(f"{LIBRARY}/{name}", _TIME)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    file.writestr(entry, data)


def _version() -> str:
    try:
        return version("hallu")
    except PackageNotFoundError:
        raise ValueError("hallu is not installed, so its version is not known; name one with --version") from None


if __name__ == "__main__":
    sys.exit(main())
