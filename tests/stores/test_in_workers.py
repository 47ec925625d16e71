"""Worker processes and the shared state: what a handler sees there, and what waits while the store is away."""

from __future__ import annotations

import asyncio
import os
import pickle

import pytest

from tests.stores.cast import spender
from tests.stores.servers import RedisServer
from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    BackendEvent,
    ConversationFailed,
    CorruptEntry,
    ListenerConfig,
    Organism,
    StoreAway,
    StoreRefused,
)
from xpipe_nb.stores import writer


def far(message: Ask, meta) -> Told:
    """Looks at the conversation that it is in, from another process, and spends from its budget."""
    state = meta.shared_state
    conversation = state.conversation(meta.conversation_id)
    [thread] = [each for each in state.threads(conversation.id) if each.id == meta.thread_id]
    [slot] = state.history(thread.id)
    with state.budget(conversation.id).tokens(30) as spent:
        spent.prompt = 20
    return Told(f"{os.getpid()} {conversation.state} {thread.listener} {slot.payload.text} {slot.from_id}")


def busy(message: Say) -> Told:
    """Works in another process, without a look at any state."""
    return Told(f"{message.text} {os.getpid()}")


def working(*functions, **settings) -> Organism:
    workers = [ListenerConfig(name=each.__name__, handler=each, cpu_bound=True) for each in functions]
    return an_organism(*workers, spender, process_pool={"workers": 1}, **settings)


def test_a_worker_sees_and_spends_what_its_organism_shares(redis_server, state_server):
    """The address travels by itself; payloads are objects of the organism's classes, and budgets the organism's own."""

    async def story(backend):
        async with working(far, backend=backend, max_tokens_per_thread=100) as organism:
            conversation = await organism.inject(Ask("hi"), to="far")
            [told] = await conversation
            pid, *seen = told.text.split()
            assert int(pid) != os.getpid()
            assert seen == ["active", "far", "hi", "console"]
            more = await organism.inject(Count(90), to="spender", conversation=conversation)
            with pytest.raises(ConversationFailed, match="needs 90 tokens, 80 of 100 are left"):
                await more
            assert organism.budgets.usage(conversation).elsewhere == 20

    for backend in (state_server.address, redis_server.address("workers:", authkey=b"sealed")):
        run(story(backend))


def test_a_worker_of_an_organism_that_shares_nothing_is_told_so():
    """Without a backend the state is in the organism's own process; the handler's error says what would help."""

    async def story():
        async with working(far) as organism:
            with pytest.raises(ConversationFailed, match=r"backend: \{type: manager\} shares it"):
                await (await organism.inject(Ask("hi"), to="far"))

    run(story())


def test_work_for_workers_waits_while_redis_is_away(tmp_path, monkeypatch):
    """What was accepted waits without its clock and is begun once the store is back; one that then refuses is an error."""
    monkeypatch.setattr(writer, "LONGEST_DELAY", 0.1)
    server = RedisServer(tmp_path)
    recorder = Recorder()

    async def story():
        told = {state: asyncio.Event() for state in ("away", "back", "refused")}
        async with working(busy, backend=server.address()) as organism:
            organism.subscribe(recorder)
            organism.subscribe(lambda event: told[event.state].set() if isinstance(event, BackendEvent) else None)
            assert (await organism.ask(Say("before"), to="busy")).text.startswith("before ")
            server.stop()
            conversations = [await organism.inject(Say("x"), to="busy")]
            await told["away"].wait()
            conversations += [await organism.inject(Say(f"meanwhile {each}"), to="busy") for each in range(3)]
            await eventually(lambda: recorder.states("busy")[-1] == "waiting")
            assert [each.state for each in conversations[1:]] == ["active"] * 3
            server.start()
            answers = [(await each)[0].text.rsplit(" ", 1) for each in conversations[1:]]
            assert [text for text, _ in answers] == ["meanwhile 0", "meanwhile 1", "meanwhile 2"]
            assert len({pid for _, pid in answers}) == 1
            assert [each.state for each in organism.shared_state.conversations()] == ["done"] * 5
            assert [event.state for event in recorder.of(BackendEvent)] == ["away", "back"]
            with server.client() as client:
                client.config_set("requirepass", "changed")
                client.execute_command("AUTH", "changed")
                client.client_kill_filter(_type="normal", skipme=True)
            await organism.inject(Say("unseen"), to="busy")
            await told["refused"].wait()
            with pytest.raises(ConversationFailed, match=r"Redis at 127\.0\.0\.1:\d+/0: .*password"):
                await (await organism.inject(Say("y"), to="busy"))

    try:
        run(story())
    finally:
        server.stop()


def test_errors_of_a_store_travel_from_process_to_process():
    """They are made again with all their fields, as every error of ours."""
    for error in (CorruptEntry("w", "k", "p"), StoreAway("w", "p", "r"), StoreRefused("w", "p")):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
