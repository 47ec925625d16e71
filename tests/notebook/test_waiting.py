"""Waiting: what interrupt does, what a place that cannot wait does, and what is left running."""

from __future__ import annotations

import pytest

from tests.notebook.kernels import CELLS, FRESH, LOAD, ORGANISM

SLOW = """\
import asyncio
gate = asyncio.Event()
@xp.listener
async def slow(message: Greeting) -> Shout:
    print("at the gate")
    await gate.wait()
    return Shout("late")
"""
WITH_SLOW = FRESH + "  - slow\n"


@pytest.fixture
def slow(hello):
    """The story's kernel with a listener that waits for `gate.set()`."""
    hello(SLOW)
    hello(WITH_SLOW)
    return hello


def interrupted(kernel, cell):
    """Run a cell and interrupt it when its first output comes; what it says of that is no reason to do it again."""
    first = iter([kernel.interrupt])
    return kernel(cell, on_output=lambda _output: next(first, lambda: None)())


def test_interrupt_stops_the_waiting_not_the_conversation(slow) -> None:
    """The cell ends at once with one line, the name is bound, and the conversation can be awaited again."""
    ran = interrupted(slow, "answer = %inject slow name='x'")
    assert ran.said == ("Stopped waiting. Conversation #1 goes on; wait again: await answer; end it: answer.cancel()")
    assert ran.seconds < 50  # the loop is otherwise idle: without a heartbeat it would not wake at all
    assert slow("answer.state").value == "'active'"
    assert slow("gate.set()\nawait answer").value == "[Shout(text='late')]"


def test_interrupt_of_a_nameless_inject_says_how_to_get_at_it(slow) -> None:
    """Without a name the line says where the conversation is; the expression in it is right."""
    ran = interrupted(slow, "%inject slow name='x'")
    place = ran.said.partition("end it: ")[2].removesuffix(".cancel()")
    assert place.startswith("hello.conversation(")
    assert ran.said.endswith(f"wait again: await {place}; end it: {place}.cancel()")
    assert slow(f"await {place}.cancel()\n{place}.state").value == "'killed'"


def test_interrupt_leaves_no_task_of_the_waiting_behind(slow) -> None:
    """What waited is gone; only the conversation is left."""
    before = slow("len(asyncio.all_tasks())").value
    interrupted(slow, "answer = %inject slow name='x'")
    slow("await answer.cancel()")
    assert slow("len(asyncio.all_tasks())").value == before


def test_an_idle_kernel_has_no_heartbeat_of_ours(slow) -> None:
    """Once no cell of ours waits, the loop has no timers from us, so that a quiet kernel stays quiet."""
    interrupted(slow, "answer = %inject slow name='x'")
    timers = "[t for t in asyncio.get_running_loop()._scheduled if 'xpipe_nb' in repr(t) and not t.cancelled()]"
    assert (
        slow(f"ours = {timers}\nlen([t for t in ours if t.when() < asyncio.get_running_loop().time() + 1])").value
        == "0"
    )
    slow("await answer.cancel()")


def test_no_wait_returns_at_once_and_awaiting_gives_the_replies(slow) -> None:
    """`--no-wait` gives the running conversation."""
    ran = slow("answer = %inject --no-wait slow name='x'\nanswer.state")
    assert ran.text.endswith("slow · 1 message · #1 is under way\n'active'\n")
    assert slow("gate.set()\nawait answer").value == "[Shout(text='late')]"


def test_timeout_ends_the_waiting_with_one_line(slow) -> None:
    """`--timeout S` fails the cell after that time, and the conversation goes on."""
    ran = slow("answer = %inject --timeout 0.2 slow name='x'")
    assert ran.said == (
        "✕ No end within 0.2 s. Conversation #1 goes on; wait again: await answer; end it: answer.cancel()"
    )
    assert slow("await answer.cancel()\nanswer.state").value == "'killed'"


def test_a_conversation_can_be_continued_by_its_number(hello) -> None:
    """`--continue N` sends into conversation N."""
    hello("first = %inject shouter name='a'")
    number = hello("first.number").value
    ran = hello(f"second = %inject --continue {number} shouter name='b'")
    assert not ran.error
    assert hello(f"%inject --continue {number} shouter name='c'").text.startswith("Shout(text='C')\nshouter")
    assert hello("second is first, [r.text for r in first.replies]").value == "(True, ['A', 'B', 'C'])"


def test_a_plain_def_starts_the_work_and_says_that_it_cannot_wait(hello) -> None:
    """Where no `await` can stand the handle comes back; it can be awaited later."""
    ran = hello("def f():\n    x = %inject shouter name='x'\n    return x\nhandle = f()")
    assert ran.text.startswith("This place cannot wait (a plain def, ")
    assert hello("(await handle).reply.text").value == "'X'"
    assert hello("handle").value == "%inject shouter · done"


def test_a_mistake_that_nobody_waits_for_is_still_told(hello) -> None:
    """Work that fails with nobody waiting says so on standard error, under the cell that began it."""
    hello("@xp.listener\nasync def crash(message: Greeting) -> Shout:\n    return 1 / 0")
    hello(ORGANISM + "  - crash\n")
    begun = hello("def f():\n    x = %inject crash name='x'\n    return x\nhandle = f()")
    outputs = [(begun.id, each) for each in begun.outputs]
    while not any("ZeroDivisionError" in output["text"] for _, output in outputs):
        outputs.append(hello.next_output())
    assert outputs[-1][0] == begun.id
    hello(ORGANISM)


def test_the_cell_that_loads_the_extension_says_that_it_did_not_wait(bare) -> None:
    """The step is not there yet when that cell is read; the work starts all the same."""
    bare(LOAD)
    bare(CELLS)
    bare("%unload_ext xpipe_nb")
    ran = bare("%load_ext xpipe_nb\n" + "get_ipython().run_cell_magic('organism', 'hello', 'listeners:\\n  - shouter')")
    assert "This cell was read before xpipe_nb was loaded, so it does not wait. Run it again." in ran.text
    assert bare("x = %inject shouter name='x'\nx.reply.text").value == "'X'"


def test_below_time_a_cell_waits_and_its_times_are_told(hello) -> None:
    """`%%time` around our calls waits for them; what is bound in it is there afterwards."""
    ran = hello("%%time\nanswer = %inject shouter name='x'\nanswer.reply.text")
    assert "Wall time: " in ran.text
    assert "CPU times: " in ran.text
    assert ran.text.endswith("'X'\n")
    assert hello("answer.state").value == "'done'"
    assert "Wall time: " in hello("%time again = %inject shouter name='y'").text
    assert hello("again.reply.text").value == "'Y'"


def test_below_capture_the_prints_of_handlers_are_kept(hello) -> None:
    """`%%capture name` around our calls waits, shows nothing, and has kept what was printed and displayed."""
    hello(
        "@xp.listener\ndef printer(message: Greeting) -> Shout:\n    print('printed', message.name)\n    return Shout('x')"
    )
    hello(ORGANISM + "  - printer\n")
    assert hello("%%capture kept\n%inject printer name='Ann'").outputs == []
    assert hello("'printed Ann' in kept.stdout").value == "True"
    assert hello("[sorted(each.data) for each in kept.outputs]").value == "[['text/html', 'text/plain']]"
    assert "printed Ann" in hello("%%capture --no-stdout\nanswer = %inject printer name='Ann'").text
    hello(ORGANISM)


def test_a_mistake_below_time_fails_the_cell_with_its_line(hello) -> None:
    """The times are told, then the one line."""
    ran = hello("%%time\n%inject shoter name='x'")
    assert ran.said.startswith("✕ No listener 'shoter' in hello. Did you mean shouter?")


@pytest.mark.parametrize("magic", ["%%timeit -n1 -r1", "%%prun"])
def test_below_another_magic_the_work_starts_and_says_so(hello, magic) -> None:
    """A magic that runs its cell by itself cannot await; it is not broken by us."""
    ran = hello(
        f"{magic}\nget_ipython().user_ns['handle'] = get_ipython().run_line_magic('inject', \"shouter name='x'\")"
    )
    assert not ran.error
    assert "This place cannot wait" in ran.text
    assert hello("(await handle).reply.text").value == "'X'"


@pytest.mark.parametrize(
    ("cell", "rest"),
    [
        (
            "answer = %inject --no-wait slow name='x';\nprint('go')\nawait answer",
            "Conversation #1 goes on; wait again: ",
        ),
        ("print('go')\nawait hello.ask(Greeting('x'), to='slow')", "Conversation #1 goes on; wait again: "),
        ("%inject --no-wait slow name='x';\nprint('go')\n%settle", "hello goes on."),
        ("%inject --no-wait slow name='x';\nprint('go')\nawait hello.settle()", "hello goes on."),
        ("%inject --no-wait slow name='x';\nprint('go')\n%expect slow -> console within 9", "Conversation #1 goes on"),
        ("print('go')\nasync def f(): await hello.ask(Greeting('x'), to='slow')\nawait f()", "Conversation #1 goes on"),
        ("%%time\nprint('go')\nawait hello.ask(Greeting('x'), to='slow')\n%settle", "Conversation #1 goes on"),
    ],
)
def test_whatever_of_ours_a_cell_waits_in_interrupt_says_so_in_one_line(slow, cell, rest) -> None:
    """No traceback, the loop wakes though nothing else happens, and what was waited for goes on."""
    ran = interrupted(slow, cell)
    assert ran.said.startswith(f"Stopped waiting. {rest}")
    assert "\n" not in ran.said
    assert ran.error["ename"] == "CancelledError"
    assert ran.error["evalue"] == ran.said
    assert ran.seconds < 50
    assert slow("hello.conversations[-1].state").value == "'active'"
    slow("gate.set()")
    assert slow("%settle").text == "hello: quiet\n"
