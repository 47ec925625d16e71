"""Measure, print a table, keep the figures; exit with 1 when a bound does not hold."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.benchmarks import cells, classics, frames, hops, memory, pages, peers, pools, profile, views
from tests.benchmarks.figures import Figure, save, table

MEASURES = {
    "hops": lambda asked: hops.measure(asked.hops, asked.rounds),
    "peers": lambda asked: peers.measure(asked.rounds),
    "classics": lambda asked: classics.measure(asked.rounds),
    "views": lambda asked: views.measure(2.0 if asked.quick else 10.0, asked.hops),
    "frames": lambda asked: frames.measure(5.0 if asked.quick else 60.0),
    "pages": lambda asked: pages.measure(2 if asked.quick else 5),
    "cells": lambda asked: cells.measure(2 if asked.quick else 5),
    "pools": lambda asked: pools.measure(3.0 if asked.quick else 10.0, asked.rounds),
    "memory": lambda asked: memory.measure(asked.messages),
    "profile": lambda asked: profile.measure(asked.hops, 3.0 if asked.quick else 10.0),
}
"""What can be measured, in the order of the table."""

ONLY_WHEN_ASKED = ("profile",)
"""Where the time goes bounds nothing."""


def main(arguments: list[str] | None = None) -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure a hop, beside peers, classics, views, magics, worker processes and memory.",
    )
    parser.add_argument("--only", choices=MEASURES, metavar="WHAT", help=f"just this: {', '.join(MEASURES)}")
    parser.add_argument("--hops", type=int, default=10_000, help="in a round (default: 10000)")
    parser.add_argument("--rounds", type=int, default=7, help="of hops (default: 7)")
    parser.add_argument("--messages", type=int, default=1_000_000, help="for the memory (default: 1000000)")
    parser.add_argument("--quick", action="store_true", help="three rounds and 200,000 messages: only a first look")
    parser.add_argument("--json", type=Path, default=Path("bench-results/latest.json"), metavar="FILE")
    options = parser.parse_args(arguments)
    if options.quick:
        options.messages = min(options.messages, 2 * memory.FIRST)
        options.rounds = min(options.rounds, 3)
    wanted = [options.only] if options.only else [each for each in MEASURES if each not in ONLY_WHEN_ASKED]
    figures: list[Figure] = [figure for name in wanted for figure in MEASURES[name](options)]
    print(table(figures))
    save(figures, options.json)
    print(f"\nkept in {options.json}")
    return int(any(figure.verdict == "fails" for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
