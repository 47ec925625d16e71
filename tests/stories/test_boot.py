"""The pump's own listeners as a whole: who has them, who sees them, and the boot message."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.stories.cast import Ask, Recorder, Say, Told, an_organism
from tests.support import run
from xpipe_nb import (
    ConfigError,
    ListenerConfig,
    MessageReceivedEvent,
    Organism,
    Rejected,
    bootstrap,
    primitives,
    reset_stream_pump,
    send,
)
from xpipe_nb.names import SYSTEM_LISTENERS
from xpipe_nb.payloads import RESERVED_TAGS, codec_of
from xpipe_nb.primitives import Boot, SequenceStart


async def echo(message: Say) -> Told:
    return Told(message.text)


def test_bootstrap_sends_one_boot_message_and_an_organism_none(tmp_path: Path) -> None:
    """`Boot` comes from `system`, first of all, and tells the name and the number of listeners."""
    path = tmp_path / "organism.yaml"
    path.write_text("organism: {name: file}\nlisteners: [echo]\n")

    async def story() -> None:
        recorder = Recorder()
        pump = await bootstrap(path, {"echo": echo})
        pump.subscribe_events(recorder)
        running = asyncio.create_task(pump.run())
        await pump.until_quiet()
        await pump.shutdown()
        await running
        reset_stream_pump()
        (received,) = recorder.of(MessageReceivedEvent)
        assert (received.from_id, received.to_id) == ("system", "system.boot")
        boot = received.payload
        assert (boot.organism_name, boot.listener_count, boot.timestamp[-6:]) == ("file", 1, "+00:00")

        async with an_organism(echo) as organism:
            await organism.settle()
            assert organism.conversations == []

    run(story())


def test_every_organism_has_the_table_and_counts_none_of_it() -> None:
    """All system listeners are there under their names, each with a description; the person's own are counted."""
    organism = an_organism(echo)
    own = {name: each for name, each in organism.pump.listeners.items() if name != "echo"}
    assert tuple(own) == SYSTEM_LISTENERS
    assert all(each.description and not each.agent and each.timeout is None for each in own.values())
    assert list(organism.listeners) == ["echo"]
    assert "1 listener ·" in repr(organism)


def test_the_payloads_are_public_and_their_names_reserved() -> None:
    """`xpipe_nb.primitives` has a class for every reserved tag and no other."""
    classes = {getattr(primitives, name) for name in primitives.__all__}
    assert {codec_of(each).tag for each in classes} == RESERVED_TAGS


def test_they_are_nobody_else_s() -> None:
    """A listener cannot bear such a name, nobody outside can speak as `system`, and a misspelt peer is told."""
    for name in ("system", "system.todo", "system.own"):
        with pytest.raises(ConfigError, match="the pump's own") as refusal:
            an_organism(ListenerConfig(name=name, handler=echo))
        assert refusal.value.path == "$.listeners[0].name"
    with pytest.raises(ConfigError) as refusal:
        Organism.from_yaml("listeners: [{name: echo, handler: echo, peers: [system.sequense]}]", globals())
    assert refusal.value.nearest == "system.sequence"

    async def story() -> None:
        async with an_organism(echo) as organism:
            with pytest.raises(Rejected):
                await organism.inject(Boot(), to="system.boot", from_id="system")

    run(story())


def test_they_are_drawn_where_they_are_peers_or_used() -> None:
    """The graph has a node of kind `system` for a peer; the view has one for whoever was sent to."""

    async def agent(message: Ask) -> Any:
        return send(Say("x"), to="echo")

    organism = an_organism(echo, ListenerConfig(name="agent", handler=agent, agent=True, peers=["echo", "system.todo"]))
    nodes = {node.name: node.kind for node in organism.graph().nodes}
    assert nodes == {"echo": "tool", "agent": "agent", "system.todo": "system"}

    async def story() -> None:
        from xpipe_nb.views.fold import fold_all
        from xpipe_nb.views.state import DeclaredEvent, ViewState

        async with an_organism(echo) as running:
            recorder = Recorder()
            running.subscribe(recorder)
            await running.ask(SequenceStart(["echo"], Say("x")))
            await running.settle()
            graph = running.graph()
            declared = DeclaredEvent(graph.nodes, (), 1)
        state = fold_all(ViewState("story"), [declared, *recorder.events, declared])
        shown = {name: (each.kind, each.gone) for name, each in state.listeners.items()}
        assert shown == {
            "console": ("port", False),
            "echo": ("tool", False),
            "system.sequence": ("system", False),
        }

    run(story())


def test_a_check_says_which_of_their_results_an_agent_does_not_accept() -> None:
    """An agent that orders sequences is warned before a run; notes, which are left out, need no accepting."""

    async def agent(message: Ask) -> Any:
        return send(SequenceStart(["echo"], Say("x")), to="system.sequence")

    def advice(*peers: str) -> list[str]:
        told = ListenerConfig(name="agent", handler=agent, agent=True, peers=["echo", *peers])
        return [str(each) for each in an_organism(echo, told).check() if "Sequence" in str(each) or "Todo" in str(each)]

    (warning,) = advice("system.sequence")
    assert "does not accept SequenceComplete, SequenceError" in warning
    assert advice("system.todo", "system.todo-complete") == []
