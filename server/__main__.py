"""`python -m server`: the same as `hallu`."""

import sys

from scripts.hallu import main

if __name__ == "__main__":
    sys.exit(main())
