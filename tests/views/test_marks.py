"""What is underlined in a message's text: what a repair changed, and the place that was refused."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from tests.support import run
from xpipe_nb import Organism, Rejected, payload
from xpipe_nb.listeners import ListenerConfig
from xpipe_nb.notebook.view import LiveView
from xpipe_nb.views.marks import changed, wrong


@payload
class Say:
    """What is said, and how loud."""

    text: str
    volume: int = 1


async def say(message: Say) -> None:
    """Hears it."""


def passage(text: str, stage: str, *, repair: bool = False) -> list[str]:
    """Send a text, and give what is underlined at a stage of its passage."""

    async def story() -> list[str]:
        async with Organism("hello", [ListenerConfig("sayer", "says", say, Say)]) as organism:
            view = LiveView(organism)
            with contextlib.suppress(Rejected):
                await organism.inject(text, to="sayer", repair=repair)
            await organism.settle()
            key = view.snapshot()["messages"]["rows"][-1]["key"]
            detail = view._feed.detail("messages", str(key))
            view.close()
            assert detail is not None
            shown = next(each for each in detail["stages"] if each["name"] == stage)
            return [shown["text"][begin:end] for begin, end in shown.get("marks", [])]

    return run(story())


FENCED = "Here you are:\n```xml\n<Say><Text>a & b</Text></Say>\n```"


def test_what_a_repair_has_changed_is_marked_before_and_after():
    """At the stage `raw` what is no longer there, in the text as it was written; at `repaired` what is new."""
    assert passage(FENCED, "repaired", repair=True) == ["&amp;"]
    assert passage(FENCED, "raw", repair=True)[-2:] == ["&", "```"]


def test_what_was_well_written_has_no_mark():
    """Another layout is no change."""
    for stage in ("raw", "repaired", "payload"):
        assert passage("<Say>\n\n<Text>a</Text>   </Say>", stage, repair=True) == []


def test_a_value_that_its_field_does_not_take_is_marked():
    """Where the text is laid out anew for reading, too."""
    assert passage("<Say><Text>a</Text><Volume>loud</Volume></Say>", "payload") == ["loud"]
    assert passage("<Say>\n  <Text>a</Text>\n  <Volume>🎈 loud</Volume>\n</Say>", "payload") == ["🎈 loud"]


def test_a_tag_that_does_not_belong_there_is_marked_itself():
    """Its text is not what is wrong."""
    assert passage("<Say><Txet>a</Txet></Say>", "payload") == ["<Txet>"]


def test_the_place_where_a_text_stops_being_xml_is_marked():
    """The tag that closes what it must not, the one that is never closed, the entity that nobody knows."""
    assert passage("<Say><Text>a</Volume></Say>", "raw") == ["</Volume>"]
    assert passage("<Say><Text>not closed", "raw") == ["<Text>"]
    assert passage("<Say><Text>a &nbsp; b</Text></Say>", "raw") == ["&nbsp;"]


def test_a_message_that_nobody_takes_is_marked_at_its_name():
    """There is no place in it that would be wrong."""
    assert passage("<Shout><Text>a</Text></Shout>", "routed") == ["<Shout>"]


@given(st.text(max_size=60), st.text(max_size=60))
def test_marks_are_in_order_and_inside_of_their_texts(before, after):
    """Whatever the texts are."""
    for text, marks in zip((before, after), changed(before, after), strict=True):
        ends = [place for mark in marks for place in mark]
        assert ends == sorted(ends)
        assert all(0 <= begin < end <= len(text) for begin, end in marks)


@given(st.text(max_size=40), st.text(max_size=60), st.integers(0, 9), st.integers(0, 99))
def test_a_refusal_is_marked_at_most_once_and_inside_of_the_text(detail, text, line, column):
    """Whatever it says, and whatever text it is about."""
    marks = wrong(f"{detail} line {line}, column {column}", text, text)
    assert len(marks) <= 1
    assert all(0 <= begin < end <= len(text) for begin, end in marks)
