"""The defects of the pump that this one descends from: each is a story that ended badly there and ends well here.

The numbers are those of the list in CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import asyncio
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import ROOT, eventually, run
from tests.workers.cells import Notebook
from xpipe_nb import (
    AgentStateEvent,
    ConfigError,
    ConfigWarning,
    ConversationFailed,
    DeliveryError,
    GateLimits,
    HandlerMetadata,
    HandlerResponse,
    Identity,
    Limits,
    ListenerConfig,
    Organism,
    Rejected,
    ThreadEvent,
    payload,
    send,
)
from xpipe_nb.dispatch.deadlines import RESOLUTION
from xpipe_nb.primitives import BufferStart, SequenceStart, TodoUntil
from xpipe_nb.xml import open_envelope, read_document

ENVELOPE = '<message xmlns="https://xml-pipeline.org/ns/envelope/v1"><meta><from>{}</from><to>{}</to><thread>{}</thread></meta>{}</message>'
A_THREAD = "6f1c1d5e-7a2b-4c3d-8e4f-5a6b7c8d9e0f"


@payload
class Nothing:
    """A payload without fields."""


@payload
class Measure:
    """A number that may be missing."""

    value: float
    note: str | None = None


async def echo(message: Say) -> Told:
    return Told(message.text)


async def ask_echo(message: Ask, meta: HandlerMetadata) -> Told:
    return await meta.call(Say(message.text), to="echo")  # type: ignore[no-any-return]


def named(name: str, handler: Any, **settings: Any) -> ListenerConfig:
    return ListenerConfig(name=name, handler=handler, **settings)


def test_01_a_processing_instruction_for_a_payload_kills_nothing() -> None:
    """A message whose payload is a processing instruction is refused, and the pump goes on."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            with pytest.raises(Rejected, match="instruction"):
                await organism.inject(ENVELOPE.format("console", "echo", A_THREAD, "<?stop now?>").encode())
            assert await organism.ask(Say("still here"), to="echo") == Told("still here")

    run(story())


def test_02_a_generic_listener_gets_messages_and_a_sequence_its_results() -> None:
    """What is sent to a generic listener is routed once and arrives; sequences and buffers come to their end."""

    async def collector(element: Any) -> Told:
        return Told(element.findtext("Text"))

    async def story() -> None:
        async with an_organism(echo) as organism:
            organism.pump.register_generic_listener("collector", collector)
            assert await organism.ask(Say("x"), to="collector") == Told("x")
            done = await organism.ask(SequenceStart(["echo", "collector"], Say("x")))
            assert done.final_result == Told("x")
            done = await organism.ask(BufferStart("echo", [Say("two\nlines"), Say("b")]))
            assert done.results == [Told("two\nlines"), Told("b")]

    run(story())


def test_03_an_error_reaches_the_agent_that_sent_what_could_not_go() -> None:
    """A `SystemError` is handed to the sender that accepts it, in the frame that sent."""

    async def rogue(message: Ask | DeliveryError) -> Any:
        if isinstance(message, DeliveryError):
            return Told(f"refused: {message.code}")
        return send(Say("x"), to="echo")

    async def story() -> None:
        async with an_organism(echo, named("rogue", rogue, agent=True, peers=[])) as organism:
            assert await organism.ask(Ask("x"), to="rogue") == Told("refused: routing")

    run(story())


@pytest.mark.parametrize("text", ["007", "3.140", "true", "00", "-0", " padded ", ""])
def test_04_a_string_arrives_as_it_was_sent(text: str) -> None:
    """What looks like a number or a truth is still the text that it was."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            assert await organism.ask(Say(text), to="echo") == Told(text)

    run(story())


def test_05_nothing_is_cut_in_silence() -> None:
    """Text of 11 MB and elements 300 deep pass inside whole, and are refused with their reason from outside."""

    async def story() -> None:
        long = "x" * 11_000_000
        async with an_organism(echo) as organism:
            assert await organism.ask(Say(long), to="echo") == Told(long)
            with pytest.raises(Rejected, match=r"too-large|bytes"):
                await organism.inject(f"<Say><Text>{long}</Text></Say>", to="echo", repair=True)
            with pytest.raises(Rejected, match="deep"):
                await organism.inject("<Say>" * 300 + "</Say>" * 300, to="echo", repair=True)

    run(story())


def test_06_a_stop_waits_for_handlers_and_for_nothing_else() -> None:
    """`stop` neither hangs on what is queued nor returns while a handler runs."""

    async def story() -> None:
        let_go, inside = asyncio.Event(), []

        async def slow(message: Say) -> Told:
            inside.append(message.text)
            await let_go.wait()
            inside.remove(message.text)
            return Told(message.text)

        organism = await an_organism(slow, max_concurrent_handlers=1).start()
        conversations = [await organism.inject(Say(str(each)), to="slow") for each in range(5)]
        await eventually(lambda: bool(inside))
        stopping = asyncio.create_task(organism.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
        let_go.set()
        await stopping
        assert inside == []
        assert [each.reply for each in conversations] == [Told(str(each)) for each in range(5)]

    run(story())


def test_07_a_handlers_bytes_cannot_say_who_sent_them() -> None:
    """An envelope that a handler returns is refused; sender and thread are the pump's to write."""

    async def forger(message: Say) -> bytes:
        return ENVELOPE.format("admin", "echo", A_THREAD, '<Say xmlns=""><Text>forged</Text></Say>').encode()

    async def story() -> None:
        async with an_organism(echo, forger) as organism:
            with pytest.raises(ConversationFailed):
                await organism.ask(Say("x"), to="forger")
            assert "envelope" in organism.dead_letters[0].detail

    run(story())


def test_08_a_broadcast_reaches_everybody_who_listens_to_it() -> None:
    """Two listeners of one class with `broadcast` both get the message, each in a frame of its own."""

    async def story() -> None:
        heard: list[str] = []

        def ear(name: str) -> ListenerConfig:
            async def hear(message: Say, meta: HandlerMetadata) -> None:
                heard.append(meta.thread_id)

            return named(name, hear, broadcast=True)

        async with an_organism(ear("left"), ear("right")) as organism:
            await (await organism.inject(Say("x")))
            assert len(set(heard)) == 2

    run(story())


def test_09_an_empty_payload_and_a_hostile_name_make_whole_xml() -> None:
    """A class without fields has a well-formed element; a sender's name with markup in it is refused."""

    async def quiet(message: Nothing) -> Told:
        return Told("nothing came")

    async def story() -> None:
        async with an_organism(quiet) as organism:
            assert await organism.ask(Nothing(), to="quiet") == Told("nothing came")
            with pytest.raises(Rejected):
                await organism.inject(Nothing(), to="quiet", from_id="a</from><from>b")

    run(story())


def test_10_a_limit_of_tasks_a_worker_breaks_no_pool_for_functions_of_cells() -> None:
    """Workers that are replaced after two messages answer all of them, with a function that only a cell has."""
    cells = Notebook("@xp.listener(cpu_bound=True)\ndef double(message: Num) -> Res:\n    return Res(2 * message.n)")

    async def story() -> None:
        pool = {"workers": 1, "max_tasks_per_child": 2}
        async with Organism("story", [cells.names["double"]], process_pool=pool) as organism:
            answers = [await organism.ask(cells.names["Num"](n)) for n in range(5)]
            assert [answer.n for answer in answers] == [0, 2, 4, 6, 8]

    run(story())


def test_11_hooks_see_the_bytes_of_each_message() -> None:
    """What a hook is given is the whole canonical message: it can be injected again and says the same."""

    class Journal:
        def __init__(self) -> None:
            self.written: list[dict[str, Any]] = []

        async def on_intent(self, **written: Any) -> int:
            self.written.append(written)
            return len(self.written)

    async def story() -> None:
        journal = Journal()
        async with an_organism(ask_echo, echo, hooks=[journal]) as organism:
            await organism.ask(Ask("<&>"), to="ask_echo")
        assert [(each["from_id"], each["to_id"]) for each in journal.written] == [
            ("console", "ask_echo"),
            ("ask_echo", "echo"),
        ]
        for written in journal.written:
            opened = open_envelope(read_document(written["payload_bytes"], GateLimits()))
            assert (opened.from_id, opened.to_id) == (written["from_id"], written["to_id"])
            assert opened.thread == written["thread_id"]
            assert opened.payload.tag == written["payload_type"]
            assert opened.payload.findtext("Text") == "<&>"

    run(story())


def test_12_a_reload_is_whole_and_leaves_running_sequences_alone() -> None:
    """A sequence goes on through a reload, a bad one changes nothing, and a prompt is among what changes."""

    async def story() -> None:
        let_go = asyncio.Event()

        async def slow(message: Say) -> Told:
            await let_go.wait()
            return Told(message.text)

        async def after(message: Told) -> Told:
            return message

        everybody = [named("slow", slow), named("after", after, agent=True, prompt="old")]
        async with an_organism(*everybody) as organism:
            running = await organism.inject(SequenceStart(["slow", "after"], Say("x")))
            await eventually(lambda: organism.running("slow") == 1)
            bad = await organism.reload([named("slow", slow), named("after", after, peers=["nobody-there"])])
            assert (bad.success, organism.listeners["after"].prompt) == (False, "old")
            good = await organism.reload([named("slow", slow), named("after", after, agent=True, prompt="new")])
            assert good.changes["after"]["prompt"] == ("old", "new")
            let_go.set()
            (done,) = await running
            assert done.final_result == Told("x")

    run(story())


def test_13_a_second_conversation_of_one_port_gets_its_own_reply() -> None:
    """Two conversations from the console to one listener, both open at once, each end with their own reply."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            first, second = [await organism.inject(Say(text), to="echo") for text in ("one", "two")]
            assert (await first, await second) == ([Told("one")], [Told("two")])

    run(story())


def test_14_conversations_that_nobody_registered_are_apart() -> None:
    """Each injection without a thread is a conversation with a chain, an id and a history of its own."""

    async def story() -> None:
        seen: list[tuple[str, int]] = []

        async def look(message: Say, meta: HandlerMetadata) -> None:
            seen.append((meta.conversation_id, len(meta.history)))

        async with an_organism(look) as organism:
            for text in ("one", "two"):
                await (await organism.inject(Say(text), to="look"))
        assert len({each for each, _ in seen}) == 2
        assert [length for _, length in seen] == [1, 1]

    run(story())


def test_15_a_listener_with_dots_in_its_name_can_answer() -> None:
    """The chain is a list: `tools.text.echo` is one name, and its answer comes back."""

    async def story() -> None:
        async with an_organism(named("tools.text.echo", echo)) as organism:
            conversation = await organism.inject(Say("x"), to="tools.text.echo")
            assert await conversation == [Told("x")]
            assert conversation.chain == ["console", "tools.text.echo"]

    run(story())


def test_17_each_message_is_in_the_history_once() -> None:
    """Three messages in one frame are three slots."""

    async def story() -> None:
        lengths: list[int] = []

        async def counter(message: Count, meta: HandlerMetadata) -> Any:
            lengths.append(len(meta.history))
            return send(Count(message.n - 1), to="counter") if message.n else None

        async with an_organism(counter) as organism:
            await (await organism.inject(Count(2), to="counter"))
        assert lengths == [1, 2, 3]

    run(story())


def test_18_a_todo_watches_the_thread_of_who_asked() -> None:
    """A todo that is sent as a message reminds the agent of what arrives in the agent's own frame."""

    async def story() -> None:
        nudges: list[str] = []

        async def agent(message: Ask | Told, meta: HandlerMetadata) -> Any:
            nudges.append(meta.todo_nudge)
            if isinstance(message, Told):
                return message
            return [send(TodoUntil("Told"), to="system.todo"), send(Say("x"), to="echo")]

        async with an_organism(echo, named("agent", agent, agent=True, peers=["echo", "system.todo"])) as organism:
            assert await organism.ask(Ask("go"), to="agent") == Told("x")
        assert nudges[0] == ""
        assert "Told has come from echo" in nudges[1]

    run(story())


def test_16_a_self_calling_agent_has_one_account() -> None:
    """Every turn of an agent that sends to itself spends from the same budget, which therefore ends."""

    async def agent(message: Count, meta: HandlerMetadata) -> Any:
        async with meta.tokens(30) as spent:
            spent.completion = 30
        return send(Count(message.n + 1), to="agent")

    async def story() -> None:
        async with an_organism(named("agent", agent, agent=True), max_tokens_per_thread=100) as organism:
            conversation = await organism.inject(Count(1), to="agent")
            with pytest.raises(ConversationFailed) as failed:
                await conversation
            assert [each.code for each in failed.value.errors] == ["budget"]
            usage = organism.budgets.usage(conversation)
            assert (usage.used, usage.requests, len(usage.frames)) == (90, 3, 1)

    run(story())


def test_19_parallel_calls_to_one_peer_have_frames_of_their_own() -> None:
    """Two calls at once to one listener are two frames, and each gets its own answer."""

    async def story() -> None:
        frames: list[str] = []

        async def peer(message: Say, meta: HandlerMetadata) -> Told:
            frames.append(meta.thread_id)
            return Told(message.text)

        async def boss(message: Ask, meta: HandlerMetadata) -> Told:
            answers = await asyncio.gather(*(meta.call(Say(each), to="peer") for each in "ab"))
            return Told("".join(each.text for each in answers))

        async with an_organism(peer, boss) as organism:
            assert await organism.ask(Ask("x"), to="boss") == Told("ab")
        assert len(set(frames)) == 2

    run(story())


def test_20_an_agent_without_peers_may_send_to_nobody() -> None:
    """No `peers` at an agent means nobody, not everybody."""

    async def lonely(message: Ask) -> HandlerResponse:
        return send(Say("x"), to="echo")

    async def story() -> None:
        async with an_organism(echo, named("lonely", lonely, agent=True)) as organism:
            with pytest.raises(ConversationFailed) as failed:
                await organism.ask(Ask("x"), to="lonely")
            assert failed.value.errors[0].code == "routing"
            assert "echo" not in failed.value.errors[0].message

    run(story())


def test_21_a_failing_signature_sends_nothing_and_what_comes_in_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that cannot be used stops the start, one that cannot sign stops the message, and every seal is checked."""
    key = tmp_path / "me.pem"
    with pytest.raises(ConfigError):
        Organism("unsigned", [echo], identity=key)
    identity = Identity.create(key)

    def broken(data: bytes) -> bytes:
        raise OSError("the key is gone")

    async def story() -> None:
        async with an_organism(echo, identity=identity) as organism:
            message = organism.seal(Say("genuine"), to="echo")
            unsigned = ENVELOPE.format("console", "echo", A_THREAD, '<Say xmlns=""><Text>x</Text></Say>').encode()
            for forged in (message.replace(b"genuine", b"forged"), unsigned):
                with pytest.raises(Rejected) as refused:
                    await organism.inject(forged)
                assert refused.value.stage == "verify"
            conversation = await organism.inject(message)
            assert await conversation == [Told("genuine")]
            monkeypatch.setattr(identity, "sign", broken)
            with pytest.raises(OSError, match="the key is gone"):
                conversation.envelopes

    run(story())


def test_22_an_error_of_a_worker_is_no_silence() -> None:
    """A handler in a worker process that raises, or whose process dies, gives its caller an error and a dead letter."""
    cells = Notebook(
        "@xp.listener(cpu_bound=True)\ndef breaks(message: Num) -> Res:\n"
        "    if message.n:\n        raise ValueError('no')\n    os._exit(1)"
    )

    async def story() -> None:
        async with Organism("story", [cells.names["breaks"]], process_pool={"workers": 1}) as organism:
            for n in (0, 1):
                with pytest.raises(ConversationFailed) as failed:
                    await organism.ask(cells.names["Num"](n))
                assert [error.code for error in failed.value.errors] == ["handler"]
            assert [letter.reason for letter in organism.dead_letters] == ["handler", "handler"]

    run(story())


def test_23_a_busy_agent_holds_no_place_that_others_could_use() -> None:
    """With one agent's queue full and few places in all, another listener still answers."""

    async def story() -> None:
        never = asyncio.Event()

        async def hang(message: Say) -> None:
            await never.wait()

        busy = named("busy", hang, agent=True, peers=[])

        async def other(message: Ask) -> Told:
            return Told(message.text)

        async with an_organism(busy, other, max_concurrent_handlers=3, max_concurrent_per_agent=2) as organism:
            waiting = [await organism.inject(Say("x"), to="busy") for _ in range(10)]
            assert await organism.ask(Ask("quick"), to="other") == Told("quick")
            for each in waiting:
                each.cancel()

    run(story())


def test_24_nothing_is_polled() -> None:
    """An idle organism asks its loop for no timer at all: what comes next wakes it."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            await organism.ask(Say("x"), to="echo")
            loop: Any = asyncio.get_running_loop()
            await asyncio.sleep(3 * RESOLUTION)  # the deadlines look once more after the last handler, then no more
            assert [each for each in loop._scheduled if not each.cancelled()] == []

    asyncio.run(story())


def test_26_threads_and_agents_tell_their_states() -> None:
    """`ThreadEvent`s are published, an agent in a call is `waiting`, and after a refusal it is idle or in error."""

    async def caller(message: Ask, meta: HandlerMetadata) -> Any:
        await meta.call(Say("x"), to="echo")
        return send(Count(1), to="nobody-there")

    async def story() -> Recorder:
        recorder = Recorder()
        async with an_organism(echo, caller) as organism:
            organism.subscribe(recorder)
            with pytest.raises(ConversationFailed):
                await organism.ask(Ask("x"), to="caller")
        return recorder

    recorder = run(story())
    assert [each.status for each in recorder.of(ThreadEvent)] == ["created", "active", "error"]
    assert "waiting" in recorder.states("caller")
    assert recorder.of(AgentStateEvent)[-1].state in ("idle", "error")


def test_27_an_error_is_never_printed_and_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    """What goes wrong is an error for its caller and a dead letter for the person; the core has no `print`."""

    async def broken(message: Say) -> None:
        raise ValueError("no")

    async def story() -> None:
        async with an_organism(broken) as organism:
            with pytest.raises(ConversationFailed, match="no"):
                await (await organism.inject(Say("x"), to="broken"))
            assert [letter.reason for letter in organism.dead_letters] == ["handler"]

    run(story())
    assert capsys.readouterr().out == ""
    core = [
        each for each in (ROOT / "xpipe_nb").rglob("*.py") if "notebook" not in each.parts and each.name != "cli.py"
    ]
    calls = [node for each in core for node in ast.walk(ast.parse(each.read_text())) if isinstance(node, ast.Call)]
    assert not [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "print"]


def test_28_one_branch_that_ends_quietly_ends_nothing_else() -> None:
    """A conversation with two branches is open until both are over, has the reply of the slower one, and one account."""

    async def story() -> None:
        let_go = asyncio.Event()

        async def quiet(message: Say, meta: HandlerMetadata) -> None:
            async with meta.tokens(40) as spent:
                spent.prompt = 40
            return

        async def slow(message: Count) -> Told:
            await let_go.wait()
            return Told("late, and here")

        async def fan(message: Ask | Told) -> Any:
            return message if isinstance(message, Told) else [send(Say("x"), to="quiet"), send(Count(1), to="slow")]

        async with an_organism(quiet, slow, fan, max_tokens_per_thread=100) as organism:
            conversation = await organism.inject(Ask("x"), to="fan")
            await eventually(lambda: any(frame.listener == "slow" for frame in conversation.frames))
            assert not conversation.is_over
            let_go.set()
            assert await conversation == [Told("late, and here")]
            assert organism.budgets.usage(conversation).used == 40  # the quiet end of one has wiped nothing

    run(story())


def test_29_the_example_of_every_payload_passes_its_own_schema() -> None:
    """What a model is shown as an example is accepted when it is sent back."""
    for cls in (Say, Told, Ask, Count, Nothing, Measure):
        assert isinstance(cls.from_xml(cls.example_xml()), cls)
    agent = named("agent", echo, agent=True, peers=["ask", "told"])

    async def ask(message: Ask | Count | Measure) -> None: ...

    async def told(message: Told | Nothing) -> None: ...

    prompt = an_organism(ask, told, agent).prompts["agent"]
    for cls in (Ask, Count, Measure, Told, Nothing):
        assert cls.example_xml() in prompt


def test_30_two_organisms_in_one_process_share_nothing() -> None:
    """Listeners, conversations, dead letters and numbers of one are unknown to the other."""

    async def story() -> None:
        async with Organism("one", [echo]) as one, Organism("two", [named("other", echo)]) as two:
            await one.ask(Say("x"), to="echo")
            with pytest.raises(Rejected):
                await two.inject(Say("x"), to="echo")
            assert (len(one.conversations), len(two.conversations)) == (1, 0)
            assert (one.dead_letters.total, two.dead_letters.total) == (0, 1)

    run(story())


def test_31_a_handler_that_exits_fails_its_turn_and_not_the_loop() -> None:
    """`SystemExit` and `KeyboardInterrupt` out of a handler are errors of that turn."""

    async def leave(message: Say) -> None:
        raise SystemExit(3)

    async def interrupt(message: Ask) -> None:
        raise KeyboardInterrupt

    async def story() -> None:
        async with an_organism(leave, interrupt, named("echo", echo)) as organism:
            for message, to in ((Say("x"), "leave"), (Ask("x"), "interrupt")):
                with pytest.raises(ConversationFailed):
                    await organism.ask(message, to=to)
            assert await organism.ask(Say("still here"), to="echo") == Told("still here")

    run(story())


def test_32_ping_pong_ends_and_costs_no_more_from_hop_to_hop() -> None:
    """Two listeners that send to each other for ever are ended by the limit, with an error that says so."""

    async def ping(message: Count) -> HandlerResponse:
        return send(Say("x"), to="pong")

    async def pong(message: Say) -> HandlerResponse:
        return send(Count(1), to="ping")

    async def story() -> None:
        async with an_organism(ping, pong, limits=Limits(max_messages=500, max_depth=10_000)) as organism:
            conversation = await organism.inject(Count(1), to="ping")
            with pytest.raises(ConversationFailed) as failed:
                await conversation
            assert failed.value.errors[0].code == "hops"
            assert conversation.messages <= 501

    run(story())


@pytest.mark.parametrize("value", [1e-07, 1e22, math.inf, 0.1])
def test_33_a_float_fits_its_own_schema_and_an_optional_field_works(value: float) -> None:
    """Every float passes, as does a field that may be missing."""
    for message in (Measure(value), Measure(value, "with a note")):
        assert Measure.from_xml(message.to_xml()) == message


def test_34_the_first_error_is_the_one_that_is_told() -> None:
    """Bytes that cannot be read are refused for that, whatever else would also be wrong with them."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            with pytest.raises(Rejected) as refused:
                await organism.inject(b"<Say><Text>cut in the mid", to="nobody", from_id="console")
            assert refused.value.stage == "read"
            assert [letter.stage for letter in organism.dead_letters] == ["read"]

    run(story())


def test_25_no_setting_is_read_and_never_used() -> None:
    """The number of open conversations, the order, the port and broadcasts are what their settings say."""

    async def bounded() -> None:
        let_go = asyncio.Event()

        async def wait(message: Say) -> None:
            await let_go.wait()

        async with an_organism(wait, max_concurrent_pipelines=1) as organism:
            await organism.inject(Say("x"), to="wait")
            with pytest.raises(Rejected):
                await organism.inject(Say("y"), to="wait", nowait=True)
            let_go.set()

    async def order(scheduling: str) -> list[str]:
        served: list[str] = []

        async def first(message: Say) -> Any:
            served.append(f"{message.text}1")
            return send(Ask(message.text), to="second")

        async def second(message: Ask) -> None:
            served.append(f"{message.text}2")

        async with an_organism(first, second, thread_scheduling=scheduling, max_concurrent_handlers=1) as organism:
            organism.pause()
            for text in "ab":
                await organism.inject(Say(text))
            organism.resume()
            await organism.settle()
        return served

    async def everybody() -> int:
        listeners = [named(name, echo, broadcast=True) for name in ("one", "two", "three")]
        async with an_organism(*listeners, named("alone", echo)) as organism:
            return len(await (await organism.inject(Say("x"))))

    run(bounded())
    assert run(order("breadth-first")) == ["a1", "b1", "a2", "b2"]
    assert run(order("depth-first")) == ["a1", "a2", "b1", "b2"]
    assert run(everybody()) == 3
    with pytest.warns(ConfigWarning, match="no network door"):
        Organism("x", port=9000)
    with pytest.raises(ConfigError):
        Organism.from_yaml("organism: {name: x}\nmax_concurent_pipelines: 3\nlisteners: []\n")


def test_the_core_imports_without_a_word() -> None:
    """Importing the package prints nothing, on either stream."""
    done = subprocess.run(
        [sys.executable, "-c", "import xpipe_nb; xpipe_nb.Organism"], cwd=ROOT, capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"")
