"""`xp.map`: one function over many items in worker processes."""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
import threading
import traceback
from typing import Any

import psutil
import pytest

import xpipe_nb as xp
from tests.support import ROOT, eventually, fresh_python, run
from tests.workers.cells import Notebook
from xpipe_nb.workers.process import NICER

CELL = """
def square(n):
    print("item", n)
    if n == 13:
        raise ValueError("thirteen")
    return n * n

async def waits(n):
    await asyncio.sleep(0)
    return Res(n)

def dies_once(path):
    if not os.path.exists(path):
        open(path, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return path

def dies(n):
    os.kill(os.getpid(), signal.SIGKILL)

class Own:
    __reduce__ = None

    def __repr__(self):
        return "an Own"

def logs(n):
    logging.warning("carries", extra={"plain": {"n": [1, (2.5, None)]}, "own": Own()})
    return n

def foreign(n):
    sys.modules["only_there"] = module = type(os)("only_there")
    exec("class Thing: pass", vars(module))
    return module.Thing()

def deeper(n):
    return deeper(n)

def hangs(n):
    while n == 2:
        pass
"""


INSIDE = """
def inside(n):
    from mine import scaled
    return scaled(n), os.getpid()
"""


class Own:
    """Cannot be sent."""

    __reduce__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture(scope="module")
def cells() -> Any:
    """The functions; the workers stay warm from test to test."""
    return Notebook(CELL).run("")


def test_a_worker_is_nicer_than_the_process_that_it_works_for() -> None:
    """Where all processors are busy the event loop goes first: it has a person waiting."""
    own = os.nice(0)
    assert xp.map(lambda _: os.nice(0), [0]) == [min(19, own + NICER)]


def test_results_come_in_the_order_of_the_items(cells: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever calls it sees what is printed, and is told of each item that is done."""
    told: list[tuple[int, int]] = []
    results = xp.map(cells.square, range(10), progress=lambda done, total: told.append((done, total)))
    assert results == [n * n for n in range(10)]
    assert told == [(n + 1, 10) for n in range(10)]
    assert sorted(capsys.readouterr().out.split("\n")) == sorted(["", *(f"item {n}" for n in range(10))])
    assert xp.map(cells.square, []) == []


def test_where_a_loop_runs_it_is_awaited(cells: Any) -> None:
    """It has begun already; who forgets to await it learns what to write. Results are of the classes that were sent."""

    async def story() -> None:
        batch = xp.map(cells.waits, range(3))
        with pytest.raises(TypeError, match=r"await xp\.map\(waits"):
            list(batch)
        assert await batch == [cells.Res(n) for n in range(3)]
        assert (batch.done, batch.total) == (3, 3)

    run(story())


def test_cancelling_it_gives_up_what_runs(cells: Any) -> None:
    """The workers are free for the next one."""

    async def story() -> None:
        batch = xp.map(cells.hangs, [2, 2, 2])
        task = asyncio.ensure_future(asyncio.wait_for(batch, 0.1))
        with pytest.raises(TimeoutError):
            await task
        assert await xp.map(cells.square, [3]) == [9]

    run(story())


def test_an_error_says_at_which_item(cells: Any) -> None:
    """It is the error itself, with the lines of the cell."""
    with pytest.raises(ValueError, match="thirteen") as raised:
        xp.map(cells.square, [1, 13, 14])
    assert raised.value.__notes__ == ["(item 1 of xp.map: 13)"]
    steps = [(step.filename, step.name) for step in traceback.extract_tb(raised.value.__traceback__)]
    assert steps[-1] == (cells.square.__code__.co_filename, "square")


def test_what_a_log_record_carries_costs_nobody_the_worker(cells: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is no plain value arrives as its text: its class may be one that is not known here."""
    assert xp.map(cells.logs, [1]) == [1]
    (record,) = [each for each in caplog.records if each.message == "carries"]
    assert (record.plain, record.own) == ({"n": [1, (2.5, None)]}, "an Own")  # type: ignore[attr-defined]


def test_an_endless_recursion_is_an_error_and_no_dead_worker(cells: Any) -> None:
    """Its way is too deep to travel whole; both ends of it do."""
    with pytest.raises(RecursionError) as raised:
        xp.map(cells.deeper, [1])
    names = [step.name for step in traceback.extract_tb(raised.value.__traceback__)]
    assert names[-1] == "deeper"
    assert 5 < names.count("deeper") < 30


def test_a_dead_worker_costs_only_the_time_of_its_item(cells: Any, tmp_path: Any) -> None:
    """The item is done by another one; if it kills that, too, the whole has failed."""
    paths = [str(tmp_path / str(n)) for n in range(4)]
    assert xp.map(cells.dies_once, paths) == paths
    with pytest.raises(xp.WorkerDied, match="dies was killed"):
        xp.map(cells.dies, [1])


def test_a_call_that_takes_too_long_is_killed(cells: Any) -> None:
    """The time of each counts from its own beginning."""
    with pytest.raises(TimeoutError, match=r"hangs did not end within 1\.5 s \(item 2\)"):
        xp.map(cells.hangs, range(6), timeout=1.5)


@pytest.mark.parametrize(
    ("function", "item", "what"),
    [
        ("lambda n: lock", 1, "the global lock"),
        ("lambda n: n", {"guard": [threading.Lock()]}, "item 0['guard'][0]"),
        ("lambda n: threading.Lock()", 1, "its result (lock)"),
        ("lambda n: Holder(n)", 1, "its result.lock"),
    ],
)
def test_what_cannot_travel_is_named(cells: Any, function: str, item: Any, what: str) -> None:
    """Whichever way it was to go."""
    notebook = Notebook(
        "lock = threading.Lock()\nclass Holder:\n    def __init__(self, n): self.lock = threading.Lock()\n"
    )
    with pytest.raises(xp.CannotTravel, match=r"cannot pickle '_thread\.lock' object") as refused:
        xp.map(eval(function, notebook.names), [item])
    assert refused.value.what == what


def test_a_result_of_a_module_that_only_the_worker_has_is_told(cells: Any) -> None:
    """As one that cannot be sent is."""
    with pytest.raises(xp.CannotTravel, match="No module named 'only_there'") as refused:
        xp.map(cells.foreign, [1])
    assert refused.value.what == "the result of item 0"


def test_a_generator_is_no_function_to_map() -> None:
    """It is told before anything is started."""

    def numbers(n: int) -> Any:
        yield n

    with pytest.raises(TypeError, match="numbers is a generator"):
        xp.map(numbers, [1])


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        ((5, [1]), {}, "expects a function and then its items; got 5"),
        ((abs, 5), {}, "expects a list of items, or something else to go through; got 5"),
        ((lambda: 1, [1]), {}, "calls <lambda> with one item at a time, but: too many positional arguments"),
        ((pow, [1]), {}, "calls pow with one item at a time, but: missing a required argument: 'exp'"),
        ((abs, [1]), {"workers": -1}, "workers is -1; expected a whole number from 1"),
        ((abs, [1]), {"workers": "2"}, "workers is '2'; expected a whole number from 1"),
        ((abs, [1]), {"timeout": "3"}, "timeout is '3'; expected seconds, more than 0"),
        ((abs, [1]), {"timeout": 0}, "timeout is 0; expected seconds, more than 0"),
    ],
)
def test_an_argument_of_no_use_is_told_at_once(arguments: Any, settings: dict[str, Any], said: str) -> None:
    """Nothing waits for ever, and nothing is given that nobody has computed."""
    with pytest.raises(xp.XPipeError, match=said) as refused:
        xp.map(*arguments, **settings)
    assert isinstance(refused.value, TypeError)
    assert isinstance(refused.value, ValueError)


SCRIPT = """
import xpipe_nb as xp
print("the script runs")
print(xp.map(lambda n: n + 1, range(3)))
"""


def test_a_script_needs_no_guard(tmp_path: Any) -> None:
    """Its workers do not run it again, and end with it, in silence."""
    (tmp_path / "script.py").write_text(SCRIPT)
    done = fresh_python("-W", "error", str(tmp_path / "script.py"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "the script runs\n[1, 2, 3]\n", "")


def test_a_module_that_was_changed_is_imported_anew(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what it imports itself, and where it is imported inside the function; a worker is kept as long as it will do.

    The workers were there before the folder of the modules was one in which modules are looked for.
    """
    assert xp.map(abs, [-1]) == [1]
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "below_mine.py").write_text("FACTOR = 2")
    (tmp_path / "mine.py").write_text(
        "import atexit, os, time\nfrom below_mine import FACTOR\ndef scaled(n): return FACTOR * n\n"
        f"if os.getpid() != {os.getpid()}:\n    atexit.register(time.sleep, 600)  # its way out takes long"
    )
    below, mine = (importlib.import_module(name) for name in ("below_mine", "mine"))
    cells = Notebook(INSIDE).run("import mine\ndef scale(n): return mine.scaled(n), os.getpid()")

    def workers_and(function: Any, *expected: int) -> set[int]:
        results = xp.map(function, range(4), workers=1)
        assert [value for value, _ in results] == [factor * n for n, factor in enumerate(expected)]
        return {pid for _, pid in results}

    first = workers_and(cells.scale, 2, 2, 2, 2)
    assert len(first) == 1
    assert workers_and(cells.scale, 2, 2, 2, 2) == first
    (tmp_path / "below_mine.py").write_text("FACTOR = 30")
    importlib.reload(below)
    importlib.reload(mine)
    assert cells.scale(1)[0] == 30
    second = workers_and(cells.scale, 30, 30, 30, 30)
    assert not second & first
    assert workers_and(cells.inside, 30, 30, 30, 30) == second
    (tmp_path / "mine.py").write_text("def scaled(n): return 400 * n")
    assert not workers_and(cells.inside, 400, 400, 400, 400) & second


FORKED = """
import os, sys
import xpipe_nb as xp
above = xp.map(lambda _: os.getpid(), [0])
if os.fork() == 0:
    print(above[0], *xp.map(lambda _: os.getpid(), [0]), flush=True)
    sys.stdin.read()
    os._exit(0)
print("above", *xp.map(abs, [-1]), flush=True)
os.wait()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_fork_begins_with_workers_of_its_own() -> None:
    """Those of the process above go on for that one, and end with it, although the fork lives on."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", FORKED], env=environment, **pipes) as program:  # type: ignore[call-overload]
        said = sorted(program.stdout.readline().split() for _ in range(2))
        assert said[1] == ["above", "1"]
        of_above, of_fork = (psutil.Process(int(pid)) for pid in said[0])
        assert of_above != of_fork
        program.kill()
        assert psutil.wait_procs([of_above], timeout=10)[0]
        assert of_fork.is_running()


def test_a_failure_that_nobody_waits_for_is_said(cells: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Once; who awaits it, also by way of `gather`, gets the error itself, and no more is said."""

    async def story() -> None:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        batch = xp.map(cells.square, [13])
        batch.future.add_done_callback(lambda _future: loop.call_soon_threadsafe(ended.set))
        await ended.wait()
        await eventually(lambda: bool(caplog.messages))
        said = "xp.map of square failed, and nobody awaits it: ValueError: thirteen; (item 0 of xp.map: 13)"
        assert caplog.messages == [said]
        caplog.clear()
        awaited = [xp.map(cells.square, [13]), xp.map(cells.square, [object()]), xp.map(Own().__eq__, [1])]
        assert [type(each) for each in await asyncio.gather(*awaited, return_exceptions=True)] == [
            ValueError,
            TypeError,
            xp.CannotTravel,
        ]
        cancelled = xp.map(cells.hangs, [2])
        cancelled.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    run(story())
    assert caplog.messages == []


UNAWAITED = """
import asyncio
import xpipe_nb as xp

def hangs(n):
    while True:
        pass

async def main():
    xp.map(hangs, [1, 2])

asyncio.run(main())
"""


def test_what_a_script_has_not_waited_for_is_said_at_its_end() -> None:
    """It ends all the same."""
    done = fresh_python("-c", UNAWAITED)
    said = "xp.map of hangs ends with this process, 0 of 2 done: nobody has awaited it\n"
    assert (done.returncode, done.stderr) == (0, said)
