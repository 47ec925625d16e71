"""How often a view is drawn: at most as often as is wished, and less where a drawing takes long."""

from __future__ import annotations

import asyncio
from time import thread_time

from tests.support import run
from xpipe_nb.notebook.pace import SEEN, SHARE, UNSEEN, Pace


def until_the_second(draw_for: float) -> float:
    """Give the seconds between a drawing that takes so much of the processor, and the next."""

    async def drawn_twice() -> float:
        times: list[float] = []
        twice = asyncio.Event()
        loop = asyncio.get_running_loop()

        def draw() -> bool:
            times.append(loop.time())
            until = thread_time() + draw_for
            while thread_time() < until:
                pass
            if len(times) == 2:
                twice.set()
            return True

        pace = Pace(draw, loop)
        pace.came("page")
        pace.changed()
        for _ in range(2):
            pace.changed()
            pace.acknowledged()
            while not times:
                await asyncio.sleep(0.001)
        await twice.wait()
        pace.close()
        return times[1] - times[0]

    return run(drawn_twice())


def test_a_drawing_that_takes_long_is_made_less_often():
    """It may take a small share of the loop's time, but a second is the longest that anybody waits."""
    assert until_the_second(0.0) >= SEEN * 0.99
    assert until_the_second(0.01) >= 0.01 / SHARE
    assert UNSEEN * 0.99 <= until_the_second(0.1) < 2 * UNSEEN
