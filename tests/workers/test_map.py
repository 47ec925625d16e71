"""`xp.map`: one function over many items in worker processes."""

from __future__ import annotations

import asyncio
import os
import threading
import traceback
from typing import Any

import pytest

import xpipe_nb as xp
from tests.support import fresh_python, run
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
