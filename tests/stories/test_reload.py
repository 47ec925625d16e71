"""Hot reload: new listeners while messages are under way."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    ConversationFailed,
    HandlerMetadata,
    Limits,
    ListenerConfig,
    OrganismConfig,
    Rejected,
    ReloadEvent,
    payload,
    send,
)


async def echo(message: Say) -> Told:
    return Told(message.text)


async def loud(message: Say) -> Told:
    return Told(message.text.upper())


def named(name: str, handler: Any, **settings: Any) -> ListenerConfig:
    return ListenerConfig(name=name, handler=handler, **settings)


def test_new_code_is_used_by_the_next_message() -> None:
    """After a reload the next message is handled by the new code; the event names what changed."""

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(named("echo", echo), named("old", echo)) as organism:
            organism.subscribe(recorder)
            assert await organism.ask(Say("a"), to="echo") == Told("a")
            event = await organism.reload([named("echo", loud, timeout=5), named("new", echo)])
            assert await organism.ask(Say("a"), to="echo") == Told("A")
            assert event.success
            assert (event.added_listeners, event.removed_listeners, event.updated_listeners) == (
                ["new"], ["old"], ["echo"],
            )  # fmt: skip
            assert event.changes == {"echo": {"timeout": (60.0, 5.0), "handler": (echo, loud)}}
            assert organism.generation == 2
            with pytest.raises(Rejected):
                await organism.inject(Say("a"), to="old")
        assert recorder.of(ReloadEvent) == [event]

    run(story())


def test_the_same_code_run_again_is_no_change() -> None:
    """A cell that is run again defines equal functions anew: nothing to tell, and no new generation."""
    namespace: dict[str, Any] = {"Say": Say, "Told": Told}
    cell = "async def echo(message: Say) -> Told:\n    return Told(message.text)\n"

    async def story() -> None:
        exec(cell, namespace)
        async with an_organism(namespace["echo"]) as organism:
            exec("\n\n" + cell, namespace)
            event = await organism.reload([namespace["echo"]])
            assert (event.success, event.updated_listeners, organism.generation) == (True, [], 1)
            exec(cell.replace("message.text)", "message.text + '!')"), namespace)
            event = await organism.reload([namespace["echo"]])
            assert (list(event.changes["echo"]), organism.generation) == (["handler"], 2)
            assert await organism.ask(Say("a")) == Told("a!")

    run(story())


def test_a_bad_configuration_changes_nothing() -> None:
    """`success` is false, the error names the fault, and everything runs on."""

    async def story() -> None:
        async with an_organism(named("echo", echo)) as organism:
            event = await organism.reload([named("echo", loud, peers=["nobody"])])
            assert (event.success, organism.generation) == (False, 1)
            assert "nobody" in (event.error or "")
            assert event.cause is not None
            assert await organism.ask(Say("a"), to="echo") == Told("a")

    run(story())


def test_a_reload_from_yaml_and_from_a_file(tmp_path: Path) -> None:
    """YAML text and a `Path` work; a setting that needs a new start is refused by name."""

    async def story() -> None:
        async with an_organism(named("echo", echo)) as organism:
            text = "organism: {name: story}\nlisteners:\n  - {name: echo, handler: loud, description: Loud}\n"
            assert (await organism.reload(text, globals())).updated_listeners == ["echo"]
            assert await organism.ask(Say("a"), to="echo") == Told("A")
            path = tmp_path / "organism.yaml"
            path.write_text(text.replace("loud", "echo"))
            assert (await organism.pump.reload_config(path, globals())).success
            assert await organism.ask(Say("a"), to="echo") == Told("a")
            event = await organism.reload("process_pool: {enabled: false}\n" + text, globals())
            assert not event.success
            assert "process_pool" in (event.error or "")

    run(story())


def test_a_started_turn_ends_on_the_old_code() -> None:
    """What runs is not disturbed; what waits behind it gets the new code."""

    async def story() -> None:
        gate = asyncio.Event()
        began: list[str] = []

        async def slow(message: Say) -> Told:
            began.append(message.text)
            await gate.wait()
            return Told(f"old {message.text}")

        async def quick(message: Say) -> Told:
            return Told(f"new {message.text}")

        async with an_organism(named("echo", slow, concurrency=1)) as organism:
            running = await organism.inject(Say("a"), to="echo")
            waiting = await organism.inject(Say("b"), to="echo")
            await eventually(lambda: began == ["a"])
            assert organism.running("echo") == 1
            await organism.reload([named("echo", quick, concurrency=1)])
            gate.set()
            assert await running == [Told("old a")]
            assert await waiting == [Told("new b")]

    run(story())


def test_a_removed_listener_works_on_in_its_open_frames() -> None:
    """A listener that is gone still gets the answers that it waits for."""

    async def story() -> None:
        gate = asyncio.Event()

        async def boss(message: Ask | Told) -> Any:
            return message if isinstance(message, Told) else send(Say(message.text), to="slow")

        async def slow(message: Say) -> Told:
            await gate.wait()
            return Told(message.text)

        async with an_organism(boss, slow) as organism:
            conversation = await organism.inject(Ask("a"), to="boss")
            await eventually(lambda: organism.running("slow") == 1)
            assert (await organism.reload([slow])).removed_listeners == ["boss"]
            gate.set()
            assert await conversation == [Told("a")]

    run(story())


def test_an_instance_of_the_old_class_is_taken_when_the_schema_is_the_same() -> None:
    """A re-run cell makes a new class; what was made before is still accepted if its schema is the same."""
    namespace: dict[str, Any] = {"payload": payload, "Told": Told}
    cell = "@payload\nclass Note:\n    text: str\n\nasync def echo(message: Note) -> Told:\n    return Told(message.text)\n"

    async def story() -> None:
        exec(cell, namespace)
        old = namespace["Note"]("kept")
        async with an_organism(namespace["echo"]) as organism:
            exec(cell, namespace)
            await organism.reload([namespace["echo"]])
            assert await organism.ask(old) == Told("kept")
            exec(cell.replace("text: str", "first: str").replace("message.text", "message.first"), namespace)
            event = await organism.reload([namespace["echo"]])
            assert {"payload_class", "handler"} <= set(event.changes["echo"])
            with pytest.raises(Rejected) as refusal:
                await organism.inject(old)
            assert refusal.value.reason == "schema-changed"
            assert "text: str → first: str" in refusal.value.detail

    run(story())


def test_what_waits_and_no_longer_fits_is_a_dead_letter() -> None:
    """A message that waited through a reload and does not fit the new class is a dead letter `schema-changed`."""
    namespace: dict[str, Any] = {"payload": payload, "Told": Told, "gate": None, "asyncio": asyncio}
    cell = (
        "@payload\nclass Memo:\n    text: str\n\n"
        "async def echo(message: Memo) -> Told:\n    await gate.wait()\n    return Told('done')\n"
    )

    async def story() -> None:
        namespace["gate"] = asyncio.Event()
        exec(cell, namespace)
        async with an_organism(named("echo", namespace["echo"], concurrency=1)) as organism:
            first = await organism.inject(namespace["Memo"]("a"))
            second = await organism.inject(namespace["Memo"]("b"))
            await eventually(lambda: organism.running("echo") == 1)
            exec(cell.replace("text: str", "number: int"), namespace)
            await organism.reload([named("echo", namespace["echo"], concurrency=1)])
            namespace["gate"].set()
            assert await first == [Told("done")]
            assert await second == []
            assert [letter.reason for letter in organism.dead_letters] == ["schema-changed"]
            assert (await organism.settle()).open == ()
            assert organism.pump.scheduler.running == 0

    run(story())


def test_every_setting_of_a_listener_is_compared() -> None:
    """No change may pass unseen: each setting that differs is in `changes`."""
    others: dict[str, Any] = {
        "description": "other", "agent": True, "peers": ["echo"], "broadcast": True, "prompt": "p", "timeout": 3.0,
        "concurrency": 7,
    }  # fmt: skip
    unseen = {"name", "handler", "handler_path", "payload_class", "payload_class_path", "is_agent", "output_class"}
    later = {"cpu_bound", "executor", "retries"}
    settings = {item.name for item in fields(ListenerConfig)} - unseen - later - {"given"}
    assert settings == set(others)

    async def story(setting: str) -> None:
        base = {"agent": True} if setting == "prompt" else {}
        async with an_organism(named("echo", echo, **base)) as organism:
            event = await organism.reload([named("echo", echo, **{**base, setting: others[setting]})])
            assert event.success, event.error
            assert setting in event.changes["echo"]

    for setting in others:
        run(story(setting))


def test_a_failing_conversation_of_the_old_code_fails_as_usual() -> None:
    """A turn of the old code that raises after the reload fails its own conversation only."""

    async def story() -> None:
        gate = asyncio.Event()

        async def bad(message: Say) -> Told:
            await gate.wait()
            raise ValueError

        async with an_organism(named("echo", bad)) as organism:
            conversation = await organism.inject(Say("a"), to="echo")
            await eventually(lambda: organism.running("echo") == 1)
            await organism.reload([named("echo", echo)])
            gate.set()
            with pytest.raises(ConversationFailed):
                await conversation
            assert await organism.ask(Say("b"), to="echo") == Told("b")

    run(story())


# ---- settings

YAML = """
organism: {name: story}
listeners:
  - {name: echo, handler: echo, description: Says it again}
  - {name: spender, handler: spender, description: Spends}
"""


async def spender(message: Count, meta: HandlerMetadata) -> Told:
    async with meta.tokens(message.n) as spent:
        spent.completion = message.n
    return Told("spent")


def test_settings_are_taken_over_with_the_listeners_and_told() -> None:
    """Each setting that differs is in `changes` under `$`, limits one by one; what is left out is the default again."""

    async def story() -> None:
        async with an_organism(named("echo", echo), named("spender", spender), max_concurrent_handlers=7) as organism:
            text = f"max_tokens_per_thread: 500\nmax_concurrent_pipelines: 3\nlimits: {{max_depth: 8, max_nodes: 50}}\n{YAML}"
            event = await organism.reload(text, globals())
            assert event.success, event.error
            assert event.changes["$"] == {
                "max_tokens_per_thread": (None, 500),
                "max_concurrent_pipelines": (50, 3),
                "max_concurrent_handlers": (7, 20),
                "limits.max_depth": (64, 8),
                "gate.max_nodes": (20_000, 50),
            }
            assert organism.config.max_tokens_per_thread == organism.budgets.max_tokens_per_thread == 500
            assert organism.config.limits == Limits(max_depth=8)
            assert "$" not in (await organism.reload(text, globals())).changes

    run(story())


def test_listeners_alone_leave_the_settings_as_they_are() -> None:
    """A list of listeners says nothing of budgets."""

    async def story() -> None:
        async with an_organism(named("echo", echo), max_tokens_per_thread=500) as organism:
            event = await organism.reload([named("echo", loud)])
            assert list(event.changes) == ["echo"]
            assert organism.budgets.max_tokens_per_thread == 500

    run(story())


def test_a_whole_configuration_can_be_given() -> None:
    """It is checked like one that is read; a bad one changes nothing at all."""

    async def story() -> None:
        async with an_organism(named("echo", echo), max_tokens_per_thread=500) as organism:
            good = OrganismConfig(name="other", max_tokens_per_thread=900, listeners=[named("echo", loud)])
            assert (await organism.reload(good)).success
            assert (organism.name, organism.config.name, organism.budgets.max_tokens_per_thread) == (
                "story",
                "story",
                900,
            )
            for bad in (
                OrganismConfig(max_tokens_per_thread=-1, listeners=[named("echo", echo)]),
                OrganismConfig(max_tokens_per_thread=1, listeners=[named("echo", echo, peers=["nobody"])]),
                OrganismConfig(
                    max_tokens_per_thread=1, process_pool={"enabled": False}, listeners=[named("echo", echo)]
                ),
            ):
                assert not (await organism.reload(bad)).success
                assert organism.budgets.max_tokens_per_thread == organism.config.max_tokens_per_thread == 900
                assert await organism.ask(Say("a"), to="echo") == Told("A")

    run(story())


def test_a_new_budget_counts_for_open_and_finished_conversations_too() -> None:
    """All but those whose limit was raised by hand; who waits for tokens goes on if they are there now."""

    async def story() -> None:
        async with an_organism(named("echo", echo), named("spender", spender), max_tokens_per_thread=100) as organism:
            organism.attended = True
            done, raised = [await organism.inject(Count(60), to="spender") for _ in range(2)]
            await done
            await raised
            organism.budgets.raise_limit(raised, 150)
            waiting = await organism.inject(Count(300), to="spender")
            await eventually(lambda: waiting.state == "waiting")
            await organism.reload(f"max_tokens_per_thread: 400\n{YAML}", globals())
            assert await waiting == [Told("spent")]
            assert [each.limit for each in organism.budgets.every()] == [400, 150, 400]
            await organism.reload(f"max_tokens_per_thread: 50\n{YAML}", globals())
            assert organism.budgets.usage(done).exhausted

    run(story())


def test_more_places_let_in_who_waits_for_one() -> None:
    """Handlers, an agent's own places and open conversations: each by the new number at once."""

    async def story(setting: str) -> None:
        gate = asyncio.Event()

        async def slow(message: Say) -> Told:
            await gate.wait()
            return Told(message.text)

        agent = named("slow", slow, agent=True)
        async with an_organism(agent, **{setting: 1}) as organism:
            tasks = [asyncio.ensure_future(organism.inject(Say(each), to="slow")) for each in "abc"]
            await eventually(lambda: organism.running("slow") == 1)
            await organism.reload(OrganismConfig(listeners=[agent], **{setting: 3}))
            await eventually(lambda: organism.running("slow") == 3)
            gate.set()
            assert [await (await each) for each in tasks] == [[Told(each)] for each in "abc"]

    for setting in ("max_concurrent_handlers", "max_concurrent_per_agent", "max_concurrent_pipelines"):
        run(story(setting))


def test_fewer_places_end_nothing_that_runs() -> None:
    """What runs goes on; the next one starts when there is room by the new number."""

    async def story() -> None:
        gate = asyncio.Event()

        async def slow(message: Say) -> Told:
            await gate.wait()
            return Told(message.text)

        async with an_organism(slow) as organism:
            first = [await organism.inject(Say(each), to="slow") for each in "ab"]
            await eventually(lambda: organism.running("slow") == 2)
            await organism.reload(OrganismConfig(listeners=[named("slow", slow)], max_concurrent_handlers=1))
            third = await organism.inject(Say("c"), to="slow")
            assert organism.pump.scheduler.running == 2
            gate.set()
            assert [await each for each in (*first, third)] == [[Told("a")], [Told("b")], [Told("c")]]
            assert organism.pump.scheduler.running == 0

    run(story())


def test_new_limits_count_for_what_is_open() -> None:
    """Depth and number of messages are looked at when a message is routed, whenever its conversation began."""

    async def story() -> None:
        gate = asyncio.Event()

        async def ping(message: Count) -> Any:
            if message.n == 0:
                await gate.wait()
            return send(Count(message.n + 1), to="ping")

        async with an_organism(ping) as organism:
            conversation = await organism.inject(Count(0), to="ping")
            await eventually(lambda: organism.running("ping") == 1)
            await organism.reload(OrganismConfig(listeners=[named("ping", ping)], limits=Limits(max_messages=20)))
            gate.set()
            with pytest.raises(ConversationFailed):
                await conversation
            assert conversation.errors[0].code == "hops"
            assert conversation.messages <= 21

    run(story())


def test_a_setting_that_needs_a_new_start_is_refused_with_all_others() -> None:
    """Nothing of such a configuration is taken over, and the error says what to do."""

    async def story() -> None:
        async with an_organism(named("echo", echo)) as organism:
            text = f"max_tokens_per_thread: 5\nprocess_pool: {{enabled: false}}\n{YAML}"
            event = await organism.reload(text, globals())
            assert not event.success
            assert "a new start" in (event.error or "")
            assert organism.budgets.max_tokens_per_thread is None
            assert list(organism.listeners) == ["echo"]

    run(story())
