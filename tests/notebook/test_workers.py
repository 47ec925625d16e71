"""Handlers of cells in worker processes, as a person sees them: everything under the right one of two cells."""

from __future__ import annotations

import re

import pytest

from tests.notebook.kernels import FRESH, LOAD

HANDLERS = """\
import logging, pathlib, time, warnings

@xp.listener(cpu_bound=True)
def fit(message: Greeting, meta) -> Shout:
    print(message.name, "begins")
    meta.progress(1, 4, message.name)
    while not pathlib.Path(message.name).exists():
        time.sleep(0.01)
    logging.warning("%s logs", message.name)
    warnings.warn(f"{message.name} warns")
    meta.progress(4, 4, message.name)
    print(message.name, "ends")
    return Shout(message.name)

@xp.listener(cpu_bound=True)
def rows(message: Greeting) -> Shout:
    return Shout(reader(message.name))

def reader(name):
    raise ValueError(f"row 3 of {name}")

def square(number):
    print("square of", number)
    return number * number
"""
LISTENERS = FRESH + "  - fit\n  - rows\nprocess_pool: {workers: 2}\n"
STARTED = "hello: worker processes start now (2 workers at most, forkserver)\n"
FULL = "█" * 20


@pytest.fixture(scope="module")
def far(hello):
    """The story's kernel with handlers that run in worker processes."""
    for cell in (HANDLERS, LISTENERS):
        assert not (ran := hello(cell)).error, ran.said
    return hello


def texts(outputs) -> str:
    return "".join(each.get("text") or each["data"]["text/plain"] + "\n" for each in outputs)


def test_what_workers_print_log_warn_and_tell_is_under_the_cell_that_caused_it(far) -> None:
    """Two cells began one conversation each; a third lets both go on, and nothing of theirs is under it."""
    cells = [far(f"{name} = %inject --no-wait fit name='{name}';") for name in ("one", "two")]
    shown = {cell.id: texts(cell.outputs) for cell in cells}
    late = [each for cell in cells for each in cell.late]
    while sum("25 %" in texts([output]) for _, output in late) + sum("25 %" in text for text in shown.values()) < 2:
        late.append(far.next_output())
    updates = []
    third = far(
        "pathlib.Path('two').touch(); pathlib.Path('one').touch()\nawait one; await two\n_ = print('third')",
        on_update=updates.append,
    )
    assert texts(third.outputs) == "third\n"
    late += third.late
    while sum("warns" in texts([output]) for _, output in late) < 2:
        late.append(far.next_output())
    for name, cell, other in (("one", cells[0], "two"), ("two", cells[1], "one")):
        seen = shown[cell.id] + texts(output for each, output in late if each == cell.id)
        for words in ("begins", "ends", "logs", "warns"):
            assert f"{name} {words}" in seen
        assert f"25 % · 1 of 4 · {name}" in seen
        assert other not in seen.replace(STARTED, "")
    ends = [each["data"]["text/plain"] for each in updates if FULL in each["data"]["text/plain"]]
    assert sorted(ends) == [f"fit {FULL} 100 % · 4 of 4 · {name}" for name in ("one", "two")]


def test_an_error_names_the_line_of_the_cell_that_the_worker_was_in(far) -> None:
    """In one line, as for any other handler; a program gets the error with the lines on its way."""
    ran = far("%inject rows name='x'")
    assert ran.said.startswith("✕ #3 failed: rows raised ValueError: row 3 of x, cell ")
    assert ran.said.endswith('raise ValueError(f"row 3 of {name}")')


def test_the_first_use_says_that_workers_start(far) -> None:
    """Once, under the cell that waits for them."""
    far(LISTENERS)
    first, second = (far("%inject rows name='x'") for _ in range(2))
    assert texts(first.plain) == STARTED
    assert texts(second.plain) == ""


def test_a_map_has_a_bar_and_gives_its_results_in_order(far) -> None:
    """Under its own cell, with what the function prints."""
    updates = []
    ran = far("await xp.map(square, range(5))", on_update=updates.append)
    assert ran.value == "[0, 1, 4, 9, 16]"
    assert sorted(ran.outputs[1]["text"].splitlines()) == [f"square of {number}" for number in range(5)]
    (last,) = [each for each in updates if FULL in each["data"]["text/plain"]]
    assert last["data"] == {"text/plain": f"square {FULL} 100 % · 5 of 5"}


def test_the_doctor_says_how_the_workers_are(far) -> None:
    """Of each pool: how many there may be, how they are started, what they do, how many died, and of what the last."""
    far("%inject rows name='x'")
    kill = "(pid,) = {worker.pid for worker in hello.workers}\nhello.workers.kill(pid)"
    gone = "while not hello.workers.condition.died: await asyncio.sleep(0.01)"
    ran = far(f"import asyncio\n{kill}\n{gone}\n%organism doctor\npid")
    assert not ran.error, ran.said
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in ran.plain[0]["text"].splitlines())
    killed = f"last failure: worker {ran.value} was killed from organism.workers.kill()"
    assert rows["workers of hello"] == f"2 at most, forkserver · none runs · 1 died · {killed}"
    assert re.fullmatch(r"\d at most, forkserver · .*\d idle · none has died", rows["workers of xp.map"])


def test_stop_ends_a_map_and_says_so(bare) -> None:
    """Although the loop has nothing else to do meanwhile, and nothing of ours runs in the kernel; the next one works."""
    assert not bare(LOAD + "\nimport time").error
    first = iter([bare.interrupt])
    ran = bare("await xp.map(time.sleep, [60, 60])", on_output=lambda _output: next(first, lambda: None)())
    assert ran.said == "Stopped sleep: what it has not done is given up."
    assert ran.seconds < 50
    assert bare("await xp.map(abs, [-1])").value == "[1]"
