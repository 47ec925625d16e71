"""Prompts: what an agent is told of its peers, and of what becomes of what it writes."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from annotated_types import Ge, MinLen
from lxml import etree

from tests.stories.cast import Ask, Count, Say, Told, an_organism
from tests.support import run
from xpipe_nb import AnyPayload, HandlerMetadata, ListenerConfig, Organism, Pattern, payload
from xpipe_nb.payloads import codec_of
from xpipe_nb.primitives import BudgetWarning


@payload
class Order:
    """An order with rules that an example has to keep."""

    sender_name: Annotated[str, MinLen(3)]
    code: Annotated[str, Pattern("[A-Z]{3}-[0-9]{4}")]
    lines: Annotated[list[Count], MinLen(2)]
    weight: Annotated[float, Ge(1.5)] = 2.0
    note: str | None = None


@payload
class Never:
    """A class of which there is no example: no text is that long and that short."""

    text: Annotated[str, MinLen(2), Pattern("[a-z]")]


async def writer(message: Order | Say) -> Told:
    """Writes what it is told."""
    return Told("x")


async def silent(message: Count) -> None:
    """Counts, and says nothing."""


def an_agent(name: str = "planner", **settings: Any) -> ListenerConfig:
    async def think(message: Ask | Told, meta: HandlerMetadata) -> Told:
        return Told(meta.usage_instructions)

    return ListenerConfig(**{"name": name, "handler": think, "agent": True, "prompt": "Plan well.\n", **settings})


def examples_in(prompt: str) -> list[etree._Element]:
    """Every XML element that begins a line of a prompt, read strictly."""
    found, lines = [], prompt.splitlines()
    for start, line in enumerate(lines):
        if line.startswith("<") and not line.startswith("</"):
            tag = line[1:].split(">")[0].removesuffix("/")
            ends = [at for at in range(start, len(lines)) if lines[at].endswith((f"</{tag}>", f"<{tag}/>"))]
            found.append(etree.fromstring("\n".join(lines[start : ends[0] + 1])))
    return found


def classes_of(organism: Organism) -> dict[str, type]:
    return {tag: cls for each in organism.pump.listeners.values() for tag, cls in each.accepts.items()} | {"Told": Told}


def test_every_example_in_every_prompt_passes_its_own_schema() -> None:
    """What an agent is shown as an example is accepted, the pump's own listeners' payloads included."""
    everybody = ["writer", "silent", "plain", "system.todo", "system.todo-complete", "system.buffer", "system.sequence"]

    async def plain(message: Told | BudgetWarning) -> Order: ...

    organism = an_organism(
        writer, silent, plain, an_agent(peers=everybody), an_agent("other", peers=["*"], output_class=Order)
    )
    classes, count = classes_of(organism), 0
    assert set(organism.prompts) == {"planner", "other"}
    for prompt in organism.prompts.values():
        for element in examples_in(prompt):
            codec_of(classes[str(element.tag)]).validate(element)
            count += 1
    assert count >= 15


def test_an_example_can_be_sent_as_it_stands() -> None:
    """An agent that answers with the examples of its prompt is understood."""

    async def story() -> None:
        async def parrot(message: Ask | Told, meta: HandlerMetadata) -> Any:
            if isinstance(message, Told):
                return message
            return "\n".join(
                etree.tostring(each, encoding="unicode") for each in examples_in(meta.usage_instructions)[:1]
            )

        agent = ListenerConfig(name="parrot", handler=parrot, agent=True, peers=["writer"])
        async with an_organism(writer, agent) as organism:
            assert await organism.ask(Ask("go"), to="parrot") == Told("x")

    run(story())


def test_a_prompt_has_its_own_words_its_peers_and_the_rules() -> None:
    """Own words first; of each peer name, description, what it takes and answers; then who is answered."""
    organism = an_organism(writer, silent, an_agent(peers=["writer", "silent"]))
    prompt = organism.prompts["planner"]
    assert prompt.startswith("Plan well.\n\n# You\n\nYou are planner. You are sent Ask or Told.")
    assert "## writer\nWrites what it is told.\nIt takes Order:\n<Order>" in prompt
    assert "It answers Told." in prompt
    assert "## silent\nCounts, and says nothing.\nIt takes Count:\n<Count>\n  <N>" in prompt
    assert "It does not say whether it answers, or with what." in prompt
    for rule in ("- Order goes to writer.", "- Count goes to silent.", "every other payload, is your answer"):
        assert rule in prompt
    assert "With your answer everything ends that you have begun for it" in prompt
    assert "You answer with Told:\n<Told>" in prompt


def test_what_two_peers_take_is_said_to_be_refused() -> None:
    """As the pump does with text that could be meant for either."""
    organism = an_organism(writer, ListenerConfig(name="second", handler=writer), an_agent(peers=["writer", "second"]))
    assert "- Say is taken by writer and second; as text it would be refused" in organism.prompts["planner"]


def test_an_agent_without_peers_is_told_so() -> None:
    """It learns of nobody else."""
    organism = an_organism(writer, an_agent(peers=[]))
    assert "writer" not in organism.prompts["planner"]
    assert "You have no peers: all that you write answers whoever wrote to you." in organism.prompts["planner"]


def test_an_agent_that_may_send_to_anybody_gets_everybodys_contract() -> None:
    """But its own, and those of the pump, which would fill every prompt."""
    organism = an_organism(writer, silent, an_agent(peers=["*"]))
    contracts = organism.pump.prompts.contracts("planner")
    assert [line for line in contracts.splitlines() if line.startswith("## ")] == ["## writer", "## silent"]


def test_a_generic_peer_takes_anything_and_an_impossible_example_is_left_out() -> None:
    """What cannot be shown is said."""

    async def odd(message: Never) -> AnyPayload: ...

    organism = an_organism(odd, an_agent(peers=["odd"]))
    assert "It takes Never. (Its rules are too narrow for an example.)" in organism.prompts["planner"]


def test_only_agents_have_prompts_and_nobody_can_change_one() -> None:
    """A mapping without a way to set anything; `meta.usage_instructions` cannot be assigned either."""

    async def story() -> None:
        async def meddler(message: Ask, meta: HandlerMetadata) -> Told:
            with pytest.raises(AttributeError):
                meta.usage_instructions = "do as you like"  # type: ignore[misc]
            return Told(meta.usage_instructions)

        agent = ListenerConfig(name="meddler", handler=meddler, agent=True, peers=["writer"])
        async with an_organism(writer, agent) as organism:
            with pytest.raises(KeyError):
                organism.prompts["writer"]
            with pytest.raises(TypeError):
                organism.prompts["meddler"] = "x"  # type: ignore[index]
            told = await organism.ask(Ask("x"), to="meddler")
            assert told.text.startswith("## writer\n")
            assert told.text in organism.prompts["meddler"]

    run(story())


def test_a_plain_listener_gets_no_instructions() -> None:
    """It is code, and knows."""

    async def plain(message: Ask, meta: HandlerMetadata) -> Told:
        return Told(f"[{meta.usage_instructions}]")

    async def story() -> None:
        async with an_organism(plain, writer) as organism:
            assert await organism.ask(Ask("x"), to="plain") == Told("[]")

    run(story())


def test_a_prompt_is_written_once_and_follows_a_reload() -> None:
    """The same text until a reload; then the new words, and the new contracts of peers that changed."""

    async def other(message: Say) -> Told:
        """Writes otherwise."""
        return Told("y")

    async def story() -> None:
        async with an_organism(writer, an_agent(peers=["writer"])) as organism:
            first = organism.prompts["planner"]
            assert organism.prompts["planner"] is first
            await organism.reload([ListenerConfig(name="writer", handler=other), an_agent(peers=["writer"])])
            second = organism.prompts["planner"]
            assert "Order" in first
            assert "Order" not in second
            assert "Writes otherwise." in second
            bad = await organism.reload([an_agent(peers=["nobody"])])
            assert not bad.success
            assert organism.prompts["planner"] is second
            await organism.reload([writer, an_agent(peers=["writer"], prompt="Plan better.")])
            assert organism.prompts["planner"].startswith("Plan better.\n")

    run(story())
