"""Generic listeners: any payload, as an element, while the organism runs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lxml import etree

from tests.stories.cast import Ask, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import ConfigError, ConversationFailed, HandlerMetadata, ListenerConfig, Rejected, send
from xpipe_nb.primitives import BufferStart, SequenceStart


async def echo(message: Say) -> Told:
    return Told(message.text)


async def collector(element: Any) -> Told:
    """Takes what comes."""
    return Told(etree.tostring(element).decode())


def named(name: str, handler: Any, **settings: Any) -> ListenerConfig:
    return ListenerConfig(name=name, handler=handler, **settings)


def test_it_takes_any_payload_as_an_element() -> None:
    """A class that the organism knows and one that nobody knows both arrive, the known one checked by its schema."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            listener = organism.pump.register_generic_listener("collector", collector)
            assert (listener.description, listener.generic) == ("Takes what comes.", True)
            assert await organism.ask(Say("x"), to="collector") == Told("<Say><Text>x</Text></Say>")
            assert await organism.ask("<Foreign><A>1</A></Foreign>", to="collector") == Told(
                "<Foreign><A>1</A></Foreign>"
            )
            with pytest.raises(Rejected) as refusal:
                await organism.inject("<Say><Txt>x</Txt></Say>", to="collector")
            assert refusal.value.reason == "schema"

    run(story())


def test_it_gets_only_what_names_it() -> None:
    """A message without a receiver never goes to it, so that it makes nothing ambiguous."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            organism.pump.register_generic_listener("collector", collector)
            assert await organism.ask(Say("x")) == Told("x")
            with pytest.raises(Rejected, match="Foreign"):
                await organism.inject("<Foreign/>")

    run(story())


def test_its_element_is_its_own() -> None:
    """What it does to the element is seen by nobody else, not even in its own history."""

    async def story() -> None:
        seen: list[str] = []

        async def vandal(element: Any, meta: HandlerMetadata) -> None:
            element.clear()
            element.tag = "Ruined"
            seen.extend(slot.payload.findtext("Text") for slot in meta.history)

        async with an_organism(echo) as organism:
            organism.pump.register_generic_listener("vandal", vandal)
            conversation = await organism.inject(Say("x"), to="vandal")
            await conversation
            assert seen == ["x"]

    run(story())


def test_it_comes_and_goes_while_messages_are_under_way() -> None:
    """Taken out, it ends what it has begun, and nothing new reaches it."""

    async def story() -> None:
        gate = asyncio.Event()

        async def slow(element: Any) -> Told:
            await gate.wait()
            return Told(element.findtext("Text"))

        async with an_organism(echo) as organism:
            organism.pump.register_generic_listener("slow", slow)
            running = await organism.inject(Say("a"), to="slow")
            await eventually(lambda: organism.running("slow") == 1)
            assert "slow" in organism.listeners
            assert organism.pump.unregister_listener("slow")
            assert not organism.pump.unregister_listener("slow")
            gate.set()
            assert await running == [Told("a")]
            with pytest.raises(Rejected, match="No listener 'slow'"):
                await organism.inject(Say("b"), to="slow")

    run(story())


def test_a_reload_leaves_it_alone() -> None:
    """Only who registered it takes it out; a reload names neither it nor the pump's own among the removed."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            organism.pump.register_generic_listener("collector", collector)
            event = await organism.reload([named("other", echo)])
            assert (event.added_listeners, event.removed_listeners) == (["other"], ["echo"])
            assert await organism.ask(Say("x"), to="collector") == Told("<Say><Text>x</Text></Say>")
            assert not organism.pump.unregister_listener("system.todo")

    run(story())


def test_it_is_a_step_and_a_target() -> None:
    """Sequences and buffers send to it as to any other."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            organism.pump.register_generic_listener("collector", collector)
            done = await organism.ask(SequenceStart(["echo", "collector"], Say("x")))
            assert done.final_result == Told("<Told><Text>x</Text></Told>")
            done = await organism.ask(BufferStart("collector", [Say("a"), Told("b")]))
            assert [each.text for each in done.results] == ["<Say><Text>a</Text></Say>", "<Told><Text>b</Text></Told>"]

    run(story())


def test_it_hears_answers_and_errors() -> None:
    """What it sent on comes back as an element, be it the answer or the error."""

    async def story() -> None:
        async def broken(message: Ask) -> Told:
            raise ValueError("no")

        async def hub(element: Any) -> Any:
            if element.tag == "Say":
                return send(Say("x"), to="echo")
            return send(Ask("x"), to="broken") if element.tag == "Told" else Told(element.tag)

        async with an_organism(echo, broken) as organism:
            organism.pump.register_generic_listener("hub", hub)
            assert await organism.ask(Say("go"), to="hub") == Told("SystemError")

    run(story())


def test_peers_rule_over_it_too() -> None:
    """An agent reaches it only if it names it; an agent that is added later can."""

    async def story() -> None:
        async def agent(message: Ask | Told) -> Any:
            return message if isinstance(message, Told) else send(Say("x"), to="collector")

        async with an_organism(echo, named("closed", agent, agent=True, peers=[])) as organism:
            organism.pump.register_generic_listener("collector", collector)
            organism.pump.register_listener(named("open", agent, agent=True, peers=["collector"]))
            assert await organism.ask(Ask("go"), to="open") == Told("<Say><Text>x</Text></Say>")
            with pytest.raises(ConversationFailed):
                await organism.ask(Ask("go"), to="closed")

    run(story())


@pytest.mark.parametrize(
    ("name", "handler", "problem"),
    [
        ("echo", collector, "a second listener named 'echo'"),
        ("system.own", collector, "no name of a listener"),
        ("two words", collector, "no name of a listener"),
        ("plain", "collector", "not a function"),
        ("plain", lambda: None, "takes no argument"),
    ],
)
def test_what_cannot_be_one_is_refused(name: str, handler: Any, problem: str) -> None:
    """A name that is taken, reserved or malformed, and a handler that cannot be called, are told by place."""
    organism = an_organism(echo)
    with pytest.raises(ConfigError, match=problem):
        organism.pump.register_generic_listener(name, handler)
    assert list(organism.listeners) == ["echo"]
