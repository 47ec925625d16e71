"""Kill workers with -9 at random under load, many times: `python -m tests.workers.soak --kills 500`."""

from __future__ import annotations

import argparse
import asyncio
import random

from tests.workers.cells import Notebook
from tests.workers.test_supervision import killed_at_random


def main() -> None:
    """Kill, count, and fail if a message was lost or one that was not struck was tried again."""
    parser = argparse.ArgumentParser(description="Kill worker processes at random under load.")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = parser.parse_args()
    sent, answered, again = asyncio.run(killed_at_random(Notebook(), options.kills, options.seed))
    print(
        f"{options.kills} workers killed (seed {options.seed}): {sent} sent, {answered} answered, {again} tried again"
    )
    if sent != answered or again > options.kills:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
