"""The longest hallucination for a client at 192 kHz: memory and file.

python -m bench.reliability.long_sound                   # 30 minutes
python -m bench.reliability.long_sound --minutes 3
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.common import peak_mb
from bench.reliability.running import running
from server.osc.client import Client

_SPACING_S = 2.0


def main() -> None:
    """Parse the flags, hallucinate, print memory and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=29.9, help="of sound (default: %(default)s)")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--no-image", "--load", "fluid") as server:
        server.until_loaded("fluid")
        with Client("127.0.0.1", server.port, 1200.0) as client:
            list(client.ask("/notify", 0, 192_000))
            list(client.ask("/sound/hallucinate", "short", 3, 0))
            before = peak_mb(server.process.pid)
            notes, begun_s = round(60 * minutes / _SPACING_S), time.perf_counter()
            replies = list(client.ask("/sound/hallucinate", "long", notes, 0, _SPACING_S))
        if replies[-1].address == "/fail":
            sys.exit(f"the server refuses: {replies[-1].args[-1]}")
        audio = next(reply for reply in replies if reply.address == "/sound/audio")
        size_mb = Path(str(audio.args[1])).stat().st_size >> 20
        took_s = time.perf_counter() - begun_s
        print(f"{int(audio.args[2]) / 192_000:.0f} s of sound at 192 kHz in {took_s:.0f} s: a file of {size_mb} MB")
        print(f"peak memory {before:.0f} MB before, {peak_mb(server.process.pid):.0f} MB after")


if __name__ == "__main__":
    main()
