"""The handlers that the stories of a shared state have in common."""

from __future__ import annotations

from tests.stories.cast import Ask, Count, Say, Told, an_organism
from xpipe_nb import Organism

__all__ = ["asker", "sayer", "sharing", "spender"]


async def asker(message: Ask | Told, meta) -> Told | object:
    """Has somebody else answer, twice."""
    first = await meta.call(Say(f"{message.text} 1"), to="sayer")
    second = await meta.call(Say(f"{message.text} 2"), to="sayer")
    return Told(f"{first.text}, {second.text}")


async def sayer(message: Say) -> Told:
    """Answers."""
    if "fail" in message.text:
        raise ValueError("no")
    return Told(message.text.upper())


async def spender(message: Count, meta) -> Told:
    """Spends as many tokens as it is told."""
    async with meta.tokens(message.n) as spent:
        spent.prompt = message.n
    return Told(f"{message.n} spent")


def sharing(*listeners, backend, **settings) -> Organism:
    return an_organism(*listeners, backend=backend, **settings)
