"""`executor: dask`: the same handlers on a real Dask cluster, with the same timeouts, prints, progress, calls and errors."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import warnings
from collections.abc import Iterator

import psutil
import pytest

from tests.support import run
from tests.workers.cells import Notebook
from xpipe_nb import ConfigError, ConversationFailed, Organism, ProgressEvent, RetryEvent
from xpipe_nb.workers import cluster as clusters

distributed = pytest.importorskip("distributed", reason="the cluster is a real one: pip install 'xpipe_nb[dask]'")

CELL = """
@xp.payload
class Task:
    text: str
    number: int = 0

@xp.payload
class Result:
    text: str

@xp.listener(executor="dask")
def teller(message: Task, meta) -> Result:
    print("begins")
    for done in range(1, 4):
        meta.progress(done, 3, message.text)
    logging.getLogger("far").warning("logged")
    warnings.warn("careful")
    meta.log("a", "line")
    print("ends", end="")
    return Result(f"{os.getpid()} {meta.attempt} {meta.from_id}")

@xp.listener(executor="dask", timeout=0.5)
def hanging(message: Task) -> Result:
    print(os.getpid(), flush=True)
    while True:
        pass

@xp.listener(executor="dask", retries=1)
def exiting(message: Task, meta) -> Result:
    if meta.attempt == 1:
        os._exit(7)
    return Result(f"attempt {meta.attempt}")

def note(message, meta):
    with open(message.text, "a") as file:
        file.write(f"{os.getpid()} {meta.attempt}\\n")

@xp.listener(executor="dask", retries=1)
def lasting(message: Task, meta) -> Result:
    note(message, meta)
    while meta.attempt == 1:
        time.sleep(0.01)
    return Result(f"attempt {meta.attempt}")

@xp.listener(executor="dask")
def once(message: Task, meta) -> Result:
    note(message, meta)
    while True:
        time.sleep(0.01)

@xp.listener(executor="dask")
def failing(message: Task) -> Result:
    raise KeyError(message.text)

@xp.listener(executor="dask")
def asking(message: Task, meta) -> Result:
    return meta.call_sync(Task(message.text), to=("inner" if message.number else "local"))

@xp.listener(executor="dask")
async def inner(message: Task, meta) -> Result:
    return await meta.call(message, to="local")

@xp.listener
async def local(message: Task) -> Result:
    return Result(message.text.upper())

@xp.listener(executor="dask")
def counting(message: Task):
    for number in range(message.number):
        yield Result(str(number))
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    """Two workers, as somebody else has started them."""
    with (
        warnings.catch_warnings(action="ignore"),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def cell() -> dict[str, object]:
    """What a cell of a notebook has defined; no other process can import it."""
    return Notebook(CELL).names


def story(cell: dict[str, object], cluster: object, **settings: object) -> Organism:
    listeners = [each for each in cell.values() if hasattr(each, "__xpipe_listener__")]
    return Organism("far", listeners, dask={"address": cluster.scheduler_address}, **settings)


async def until(claim) -> None:
    """Wait for what other processes do."""
    async with asyncio.timeout(20):
        while not claim():
            await asyncio.sleep(0.02)


def test_a_handler_of_a_cell_runs_there_and_all_it_tells_comes_back(cell, cluster, capsys, caplog) -> None:
    """In another process, with its prints, logs, warnings and progress in front of its answer."""

    async def main():
        async with story(cell, cluster) as organism:
            events = []
            organism.subscribe(events.append)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                reply = await organism.ask(cell["Task"]("fit"), to="teller")
            await organism.settle()
            return reply, events, [str(each.message) for each in caught]

    reply, events, caught = run(main())
    assert isinstance(reply, cell["Result"])
    pid, attempt, sender = reply.text.split()
    assert (int(pid) != os.getpid(), attempt, sender) == (True, "1", "console")
    assert capsys.readouterr().out == "begins\nends"
    assert "careful" in caught
    assert ("far", "logged") in [(record.name, record.message) for record in caplog.records]
    told = [(each.done, each.total, each.text) for each in events if isinstance(each, ProgressEvent)]
    assert told[-1] == (3, 3, "fit")


def test_a_handler_that_hangs_is_really_stopped(cell, cluster, capsys) -> None:
    """Its process is gone soon after its timeout, and the next message is served."""

    async def main():
        async with story(cell, cluster) as organism:
            with pytest.raises(ConversationFailed, match="hanging did not end within"):
                await organism.ask(cell["Task"]("x"), to="hanging")
            pid = int(capsys.readouterr().out)
            await until(lambda: not psutil.pid_exists(pid))
            return await organism.ask(cell["Task"]("x"), to="teller")

    assert run(main()) is not None


def test_a_conversation_that_is_ended_ends_its_process(cell, cluster, tmp_path) -> None:
    """Dask itself would let it run on."""
    notes = tmp_path / "notes"

    async def main():
        async with story(cell, cluster) as organism:
            conversation = await organism.inject(cell["Task"](str(notes)), to="once")
            await until(lambda: notes.exists() and notes.read_text().endswith("\n"))
            await conversation.cancel()
            pid = int(notes.read_text().split()[0])
            await until(lambda: not psutil.pid_exists(pid))

    run(main())


def test_errors_and_generators_are_as_everywhere(cell, cluster) -> None:
    """What is raised is told with its class, what is yielded comes in order."""

    async def main():
        async with story(cell, cluster) as organism:
            with pytest.raises(ConversationFailed, match="failing raised KeyError: 'x'"):
                await organism.ask(cell["Task"]("x"), to="failing")
            conversation = await organism.inject(cell["Task"]("x", 3), to="counting")
            return [reply.text for reply in await conversation]

    assert run(main()) == ["0", "1", "2"]


def test_calls_go_through_the_pump_also_when_every_place_waits_in_one(cell, cluster) -> None:
    """Four handlers on two workers wait for others that run there, too."""

    async def main():
        async with story(cell, cluster) as organism:
            asked = [organism.ask(cell["Task"](f"t{number}", number), to="asking") for number in range(4)]
            return [reply.text for reply in await asyncio.gather(*asked)]

    assert run(main()) == ["T0", "T1", "T2", "T3"]


def test_a_process_that_dies_is_an_attempt(cell, cluster) -> None:
    """The listener says how many there may be, and why there was another is told."""

    async def main():
        async with story(cell, cluster) as organism:
            events = []
            organism.subscribe(events.append)
            reply = await organism.ask(cell["Task"]("x"), to="exiting")
            return reply.text, [each.error for each in events if isinstance(each, RetryEvent)]

    text, (detail,) = run(main())
    assert text == "attempt 2"
    assert "exit code 7" in detail


@pytest.mark.parametrize("name", ["lasting", "once"])
def test_a_dask_worker_that_dies_is_an_attempt_like_any_other(cell, cluster, tmp_path, name) -> None:
    """Dask would begin the task again by itself; here it is the listener that says so."""
    notes = tmp_path / "notes"

    async def main():
        async with story(cell, cluster) as organism:
            conversation = await organism.inject(cell["Task"](str(notes)), to=name)
            await until(lambda: notes.exists() and notes.read_text().endswith("\n"))
            ancestors = psutil.Process(int(notes.read_text().split()[0])).parents()
            ours = {each.pid for each in psutil.Process().children()}
            next(each for each in ancestors if each.pid in ours).kill()
            try:
                return (await conversation)[0].text
            except ConversationFailed as failed:
                return str(failed)

    end = run(main())
    attempts = [line.split()[1] for line in notes.read_text().splitlines()]
    if name == "lasting":
        assert (end, attempts) == ("attempt 2", ["1", "2"])
    else:
        assert ("the Dask worker that it belonged to" in end, attempts) == (True, ["1"])


def test_a_cluster_of_this_machines_own_needs_no_address_and_leaves_nothing_behind(cell) -> None:
    """It is started with the first message, and ends with its organism."""

    async def main():
        listeners = [each for each in cell.values() if hasattr(each, "__xpipe_listener__")]
        async with Organism("own", listeners, dask={"workers": 1}) as organism:
            assert "dask" not in organism.pump.executors.known
            pid = int((await organism.ask(cell["Task"]("x"), to="teller")).text.split()[0])
            ours = {each.pid for each in psutil.Process().children(recursive=True)}
            chain = [each for each in psutil.Process(pid).parents() if each.pid in ours]
            assert len(chain) >= 2, "Dask's worker, below it what starts ours"
            for each in [psutil.Process(pid), *chain]:  # as the Stop button does
                each.send_signal(signal.SIGINT)
            assert int((await organism.ask(cell["Task"]("x"), to="teller")).text.split()[0]) == pid
        await until(lambda: not psutil.pid_exists(pid))

    with warnings.catch_warnings(action="ignore"):
        run(main())


def test_without_the_package_a_sentence_says_what_to_install(cell, monkeypatch) -> None:
    """It is said when the organism is made, not when the first message comes."""
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ConfigError) as caught:
        Organism("far", [cell["failing"], cell["local"]])
    (fault,) = caught.value.faults
    said = "failing runs on Dask, and the package distributed is not installed (pip install 'xpipe_nb[dask]')"
    assert said in str(fault)
    organism = Organism("far", [cell["local"]])
    with pytest.raises(ConfigError, match="distributed is not installed"):
        organism.listener(cell["failing"])


def test_a_scheduler_that_does_not_answer_ends_the_conversation(cell, monkeypatch) -> None:
    """In a sentence, with its address."""
    monkeypatch.setattr(clusters, "ANSWER", 0.5)

    async def main():
        async with Organism("far", [cell["failing"]], dask={"address": "tcp://127.0.0.1:9"}) as organism:
            with pytest.raises(ConversationFailed, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
                await organism.ask(cell["Task"]("x"), to="failing")

    run(main())


def test_a_cluster_without_workers_ends_the_conversation(cell, monkeypatch) -> None:
    """After a while, for there may be some on their way."""
    monkeypatch.setattr(clusters, "WAIT", 0.2)
    with (
        warnings.catch_warnings(action="ignore"),
        distributed.LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL) as empty,
    ):

        async def main():
            async with story(cell, empty) as organism:
                with pytest.raises(ConversationFailed, match="the cluster has no workers"):
                    await organism.ask(cell["Task"]("x"), to="failing")

        run(main())
