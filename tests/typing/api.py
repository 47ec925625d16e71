"""What a type checker makes of the public names; nobody runs this file, mypy reads it.

It is how a person's own code meets us: a plain class, a handler, an organism, a conversation.
"""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from xpipe_nb import (
    Breakpoint,
    Conversation,
    ConversationRecord,
    HandlerMetadata,
    HandlerResponse,
    Identity,
    Limits,
    ListenerConfig,
    Organism,
    SharedState,
    Slot,
    SlotRecord,
    StateAddress,
    ThreadRecord,
    Usage,
    WorkerState,
    listener,
    payload,
    send,
)


@payload
class Greeting:
    name: str


@payload
class Shouted:
    text: str
    volume: int = 11


async def greet(message: Greeting | Shouted, meta: HandlerMetadata) -> HandlerResponse:
    if isinstance(message, Shouted):
        assert_type(message.volume, int)
        return HandlerResponse.respond(message)
    return send(Greeting(f"hello {message.name}"), to="shouter")


@listener
def shouter(message: Greeting) -> Shouted:
    return Shouted(text=message.name.upper())


@listener(peers=["shouter"])
async def greeter(message: Greeting, meta: HandlerMetadata) -> Shouted | None:
    return None


def elsewhere(address: StateAddress) -> None:
    with SharedState.open(address, payloads=[Greeting, Shouted]) as state:
        assert_type(state.conversations(), list[ConversationRecord])
        assert_type(state.thread("id"), ThreadRecord | None)
        assert_type(state.history("id"), list[SlotRecord])
        with state.budget("team", limit=100_000).tokens(1_200) as spent:
            spent.prompt = 900


async def thrifty(message: Greeting, meta: HandlerMetadata) -> Shouted:
    async with meta.tokens(1_200) as spent:
        spent.prompt, spent.completion = 900, 210
    assert_type(meta.history, tuple[Slot, ...])
    return Shouted(meta.usage_instructions)


# A decorator keeps the types of what it decorates.
assert_type(shouter(Greeting("Ann")), Shouted)
assert_type(Greeting("Ann").name, str)


async def main() -> None:
    configured = ListenerConfig(name="greeter", handler=greet, agent=True, peers=["shouter"])
    organism = Organism("hello", [configured, shouter], limits=Limits(max_depth=8))
    assert_type(Organism.from_yaml(Path("hello.yaml"), namespace=globals()), Organism)
    async with organism as running:
        assert_type(running, Organism)
        conversation = await organism.inject(Greeting("World"), to="greeter")
        assert_type(conversation, Conversation)
        for reply in await conversation:
            print(reply)
        assert_type(conversation.id, str)
        assert_type(conversation.envelopes, list[bytes])
        assert_type(conversation.number, int)
        assert_type(organism.budgets.usage(conversation), Usage)
        assert_type(organism.budgets.raise_limit(conversation.number, 20_000).remaining, int | None)
        assert_type(organism.prompts["greeter"], str)
        assert_type(organism.breakpoints.add(listener="shouter", payload=Greeting), Breakpoint)
        for held in organism.breakpoints.held:
            held.edit(Greeting("you"))
            assert_type(held.xml, str)
            held.release()


def work() -> None:
    organism = Organism("heavy", process_pool={"workers": 2, "start_method": "spawn"})
    for worker in organism.workers:
        assert_type(worker, WorkerState)
    assert_type(organism.workers.kill(1), bool)


def sign() -> None:
    me = Identity.load(Path("me.pem"), trusted=["partner.pub"], verify="require", window=60)
    assert_type(me, Identity)
    assert_type(me.rotate("newer.pem"), str)
    assert_type(me.trusted, tuple[str, ...])
    signed = Organism("signed", identity=me)
    assert_type(signed.seal(Greeting("Ann"), to="greeter"), bytes)
    Organism("also", identity={"key": "me.pem", "window": None})
