"""Measure and print a table.

With MAGENTA_PYTHON naming the interpreter of Magenta's environment, Magenta does the same work in the same run.
Otherwise ours stands alone.
"""

import argparse
import importlib

PARTS = ("play", "train", "pictures", "stylegan2", "cips", "specvqgan_codec", "specvqgan_tokens")


def main() -> None:
    """Parse the flags and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="?", default="play", choices=PARTS, help="what to measure (default: %(default)s)")
    importlib.import_module(f"bench.{parser.parse_args().part}").main([])


if __name__ == "__main__":
    main()
