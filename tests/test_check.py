"""What `check` warns of before a run, and what it leaves alone."""

from __future__ import annotations

import pytest

from xpipe_nb.check import check, may_call
from xpipe_nb.listeners import ListenerConfig, resolve_all
from xpipe_nb.messages import HandlerResponse
from xpipe_nb.payloads import payload


@payload
class Greeting:
    name: str


@payload
class Shout:
    text: str


async def calls(message: Greeting, meta) -> Shout:
    """Asks by a call."""
    return await meta.call(message, to="shouter")


async def forwards(message: Greeting, meta) -> HandlerResponse:
    """Sends on; says in its metadata only who it is."""
    return HandlerResponse(Greeting(f"{meta.own_name}: {message.name}"), to="shouter")


async def hands_on(message: Greeting, meta) -> Shout:
    """Gives its metadata to somebody else."""
    return await helper(meta, message.name)


async def calls_inside(message: Greeting, meta) -> list[Shout]:
    """Calls in a function inside."""
    return [answer async for answer in (await meta.call(message) for _ in range(2))]


def answers(message: Greeting) -> Shout:
    """Answers."""
    return Shout(message.name)


async def helper(meta, name):
    """Not a listener."""


def advice(*configs: ListenerConfig, **more):
    """What is said of these listeners: (code, listener), and the texts."""
    found = check(resolve_all(configs), **more)
    return [(one.code, one.listener) for one in found], "\n".join(map(str, found))


SHOUTER = ListenerConfig(name="shouter", handler=answers)


@pytest.mark.parametrize(
    ("handler", "may"),
    [(calls, True), (hands_on, True), (calls_inside, True), (forwards, False), (answers, False), (print, True)],
)
def test_a_handler_that_may_call_is_seen(handler, may):
    """The door is used, or the metadata goes on to somebody who may use it."""
    assert may_call(resolve_all([ListenerConfig(name="a", handler=handler, payload_class=Greeting)])[0]) is may


@pytest.mark.parametrize("handler", [calls, hands_on])
def test_the_first_story_has_nothing_to_warn_of(handler):
    """A greeter that calls a shouter is right as it stands."""
    assert advice(ListenerConfig(name="greeter", handler=handler, peers=["shouter"]), SHOUTER) == ([], "")


def test_one_listener_alone_is_right():
    """An injection reaches it."""
    assert advice(SHOUTER) == ([], "")


def test_a_listener_that_nobody_may_send_to_is_told():
    """It takes part in nothing: the line that would change that is offered."""
    codes, text = advice(
        ListenerConfig(name="greeter", handler=calls, agent=True, peers=["shouter"]),
        SHOUTER,
        ListenerConfig(name="whisperer", handler=answers),
    )
    assert codes == [("unreachable", "whisperer")]
    assert "add it to greeter: peers: [shouter, whisperer]" in text


def test_a_broadcast_listener_is_reached():
    """What goes to nobody in particular goes to it."""
    greeter = ListenerConfig(name="greeter", handler=calls, agent=True, peers=["shouter"])
    assert advice(greeter, SHOUTER, ListenerConfig(name="log", handler=answers, broadcast=True)) == ([], "")


def test_an_open_sender_reaches_everybody():
    """Where somebody may send to anybody, nobody is unreachable."""
    greeter = ListenerConfig(name="greeter", handler=calls, agent=True, peers="*")
    assert advice(greeter, SHOUTER, ListenerConfig(name="whisperer", handler=answers)) == ([], "")


def test_a_peer_that_accepts_none_of_the_outputs_is_told():
    """What is sent there would be refused."""
    sender = ListenerConfig(name="sender", handler=forwards, peers=["shouter"], output_class=Shout)
    codes, text = advice(sender, SHOUTER)
    assert ("deaf-peer", "sender") in codes
    assert "gives Shout, but its peer shouter accepts Greeting only" in text


def test_an_answer_that_the_caller_does_not_accept_is_told():
    """A forward's answer comes back to the caller's own classes."""
    codes, text = advice(ListenerConfig(name="greeter", handler=forwards, peers=["shouter"]), SHOUTER)
    assert codes == [("unheard-answer", "greeter")]
    assert "does not accept Shout, which its peer shouter answers" in text
    assert "message: Greeting | Shout" in text


def test_an_answer_that_is_accepted_is_right():
    """The same handler with both classes."""
    both = ListenerConfig(name="greeter", handler=forwards, peers=["shouter"], payload_class=[Greeting, Shout])
    assert advice(both, SHOUTER) == ([], "")


def ring(**settings):
    """Three listeners that send round."""
    names = ["a", "b", "c"]
    return [
        ListenerConfig(name=name, handler=calls, peers=[other], **(settings if name == "b" else {}))
        for name, other in zip(names, [*names[1:], "a"], strict=True)
    ]


def test_a_ring_of_plain_listeners_is_told_once():
    """Nothing but the message limit ends it."""
    codes, text = advice(*ring())
    assert codes == [("endless", "a")]
    assert "a ▸ b ▸ c ▸ a" in text


def test_a_ring_with_an_agent_or_a_budget_is_right():
    """An agent decides, a budget ends it."""
    assert advice(*ring(agent=True)) == ([], "")
    assert advice(*ring(), budget=1000) == ([], "")


def test_an_agent_without_peers_is_offered_the_line():
    """It may send to nobody, but its handler sends."""
    codes, text = advice(ListenerConfig(name="greeter", handler=calls, agent=True), SHOUTER)
    assert ("no-peers", "greeter") in codes
    assert "peers: [shouter]" in text


def test_an_agent_that_only_answers_needs_no_peers():
    """What it gives goes to its caller."""
    codes, _ = advice(
        ListenerConfig(name="tutor", handler=answers, agent=True), ListenerConfig(name="b", handler=forwards)
    )
    assert ("no-peers", "tutor") not in codes
