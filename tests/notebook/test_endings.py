"""How an organism ends, and that every picture of it is true from then on."""

from __future__ import annotations

import pytest

from tests.notebook.kernels import CELLS, LOAD, ORGANISM, kernel_in

SNAPSHOT = "application/vnd.xpipe.view+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
FRESH = ORGANISM.replace("hello", "hello --replace", 1)

SLOW = """\
import asyncio
gate = asyncio.Event()
@xp.listener
async def slow(message: Greeting) -> Shout:
    await gate.wait()
    return Shout("late")

@xp.listener
async def bad(message: Greeting) -> Shout:
    return 1 / 0
"""


class Updates:
    """Keeps the last update of each display."""

    def __init__(self) -> None:
        self.last: dict[str, dict] = {}

    def __call__(self, content) -> None:
        self.last[content["transient"]["display_id"]] = content["data"]

    @property
    def states(self) -> list[tuple[str, int, int]]:
        """State, messages and conversations of each display, as a file holds them."""
        every = [data[SNAPSHOT] for data in self.last.values()]
        return [(each["organism"]["state"], each["messages"]["total"], each["threads"]["total"]) for each in every]


@pytest.mark.parametrize("stop", ["%organism stop", "await hello.stop()", "await hello.stop(grace=0)"])
def test_what_is_saved_is_true_after_a_stop(hello, stop) -> None:
    """However it was stopped, the picture in the file says so, and counts all that happened."""
    hello(FRESH)
    updates = Updates()
    for name in "abc":
        hello(f"%inject greeter name={name!r}")
    assert not hello(stop, on_update=updates).error
    assert updates.states == [("stopped", 12, 3)]
    hello(ORGANISM)


@pytest.mark.parametrize("stop", ["%organism stop", "%unload_ext xpipe_nb"])
def test_where_somebody_looks_on_the_last_picture_stands_alone(tmp_path, stop) -> None:
    """The live view ends with the organism: what is left on the page is the picture, which says that it stopped."""
    with kernel_in(tmp_path) as kernel:
        for cell in (LOAD, CELLS, ORGANISM, "%inject greeter name='x'"):
            assert not kernel(cell, attended=True).error
        updates = Updates()
        kernel(f"{stop}\nimport asyncio\nawait asyncio.sleep(0.4)", attended=True, on_update=updates)
        assert updates.states == [("stopped", 4, 1)]
        assert WIDGET not in next(iter(updates.last.values()))


@pytest.mark.parametrize("shown", [ORGANISM, "%organism show", "hello"])
def test_all_places_of_an_organism_are_renewed_together(hello, shown) -> None:
    """A cell that showed it earlier is as true as the one that showed it last."""
    hello(FRESH)
    hello(shown)
    updates = Updates()
    hello("%inject greeter name='x'\n%settle", on_update=updates)
    assert updates.states == [("running", 4, 1)] * 2


def test_an_organism_that_was_stopped_in_python_has_left(hello) -> None:
    """`await hello.stop()` is the same end as `%organism stop`: nothing offers it any more."""
    hello(FRESH)
    hello("await hello.stop()")
    for cell in ("%organism pause", "%organism resume", "%organism reload", "%inject greeter name='x'"):
        assert hello(cell).said.startswith("✕ No organism is running")
    assert hello("%organism list").text.startswith("No organism is running")
    assert hello("dict(xp.organisms)").value == "{}"
    assert "running · 2 listeners" in hello(ORGANISM).text


def test_what_failed_is_not_counted_as_done(hello) -> None:
    """The line of a stop tells the two apart."""
    hello(SLOW)
    hello(FRESH + "  - bad\n  - slow\n")
    hello("%inject greeter name='x'")
    hello("%inject bad name='x'")
    hello("%inject --no-wait slow name='x'")
    assert hello("%organism stop").text.startswith("hello stopped: 1 done, 1 failed, 1 ended (#3, in slow)")
    hello(ORGANISM)


def test_a_stopped_organism_does_not_outlive_its_last_name(hello) -> None:
    """Nothing of ours holds one that has left."""
    hello("import gc, weakref")
    hello(FRESH)
    hello("left = weakref.ref(hello)")
    hello("await hello.stop()")
    hello("del hello")
    hello("for _ in range(3): gc.collect()")
    assert hello("left() is None").value == "True"
    hello(ORGANISM)


def test_the_threads_of_an_organism_end_with_it(hello) -> None:
    """After a stop no idle thread is left, and no two threads that work at once have one name."""
    hello(
        "import threading\ndef ours():\n    return [t.name for t in threading.enumerate() if t.name.startswith('xpipe-h')]"
    )
    for _ in range(3):
        hello(FRESH)
        hello("%inject shouter name='x'")
    hello("%organism show")
    assert not hello(ORGANISM.replace("hello", "second", 1)).error
    hello("%inject second/shouter name='x'")
    assert hello("len(ours()), len(set(ours()))").value == "(2, 2)"
    hello("%organism stop second")
    hello("%organism stop hello")
    gone = "for _ in range(200):\n    if not ours():\n        break\n    await asyncio.sleep(0.05)\nours()"
    assert hello(f"import asyncio\n{gone}").value == "[]"
    hello(ORGANISM)


def test_ending_a_conversation_says_so_in_a_word(hello) -> None:
    """`answer.cancel()` as the value of a cell shows no task of ours."""
    hello(SLOW)
    hello(FRESH + "  - slow\n")
    hello("answer = %inject --no-wait slow name='x'")
    assert hello("answer.cancel()").value == "#1 was ended"
    assert hello("await answer.cancel()\nanswer.state").value == "'killed'"


def test_a_removed_listener_that_is_at_work_is_counted(hello) -> None:
    """It finishes on the old code, and the line says so."""
    hello(SLOW)
    hello(FRESH + "  - slow\n")
    hello("answer = %inject --no-wait slow name='x'\nawait asyncio.sleep(0)")
    while hello("hello.running('slow')").value != "1":
        pass
    assert hello(ORGANISM).text.endswith("hello: - slow; 1 in flight finishes on the old code\n")
    assert hello("gate.set()\nawait answer").value == "[Shout(text='late')]"


def test_what_a_pause_holds_back_waits(hello) -> None:
    """It does not go on."""
    hello(FRESH)
    hello("%organism pause")
    assert hello("answer = %inject greeter name='x'").text == (
        "hello is paused. %organism resume. Conversation #1 waits; wait for it: await answer; end it: answer.cancel()\n"
    )
    hello("%organism resume")
    hello("%settle")


def test_without_widgets_there_is_the_picture_alone(tmp_path) -> None:
    """Where the live view cannot be made, the cell shows the rest and runs to its end; the doctor says why."""
    with kernel_in(tmp_path) as kernel:
        kernel("import sys\nsys.modules['ipywidgets'] = None")
        for cell in (LOAD, CELLS):
            assert not kernel(cell, attended=True).error
        ran = kernel(ORGANISM, attended=True)
        assert not ran.error
        assert WIDGET not in ran.outputs[0]["data"]
        assert ran.text.endswith("hello: running · 2 listeners · bound as hello\n")
        assert "live widgets" in (report := kernel("%organism doctor").text)
        assert "no · pip install anywidget" in report


def test_a_nested_loop_is_told_whenever_it_was_made(bare) -> None:
    """nest_asyncio that is applied after the load is in the way all the same; it is said once."""
    for cell in (LOAD, CELLS, ORGANISM):
        assert not bare(cell).error
    bare("import asyncio\nasyncio._nest_patched = True")
    assert bare("%inject shouter name='x'").text.startswith("nest_asyncio has changed this kernel's event loop")
    assert "nest_asyncio" not in bare("%inject shouter name='x'").text


def test_a_line_of_ours_is_written_at_once(hello) -> None:
    """Text and end of line go together, so that a thread's print cannot come between."""
    watch = "import sys\nwrites, real = [], sys.stdout.write\nsys.stdout.write = lambda text: (writes.append(text), real(text))[1]"
    text = hello(f"{watch}\n%organism list\nsys.stdout.write = real").text
    assert text.startswith("Organism hello")
    assert hello("writes").value == repr([text])
