"""The live view that `%%organism` shows, in a real kernel: what it is told by a thread, and what a hundred runs leave."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.views.kernel import Front, a_kernel
from xpipe_nb.views.delta import applied

CELLS = """
%load_ext xpipe_nb
import asyncio, gc, time
import xpipe_nb as xp

@xp.payload
class Say:
    text: str

@xp.listener
def shouter(message: Say) -> Say:
    "Shouts."
    return Say(message.text.upper())

@xp.listener
async def hog(message: Say) -> Say:
    "Holds the loop."
    time.sleep(1)
    return message
"""
HELLO = "%%organism hello\nlisteners:\n  - shouter\n  - hog\n"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Front]:
    """One kernel for all of these."""
    with a_kernel() as front:
        front.run(CELLS)
        yield front


@pytest.fixture
def front(kernel: Front) -> Front:
    """A fresh organism whose view a front end has opened."""
    kernel.run(HELLO.replace("hello\n", "--replace hello\n", 1))
    kernel.listen(0.1)
    kernel.heard.clear()
    kernel.tell(do="hello")
    return kernel


def test_a_cell_that_holds_the_loop_is_named_from_a_thread(front):
    """Within half a second, with its line, the way out, and a word when it is over; nothing is printed."""
    front.hear("snapshot")
    request = front.client.execute("x = 1; began = time.time()\ntime.sleep(1)")
    said = front.hear("blocked")
    told = front.times[-1]
    assert said.startswith("Cell ")
    assert "holds the event loop (line 2), so nothing else can run. Stop (interrupt) ends it." in said
    assert front.hear("blocked") is None
    assert request
    assert front.run("print(x)") == "1\n"
    took = told - float(front.run("print(began)"))
    for _ in range(5):  # a busy machine may be late, but not every time
        if took < 0.7:
            return
        front.client.execute("began = time.time(); time.sleep(1)")
        front.hear("blocked")
        took = front.times[-1] - float(front.run("print(began)"))
        front.heard.clear()
    raise AssertionError(f"told after {took} s")


def test_a_cell_that_calls_into_another_names_the_line_there(front):
    """The function stands in the cell that defined it."""
    front.hear("snapshot")
    front.run("def slow():\n    time.sleep(1)")
    front.client.execute("slow()")
    assert front.hear("blocked").partition("(cell ")[2].partition(")")[0].endswith(", line 2")
    front.hear("blocked")


def test_a_cell_that_awaits_and_a_short_one_are_not_named(front):
    """The loop turns, or turns again soon."""
    front.hear("snapshot")
    front.run("await asyncio.sleep(0.6)")
    front.run("time.sleep(0.1)")
    front.listen(0.3)
    assert not [each for each in front.heard if "blocked" in each]


def test_every_time_that_a_handler_holds_the_loop_is_shown(front):
    """All organisms stand still meanwhile, so all views say it."""
    front.hear("snapshot")
    for _ in range(2):
        front.client.execute("%inject hog Say('x');")
        assert front.hear("blocked").startswith("hog holds the event loop (cell ")
        assert front.hear("blocked") is None
    front.run("pass")


def test_a_person_may_want_less(front):
    """A shorter history at once, and fewer drawings in a second."""
    shown = front.hear("snapshot")
    front.ack()
    front.run("for n in range(30): _ = await hello.ask(Say(str(n)), to='shouter')")
    front.listen(0.3)
    front.tell(do="prefer", rate=1, history=10)
    front.tell(do="hello")
    while len(shown["messages"]["rows"]) != 10 or shown["messages"]["total"] != 60:
        shown = front.hear("snapshot")
    assert len(shown["threads"]["conversations"]) == 4
    front.ack()
    front.heard.clear()
    began = time.monotonic()
    for n in range(2):
        front.run(f"_ = await hello.ask(Say('{n}'), to='shouter')")
        shown = applied(shown, front.hear("delta"))
        front.ack()
    assert time.monotonic() - began > 0.9
    front.tell(do="prefer", rate="often", history=None)
    front.tell(do="prefer", rate=10, history=80)
    front.run("pass")


def test_a_hundred_runs_of_the_cell_leave_nothing_behind(front):
    """No comm, task, model, listener of events or thread, whether the cell reloads its organism or replaces it."""
    count = """
def count():
    import comm, threading
    from ipywidgets.widgets.widget import _instances
    gc.collect()
    return (
        len(_instances), len(comm.get_comm_manager().comms), len(asyncio.all_tasks()), threading.active_count(),
        len([each for each in gc.get_objects() if type(each).__name__ in ("Organism", "LiveView", "Feed", "Pump")]),
    )
"""
    front.run(count)
    replace = HELLO.replace("hello\n", "--replace hello\n", 1)

    def counted() -> str:
        front.run("await asyncio.sleep(0.05)")
        return front.run("print(count())")

    front.run(replace)
    before = counted()
    for _ in range(20):
        front.run(replace)
    assert comes_to(before, counted)
    for _ in range(80):
        front.run(HELLO)
    assert comes_to(before, counted)


def comes_to(wanted: str, count: Callable[[], str]) -> bool:
    """Count again for some seconds: what was replaced may still be ending."""
    return any(count() == wanted for _ in range(100))
