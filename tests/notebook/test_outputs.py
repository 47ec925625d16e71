"""Output goes where it was caused: prints and displays of handlers, in the right cell, capped, and kept whole."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebook.kernels import CELLS, FRESH, LOAD, ORGANISM
from tests.support import PATIENT, ROOT

HANDLERS = """\
import asyncio, sys, threading, time
from IPython.display import display, HTML
gates = {}

@xp.listener
async def teller(message: Greeting) -> Shout:
    print(message.name, "begins")
    display(HTML(f"<b>{message.name}</b>"))
    await gates.setdefault(message.name, asyncio.Event()).wait()
    print(message.name, "ends")
    display(HTML(f"<i>{message.name}</i>"))
    return Shout(message.name)

@xp.listener
def threaded(message: Greeting) -> Shout:
    print(message.name, "in a thread")
    display(HTML(f"<b>{message.name}</b>"))
    return Shout(message.name)

@xp.listener
async def chatty(message: Greeting) -> Shout:
    for number in range(int(message.name)):
        print("line", number)
    return Shout("done")

@xp.listener
async def wide(message: Greeting) -> Shout:
    print("x" * 50_000)
    print("y" * 50_000)
    return Shout("done")

@xp.listener
async def bar(message: Greeting) -> Shout:
    handle = display("0", display_id=True)
    for number in range(1, 1001):
        handle.update(str(number))
        print(f"\\r{number}", end="", flush=True)
        if number % 100 == 0:
            await asyncio.sleep(0.02)
    print()
    return Shout("done")

@xp.listener
async def endless(message: Greeting) -> Shout:
    print("y" * 100_000, end="")
    return Shout("done")

@xp.listener
async def brief(message: Greeting) -> Shout:
    print("no end", end="")
    return Shout("done")

@xp.listener
async def finale(message: Greeting) -> Shout:
    for number in range(1000):
        print("line", number)
    display(HTML("<b>bold</b>"))
    return Shout("done")

@xp.listener
async def gallery(message: Greeting) -> Shout:
    for number in range(250):
        display(HTML(f"<i>{number}</i>"))
    return Shout("done")

@xp.listener
async def large(message: Greeting) -> Shout:
    for number in range(3):
        display(HTML(f"<p>{'z' * 600_000}</p>"))
    return Shout("done")

@xp.listener
async def leading(message: Greeting) -> Shout:
    for number in range(int(message.name)):
        print(f"\\rfit {number + 1}/{message.name}", end="", flush=True)
        await asyncio.sleep(0)
    return Shout("done")

@xp.listener
async def trailing(message: Greeting) -> Shout:
    for number in range(int(message.name)):
        print(f"fit {number + 1}/{message.name}", end="\\r")
        await asyncio.sleep(0)
    return Shout("done")

@xp.listener
async def stuck(message: Greeting) -> Shout:
    for number in range(int(message.name)):
        print(f"\\rfit {number + 1}/{message.name}", end="", flush=True)
    await gates.setdefault("stuck", asyncio.Event()).wait()
    return Shout("done")

@xp.listener
async def rewriter(message: Greeting) -> Shout:
    print("one\\r\\nthree\\rtwo!")
    print("three")
    print("fou", end="")
    print("\\rfour")
    return Shout("done")
"""
NAMES = (
    "teller", "threaded", "chatty", "wide", "bar", "endless", "brief", "finale", "gallery", "large", "leading", "trailing",
    "stuck", "rewriter",
)  # fmt: skip
WITH_HANDLERS = FRESH + "".join(f"  - {name}\n" for name in NAMES)


@pytest.fixture(scope="module")
def told(hello):
    """The story's kernel with handlers that print and display."""
    hello(HANDLERS)
    hello(WITH_HANDLERS)
    return hello


def shown(outputs) -> list[str]:
    return [each["text"].strip() if "text" in each else each["data"].get("text/html", "") for each in outputs]


def test_prints_and_displays_land_in_the_cell_that_caused_them(told) -> None:
    """In their order, from a coroutine and from the thread of a plain `def`."""
    ran = told("gates['a'] = asyncio.Event()\ngates['a'].set()\n%inject teller name='a';")
    assert shown(ran.outputs) == ["a begins", "<b>a</b>", "a ends", "<i>a</i>"]
    assert shown(told("%inject threaded name='b';").outputs) == ["b in a thread", "<b>b</b>"]


def test_conversations_of_several_cells_at_once_keep_their_outputs_apart(told) -> None:
    """Two cells began one each; a third lets both go on; nothing lands in the third."""
    first = told("one = %inject --no-wait teller name='one';")
    second = told("two = %inject --no-wait teller name='two';")
    third = told("gates['two'].set(); gates['one'].set()\nawait one; await two\n_ = print('third')")
    assert shown(first.outputs + second.outputs) == ["one begins", "<b>one</b>", "two begins", "<b>two</b>"]
    assert shown(third.outputs) == ["third"]
    late = list(third.late)
    while len(late) < 4:
        late.append(told.next_output())
    assert shown(output for cell, output in late if cell == first.id) == ["one ends", "<i>one</i>"]
    assert shown(output for cell, output in late if cell == second.id) == ["two ends", "<i>two</i>"]


def test_at_most_two_hundred_lines_are_shown_and_all_are_kept(told) -> None:
    """A line says how many more there are, and where."""
    ran = told("answer = %inject chatty name='4512'")
    lines = ran.text.splitlines()
    assert lines[:200] == [f"line {number}" for number in range(200)]
    assert lines[200:] == ["… 4,312 lines more: answer.output", "chatty · 1 message"]
    assert told("len(answer.output.splitlines()), answer.output.splitlines()[-1]").value == "(4512, 'line 4511')"


def test_exactly_as_many_as_fit_need_no_such_line(told) -> None:
    """The cap is the number of lines shown."""
    assert told("%inject chatty name='200';").text.splitlines()[-1] == "line 199"


def test_at_most_sixty_four_thousand_bytes_are_shown(told) -> None:
    """To the byte, and the rest is counted in bytes: a line may have no end."""
    ran = told("answer = %inject wide name='x'")
    assert ran.text.splitlines() == ["x" * 50_000, "y" * 13_999, "… 36 kB more: answer.output", "wide · 1 message"]
    assert told("len(answer.output)").value == "100002"


def test_a_text_without_line_ends_is_shown_too(told) -> None:
    """A hundred thousand letters and no line end: what fits is shown, and the line after it begins on its own."""
    ran = told("answer = %inject endless name='x'")
    assert ran.text.splitlines() == ["y" * 64_000, "… 36 kB more: answer.output", "endless · 1 message"]
    short = told("answer = %inject brief name='x'")
    assert short.text.splitlines() == ["no end", "brief · 1 message"]


def test_a_display_after_many_lines_is_shown(told) -> None:
    """Prints use up the lines, not the displays; each display is kept as it was."""
    ran = told("answer = %inject finale name='x'")
    assert [each for each in shown(ran.outputs) if each.startswith("<b>")] == ["<b>bold</b>"]
    assert "… 800 lines more: answer.output\n" in ran.text
    assert told("answer.displays[-1]").outputs[0]["data"]["text/html"] == "<b>bold</b>"


def test_too_many_displays_are_held_back_and_can_be_shown(told) -> None:
    """The line says how many and where; the expression in it shows them."""
    ran = told("%inject gallery name='x'")
    assert len([each for each in shown(ran.outputs) if each.startswith("<i>")]) == 200
    line = next(each for each in ran.text.splitlines() if each.startswith("…"))
    place = line.removeprefix("… 50 displays more: ")
    assert place.endswith(".displays")
    assert told(f"{place}[249]").outputs[0]["data"]["text/html"] == "<i>249</i>"
    large = told("large = %inject large name='x'")
    assert [len(each) for each in shown(large.outputs) if each.startswith("<p>")] == [600_007, 600_007]
    assert "… 1 display more: large.displays" in large.text


def test_what_is_named_by_number_stays_the_same(told) -> None:
    """The expression means the same conversation when others have come after it."""
    ran = told("%inject chatty name='300'")
    place = next(each for each in ran.text.splitlines() if each.startswith("…")).partition(": ")[2]
    for number in (1, 2):
        told(f"%inject chatty name='{number}';")
    assert told(f"len({place}.splitlines())").value == "300"


def test_a_nameless_conversation_is_named_by_where_it_is(told) -> None:
    """What is printed can be copied and run."""
    ran = told("%inject chatty name='300'")
    place = ran.text.splitlines()[200].removeprefix("… 100 lines more: ")
    assert told(f"len({place}.splitlines())").value == "300"


def test_a_conversation_that_nobody_waits_for_says_it_in_its_own_cell(told) -> None:
    """The cell that began it is told, whenever that is."""
    cause = told("later = %inject --no-wait chatty name='300';")
    other = told("await later\nawait asyncio.sleep(0)")
    outputs = [(cause.id, each) for each in cause.outputs] + other.late
    while not any("lines more" in output.get("text", "") for _, output in outputs):
        outputs.append(told.next_output())
    assert {cell for cell, _ in outputs} == {cause.id}
    assert "… 100 lines more: later.output" in outputs[-1][1]["text"]


def test_updates_come_ten_times_a_second_at_most_and_the_last_one_comes(told) -> None:
    """A bar that is drawn a thousand times in a fifth of a second is seen a few times, and at its end."""
    updates = []
    ran = told("%inject bar name='x';", on_update=updates.append)
    updates = [each for each in updates if "text/html" not in each["data"]]  # the organism's own picture is no bar
    assert len(updates) <= 2 + 10 * (ran.seconds + 1)
    assert updates[-1]["data"]["text/plain"] == "'1000'"
    assert 1 <= ran.text.count("\r") <= 2 + 10 * (ran.seconds + 1)
    assert seen(ran.text).splitlines()[-1] == "1000"


def seen(text: str) -> str:
    """What a front end makes of a text: what comes after a carriage return is written over what was before it."""
    return "\n".join(line.rpartition("\r")[2] for line in text.split("\n"))


@pytest.mark.parametrize("kind", ["leading", "trailing"])
def test_the_last_state_of_a_progress_bar_is_shown_and_kept(told, kind) -> None:
    """Whatever was left out on the way: the last state comes, also when no line end follows it."""
    ran = told(f"answer = %inject {kind} name='30'")
    assert seen(ran.text).splitlines() == ["fit 30/30", f"{kind} · 1 message"]
    assert told("answer.output").value == "'fit 30/30'"


def test_the_last_state_of_a_progress_bar_comes_while_its_handler_goes_on(told) -> None:
    """It is shown a moment later, not only at the end: the handler waits until somebody has seen it."""
    cause = told("stuck = %inject --no-wait stuck name='30';")
    text = "".join(each["text"] for each in cause.outputs)
    while "30/30" not in text:
        cell, output = told.next_output()
        assert cell == cause.id
        text += output["text"]
    assert told("stuck.state").value == "'active'"
    told("gates['stuck'].set()\nawait stuck")


def test_a_line_that_is_written_again_is_kept_in_its_last_state(told) -> None:
    """Each line once, shorter states written over longer ones as a terminal does; Windows' line ends are none of that."""
    told("answer = %inject rewriter name='x'")
    assert told("answer.output").value == repr("one\ntwo!e\nthree\nfour\n")


def test_plain_python_has_its_output_kept_too(told) -> None:
    """`ask` and `inject` of the organism are no worse than the magic."""
    ran = told("c = await hello.inject(Greeting('250'), to='chatty')\nawait c")
    outputs = [(ran.id, each) for each in ran.outputs]
    while not any("… 50 lines more: c.output" in output.get("text", "") for _, output in outputs):
        outputs.append(told.next_output())
    assert {cell for cell, _ in outputs} == {ran.id}
    assert told("len(c.output.splitlines())").value == "250"


def test_prints_of_a_persons_own_cells_are_not_touched(told) -> None:
    """No cap and nothing kept for what no handler prints."""
    assert len(told("for n in range(500): print(n)").text.splitlines()) == 500


def test_logging_of_a_handler_is_output_too(told) -> None:
    """Standard error is handled like standard output."""
    told(
        "import logging\nlog = logging.getLogger('mine'); log.addHandler(logging.StreamHandler())\n"
        "@xp.listener\nasync def logger(message: Greeting) -> Shout:\n    log.warning('careful')\n    return Shout('x')"
    )
    told(ORGANISM + "  - logger\n")
    ran = told("answer = %inject logger name='x'")
    assert [each["name"] for each in ran.outputs] == ["stderr", "stdout"]
    assert told("answer.output").value == "'careful\\n'"
    told(WITH_HANDLERS)


def test_headless_everything_is_saved_in_its_cell() -> None:
    """What nbclient saves is what a person would have seen."""
    cells = [LOAD, CELLS, HANDLERS, WITH_HANDLERS, "gates['a'] = asyncio.Event()\ngates['a'].set()"]
    sending = ["%inject teller name='a'", "%inject threaded name='b'", "answer = %inject chatty name='300'"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells + sending])
    resources = {"metadata": {"path": str(ROOT)}}
    NotebookClient(notebook, **PATIENT, kernel_name="python3", resources=resources, coalesce_streams=True).execute()
    saved = [[each.get("text") or each["data"].get("text/html", "") for each in c.outputs] for c in notebook.cells[-3:]]
    assert "".join(saved[0]).startswith("a begins\n")
    assert {"<b>a</b>", "<i>a</i>"} <= set(saved[0])
    assert saved[1][:2] == ["b in a thread\n", "<b>b</b>"]
    assert saved[2][0].splitlines()[199:201] == ["line 199", "… 100 lines more: answer.output"]
