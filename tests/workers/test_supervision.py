"""Worker processes die, hang, grow old and are in the way; none of that costs more than the one job they had."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.stories.cast import Recorder
from tests.support import ROOT, run
from tests.workers.cells import Notebook
from xpipe_nb import ConversationFailed, Limits, ListenerConfig, Organism
from xpipe_nb.events import LogEvent, RetryEvent, WorkersEvent
from xpipe_nb.workers.pool import WorkerPool
from xpipe_nb.workers.sizing import default_size

CELL = """
@xp.listener(cpu_bound=True)
def echo(message: Num) -> Res:
    return Res(message.n, os.getpid())

@xp.listener(cpu_bound=True, timeout=0.5)
def hangs(message: Num) -> Res:
    while True:
        pass

@xp.listener(cpu_bound=True, timeout=2.5)
def naps(message: Num) -> Res:
    time.sleep(0.5)
    return Res(message.n, os.getpid())

@xp.listener(cpu_bound=True)
def works(message: Num, meta) -> Res:
    meta.log("begun")
    time.sleep(600)

@xp.listener(cpu_bound=True, retries=3)
def dies_once(message: Num, meta) -> Res:
    if meta.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return Res(meta.attempt, os.getpid())

@xp.listener(cpu_bound=True, retries=9)
def dies(message: Num, meta) -> Res:
    os.kill(os.getpid(), signal.SIGKILL)

@xp.listener(cpu_bound=True)
def nested(message: Num, meta) -> Res:
    if not message.n:
        return Res(0, os.getpid())
    return Res(1 + meta.call_sync(Num(message.n - 1), to="nested").n, os.getpid())
"""
NAMES = ("echo", "hangs", "naps", "works", "dies_once", "dies", "nested")


@pytest.fixture(scope="module")
def notebook() -> Notebook:
    """The cells that all of these use."""
    return Notebook(CELL)


def story(notebook: Notebook, workers: int = 2, **settings: Any) -> Organism:
    """An organism of all handlers of the cell."""
    pool = {"workers": workers, **settings.pop("process_pool", {})}
    return Organism("story", [notebook.names[name] for name in NAMES], process_pool=pool, **settings)


async def until(claim: Callable[[], Any], seconds: float = 100) -> Any:
    """Wait for what another process does; give what the claim gives."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not (found := claim()):
        assert loop.time() < end, "it did not come true in time"
        await asyncio.sleep(0.005)
    return found


def busy(organism: Organism) -> list[Any]:
    """The workers that run a handler."""
    return [worker for worker in organism.workers if worker.state == "busy"]


def test_a_handler_that_hangs_is_killed_when_its_time_is_over(notebook: Notebook) -> None:
    """Its worker goes with it, and the next message finds another one."""

    async def tell() -> None:
        async with story(notebook, workers=1) as organism:
            conversation = await organism.inject(notebook.names["Num"](1), to="hangs")
            (worker,) = await until(lambda: busy(organism))
            with pytest.raises(ConversationFailed, match=r"did not end within 0\.5 s"):
                await conversation
            assert (await organism.ask(notebook.names["Num"](2), to="echo")).pid != worker.pid
            await until(lambda: not psutil.pid_exists(worker.pid))
            assert organism.workers.condition.died == 0

    run(tell())


def test_the_timeout_counts_only_while_the_handler_runs(notebook: Notebook) -> None:
    """Four jobs of half a second on one worker all end, although the last one waits longer than it may run."""

    async def tell() -> None:
        async with story(notebook, workers=1) as organism:
            await organism.ask(notebook.names["Num"](0), to="echo")
            answers = await asyncio.gather(*(organism.ask(notebook.names["Num"](n), to="naps") for n in range(6)))
            assert [answer.n for answer in answers] == [0, 1, 2, 3, 4, 5]

    run(tell())


def test_an_answer_that_waits_for_a_worker_costs_no_time(notebook: Notebook) -> None:
    """A handler that has its answer but may not go on yet, because others work, does not lose its own time by that."""
    cells = notebook.run(
        "@xp.listener(cpu_bound=True, timeout=2.5)\n"
        "def asks(message: Num, meta) -> Res:\n    return meta.call_sync(message, to='here')\n"
    )

    async def tell() -> None:
        async with Organism("story", [cells.asks, cells.naps], process_pool={"workers": 1}) as organism:
            naps: list[Any] = []

            async def here(message: cells.Num) -> cells.Res:  # type: ignore[name-defined]
                naps.extend(asyncio.ensure_future(organism.ask(message, to="naps")) for _ in range(6))
                await until(lambda: busy(organism))
                return cells.Res(1)

            organism.pump.register_listener(ListenerConfig(name="here", handler=here, payload_class=cells.Num))
            assert (await organism.ask(cells.Num(1), to="asks")).n == 1
            await asyncio.gather(*naps)

    run(tell())


def test_who_waits_for_a_worker_keeps_no_place_of_others(notebook: Notebook) -> None:
    """With one global place and one worker that is busy, a handler on the loop still runs."""
    cells = notebook.run("@xp.listener\nasync def here(message: Num) -> Res:\n    return Res(message.n)")

    async def tell() -> None:
        settings = {"max_concurrent_handlers": 2, "process_pool": {"workers": 1}}
        async with Organism("story", [cells.works, cells.here], **settings) as organism:
            first = await organism.inject(cells.Num(1), to="works")
            second = await organism.inject(cells.Num(1), to="works")
            third = await organism.inject(cells.Num(1), to="works")
            await until(lambda: busy(organism))
            assert (await organism.ask(cells.Num(3), to="here")).n == 3
            for each in (first, second, third):
                await each.cancel()

    run(tell())


def test_a_killed_worker_costs_only_its_own_job(notebook: Notebook) -> None:
    """An idle one costs nothing; a busy one's job is tried again as its listener says; the pool is whole again."""
    recorder = Recorder()

    async def tell() -> None:
        Num = notebook.names["Num"]
        async with story(notebook) as organism:
            organism.subscribe(recorder)
            first = await organism.ask(Num(1), to="echo")
            assert organism.workers.kill(first.pid)
            assert (await organism.ask(Num(2), to="echo")).pid != first.pid
            assert not organism.workers.kill(first.pid)
            assert (await organism.ask(Num(3), to="dies_once")).n == 2
            conversation = await organism.inject(Num(1), to="works")
            await until(lambda: recorder.of(LogEvent))
            os.kill(busy(organism)[0].pid, signal.SIGKILL)
            with pytest.raises(ConversationFailed, match="works was killed"):
                await conversation
            assert [letter.reason for letter in organism.dead_letters] == ["handler"]
            with pytest.raises(ConversationFailed, match="second one at this message"):
                await organism.ask(Num(1), to="dies")
            condition = organism.workers.condition
            assert (condition.size, condition.start_method, condition.died) == (2, "forkserver", 5)
            assert re.fullmatch(r"worker \d+ was killed .* while it worked for dies", condition.last_failure)

    run(tell())
    assert [event.attempt for event in recorder.of(RetryEvent)] == [2, 2]


def test_cancelling_a_conversation_kills_its_job(notebook: Notebook) -> None:
    """The worker is gone soon after, whatever it did; another job that waited for it is done."""

    async def tell() -> None:
        Num = notebook.names["Num"]
        async with story(notebook, workers=1) as organism:
            conversation = await organism.inject(Num(1), to="works")
            (worker,) = await until(lambda: busy(organism))
            waiting = asyncio.ensure_future(organism.ask(Num(2), to="echo"))
            await conversation.cancel()
            assert (await waiting).n == 2
            await until(lambda: not psutil.pid_exists(worker.pid))

    run(tell())


def test_stop_leaves_nothing(notebook: Notebook) -> None:
    """No worker and no server is there after a stop, nor one that the system still keeps."""

    async def tell() -> set[int]:
        before = {each.pid for each in psutil.Process().children(recursive=True)}
        async with story(notebook) as organism:
            await organism.ask(notebook.names["Num"](1), to="echo")
            await organism.inject(notebook.names["Num"](1), to="works")
            await until(lambda: busy(organism))
            ours = {each.pid for each in psutil.Process().children(recursive=True)} - before
            assert len(ours) >= 2
            await organism.stop(grace=0)
        return ours

    assert not {pid for pid in run(tell()) if psutil.pid_exists(pid)}


def test_a_worker_is_replaced_after_so_many_jobs(notebook: Notebook) -> None:
    """With a limit of two, five messages need three workers, and all are answered."""

    async def tell() -> None:
        async with story(notebook, workers=1, process_pool={"max_tasks_per_child": 2}) as organism:
            pids = [(await organism.ask(notebook.names["Num"](n), to="echo")).pid for n in range(5)]
            assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [2, 2, 1]

    run(tell())


def test_nested_calls_grow_the_pool(notebook: Notebook) -> None:
    """A worker that waits in a call does not count, so one worker is enough for any depth up to the limit."""

    async def tell() -> None:
        async with story(notebook, workers=1, limits=Limits(max_depth=5)) as organism:
            assert (await organism.ask(notebook.names["Num"](3), to="nested")).n == 3
            with pytest.raises(ConversationFailed, match=r"limits\.max_depth") as failed:
                await organism.ask(notebook.names["Num"](9), to="nested")
            assert [error.code for error in failed.value.errors] == ["hops"]

    run(tell())


def test_the_stop_button_does_not_end_workers(notebook: Notebook) -> None:
    """SIGINT goes to the whole group of processes; idle or busy, workers leave it to the process that they work for."""

    async def tell() -> None:
        async with story(notebook) as organism:
            first = await organism.ask(notebook.names["Num"](1), to="echo")
            nap = asyncio.ensure_future(organism.ask(notebook.names["Num"](2), to="naps"))
            await until(lambda: busy(organism))
            for child in psutil.Process().children(recursive=True):
                child.send_signal(signal.SIGINT)
            assert (await nap).n == 2
            assert first.pid in {worker.pid for worker in organism.workers}
            assert first.pid in {(await organism.ask(notebook.names["Num"](1), to="echo")).pid for _ in range(3)}

    run(tell())


ORPHANS = """
import asyncio, os, sys, time
from xpipe_nb import Organism, listener, payload

@payload
class Num:
    n: int

@listener(cpu_bound=True)
def works(message: Num) -> Num:
    print(os.getpid(), flush=True)
    time.sleep(600)

async def run(method):
    async with Organism("o", [works], process_pool={"workers": 1, "start_method": method}) as organism:
        await organism.inject(Num(1))
        await asyncio.sleep(600)

async def main():
    await asyncio.gather(run("forkserver"), run("spawn"))

asyncio.run(main())
"""


def test_workers_die_with_the_process_that_they_work_for() -> None:
    """However it dies, and whatever they do; the script that has started them is not run again in them."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", ORPHANS], env=environment, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        pids = [int(program.stdout.readline()) for _ in range(2)]
        program.kill()
    left = [process for process in psutil.process_iter() if process.pid in pids]
    _, alive = psutil.wait_procs(left, timeout=100)
    assert not alive


def test_idle_workers_end() -> None:
    """After a while in which nobody needs them, and what has started them ends, too."""

    async def tell() -> None:
        from xpipe_nb.workers.jobs import Job
        from xpipe_nb.workers.packing import pack
        from xpipe_nb.workers.parcels import Parcels

        pool = WorkerPool(1, idle=0.1)
        parcel = Parcels().pack(lambda _: os.getpid()).parcel
        await pool.work(Job(1, "pid", "plain", False, parcel, pack(None)), lambda _report, _answer: None)
        (worker,) = pool.workers
        await until(lambda: not pool.workers)
        await until(lambda: not psutil.pid_exists(worker.pid))
        await pool.stop()

    run(tell())


def test_the_events_tell_what_workers_do(notebook: Notebook) -> None:
    """Who runs what for which conversation since when, with its memory; and killing by hand is an ordinary death."""
    recorder = Recorder()

    async def tell() -> None:
        async with story(notebook) as organism:
            organism.subscribe(recorder)
            conversation = await organism.inject(notebook.names["Num"](1), to="works")

            def told() -> list[Any]:
                workers = [worker for event in recorder.of(WorkersEvent) for worker in event.workers]
                return [worker for worker in workers if worker.state == "busy" and worker.memory]

            worker = (await until(told))[-1]
            assert (worker.listener, worker.conversation, worker.timeout) == ("works", conversation.number, 60)
            assert worker.seconds >= 0
            assert worker.tasks == 1
            assert worker.memory > 1_000_000
            assert organism.workers.kill(worker.pid)
            with pytest.raises(ConversationFailed, match=r"was killed from organism\.workers\.kill\(\)"):
                await conversation

    run(tell())


async def killed_at_random(notebook: Notebook, kills: int, seed: int = 0) -> tuple[int, int, int]:
    """Kill workers under load; give how many messages were sent, answered, and killed the worker of.

    No message loses two workers, which would be told as an error.
    """
    cells = notebook.run(
        "@xp.listener(cpu_bound=True, retries=3)\n"
        "def spins(message: Num, meta) -> Res:\n"
        "    end = time.perf_counter() + 0.02\n"
        "    while time.perf_counter() < end:\n        pass\n"
        "    return Res(message.n, meta.attempt)\n"
    )
    dice, struck = random.Random(seed), set[int]()
    sent, answers = 0, []

    async def ask(organism: Organism, n: int) -> None:
        answers.append(await organism.ask(cells.Num(n), to="spins"))

    async with Organism("soak", [cells.spins], process_pool={"workers": 2}, max_concurrent_pipelines=8) as organism:
        tasks: set[asyncio.Task[None]] = set()
        while len(struck) < kills:
            while len(tasks) < 8:
                tasks.add(asyncio.ensure_future(ask(organism, sent)))
                sent += 1
            _, tasks = await asyncio.wait(tasks, timeout=dice.random() * 0.05, return_when=asyncio.FIRST_COMPLETED)
            begun = [each for each in organism.workers if each.state == "busy" and each.seconds > 0.005]
            victims = [each for each in begun if each.conversation not in struck]
            victim = dice.choice(victims) if victims else None
            if victim is not None and dice.random() < 0.5:
                os.kill(victim.pid, signal.SIGKILL)
                struck.add(victim.conversation)
        await asyncio.gather(*tasks)
    assert sorted(answer.n for answer in answers) == list(range(sent))
    return sent, len(answers), sum(answer.pid > 1 for answer in answers)


def test_workers_killed_at_random_lose_nothing(notebook: Notebook) -> None:
    """25 killed with -9 under load: every message is answered once, and only those that were struck were tried again."""
    sent, answered, again = run(killed_at_random(notebook, 25))
    assert sent == answered
    assert again <= 25


@pytest.mark.parametrize(
    ("files", "limit", "size"),
    [
        ({"cpu.max": "150000 100000"}, "", 2),
        ({"cpu.max": "max 100000"}, "1", 1),
        ({"cpu.max": "50000 100000"}, "8", 1),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, "", 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "3.5", 4),
        ({}, "nonsense", 4),
    ],
)
def test_the_size_is_this_process_share_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], limit: str, size: int
) -> None:
    """The least of affinity, control group, `CPU_LIMIT` and four."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    monkeypatch.setenv("CPU_LIMIT", limit)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)), raising=False)
    assert default_size(tmp_path) == size
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0}, raising=False)
    assert default_size(tmp_path) == 1


@pytest.mark.parametrize("program", ["/no/such/python", "/bin/false"])
def test_where_no_worker_can_be_started_every_conversation_ends(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """After a few tries those who wait are told so in one sentence, and not left waiting."""
    monkeypatch.setattr(sys, "executable", program)

    async def tell() -> None:
        async with story(notebook) as organism:
            with pytest.raises(ConversationFailed, match="no worker process can be started"):
                await organism.ask(notebook.names["Num"](1), to="echo")

    run(tell())
