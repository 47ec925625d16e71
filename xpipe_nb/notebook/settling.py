"""`%settle`: waits until nothing is under way, and shows the final state wherever it is shown."""

from __future__ import annotations

import asyncio

from xpipe_nb.notebook.mistakes import Mistake
from xpipe_nb.notebook.session import Session

__all__ = ["settle"]


async def settle(session: Session, seconds: float | None) -> str:
    """Wait for quiet in every organism; give a line for each.

    Args:
        session: The organisms of this kernel.
        seconds: How long to wait at most.

    Raises:
        Mistake: When something is still under way after that time, or nothing runs.
    """
    if not session.runs:
        raise Mistake(session.nothing_runs)
    lines = []
    try:
        async with asyncio.timeout(seconds):
            for name, organism in session.organisms.items():
                report = await organism.settle()
                waiting = ", ".join(f"#{number}" for number in report.open)
                why = "it is paused" if report.paused else "nothing of it can go on"
                if report.questions:
                    lines.append(f"{name}: quiet, but {'; '.join(map(str, report.questions))}")
                    continue
                lines.append(f"{name}: quiet" + (f", but {waiting} is not over: {why}" if waiting else ""))
    except TimeoutError:
        raise Mistake(f"Not quiet within {seconds:g} s: {_under_way(session)}") from None
    finally:
        session.renew_pictures(every=True)
    return "\n".join(lines)


def _under_way(session: Session) -> str:
    return ", ".join(
        f"{name} has #{each.number} in {each.chain[-1]}"
        for name, organism in session.organisms.items()
        for each in organism.conversations
        if not each.is_over
    )
