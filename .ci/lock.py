"""Writes constraints.txt: one exact set of packages per supported Python, merged with environment markers.

Usage, from the repository root: python3 .ci/lock.py PYTHON3.10 PYTHON3.11 PYTHON3.12 PYTHON3.13
Each interpreter resolves `.[test]` with its own pip (a dry run, nothing is installed).
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HEADER = """\
# The exact set of packages that the tests ran with, on Linux. Optional: without it, pip picks the newest that the
# bounds in pyproject.toml allow. Written by .ci/lock.py.
"""


def resolve(python: str) -> tuple[str, dict[str, str]]:
    """Python's minor version, such as "3.11", and every package that `.[test]` needs there."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [python, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed"]
        subprocess.run([*command, "--report", str(report), ".[test]"], check=True)
        read = json.loads(report.read_text(encoding="utf-8"))
    found = {
        item["metadata"]["name"].lower().replace("_", "-"): item["metadata"]["version"] for item in read["install"]
    }
    del found["hallu"]
    return read["environment"]["python_version"], found


def lines(sets: dict[str, dict[str, str]]) -> list[str]:
    """One line per package where all Pythons agree, else one line per version with the Pythons that get it."""
    written = []
    for name in sorted({name for found in sets.values() for name in found}):
        pythons: dict[str, list[str]] = {}
        for python, found in sets.items():
            if name in found:
                pythons.setdefault(found[name], []).append(python)
        if list(pythons.values()) == [list(sets)]:
            written.append(f"{name}=={found[name]}")
            continue
        for version, names in pythons.items():
            marker = " or ".join(f'python_version == "{python}"' for python in names)
            written.append(f"{name}=={version} ; {marker}")
    return written


if __name__ == "__main__":
    merged = dict(resolve(python) for python in sys.argv[1:])
    Path("constraints.txt").write_text(HEADER + "\n".join(lines(merged)) + "\n", encoding="utf-8")
