"""For users of the reference: each name that they know, tried once as they would write it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import xpipe_nb
from tests.stories.cast import Ask, Recorder, Say, Told
from tests.support import ROOT, eventually, run
from xpipe_nb import (
    AgentStateEvent,
    ConfigError,
    ConfigLoader,
    DeliveryError,
    DispatchHook,
    HandlerMetadata,
    HandlerResponse,
    Listener,
    ListenerConfig,
    MessageReceivedEvent,
    MessageSentEvent,
    OrganismConfig,
    PumpEvent,
    ReloadEvent,
    StreamPump,
    SystemError,  # noqa: A004 - its name on the wire
    ThreadEvent,
    XPipeError,
    bootstrap,
    get_stream_pump,
    payload,
    reset_stream_pump,
    set_stream_pump,
)

ENVELOPE = (
    b'<message xmlns="https://xml-pipeline.org/ns/envelope/v1"><meta><from>console</from><to>greeter</to>'
    b"<thread>6f1c1d5e-7a2b-4c3d-8e4f-5a6b7c8d9e0f</thread></meta>"
    b'<Say xmlns=""><Text>hello</Text></Say></message>'
)
YAML = """
organism: {name: old-hand}
listeners:
  - name: greeter
    payload_class: Say
    handler: greeter
    description: Greets
    agent: true
    peers: [shouter]
  - {name: shouter, payload_class: Ask, handler: shouter, description: Shouts}
"""


async def shouter(payload: Ask, metadata: HandlerMetadata) -> HandlerResponse:
    """A tool: it answers its caller."""
    return HandlerResponse.respond(payload=Told(payload.text.upper()))


async def answering(payload: Say | Told, metadata: HandlerMetadata) -> HandlerResponse:
    """As a handler of the reference is written; besides, it takes the answer of its peer."""
    if isinstance(payload, Told):
        return HandlerResponse.respond(payload=payload)
    return HandlerResponse(payload=Ask(payload.text), to="shouter")


NAMES = {"Say": Say, "Ask": Ask, "greeter": answering, "shouter": shouter}


def the_config() -> OrganismConfig:
    """Settings as the reference writes them: one dataclass, listeners with paths or objects."""
    return OrganismConfig(
        name="old-hand",
        max_concurrent_pipelines=50,
        max_concurrent_handlers=20,
        max_concurrent_per_agent=5,
        thread_scheduling="breadth-first",
        listeners=[
            ListenerConfig(name="greeter", description="Greets", handler=answering, is_agent=True, peers=["shouter"]),
            ListenerConfig(
                name="shouter",
                description="Shouts",
                payload_class_path="tests.stories.cast.Ask",
                handler_path="tests.stories.test_from_the_reference.shouter",
            ),
        ],
    )


@asynccontextmanager
async def running(pump: StreamPump) -> AsyncIterator[StreamPump]:
    """A pump as the reference runs it: `run` in a task, `shutdown` in the end."""
    task = asyncio.create_task(pump.run())
    await asyncio.sleep(0)
    yield pump
    await pump.shutdown()
    await task


def replies(pump: StreamPump) -> list[Any]:
    """What came back to the outside, over all conversations."""
    return [reply for each in pump.conversations.finished for reply in each.replies]


def test_stream_pump_inject_run_and_shutdown() -> None:
    """`StreamPump(config)`; `inject(raw_bytes, thread_id, from_id)`; `run` until `shutdown`."""

    async def story() -> None:
        pump = StreamPump(the_config())
        await pump.inject(ENVELOPE, thread_id="6f1c1d5e-7a2b-4c3d-8e4f-5a6b7c8d9e0f", from_id="console")
        async with running(pump):
            await pump.until_quiet()
        assert replies(pump) == [Told("HELLO")]
        assert pump.state == "stopped"

    run(story())


def test_build_pipeline_gives_the_stream() -> None:
    """`build_pipeline` gives the aiostream expression, which can be looked at before anything runs."""
    stream = StreamPump(the_config()).build_pipeline()
    assert type(stream).__module__.startswith("aiostream")


def test_register_and_unregister_listeners() -> None:
    """`register_listener`, `register_all`, `register_generic_listener` and `unregister_listener`, also while it runs."""

    async def story() -> None:
        pump = StreamPump(OrganismConfig(name="old-hand"))
        seen: list[str] = []

        async def anything(payload: Any, metadata: HandlerMetadata) -> None:
            seen.append(str(payload.tag))

        async with running(pump):
            assert isinstance(pump.register_listener(ListenerConfig(name="shouter", handler=shouter)), Listener)
            pump.register_all([ListenerConfig(name="greeter", handler=answering, is_agent=True, peers=["shouter"])])
            pump.register_generic_listener("anything", anything)
            await pump.inject(ENVELOPE)
            await pump.inject(ENVELOPE.replace(b"greeter", b"anything").replace(b"6f1c", b"7f1c"))
            await pump.until_quiet()
            assert replies(pump) == [Told("HELLO")]
            assert seen == ["Say"]
            assert pump.unregister_listener("greeter")
            assert "greeter" not in pump.listeners

    run(story())


def test_of_several_listeners_all_are_registered_or_none() -> None:
    """Two classes of one tag and different fields cannot be told apart, so neither listener is there afterwards."""

    def hearer(name: str, kind: type) -> ListenerConfig:
        heard = payload(type("Heard", (), {"__annotations__": {"word": kind}}))

        def hear(message: Any) -> None: ...

        return ListenerConfig(name=name, payload_class=heard, handler=hear)

    pump = StreamPump(OrganismConfig(name="old-hand"))
    with pytest.raises(ConfigError):
        pump.register_all([hearer("first", str), hearer("second", int)])
    assert not {"first", "second"} & set(pump.listeners)


def test_listeners_and_routing_table() -> None:
    """`listeners` by name, `routing_table` by tag; a `Listener` knows its classes, its handler and its peers."""
    pump = StreamPump(the_config())
    assert pump.listeners["greeter"].agent
    assert pump.listeners["greeter"].peers == ("shouter",)
    assert [each.name for each in pump.routing_table["Ask"]] == ["shouter"]


def test_events_and_their_fields() -> None:
    """`subscribe_events`, `unsubscribe_events`; every event is a `PumpEvent` with the fields of the reference."""

    async def story() -> None:
        pump, seen = StreamPump(the_config()), Recorder()
        pump.subscribe_events(seen)
        async with running(pump):
            await pump.inject(ENVELOPE)
            await pump.until_quiet()
            await eventually(lambda: len(seen.of(ThreadEvent)) == 3)
            pump.unsubscribe_events(seen)
            count = len(seen.events)
            await pump.inject(ENVELOPE)
            await pump.until_quiet()
        assert len(seen.events) == count
        assert all(isinstance(event, PumpEvent) for event in seen.events)
        first = seen.of(MessageReceivedEvent)[0]
        assert (first.from_id, first.to_id, first.payload_type, first.payload) == (
            "console",
            "greeter",
            "Say",
            Say("hello"),
        )
        assert seen.of(MessageSentEvent)[0].to_id == "shouter"
        assert {event.state for event in seen.of(AgentStateEvent) if event.agent_name == "greeter"} == {
            "processing",
            "idle",
        }
        assert [event.status for event in seen.of(ThreadEvent)] == ["created", "active", "completed"]
        assert seen.of(ThreadEvent)[-1].participants == ("console", "greeter", "shouter")

    run(story())


class Journal(DispatchHook):
    """A hook as the reference calls it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Any]] = []

    async def on_intent(
        self, *, thread_id: str, from_id: str, to_id: str, payload_type: str, payload_bytes: bytes
    ) -> str:
        self.lines.append(("intent", to_id))
        return f"entry for {to_id}"

    async def on_acknowledged(self, entry_id: str, /) -> None:
        self.lines.append(("acknowledged", entry_id))


def test_dispatch_hooks() -> None:
    """`register_dispatch_hook` and `unregister_dispatch_hook`."""

    async def story() -> None:
        pump, journal = StreamPump(the_config()), Journal()
        pump.register_dispatch_hook(journal)
        async with running(pump):
            await pump.inject(ENVELOPE)
            await pump.until_quiet()
            pump.unregister_dispatch_hook(journal)
            await pump.inject(ENVELOPE)
            await pump.until_quiet()
        assert journal.lines[:2] == [("intent", "greeter"), ("acknowledged", "entry for greeter")]
        assert [what for what, _ in journal.lines].count("intent") == 3

    run(story())


def test_config_loader_and_bootstrap(tmp_path: Path) -> None:
    """`ConfigLoader.load` reads the reference's YAML; `bootstrap` makes the program's pump, its boot message queued."""

    async def story() -> None:
        path = tmp_path / "organism.yaml"
        path.write_text(YAML)
        config = ConfigLoader.load(path, NAMES)
        assert (config.name, [each.name for each in config.listeners]) == ("old-hand", ["greeter", "shouter"])
        pump = await bootstrap(path, NAMES)
        try:
            assert (pump.state, get_stream_pump()) == ("new", pump)
            async with running(pump):
                await pump.until_quiet()
                assert [each.chain for each in pump.conversations.finished] == [["system", "system.boot"]]
        finally:
            reset_stream_pump()

    run(story())


def test_get_set_and_reset_stream_pump() -> None:
    """The one pump that a program calls its own is set, given and forgotten."""
    pump = StreamPump(the_config())
    set_stream_pump(pump)
    assert get_stream_pump() is pump
    reset_stream_pump()
    with pytest.raises(XPipeError):
        get_stream_pump()


def test_reload_config(tmp_path: Path) -> None:
    """`reload_config()` reads the file of `bootstrap` again, or another one; it gives a `ReloadEvent`."""

    async def story() -> None:
        path = tmp_path / "organism.yaml"
        path.write_text(YAML)
        pump = await bootstrap(path, NAMES)
        reset_stream_pump()
        path.write_text(YAML.replace("name: shouter", "name: crier").replace("[shouter]", "[crier]"))
        event = await pump.reload_config()
        assert isinstance(event, ReloadEvent)
        assert (event.success, event.added_listeners, event.removed_listeners) == (True, ["crier"], ["shouter"])
        assert not (await pump.reload_config(tmp_path / "gone.yaml")).success
        with pytest.raises(XPipeError, match="not made from a file"):
            await StreamPump(the_config()).reload_config()

    run(story())


def test_metadata_and_responses() -> None:
    """A handler gets `HandlerMetadata` and gives a `HandlerResponse`; both can be made and compared in a test."""

    async def story() -> None:
        metadata = HandlerMetadata(thread_id="t", from_id="console", own_name="greeter", is_self_call=False)
        response = await answering(Say("x"), metadata)
        assert (response.payload, response.to, response.is_response) == (Ask("x"), "shouter", False)
        assert (await answering(Told("X"), metadata)).is_response

    run(story())


def test_system_error_is_a_payload() -> None:
    """`SystemError` is the payload; the reference's lower-case form is read, too."""
    assert SystemError is DeliveryError
    lower = "<SystemError><code>timeout</code><message>late</message><retry-allowed>true</retry-allowed></SystemError>"
    error = SystemError.from_xml(lower)  # type: ignore[attr-defined]
    assert (error.code, error.message, error.retry_allowed) == ("timeout", "late", True)


def test_every_name_of_the_table_is_here() -> None:
    """The page for users of the reference names nothing that does not exist."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Coming from the reference")[2]
    table = page.partition("\n## ")[0]
    names = {name for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    public = {name for name in names if name[0].isupper() or hasattr(xpipe_nb, name)}
    methods = names - public
    assert len(names) > 30
    assert {name for name in public if not hasattr(xpipe_nb, name)} == set()
    assert {name for name in methods if not hasattr(StreamPump(OrganismConfig()), name)} == set()
