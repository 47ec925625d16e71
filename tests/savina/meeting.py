"""Classics in which listeners share something: chameneos, bounded buffer, philosophers, bank transactions, sieve."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from typing import Any

from tests.benchmarks.ring import ENDLESS
from xpipe_nb import ListenerConfig, Organism, payload, send

__all__ = ["bank", "bounded_buffer", "chameneos", "philosophers", "sieve"]

COLOURS = ("blue", "red", "yellow")


@payload
class Begin:
    rounds: int


@payload
class Done:
    count: int


@payload
class Meet:
    name: str
    colour: str


@payload
class Met:
    name: str
    colour: str


@payload
class Closed:
    """The mall takes nobody any more."""


@payload
class Put:
    item: int


@payload
class Take:
    """Asks for the next item."""


@payload
class Item:
    number: int


@payload
class Hungry:
    place: int


@payload
class Full:
    place: int


@payload
class Granted:
    forks: bool


@payload
class Transfer:
    amount: int
    to: str


@payload
class Credit:
    amount: int


@payload
class Candidate:
    number: int


def complement(mine: str, other: str) -> str:
    """The colour of both after a meeting: their own if it is the same, else the third one."""
    return mine if mine == other else next(each for each in COLOURS if each not in (mine, other))


async def chameneos(creatures: int, meetings: int) -> int:
    """Creatures meet in pairs at a mall; every meeting is one of two, and both see the same pair of colours."""
    pairs: list[frozenset[str]] = []
    first: list[tuple[Meet, asyncio.Future[Met]]] = []  # who waits for a second one

    async def mall(message: Meet) -> Met | Closed:
        if len(pairs) == meetings:
            return Closed()
        if not first:
            first.append((message, asyncio.get_running_loop().create_future()))
            return await first[0][1]
        other, answer = first.pop()
        pairs.append(frozenset((other.name, message.name)))
        answer.set_result(Met(message.name, message.colour))
        return Met(other.name, other.colour)

    def creature(name: str, colour: str) -> ListenerConfig:
        async def live(_message: Begin, meta: Any) -> Done:
            mine, met = colour, 0
            while isinstance(other := await meta.call(Meet(name, mine), to="mall"), Met):
                assert other.name != name
                mine, met = complement(mine, other.colour), met + 1
            return Done(met)

        return ListenerConfig(name=name, handler=live)

    names = [f"creature{place}" for place in range(creatures)]
    folk = [creature(name, COLOURS[place % 3]) for place, name in enumerate(names)]
    async with Organism("chameneos", [mall, *folk], limits=ENDLESS) as organism:
        conversations = [await organism.inject(Begin(meetings), to=name) for name in names]
        done = [reply.count for each in conversations for reply in await each]
        assert len(pairs) == meetings
        assert all(len(pair) == 2 for pair in pairs)
        assert sum(done) == 2 * meetings
        return sum(each.messages for each in conversations)


async def bounded_buffer(producers: int, consumers: int, each: int, room: int) -> int:
    """Producers and consumers share a buffer: it is never above its bound, and each item comes out once."""
    held: deque[int] = deque()
    changed = asyncio.Condition()
    highest, taken = 0, Counter[int]()

    async def buffer(message: Put | Take) -> Item:
        nonlocal highest
        async with changed:
            if isinstance(message, Put):
                await changed.wait_for(lambda: len(held) < room)
                held.append(message.item)
                highest = max(highest, len(held))
                given = message.item
            else:
                await changed.wait_for(lambda: bool(held))
                given = held.popleft()
            changed.notify_all()
            return Item(given)

    def producer(place: int) -> ListenerConfig:
        async def handle(message: Begin, meta: Any) -> Done:
            for number in range(message.rounds):
                await meta.call(Put(place * each + number), to="buffer")
            return Done(message.rounds)

        return ListenerConfig(name=f"producer{place}", handler=handle)

    def consumer(place: int) -> ListenerConfig:
        async def handle(message: Begin, meta: Any) -> Done:
            for _ in range(message.rounds):
                taken[(await meta.call(Take(), to="buffer")).number] += 1
            return Done(message.rounds)

        return ListenerConfig(name=f"consumer{place}", handler=handle)

    total = producers * each
    assert total % consumers == 0
    folk = [*map(producer, range(producers)), *map(consumer, range(consumers))]
    # who waits in the buffer keeps its place, so there has to be one for everybody
    async with Organism("buffer", [buffer, *folk], limits=ENDLESS, max_concurrent_handlers=len(folk) + 1) as organism:
        conversations = [await organism.inject(Begin(each), to=f"producer{place}") for place in range(producers)]
        conversations += [
            await organism.inject(Begin(total // consumers), to=f"consumer{place}") for place in range(consumers)
        ]
        for conversation in conversations:
            await conversation
        assert 0 < highest <= room
        assert taken == dict.fromkeys(range(total), 1)
        return sum(conversation.messages for conversation in conversations)


async def philosophers(number: int, meals: int) -> int:
    """An arbiter grants two forks or none: neighbours never eat at once, and everybody gets all their meals."""
    eating: set[int] = set()
    eaten = Counter[int]()

    async def arbiter(message: Hungry | Full) -> Granted:
        place = message.place
        if isinstance(message, Full):
            eating.discard(place)
            return Granted(forks=False)
        if {(place - 1) % number, (place + 1) % number} & eating:
            return Granted(forks=False)
        eating.add(place)
        return Granted(forks=True)

    def philosopher(place: int) -> ListenerConfig:
        async def live(message: Begin, meta: Any) -> Done:
            while eaten[place] < message.rounds:
                if not (await meta.call(Hungry(place), to="arbiter")).forks:
                    continue
                assert not {(place - 1) % number, (place + 1) % number} & eating
                eaten[place] += 1
                await meta.call(Full(place), to="arbiter")
            return Done(eaten[place])

        return ListenerConfig(name=f"philosopher{place}", handler=live)

    async with Organism("table", [arbiter, *map(philosopher, range(number))], limits=ENDLESS) as organism:
        conversations = [await organism.inject(Begin(meals), to=f"philosopher{place}") for place in range(number)]
        assert [await each for each in conversations] == [[Done(meals)]] * number
        assert not eating
        return sum(each.messages for each in conversations)


async def bank(accounts: int, transfers: int, seed: int = 0) -> int:
    """Transfers at random between accounts, all at once: money moves, and the sum of it stays."""
    balance = {f"account{place}": 1_000 for place in range(accounts)}
    chance = random.Random(seed)

    def account(name: str) -> ListenerConfig:
        async def handle(message: Transfer | Credit, meta: Any) -> Done:
            if isinstance(message, Credit):
                balance[name] += message.amount
                return Done(message.amount)
            if balance[name] < message.amount:
                return Done(0)
            balance[name] -= message.amount
            return await meta.call(Credit(message.amount), to=message.to)

        return ListenerConfig(name=name, handler=handle)

    async def teller(message: Begin, meta: Any) -> Done:
        pairs = [chance.sample(list(balance), 2) for _ in range(message.rounds)]
        orders = [meta.call(Transfer(chance.randint(1, 400), other), to=one) for one, other in pairs]
        return Done(sum(done.count for done in await asyncio.gather(*orders)))

    async with Organism("bank", [teller, *map(account, balance)], limits=ENDLESS) as organism:
        conversation = await organism.inject(Begin(transfers), to="teller")
        ((moved,),) = [await conversation]
        assert moved.count > 0
        assert sum(balance.values()) == 1_000 * accounts
        assert min(balance.values()) >= 0
        return conversation.messages


async def sieve(limit: int) -> int:
    """Each prime that comes through the chain becomes a new listener at its end, while the organism runs."""
    primes: list[int] = []
    messages = 0

    async with Organism("sieve", limits=ENDLESS) as organism:

        def add(prime: int) -> None:
            place = len(primes)
            primes.append(prime)

            async def handle(message: Candidate) -> Any:
                if message.number % prime == 0:
                    return None
                if place + 1 == len(primes):
                    add(message.number)
                    return None
                return send(Candidate(message.number), to=f"prime{place + 1}")

            organism.pump.register_listener(ListenerConfig(name=f"prime{place}", handler=handle))

        add(2)
        for number in range(3, limit + 1):
            conversation = await organism.inject(Candidate(number), to="prime0")
            assert await conversation == []
            messages += conversation.messages
        expected = [n for n in range(2, limit + 1) if all(n % d for d in range(2, int(n**0.5) + 1))]
        assert primes == expected
        assert not organism.dead_letters
        return messages
