"""Small helpers that many tests share: run a coroutine, run a program, wait for a state."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["PATIENT", "ROOT", "eventually", "fresh_python", "run"]

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
"""The top of the source tree."""


PATIENT: dict[str, Any] = {"timeout": 180, "startup_timeout": 180, "iopub_timeout": 60}
"""How long to wait for a notebook that is run: a machine may be slow, and what comes late would be left out."""


def run(coroutine: Coroutine[Any, Any, T], seconds: float = 120) -> T:
    """Run a coroutine in a fresh loop; a test that hangs becomes a `TimeoutError`, also on a slow machine under load."""

    async def bounded() -> T:
        return await asyncio.wait_for(coroutine, seconds)

    return asyncio.run(bounded())


async def eventually(claim: Callable[[], bool], turns: int = 1000) -> None:
    """Give the loop turns until the claim holds, and after those the time that a thread or process may still need.

    Raises:
        AssertionError: The claim does not hold after that many turns and half a minute.
    """
    for _ in range(turns):
        if claim():
            return
        await asyncio.sleep(0)
    for _ in range(3000):
        if claim():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"still not true after {turns} turns of the loop, and half a minute")


def fresh_python(*arguments: str, seconds: float = 180, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments in a process of its own, at the top of the source tree."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )
