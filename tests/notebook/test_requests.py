"""What a view asks for is checked where it arrives: breakpoints, and what becomes of a held message."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stories.cast import Count, an_organism
from tests.support import run
from xpipe_nb import Organism
from xpipe_nb.notebook.requests import answer_request


async def counter(message: Count) -> Count:
    """Counts on."""
    return Count(message.n + 1)


async def holding(organism: Organism) -> Any:
    """Give a conversation whose message is held, asked for as a view does it."""
    assert answer_request(organism, "break", {"listener": "counter", "on": True}) == {}
    conversation = await organism.inject(Count(1))
    await organism.settle()
    return conversation


def test_a_held_message_is_seen_edited_and_let_go() -> None:
    """The text is the payload as XML; an edited one goes to its handler."""

    async def story() -> None:
        async with an_organism(counter) as organism:
            conversation = await holding(organism)
            (held,) = organism.breakpoints.held
            about = {"held": held.number}
            assert answer_request(organism, "held", about) == {"text": "<Count>\n  <N>1</N>\n</Count>"}
            assert answer_request(organism, "edit", {**about, "text": "<Count><N>5</N></Count>"}) == {}
            assert await conversation == [Count(6)]
            assert answer_request(organism, "break", {"listener": "counter", "on": False}) == {}
            assert list(organism.breakpoints) == []

    run(story())


@pytest.mark.parametrize(("what", "replies"), [("release", [Count(2)]), ("drop", None)])
def test_it_is_let_go_or_dropped(what: str, replies: list[Count] | None) -> None:
    """By the key that the snapshot gave."""

    async def story() -> None:
        async with an_organism(counter) as organism:
            conversation = await holding(organism)
            assert answer_request(organism, what, {"held": organism.breakpoints.held[0].number}) == {}
            await organism.settle()
            assert conversation.replies == (replies or [])
            assert conversation.state == ("done" if replies else "failed")

    run(story())


@pytest.mark.parametrize(
    ("what", "content", "error"),
    [
        ("edit", {"text": "<Count>\n<N>many</N></Count>"}, "N: expected int, got 'many' (<Count> line 2, column 1)"),
        ("edit", {"text": 7}, "text is a text, got int"),
        ("edit", {"text": "<Count>" + "x" * 1_000_001}, "a payload of 1,000,008 characters is too long"),
        ("release", {"held": 99}, "this message is not held any more"),
        ("drop", {"held": None}, "this message is not held any more"),
        ("break", {"listener": ["counter"], "on": True}, "listener is a text, got list"),
        ("break", {"listener": "conter", "on": True}, "no listener 'conter'; did you mean 'counter'?"),
        ("break", {"on": True}, "a breakpoint needs a listener, a payload class, or both"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(what: str, content: dict[str, Any], error: str) -> None:
    """Whatever a page sends."""

    async def story() -> None:
        async with an_organism(counter) as organism:
            conversation = await holding(organism)
            about = {"held": organism.breakpoints.held[0].number, **content}
            answer = answer_request(organism, what, about) or {}
            assert error.lower() in answer["error"].lower()
            assert conversation.state == "waiting"

    run(story())


def test_what_is_no_request_has_no_answer() -> None:
    """Older and newer pages ask for what is not there."""
    assert answer_request(an_organism(counter), "fly", {}) is None
