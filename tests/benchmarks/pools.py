"""Worker processes: what the loop feels of them, what a task costs beside loky, and how soon they are there (again).

Tasks are as long by the clock on the wall as they say, so that neighbours on the machine count as little as can be.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import statistics
import time
from typing import Any

from tests.benchmarks.figures import Figure
from tests.workers.cells import Notebook
from xpipe_nb import Organism
from xpipe_nb.workers.capture import logger_levels
from xpipe_nb.workers.jobs import Job
from xpipe_nb.workers.packing import pack, unpack
from xpipe_nb.workers.parcels import Parcels
from xpipe_nb.workers.pool import WorkerPool
from xpipe_nb.workers.reports import Done

__all__ = ["measure"]

WORKERS = 2
LAG = 10.0
"""Milliseconds that the loop may be late."""

CELL = """
@xp.listener(cpu_bound=True)
def spins(message: Num) -> Res:
    end = time.perf_counter() + message.n / 1000
    while time.perf_counter() < end:
        pass
    return Res(message.n, os.getpid())

@xp.listener(cpu_bound=True)
def trivial(message: Num) -> Res:
    return Res(message.n, os.getpid())
"""


def measure(seconds: float, rounds: int) -> list[Figure]:
    """Measure the pool.

    Args:
        seconds: How long the loop is watched.
        rounds: How often everything else is done; the median counts.
    """
    cells = Notebook(CELL)
    (late, own), (floor, _) = asyncio.run(lags(cells, seconds)), asyncio.run(lags(None, seconds))
    spread = [asyncio.run(sixteen(cells)) for _ in range(rounds)]
    ours, lokys, whole_hop = beside_loky(cells, rounds)
    cold = [asyncio.run(first_result(cells)) for _ in range(rounds)]
    whole = [asyncio.run(whole_again(cells)) for _ in range(rounds)]
    p99, p99_floor = (1000 * statistics.quantiles(each, n=100)[98] for each in (late, floor))
    return [
        _bounded("loop late while 4 conversations fill the pool, p99", p99, "ms", p99, LAG, len(late)),
        _bounded("  the most", 1000 * max(late), "ms", 1000 * max(late), LAG, len(late)),
        _bounded("  of which its own processor time, the most", 1000 * max(own), "ms", 1000 * max(own), LAG, len(own)),
        Figure("  p99 beside two processes that spin and are not ours", p99_floor, "ms"),
        _bounded("16 tasks of 50 ms on 2 workers, against the ideal", *_ratio(spread, 0.4), 1.2, spread),
        _bounded("task on a warm pool, against loky with cached functions", 1e6 * statistics.median(ours), "us",
                 statistics.median(ours) / statistics.median(lokys), 1.5, [ours, lokys]),
        Figure("  the same by loky with cached functions", 1e6 * statistics.median(lokys), "us"),
        Figure("  as a whole conversation of an organism", 1e6 * statistics.median(whole_hop), "us"),
        _bounded("first result after a cold start, against 0.5 s", *_ratio(cold, 0.5), 1, cold),
        _bounded("a killed pool is whole again, against 1 s", *_ratio(whole, 1.0), 1, whole),
    ]  # fmt: skip


def _ratio(rounds: list[float], against: float) -> tuple[float, str, float]:
    middle = statistics.median(rounds)
    return 1000 * middle, "ms", middle / against


def _bounded(what: str, value: float, unit: str, ratio: float, bound: float, detail: Any) -> Figure:
    return Figure(what, value, unit, ratio, bound, detail)


def organism(cells: Notebook) -> Organism:
    """An organism with two workers."""
    return Organism("pool", [cells.names["spins"], cells.names["trivial"]], process_pool={"workers": WORKERS})


async def lags(cells: Notebook | None, seconds: float) -> tuple[list[float], list[float]]:
    """Look how late a timer is, and what the loop's thread has computed since; meanwhile the pool is full, or two others spin."""
    if cells is None:
        spinning = [await asyncio.create_subprocess_exec("sh", "-c", "while :; do :; done") for _ in range(WORKERS)]
        late = await _late(seconds)
        for process in spinning:
            process.kill()
            await process.wait()
        return late
    async with organism(cells) as story:
        await _warm(story, cells)
        until = time.perf_counter() + seconds

        async def conversation() -> None:
            while time.perf_counter() < until:
                await story.ask(cells.names["Num"](20), to="spins")

        load = [asyncio.ensure_future(conversation()) for _ in range(4)]
        late = await _late(seconds)
        await asyncio.gather(*load)
    return late


async def _late(seconds: float) -> tuple[list[float], list[float]]:
    loop = asyncio.get_running_loop()
    late: list[float] = []
    own: list[float] = []
    gc.collect()
    gc.freeze()  # to look through all that benchmarks have loaded takes 0.2 s, of which the pool knows nothing
    until = loop.time() + seconds
    while loop.time() < until:
        due, before = loop.time() + 0.005, time.thread_time()
        await asyncio.sleep(0.005)
        late.append(loop.time() - due)
        own.append(time.thread_time() - before)
    gc.unfreeze()
    return late, own


async def _warm(story: Organism, cells: Notebook) -> set[int]:
    """Have both workers do something; give their process ids."""
    answers = await asyncio.gather(*(story.ask(cells.names["Num"](50), to="spins") for _ in range(2 * WORKERS)))
    return {answer.pid for answer in answers}


async def sixteen(cells: Notebook) -> float:
    """Sixteen tasks of 50 ms on two warm workers, in seconds."""
    async with organism(cells) as story:
        await _warm(story, cells)
        before = time.perf_counter()
        await asyncio.gather(*(story.ask(cells.names["Num"](50), to="spins") for _ in range(16)))
        return time.perf_counter() - before


async def first_result(cells: Notebook) -> float:
    """From a message to its answer, where no worker was before."""
    async with organism(cells) as story:
        before = time.perf_counter()
        await story.ask(cells.names["Num"](1), to="trivial")
        return time.perf_counter() - before


async def whole_again(cells: Notebook) -> float:
    """From the death of all workers to the answers of as many new ones."""
    async with organism(cells) as story:
        pids = await _warm(story, cells)
        before = time.perf_counter()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        answers = await asyncio.gather(*(story.ask(cells.names["Num"](100), to="spins") for _ in range(WORKERS)))
        spent = time.perf_counter() - before - 0.1
        assert not pids & {answer.pid for answer in answers}
        return spent


# ---- beside loky

TASKS = 200


def beside_loky(cells: Notebook, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds for a trivial task, one after the other: by our pool, by loky with cached functions, by an organism."""
    import cloudpickle
    from loky import get_reusable_executor

    executor = get_reusable_executor(max_workers=WORKERS)
    function: Any = eval("lambda n: n", cells.names)
    packed, parcels = cloudpickle.dumps(function), Parcels()
    ours: list[float] = []
    lokys: list[float] = []
    whole: list[float] = []

    async def by_pool(pool: WorkerPool) -> None:
        for n in range(TASKS):
            parcel, known = parcels.pack(function)
            job = Job(n, "task", "plain", False, parcel, pack(n, known), levels=logger_levels())
            ending = await pool.work(job, lambda _report, _answer: None)
            assert isinstance(ending, Done)
            assert unpack(ending.result) == n

    async def by_loky() -> None:
        for n in range(TASKS):
            result = executor.submit(cached, "a hash", packed, pickle.dumps(n)).result()
            assert pickle.loads(result) == n

    async def by_organism(story: Organism) -> None:
        for n in range(TASKS):
            await story.ask(cells.names["Num"](n), to="trivial")

    async def story() -> None:
        pool = WorkerPool(WORKERS)
        async with organism(cells) as warm:
            await _warm(warm, cells)
            await by_pool(pool)
            for _ in range(rounds):
                for kept, task in ((ours, by_pool(pool)), (lokys, by_loky()), (whole, by_organism(warm))):
                    before = time.perf_counter()
                    await task
                    kept.append((time.perf_counter() - before) / TASKS)
        await pool.stop()

    executor.submit(cached, "a hash", packed, pickle.dumps(0)).result()
    asyncio.run(story())
    executor.shutdown(kill_workers=True)
    return ours, lokys, whole


_FUNCTIONS: dict[str, Any] = {}


def cached(digest: str, function: bytes, payload: bytes) -> bytes:
    """What loky's workers run: a function that is unpickled once."""
    found = _FUNCTIONS.get(digest)
    if found is None:
        found = _FUNCTIONS[digest] = pickle.loads(function)
    return pickle.dumps(found(pickle.loads(payload)))
