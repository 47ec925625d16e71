"""`python -m xpipe_nb`: the command line."""

from __future__ import annotations

import sys

from xpipe_nb.cli import main

if __name__ == "__main__":
    sys.exit(main())
