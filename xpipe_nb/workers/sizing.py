"""How many processes may work at once here: not what the machine has, but what is this process's share of it."""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path

__all__ = ["MOST", "default_size"]

MOST = 4
"""More are started only when asked for: each has a copy of what its handlers need."""


def default_size(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Give the number of workers where none is set: the least of affinity, control group, `CPU_LIMIT` and four.

    Args:
        cgroup: Where the control group of this process is seen.

    Example:
        >>> 1 <= default_size() <= 4
        True
    """
    bounds = [MOST, _affinity(), _limit(os.environ.get("CPU_LIMIT", "")), _second(cgroup), _first(cgroup)]
    return max(1, min(bound for bound in bounds if bound is not None))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _limit(text: str) -> int | None:
    """Read `CPU_LIMIT`, which hubs set to a number of processors."""
    try:
        limit = float(text)
    except ValueError:
        return None
    return ceil(limit) if 0 < limit < 1e6 else None


def _second(cgroup: Path) -> int | None:
    """Read the quota of a control group of version 2: `200000 100000`, or `max 100000`."""
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    return _quotient(quota, period)


def _first(cgroup: Path) -> int | None:
    """Read the same of version 1."""
    return _quotient(_read(cgroup / "cpu/cpu.cfs_quota_us"), _read(cgroup / "cpu/cpu.cfs_period_us"))


def _quotient(quota: str, period: str) -> int | None:
    try:
        given, whole = int(quota), int(period)
    except ValueError:
        return None
    return ceil(given / whole) if given > 0 and whole > 0 else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
