"""Measure, print a table, keep the figures; exit with 1 when a bound does not hold."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.benchmarks import cells, hops, memory, profile, views
from tests.benchmarks.figures import Figure, save, table


def main(arguments: list[str] | None = None) -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Measure a hop, the memory, the views and the magics."
    )
    parser.add_argument("--only", choices=["hops", "profile", "memory", "views", "cells"], help="just this")
    parser.add_argument("--hops", type=int, default=10_000, help="in a round (default: 10000)")
    parser.add_argument("--rounds", type=int, default=7, help="of hops (default: 7)")
    parser.add_argument("--messages", type=int, default=1_000_000, help="for the memory (default: 1000000)")
    parser.add_argument("--quick", action="store_true", help="three rounds and 200,000 messages: only a first look")
    parser.add_argument("--json", type=Path, default=Path("bench-results/latest.json"), metavar="FILE")
    options = parser.parse_args(arguments)
    if options.quick:
        options.messages = min(options.messages, 2 * memory.FIRST)
        options.rounds = min(options.rounds, 3)
    figures: list[Figure] = []
    if options.only in (None, "hops"):
        figures += hops.measure(options.hops, options.rounds)
    if options.only == "profile":  # where the time goes bounds nothing, so that it is measured only when asked for
        figures += profile.measure(options.hops, 3.0 if options.quick else 10.0)
    if options.only in (None, "views"):
        figures += views.measure(2.0 if options.quick else 10.0, options.hops)
    if options.only in (None, "cells"):
        figures += cells.measure(2 if options.quick else 5)
    if options.only in (None, "memory"):
        figures += memory.measure(options.messages)
    print(table(figures))
    save(figures, options.json)
    print(f"\nkept in {options.json}")
    return int(any(figure.verdict == "fails" for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
