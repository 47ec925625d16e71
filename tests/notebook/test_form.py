"""`%inject LISTENER` with nothing to send: a form where somebody looks on, an example where nobody does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.notebook.kernels import CELLS, LOAD, ORGANISM
from tests.views.kernel import Front, a_kernel

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Front]:
    """One kernel with the organism of the story, and no view of it: the only comm is the form's."""
    with a_kernel() as front:
        front.run(LOAD)
        front.run(CELLS)
        front.run(ORGANISM.replace("hello", "hello --no-view", 1))
        yield front


@pytest.fixture
def form(kernel: Front) -> Front:
    """A form that was just opened."""
    kernel.run("%inject greeter")
    kernel.heard.clear()
    kernel.tell(do="hello")
    return kernel


def answered(form: Front, what: str, number: int, **content: Any) -> Any:
    form.tell(do=what, id=number, root="Greeting", **content)
    return form.hear("answer")


def test_a_form_is_shown_and_described(form: Front) -> None:
    """Its model says that it is one; pages without widgets read how the payload is written."""
    assert form.state["kind"] == "form"
    shown = form.displays[-1]
    assert shown["text/plain"] == '%inject greeter Greeting(name="…")'
    assert WIDGET in shown
    described = form.hear("form")
    assert (described["organism"], described["listener"], described["roots"]) == ("hello", "greeter", ["Greeting"])
    assert [each["name"] for each in described["classes"]["Greeting"]["fields"]] == ["name"]
    form.tell(do="code")
    assert "xp-view" in form.hear("code")


def test_it_is_checked_by_the_codec_and_sent(form: Front) -> None:
    """Mistakes have their place; what is sent is answered with the cell that would have done the same."""
    assert answered(form, "check", 1, values={}) == {"errors": {"name": "is missing"}}
    assert answered(form, "send", 2, values={"name": 3}) == {"errors": {"name": "expected a text, got 3"}}
    assert answered(form, "check", 3, values={"name": "A & B"})["errors"] == {}
    sent = answered(form, "send", 4, values={"name": "A & B"})
    assert sent["cell"] == "%%inject greeter\n<Greeting>\n  <Name>A &amp; B</Name>\n</Greeting>"
    done = form.hear("done")
    assert done["state"] == "done"
    assert done["text"] == "Shout(text='HELLO A & B')\ngreeter ▸ shouter · 2 messages"
    form.run(sent["cell"])
    assert form.displays[-1]["text/plain"] == done["text"]


def test_options_count_for_what_is_sent(kernel: Front) -> None:
    """The conversation gets its name and its port, and the cell says so."""
    kernel.run("%inject --from desk --as told hello/greeter")
    sent = answered(kernel, "send", 1, values={"name": "Ann"})
    kernel.hear("done")
    assert sent["cell"].startswith("%%inject --from desk --as told hello/greeter\n<Greeting>")
    assert kernel.run("print(told.port, told.replies)").strip() == "desk [Shout(text='HELLO ANN')]"


def test_whatever_a_page_sends_is_only_looked_at(form: Front) -> None:
    """Nonsense is a mistake of the whole, and the form goes on."""
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    for number, values in enumerate((None, [], "x", {"name": deep}, {"name": "x" * 1_000_001}), start=1):
        assert answered(form, "send", number, values=values)["errors"]
    form.tell(do="send", id=9, root="Shout", values={"text": "x"})
    assert form.hear("answer") == {"errors": {"": "there is no payload class 'Shout' here"}}


def test_one_form_of_a_listener_is_open_at_a_time(kernel: Front) -> None:
    """To run the cell again leaves no comm behind, and neither does the end of the organism."""
    count = "import comm; print(len(comm.get_comm_manager().comms))"
    kernel.run("%inject greeter")
    before = kernel.run(count)
    for _ in range(3):
        kernel.run("%inject greeter")
    assert kernel.run(count) == before
    kernel.run("%organism stop")
    assert int(kernel.run(count)) < int(before)
    kernel.run(ORGANISM.replace("hello", "hello --no-view", 1))


def test_where_nobody_looks_on_the_example_is_told(kernel: Front) -> None:
    """As before: one line, and the cell fails. A form has no value either, so a name asks for a payload."""
    for code, attended in (("%inject greeter", False), ("answer = %inject greeter", True)):
        with pytest.raises(
            AssertionError, match=r"Nothing to send. greeter takes a payload: Greeting\(name="
        ) as failed:
            kernel.run(code, attended=attended)
        assert "Traceback" not in str(failed.value)
