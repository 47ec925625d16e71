"""A handler that holds the event loop is named, and Stop reaches it."""

from __future__ import annotations

import os

import pytest

from tests.notebook.kernels import CELLS, FRESH, LOAD, ORGANISM, OTHER_KERNEL

BLOCKING = """\
import time
async def inner():
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        pass

@xp.listener
async def hog(message: Greeting) -> Shout:
    await inner()
    return Shout("had enough")

@xp.listener
async def waiter(message: Greeting) -> Shout:
    for _ in range(400):
        await asyncio.sleep(0.001)
    return Shout("waited")

@xp.listener
def thinker(message: Greeting) -> Shout:
    time.sleep(0.6)
    return Shout("thought")
"""


@pytest.fixture(scope="module")
def held(hello):
    """The story's kernel with a handler that holds the loop for as long as `SECONDS` says."""
    ran = hello("import asyncio\nSECONDS = 1.5\n" + BLOCKING)
    hello(FRESH + "  - hog\n  - waiter\n  - thinker\n")
    hello.hog_cell = int(hello("len(In) - 1").value) - 2
    assert not ran.error
    return hello


def test_it_is_named_with_its_line_and_the_way_out_while_it_holds_the_loop(held) -> None:
    """Within half a second, under the cell that caused it, once."""
    times = []
    inject = "%inject hog name='x'"
    ran = held(inject, on_output=lambda output: times.append(held.seconds()))
    first = ran.outputs[0]["text"]
    assert first.startswith("△ hog holds the event loop (cell ")
    assert f"(cell {held.hog_cell}, line 11)" in first
    assert "Stop (interrupt) ends it. Make it a plain def, which runs in a thread" in first
    assert first.count("hog holds") == 1
    assert ran.text.endswith("Shout(text='had enough')\nhog · 1 message\n")
    for _ in range(
        4
    ):  # half a second, and what the stream's own pause adds; a busy machine may be late, but not always
        if times[0] < 0.9:
            return
        times.clear()
        held(inject, on_output=lambda output: times.append(held.seconds()))
    raise AssertionError(f"told after {times[0]} s")


def test_handlers_that_wait_or_run_in_threads_are_not_named(held) -> None:
    """The loop turns, so nothing is said."""
    assert held("%inject waiter name='x'").text == "Shout(text='waited')\nwaiter · 1 message\n"
    assert held("%inject thinker name='x'").text == "Shout(text='thought')\nthinker · 1 message\n"


def test_a_cell_of_the_persons_own_may_hold_the_loop(held) -> None:
    """It is theirs."""
    assert held("time.sleep(0.6)").outputs == []


@pytest.mark.parametrize("cell", ["answer = %inject hog name='x'", "await hello.ask(Greeting('x'), to='hog')"])
def test_stop_ends_a_handler_that_holds_the_loop(held, cell) -> None:
    """The handler gets an exception where it is; the organism and the kernel live on."""
    held("SECONDS = 60")
    ran = held(cell, on_output=lambda output: held.interrupt() if output["type"] == "stream" else None)
    assert ran.error["ename"] == "ConversationFailed"
    assert "hog raised Interrupted: stopped by hand" in ran.said or "#1 failed" in ran.said
    assert ran.seconds < 50
    held("SECONDS = 0")
    assert held("x = %inject hog name='x'\nx.reply.text").value == "'had enough'"


def test_an_interrupt_of_a_persons_own_cell_is_what_it_always_was(held) -> None:
    """`KeyboardInterrupt` in a plain cell, though an organism runs."""
    stop = lambda output: held.interrupt() if output["type"] == "stream" else None  # noqa: E731 - told in one line
    ran = held("print('go')\nwhile True: pass", on_output=stop)
    assert ran.error["ename"] == "KeyboardInterrupt"
    held(ORGANISM)


def test_nothing_stays_behind_after_an_unload(bare) -> None:
    """No thread, no handler of signals, no stream of ours."""
    for cell in (
        LOAD,
        CELLS,
        ORGANISM,
        "%inject greeter name='x'",
        "%unload_ext xpipe_nb",
        "import sys, threading, time",
    ):
        assert not bare(cell).error
    bare(
        "until = time.monotonic() + 100\nwhile 'xpipe-watchdog' in str(threading.enumerate()) and time.monotonic() < until: time.sleep(0.01)"
    )
    assert bare("[t.name for t in threading.enumerate() if t.name == 'xpipe-watchdog']").value == "[]"
    assert "xpipe" not in bare("repr([sys.stdout.flush, sys.stderr.write, get_ipython().display_pub.publish])").value
    assert "xpipe" not in bare("import signal\nrepr(signal.getsignal(signal.SIGINT))").value


def test_a_cell_inside_a_cell_leaves_the_outer_one_running(held) -> None:
    """`run_cell` in a cell ends a cell, but not the one that waits."""
    held(FRESH + "  - hog\n")
    held("SECONDS = 1.5")
    assert "Stop (interrupt) ends it" in held("get_ipython().run_cell('1');\n%inject hog name='x'").text


@pytest.mark.skipif(OTHER_KERNEL in os.environ, reason="a kernel before 7 has no subshells")
def test_stop_reaches_a_handler_while_another_cell_runs_in_a_thread(held) -> None:
    """A subshell's cell runs beside; it takes nothing from the one that can be stopped."""
    held(FRESH + "  - hog\n")
    held("import threading\nbegun, release = threading.Event(), threading.Event()\nSECONDS = 60")
    held.beside("begun.set(); release.wait(100)")
    held("begun.wait(100)")
    ran = held("%inject hog name='x'", on_output=lambda output: held.interrupt() if "holds" in str(output) else None)
    assert "hog raised Interrupted: stopped by hand" in ran.said
    assert ran.seconds < 50
    held("release.set()\nSECONDS = 0")
    held(ORGANISM)


def test_with_no_cell_running_it_says_that_stop_does_not_reach(held) -> None:
    """In sentences, and true for a handler that ends by itself."""
    held(FRESH + "  - hog\n")
    held("SECONDS = 1.5")
    held("import threading, time")
    begun = held(
        "loop = asyncio.get_running_loop()\nloop.call_later(0.5, lambda: loop.create_task(hello.ask(Greeting('x'), to='hog')))"
    )
    cell, output = held.next_output()
    assert cell == begun.id
    assert (
        "so nothing else can run. No cell runs, so Stop does not reach it: wait, or restart. Make it a "
        in output["text"]
    )
    held("SECONDS = 0\nawait hello.settle()")
    held(ORGANISM)
