"""Measure, print a table, keep the figures; exit with 1 when a bound is not seen to hold."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.benchmarks import (
    cells,
    classics,
    cold,
    frames,
    growth,
    guard,
    hops,
    hung,
    lag,
    memory,
    open_conversations,
    page,
    pages,
    pools,
    profile,
    views,
    works,
)
from tests.benchmarks.figures import Figure, load, save, table
from tests.benchmarks.peers import beside

MEASURES: dict[str, Callable[[argparse.Namespace], list[Figure]]] = {
    "hops": lambda asked: hops.measure(asked.hops, asked.rounds),
    "works": lambda asked: works.measure(asked.rounds),
    "peers": lambda asked: beside.measure(1 if asked.quick else min(asked.rounds, 5)),
    "cold": lambda asked: cold.measure(1 if asked.quick else min(asked.rounds, 5)),
    "lag": lambda asked: lag.measure(1.0 if asked.quick else 3.0, asked.rounds),
    "hung": lambda asked: hung.measure(3_000 if asked.quick else 6_000, asked.rounds),
    "open": lambda _asked: open_conversations.measure(),
    "growth": lambda asked: growth.measure(asked.messages, 3_000, asked.rounds),
    "classics": lambda asked: classics.measure(1 if asked.quick else min(asked.rounds, 5)),
    "views": lambda asked: views.measure(2.0 if asked.quick else 6.0, asked.hops),
    "frames": lambda asked: frames.measure(5.0 if asked.quick else 60.0, asked.minutes),
    "pages": lambda asked: pages.measure(2 if asked.quick else 5),
    "cells": lambda asked: cells.measure(2 if asked.quick else 5),
    "pools": lambda asked: pools.measure(3.0 if asked.quick else 10.0, asked.rounds),
    "memory": lambda asked: memory.measure(max(asked.messages, 2 * memory.FIRST)),
    "profile": lambda asked: profile.measure(asked.hops, 3.0 if asked.quick else 10.0),
}
"""What can be measured, in the order of the table."""

ONLY_WHEN_ASKED = ("profile",)
"""Where the time goes bounds nothing."""

SLOW = ("memory", "frames", "open")
"""What a short look leaves out."""

GUARDED = ("hops", "works", "peers", "hung")
"""What `--check` measures."""


def main(arguments: list[str] | None = None) -> int:
    """Measure what the command line asks for."""
    options = asked(arguments)
    if options.readme or options.keep:
        return told(options)
    if options.check:
        return checked(options)
    wanted = options.only or [each for each in MEASURES if each not in ONLY_WHEN_ASKED]
    if options.quick and not options.only:
        wanted = [each for each in wanted if each not in SLOW]
    by_name: dict[str, list[Figure]] = {}
    for name in wanted:
        by_name[name] = measured(name, options)
        save(by_name, options.json)  # whatever becomes of the rest
    figures = flat(by_name)
    print(table(figures))
    print(f"\nkept in {options.json}")
    return int(not all(figure.is_shown for figure in figures))


def flat(by_name: Mapping[str, Iterable[Figure]]) -> list[Figure]:
    """All figures, in the order of the table."""
    return [figure for figures in by_name.values() for figure in figures]


def told(options: argparse.Namespace) -> int:
    """Write what was measured last where others read it."""
    machine, by_name = load(options.json)
    missing = [each for each in page.TOLD if each not in by_name]
    if options.readme and missing:
        print(f"{options.json} lacks {', '.join(missing)}; `make bench` measures all", file=sys.stderr)
        return 2
    if options.readme:
        page.write(machine, by_name)
        print(f"{page.README.name} and {page.PICTURE.name} tell what is kept in {options.json}")
    if options.keep:
        guard.keep(by_name)
        print(f"{guard.REFERENCE.name} has the ratios of {options.json}")
    return 0


def asked(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure an organism: beside bare queues, beside peers, and against its bounds.",
    )
    names = ", ".join(MEASURES)
    parser.add_argument(
        "--only", choices=MEASURES, action="append", metavar="WHAT", help=f"just this (can be repeated): {names}"
    )
    parser.add_argument("--hops", type=int, default=10_000, help="in a round (default: 10000)")
    parser.add_argument("--rounds", type=int, default=7, help="of most things (default: 7)")
    parser.add_argument("--messages", type=int, default=1_000_000, help="for growth and memory (default: 1000000)")
    parser.add_argument(
        "--minutes",
        type=float,
        default=0.0,
        help="how long frames watches the browser's memory by the clock"
        " (default: it draws what ten minutes have, as fast as it can)",
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"only a first look: few rounds, without {', '.join(SLOW)}"
    )
    parser.add_argument("--json", type=Path, default=Path("bench-results/latest.json"), metavar="FILE")
    parser.add_argument("--keep", action="store_true", help="measure nothing: make what is kept the reference")
    parser.add_argument("--check", action="store_true", help="compare with the reference; fail on a fifth more")
    parser.add_argument("--readme", action="store_true", help="measure nothing: write what is kept into the README")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds = min(options.rounds, 3)
        options.hops = min(options.hops, 3_000)
        options.messages = min(options.messages, 20_000)
    return options


def measured(name: str, options: argparse.Namespace) -> list[Figure]:
    """Measure one thing, and say on the error stream how long it took."""
    began = time.monotonic()
    print(f"{name} …", end="", file=sys.stderr, flush=True)
    figures = MEASURES[name](options)
    print(f" {time.monotonic() - began:.0f} s", file=sys.stderr)
    return figures


def checked(options: argparse.Namespace) -> int:
    """Compare with the reference; what seems lost is measured once more, because a neighbour may have been loud."""
    reference = guard.reference()
    lost: dict[str, str] = {}
    for name in options.only or GUARDED:
        known = reference.get(name, {})
        figures = measured(name, options)
        suspected = guard.losses(figures, known)
        if suspected:
            figures = measured(name, options)
            lost |= {what: how for what, how in guard.losses(figures, known).items() if what in suspected}
        print(table(figures))
    for what, how in lost.items():
        print(f"LOST  {what}: {how}")
    print(f"\n{len(lost)} ratios lost more than a fifth" if lost else "\nno ratio lost more than a fifth")
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
