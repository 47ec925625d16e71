"""What stands after a listener's name: an expression, the fields of its only class, or XML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpipe_nb import ListenerConfig, payload
from xpipe_nb.listeners import resolve_listener
from xpipe_nb.notebook.arguments import payload_from, takes
from xpipe_nb.notebook.constructors import example_of
from xpipe_nb.notebook.mistakes import Mistake


@payload
class Note:
    text: str
    volume: int = 11


@payload
class Order:
    items: list[str]
    count: int
    price: float
    rush: bool
    note: str | None = None


def one(message: Note) -> None:
    """Takes one class."""


def two(message: Note | Order) -> None:
    """Takes two."""


ONE, TWO = (resolve_listener(ListenerConfig(name=handler.__name__, handler=handler)) for handler in (one, two))
NAMES = {"Note": Note, "Order": Order, "word": "hello", "note": Note("made before")}


def wrong(text, listener=ONE, names=NAMES) -> str:
    with pytest.raises(Mistake) as caught:
        payload_from(text, listener, names)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Note('a')", Note("a")),
        ("Note(word + '!', volume=1)", Note("hello!", 1)),
        ("note", Note("made before")),
        ("text='a'", Note("a")),
        ("text=word, volume=3", Note("hello", 3)),
        ("text='a',\n volume=3", Note("a", 3)),
        ("Note(\n  'a',\n)", Note("a")),
        ("Note('a')  # a comment", Note("a")),
        ("\n  Note('a')\n", Note("a")),
        ("<Note/>", "<Note/>"),
        (" \n<Note/>", " \n<Note/>"),
        ("Here: <Note><Text>x</Text></Note>", "Here: <Note><Text>x</Text></Note>"),
        ("f'<{word}/>'", "<hello/>"),
    ],
)
def test_a_payload_may_be_written_in_three_ways(text, expected) -> None:
    """Python, fields of the only class, XML (with prose around it, as models write it)."""
    assert payload_from(text, ONE, NAMES) == expected


def test_fields_alone_need_a_listener_of_one_class() -> None:
    """Which class is meant is never guessed."""
    assert wrong("text='a'", TWO) == (
        'two takes Note or Order: say which one: Note(text="…") or Order(items=[], count=1, price=1.5, rush=True).'
    )


def test_a_misspelt_class_gives_the_nearest_one() -> None:
    """It is told before Python's NameError, in the listener's own words."""
    assert wrong("Notte('a')") == "one takes Note, not Notte. Did you mean Note?"
    assert wrong("Bill('a')", TWO) == "two takes Note or Order, not Bill."
    assert wrong("Note('a')", ONE, {}) == "Note is not defined in this notebook. Run the cell that defines it."


@pytest.mark.parametrize("text", ["1", "'text'", "None", "[Note('a')]", "Order([], 1, 1.0, True)"])
def test_what_is_no_payload_of_the_listener_is_refused_here(text) -> None:
    """The line says what the listener takes, and what was written."""
    assert wrong(text).startswith("one takes Note, not ")


def test_an_error_in_the_expression_is_the_persons_own() -> None:
    """It keeps its type, and is shown as one line."""
    with pytest.raises(ZeroDivisionError) as caught:
        payload_from("Note(1 / 0)", ONE, NAMES)
    assert caught.value._render_traceback_() == ["✕ ZeroDivisionError: division by zero"]


def test_examples_show_the_fields_that_must_be_given() -> None:
    """A field with a default is left out; a sample says its type."""
    assert example_of(Note) == 'Note(text="…")'
    assert example_of(Order) == "Order(items=[], count=1, price=1.5, rush=True)"
    assert takes(TWO) == "Note or Order"


def test_pydantic_models_have_examples_too() -> None:
    """They are payloads like any other."""
    pydantic = pytest.importorskip("pydantic", reason="pydantic is not installed; it is no dependency of ours")

    class City(pydantic.BaseModel):
        name: str
        inhabitants: int = 0

    assert example_of(City) == 'City(name="…")'


@given(st.text(max_size=60))
def test_any_text_is_a_payload_or_a_mistake_or_the_persons_error(text) -> None:
    """Reading never fails in a way of its own."""
    try:
        payload_from(text, ONE, {"__builtins__": {}})
    except (Mistake, NameError, TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
        assert isinstance(error, Mistake) or error._render_traceback_()
