"""The story that a newcomer follows, in a real kernel: what is under each cell, and where prints land."""

from __future__ import annotations

import base64

import pytest
from lxml import etree

from tests.notebook.kernels import CELLS, FRESH, LOAD, ORGANISM

REPLY = "Shout(text='HELLO WORLD')\ngreeter ▸ shouter · 2 messages\n"


def test_organism_shows_a_picture_and_one_line_and_binds_its_name(hello) -> None:
    """`%%organism hello` shows the graph, says that it runs, and binds `hello`."""
    hello("%organism stop hello")
    picture, line = hello(ORGANISM).outputs
    assert line["text"] == "hello: running · 2 listeners · bound as hello\n"
    assert set(picture["data"]) == {"application/vnd.xpipe.view+json", "text/html", "image/png", "text/plain"}
    assert "greeter" in picture["data"]["text/plain"]
    assert hello("repr(hello)").value == "'Organism hello · running · 2 listeners · 0 in flight · 0 dead'"


def test_the_picture_is_an_image_that_an_untrusted_notebook_shows(hello) -> None:
    """The HTML holds nothing but an image with a text beside it, and the image is the SVG itself."""
    html = hello(ORGANISM).outputs[0]["data"]["text/html"]
    image = etree.fromstring(html.replace(">", "/>") if not html.endswith("/>") else html)
    assert image.tag == "img"
    assert "greeter" in image.get("alt")
    svg = base64.b64decode(image.get("src").removeprefix("data:image/svg+xml;base64,"))
    assert b"Greets politely, loudly." in svg


@pytest.mark.parametrize(
    "cell",
    [
        "%%inject greeter\n<Greeting><Name>World</Name></Greeting>",
        "%%inject greeter\nGreeting(\n    'World',\n)",
        '%inject greeter Greeting("World")',
        '%inject greeter name="World"',
        "%inject greeter <Greeting><Name>World</Name></Greeting>",
        '%inject hello/greeter Greeting("World")',
        'inject greeter Greeting("World")',
    ],
)
def test_inject_shows_the_reply_first_then_one_line_and_nothing_twice(hello, cell) -> None:
    """However a message is written, the cell shows the reply and the way it went, once."""
    ran = hello(cell)
    assert ran.text == REPLY
    assert [each["type"] for each in ran.outputs] == ["display_data"]


def test_the_value_of_an_inject_cell_is_the_conversation(hello) -> None:
    """`_` after `%inject` is the finished conversation, and shows itself when it is asked for."""
    hello('%inject greeter Greeting("World")')
    assert hello("type(_).__name__, _.state").value == "('Conversation', 'done')"
    hello('%inject greeter Greeting("World")')
    assert hello("_").value == REPLY.rstrip()


def test_an_assignment_gives_the_finished_conversation_and_one_line(hello) -> None:
    """`answer = %inject …` binds the conversation; the cell still says which way it went."""
    ran = hello('answer = %inject greeter Greeting("World")\nanswer.reply.text')
    assert ran.outputs[0]["text"] == "greeter ▸ shouter · 2 messages\n"
    assert ran.value == "'HELLO WORLD'"
    assert hello("print(answer)").text.endswith("of hello · done · 1 reply · 2 messages\n")
    assert hello("answer").value == REPLY.rstrip()


def test_as_binds_what_a_cell_magic_has_sent(hello) -> None:
    """`%%inject --as answer greeter` is the assignment of a cell magic."""
    hello("%%inject --as kept greeter\n<Greeting><Name>World</Name></Greeting>")
    assert hello("kept.reply.text").value == "'HELLO WORLD'"


def test_a_semicolon_shows_nothing_but_prints(hello) -> None:
    """One trailing `;` means no display, as everywhere in IPython."""
    assert hello('%inject greeter Greeting("World");').outputs == []
    assert hello("_.reply.text").value == "'HELLO WORLD'"


def test_plain_python_works_on_the_same_loop(hello) -> None:
    """`await hello.ask(…)` is the same without magics."""
    assert hello('await hello.ask(Greeting("World"), to="greeter")').value == "Shout(text='HELLO WORLD')"


def test_nothing_is_expanded_inside_a_payload(hello) -> None:
    """IPython's `$name` and `{name}` are switched off: a payload arrives as it was written."""
    ran = hello('name = "Bob"\nx = %inject shouter Greeting("$name {name} $5")\nx.reply.text')
    assert ran.value == "'$NAME {NAME} $5'"


def test_calls_wait_in_loops_branches_and_async_functions(hello) -> None:
    """Wherever Python allows `await`, the value is the finished conversation; local names are seen."""
    ran = hello(
        "texts = []\n"
        "for n in ['a', 'b']:\n    try:\n        x = %inject shouter name=n\n        texts.append(x.reply.text)\n"
        "    finally:\n        pass\n"
        "async def f(local):\n    y = %inject shouter name=local\n    return y.reply.text\n"
        "texts + [await f('c')]"
    )
    assert ran.value == "['A', 'B', 'C']"


def test_what_a_handler_prints_stands_above_the_reply(hello) -> None:
    """Prints come first, then the reply, under the cell that caused them."""
    hello(
        "@xp.listener\ndef teller(message: Greeting) -> Shout:\n"
        "    print('telling', message.name)\n    return Shout('told')\n"
    )
    hello(ORGANISM + "  - teller\n")
    ran = hello("%inject teller name='x'")
    assert ran.text == "telling x\nShout(text='told')\nteller · 1 message\n"
    hello(ORGANISM)


WAITING = {
    "async def": (
        "import asyncio\ngate = asyncio.Event()\n@xp.listener\nasync def later(message: Greeting) -> Shout:\n"
        "    await gate.wait()\n    print('late', message.name)\n    return Shout('told')\n"
    ),
    "def": (
        "import threading\ngate = threading.Event()\n@xp.listener\ndef later(message: Greeting) -> Shout:\n"
        "    gate.wait()\n    print('late', message.name)\n    return Shout('told')\n"
    ),
}


@pytest.mark.parametrize("form", WAITING)
def test_prints_land_under_the_cell_that_caused_them_even_later(hello, form) -> None:
    """A handler that prints while another cell runs still prints under its own `%inject`, a thread's as well."""
    hello(WAITING[form])
    hello(FRESH + "  - later\n")
    cause = hello("waiting = %inject --no-wait later name='x'")
    assert cause.text == "later · 1 message · #1 is under way\n"
    other = hello("gate.set()\nreplies = await waiting\nreplies")
    assert other.value == "[Shout(text='told')]"
    late = other.late or [hello.next_output()]
    assert {cell for cell, _ in late} == {cause.id}
    assert "".join(output["text"] for _, output in late).startswith("late x")
    hello(ORGANISM)


def test_from_names_the_port_that_a_message_comes_in_by(hello) -> None:
    """`--from` is any name but a listener's."""
    hello("x = %inject --from me greeter name='World'")
    assert hello("x.port, x.chain").value == "('me', ['me', 'greeter', 'shouter'])"
    assert hello("%inject --from shouter greeter name='World'").error["ename"] == "Rejected"


def test_organisms_can_be_had_by_name(hello) -> None:
    """`xp.organisms["hello"]` is the organism, also where its name is taken."""
    assert hello("xp.organisms['hello'] is hello, list(xp.organisms)").value == "(True, ['hello'])"


def test_running_an_organism_again_ends_what_is_under_way_and_leaves_no_task(hello) -> None:
    """With `--replace` the old organism is stopped whole, and the line says which conversations ended with it."""
    hello(
        "import asyncio\n@xp.listener\nasync def endless(message: Greeting) -> Shout:\n"
        "    await asyncio.Event().wait()\n    return Shout('never')\n"
    )
    with_endless = FRESH + "  - endless\n"
    hello(with_endless)
    count = "len(asyncio.all_tasks())"
    before = hello(count).value
    hello("%inject --no-wait endless name='x'")
    again = hello(with_endless)
    assert "1 under way ended (#1, in endless)" in again.text
    for _ in range(3):
        hello(with_endless)
    assert hello(count).value == before
    hello(ORGANISM)


def test_running_all_cells_twice_gives_equal_outputs(bare) -> None:
    """Only what tells of both runs differs: IPython's word about loading, ours that nothing is new, the view's counts."""
    cells = [CELLS, ORGANISM, '%inject greeter Greeting("World")', "answer = %inject greeter name='x'\nanswer", "hello"]
    bare(LOAD)
    first = [without_counts(bare(cell).outputs) for cell in cells]
    bare(LOAD)
    second = [without_counts(bare(cell).outputs) for cell in cells]
    assert first[1].pop()["text"] == "hello: running · 2 listeners · bound as hello\n"
    assert second[1].pop()["text"] == "hello: no change\n"
    assert first == second


def without_counts(outputs):
    """Leave out what views tell of the messages that there have been: snapshots, pictures and the lines of chains."""
    for each in outputs:
        data = each.get("data", {})
        if data.pop("application/vnd.xpipe.view+json", None):
            del data["text/html"]
            lines = data["text/plain"].splitlines()
            data["text/plain"] = [line for line in lines if not line.lstrip().startswith(("#", "…"))]
    return outputs


def test_a_front_end_gets_the_live_view_and_a_file_only_what_can_be_drawn_without_a_kernel(hello) -> None:
    """The widget is in the bundle where somebody looks on; nbclient and its like get the snapshot and the picture."""
    widget = "application/vnd.jupyter.widget-view+json"
    assert widget not in hello(ORGANISM).outputs[0]["data"]
    live = hello(ORGANISM, attended=True).outputs[0]["data"]
    again = hello("hello", attended=True).outputs[0]["data"]
    assert live[widget]["model_id"] == again[widget]["model_id"]


def test_a_hundred_runs_of_the_organism_cell_leave_nothing_behind(hello) -> None:
    """One model, one record, no task more."""
    hello(ORGANISM, attended=True)
    count = (
        "import asyncio, gc, comm\ngc.collect()\n(len(asyncio.all_tasks()), len(comm.get_comm_manager().comms), "
        "len(hello.pump.bus._subscriptions))"
    )
    before = hello(count).value
    for _ in range(20):
        hello(ORGANISM, attended=True)
    assert hello(count).value == before
    for _ in range(20):
        hello(FRESH, attended=True)
    assert hello(count).value == before
