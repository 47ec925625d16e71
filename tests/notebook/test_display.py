"""What a cell shows of a conversation: replies first, one line, nothing that changes by itself."""

from __future__ import annotations

import asyncio
from html.parser import HTMLParser

import pytest

from tests.support import run
from xpipe_nb import ListenerConfig, Organism, payload
from xpipe_nb.notebook.display import brief, conversation_bundle, organism_bundle, summary_line


@payload
class Note:
    text: str


@payload
class Many:
    count: int


async def echo(message: Note) -> Note:
    """Says it again."""
    return message


async def several(message: Many) -> list[Note]:
    """Says it often."""
    return [Note(str(number)) for number in range(message.count)]


def conversation_with(message, to):
    async def talk():
        listeners = [ListenerConfig(name="echo", handler=echo), ListenerConfig(name="several", handler=several)]
        async with Organism("demo", listeners) as demo:
            conversation = await demo.inject(message, to=to, repair=isinstance(message, str))
            await conversation
            return conversation

    return run(talk())


class Words(HTMLParser):
    """Collects the text and the tags of some HTML."""

    def __init__(self, html):
        super().__init__()
        self.text, self.tags = "", set()
        self.feed(html)

    def handle_data(self, data):
        self.text += data

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)


@pytest.mark.parametrize("text", ["hello", "<script>alert(1)</script>", "a & b", '"quoted"', "two\nlines"])
def test_a_reply_is_shown_as_text_whatever_it_holds(text) -> None:
    """HTML in a payload is text like any other."""
    bundle = conversation_bundle(conversation_with(Note(text), "echo"))
    words = Words(bundle["text/html"])
    assert words.tags == {"div", "pre"}
    assert words.text.startswith(brief(Note(text)))
    assert bundle["text/plain"] == f"{brief(Note(text))}\necho · 1 message"


def test_the_line_says_where_when_several_organisms_run() -> None:
    """With one organism its name is left out."""
    conversation = conversation_with(Note("x"), "echo")
    assert summary_line(conversation) == "echo · 1 message"
    assert summary_line(conversation, "demo") == "demo: echo · 1 message"


def test_many_replies_are_cut_with_a_word_on_the_rest() -> None:
    """Twenty are shown; the rest is a word away."""
    text = conversation_bundle(conversation_with(Many(25), "several"))["text/plain"]
    assert text.splitlines()[19:21] == ["Note(text='19')", "… 5 more in .replies"]


def test_a_long_text_is_cut_and_says_how_long_it_is() -> None:
    """200 letters are enough to recognise it."""
    assert brief(Note("x" * 200)) == f"Note(text={'x' * 200!r})"
    assert brief(Note("x" * 14_000)) == f"Note(text={'x' * 200!r}… (14 kB))"
    assert brief("x" * 5_000).endswith("… (5 kB)")


def test_what_was_repaired_stands_below_the_line() -> None:
    """One line for each repair."""
    lines = summary_line(conversation_with("<Note><Text>AT&T</Text></Note>", "echo")).splitlines()
    assert lines[0] == "echo · 1 message"
    assert lines[1].startswith("repaired: ")


def test_a_picture_says_the_state_of_its_organism() -> None:
    """It is right when it is drawn, and says so in words."""

    async def stopped():
        async with Organism("demo", [ListenerConfig(name="echo", handler=echo)]) as demo:
            running = organism_bundle(demo)["text/plain"]
        return running, organism_bundle(demo)["text/plain"]

    running, ended = asyncio.run(stopped())
    assert running.startswith("demo: running · 1 listener\n")
    assert ended.startswith("demo: stopped · 1 listener\n")
