"""Shrink a run folder to what playing it here needs: the averaged generator of the latest save, and its settings.

It says what it would do, and does it only with --execute. Training cannot go on from a shrunk folder, nor can Magenta
load it.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

from gansynth import shrink
from scripts import frame
from scripts.flags import audio_files

PROG = "gansynth_postprocess_model"


def parser() -> argparse.ArgumentParser:
    """The flags, named as in the course's pages."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("--ckpt_dir", type=frame.path, required=True, help="the run folder")
    flags.add_argument("--meta_path", type=frame.path, help="meta.json of the dataset, to copy into the folder")
    flags.add_argument("--execute", action="store_true", help="do it, instead of saying what would be done")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_shrink, parser().parse_args(argv), PROG)


def _shrink(options: argparse.Namespace) -> None:
    audio_files.import_tensorflow(options)
    steps = shrink.plan(options.ckpt_dir, options.meta_path)
    before = shrink.size_of(steps.folder)
    for line in _lines(steps):
        print(line)
    if options.execute:
        shrink.execute(steps)
        print(f"{steps.folder}: {_size(before)} before, {_size(shrink.size_of(steps.folder))} now")
    else:
        print(f"{steps.folder}: {_size(before)} now, about {_size(before - _saved(steps))} with --execute")


def _saved(steps: shrink.Plan) -> int:
    return steps.size - steps.new_size + sum(map(shrink.size_of, steps.gone))


def _lines(steps: shrink.Plan) -> Iterator[str]:
    """What is done, a line for each file or folder."""
    save = steps.save.relative_to(steps.folder)
    if steps.new_size < steps.size:
        yield f"shrink {save}  {_size(steps.size)} -> {_size(steps.new_size)}"
    else:
        yield f"keep   {save}  {_size(steps.size)}"
    for path in steps.gone:
        yield f"delete {path.relative_to(steps.folder)}{'/' * path.is_dir()}  {_size(shrink.size_of(path))}"
    for name in steps.written:
        without = f", without {', '.join(steps.dropped)}" if name == shrink.EXPERIMENT else ""
        yield f"write  {name}{without}"
    touched = {*steps.gone, *(steps.folder / name for name in steps.written)}
    for path in sorted(steps.folder.iterdir()):
        if path not in touched and path != steps.save.parent:
            yield f"keep   {path.name}{'/' * path.is_dir()}  {_size(shrink.size_of(path))}"


def _size(count: int) -> str:
    """Bytes for people.

    >>> _size(1234567)
    '1.2 MB'
    """
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"


if __name__ == "__main__":
    sys.exit(main())
