"""`meta.progress` as a bar under the cell that caused it: widgets for whoever looks on, text for the file."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebook.kernels import CELLS, FRESH, LOAD
from tests.support import PATIENT, ROOT

HANDLERS = """\
import asyncio, threading
gates = {}

@xp.listener
async def fitter(message: Greeting, meta) -> Shout:
    meta.progress(1, 4, message.name)
    await gates.setdefault(message.name, asyncio.Event()).wait()
    meta.progress(4, 4, message.name)
    return Shout(message.name)

@xp.listener
def threaded(message: Greeting, meta) -> Shout:
    print("before")
    for number in range(1, 101):
        meta.progress(number, 100)
    print("after")
    return Shout(message.name)

@xp.listener
async def hurried(message: Greeting, meta) -> Shout:
    for number in range(1, 20_001):
        meta.progress(number, 20_000)
        if number % 200 == 0:
            await asyncio.sleep(0.002)
    return Shout(message.name)

@xp.listener
async def unsure(message: Greeting, meta) -> Shout:
    meta.progress(2, 3, "too hard")
    raise ValueError("no")

@xp.listener
async def both(message: Greeting, meta) -> Shout:
    later = asyncio.ensure_future(meta.call(Greeting("later"), to="fitter"))
    await asyncio.sleep(0)
    await meta.call(Greeting("sooner"), to="threaded")
    gates.setdefault("later", asyncio.Event()).set()
    await later
    return Shout("both")
"""
LISTENERS = FRESH + "".join(f"  - {name}\n" for name in ("fitter", "threaded", "hurried", "unsure", "both"))
WATCHED = """\
from ipywidgets import FloatProgress
drawn, unwatched = [], FloatProgress.send_state

def watched(self, *arguments, **options):
    drawn.append(self.value)
    unwatched(self, *arguments, **options)

FloatProgress.send_state = watched
"""
WIDGET = "application/vnd.jupyter.widget-view+json"
FULL, QUARTER = "█" * 20, f"{'█' * 5}{'░' * 15}"


@pytest.fixture(scope="module")
def told(hello):
    """The story's kernel with handlers that tell how far they are."""
    for cell in (HANDLERS, LISTENERS):
        assert not hello(cell).error
    return hello


def bars(displays: list[dict]) -> list[str]:
    """The bars among displays or updates of displays, as text."""
    return [text for each in displays if "░" in (text := each["data"]["text/plain"]) or "█" in text]


def test_the_last_state_stands_under_the_cell_as_text(told) -> None:
    """Nobody looks on: a file is made. There is one bar among what is printed, in its last state in the end."""
    updates = []
    ran = told("answer = %inject threaded name='x'", on_update=updates.append)
    displays = [each for each in ran.outputs if "data" in each]
    printed = "".join(each.get("text", "") for each in ran.outputs)
    assert (len(displays), printed) == (1, "before\nafter\nthreaded · 1 message\n")
    assert bars(displays + updates)[-1] == f"threaded {FULL} 100 % · 100 of 100"
    assert all(WIDGET not in each["data"] for each in displays + updates if bars([each]))
    assert told("answer.output, answer.displays").value == "('before\\nafter\\n', [])"


def test_two_bars_at_once_are_under_their_own_cells(told) -> None:
    """Each cell began one conversation; a third cell lets the second go on, and only that one's bar moves."""
    first = told("one = %inject --no-wait fitter name='one';", attended=True)
    second = told("two = %inject --no-wait fitter name='two';", attended=True)
    assert bars(first.plain) == [f"fitter {QUARTER}  25 % · 1 of 4 · one"]
    assert bars(second.plain) == [f"fitter {QUARTER}  25 % · 1 of 4 · two"]
    updates = []
    third = told("gates['two'].set()\nawait two;", attended=True, on_update=updates.append)
    assert bars(updates) == [f"fitter {FULL} 100 % · 4 of 4 · two"]
    assert not bars(third.plain)
    told("gates['one'].set()\nawait one;", attended=True, on_update=updates.append)
    assert bars(updates)[1:] == [f"fitter {FULL} 100 % · 4 of 4 · one"]


def test_whoever_looks_on_sees_widgets_and_none_of_them_is_left(told) -> None:
    """The bar is one of ipywidgets; in the end text stands in its place, and every model is closed."""
    before = told("import ipywidgets.widgets.widget as models\nlen(models._instances)").value
    updates = []
    later = told("later = %inject --no-wait fitter name='seen';", attended=True)
    assert WIDGET in later.plain[0]["data"]
    told("gates['seen'].set()\nawait later;", attended=True, on_update=updates.append)
    (last,) = [each for each in updates if bars([each])]
    assert last["data"] == {"text/plain": f"fitter {FULL} 100 % · 4 of 4 · seen"}
    assert told("len(models._instances)").value == before


def test_a_bar_is_drawn_ten_times_a_second_at_most(told) -> None:
    """Twenty thousand steps in a second are a handful of pictures, and the last one is among them."""
    told(WATCHED)
    updates = []
    ran = told("%inject hurried name='x';", attended=True, on_update=updates.append)
    told("FloatProgress.send_state = unwatched")
    assert 1 <= int(told("len(set(drawn))").value) <= 2 + 10 * ran.seconds
    assert bars(updates)[-1:] == [f"hurried {FULL} 100 % · 20,000 of 20,000"]


def test_a_failed_handlers_bar_says_how_far_it_came(told) -> None:
    """The cell fails as ever."""
    ran = told("%inject unsure name='x'")
    assert bars(ran.plain) == [f"unsure {'█' * 13}{'░' * 7}  66 % · 2 of 3 · too hard"]
    assert "raised ValueError: no" in ran.said


def test_bars_of_one_conversation_stand_in_the_order_in_which_they_were_asked_for(told) -> None:
    """The same in each run, whichever of them is the faster."""
    updates = []
    ran = told("%inject both name='x';", on_update=updates.append)
    expected = f"fitter {FULL} 100 % · 4 of 4 · later\nthreaded {FULL} 100 % · 100 of 100"
    assert (bars(updates) or bars(ran.plain))[-1] == expected


def test_an_organism_made_in_python_has_its_bars_too(told) -> None:
    """As one of `%%organism` has: no magic knows of it, and it is stopped in the same cell."""
    updates = []
    ran = told(
        "async with xp.Organism('plain', [threaded]) as plain:\n    await plain.ask(Greeting('x'))",
        on_update=updates.append,
    )
    assert (bars(updates) or bars(ran.plain))[-1] == f"threaded {FULL} 100 % · 100 of 100"
    assert len([each for each in ran.outputs if "data" in each]) == 1
    told("plain = await xp.Organism('plain', [fitter]).start()")
    begun = "while 'one more' not in gates: await asyncio.sleep(0)"
    first = told(f"one = await plain.inject(Greeting('one more'))\n{begun}", attended=True)
    assert bars(first.plain) == [f"fitter {QUARTER}  25 % · 1 of 4 · one more"]
    told("gates['one more'].set()\nawait one;", attended=True, on_update=updates.append)
    assert bars(updates)[-1] == f"fitter {FULL} 100 % · 4 of 4 · one more"
    told("await plain.stop()")


def test_headless_the_last_state_is_saved_in_its_cell() -> None:
    """What nbclient saves needs no widget, also where Python asked and no magic waited."""
    cells = [LOAD, CELLS, HANDLERS, LISTENERS, "gates['x'] = asyncio.Event()\ngates['x'].set()"]
    sending = ["%inject fitter name='x';", "await hello.ask(Greeting('x'), to='threaded');"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells + sending])
    resources = {"metadata": {"path": str(ROOT)}}
    NotebookClient(notebook, **PATIENT, kernel_name="python3", resources=resources, coalesce_streams=True).execute()
    saved = [[each["data"] for each in cell.outputs if "data" in each] for cell in notebook.cells[-2:]]
    assert saved[0] == [{"text/plain": f"fitter {FULL} 100 % · 4 of 4 · x"}]
    assert saved[1] == [{"text/plain": f"threaded {FULL} 100 % · 100 of 100"}]
