"""Handlers in worker processes: what they may be made of, what they know, and what comes back from them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.stories.cast import Recorder
from tests.support import run
from tests.workers.cells import Notebook
from xpipe_nb import ConfigError, ConversationFailed, Organism
from xpipe_nb.events import LogEvent, ProgressEvent, WorkersStartedEvent

METHODS = ["forkserver", "spawn"]


def story(method: str, notebook: Notebook, *names: str, **settings: Any) -> Organism:
    """An organism of functions of a notebook, with two workers."""
    pool = {"workers": 2, "start_method": method, **settings.pop("process_pool", {})}
    return Organism("story", [notebook.names[name] for name in names], process_pool=pool, **settings)


FIRST = """
FACTOR = 3
DATA = {"offset": 0}

class Scaled:
    def __init__(self, n): self.n = n

def scaled(n):
    return Scaled(n * FACTOR + DATA["offset"])

@xp.listener(cpu_bound=True)
def triple(message: Num) -> Res:
    return Res(scaled(message.n).n, os.getpid())
"""


@pytest.mark.parametrize("method", METHODS)
def test_what_a_cell_defines_works_in_a_worker(method: str) -> None:
    """Functions, classes, globals and closures of cells travel by value; a payload that comes back is of its own class."""
    notebook = Notebook(FIRST)

    async def tell() -> None:
        async with story(method, notebook, "triple") as organism:
            first = await organism.ask(notebook.names["Num"](2))
            assert type(first) is notebook.names["Res"]
            assert first.n == 6
            assert first.pid != os.getpid()
            notebook.run("FACTOR = 5")
            assert (await organism.ask(notebook.names["Num"](2))).n == 10
            notebook.run("DATA['offset'] = 1")
            assert (await organism.ask(notebook.names["Num"](2))).n == 11
            notebook.run("def scaled(n): return Scaled(-n)")
            again = await organism.ask(notebook.names["Num"](2))
            assert (again.n, again.pid) == (-2, first.pid)

    run(tell())


def test_a_cell_that_is_run_again_counts_at_once() -> None:
    """Its new code runs from the next message on, with its new payload class."""
    notebook = Notebook(FIRST)

    async def tell() -> None:
        async with story("forkserver", notebook, "triple") as organism:
            assert (await organism.ask(notebook.names["Num"](2))).n == 6
            new = FIRST.replace("scaled(message.n).n", "message.n + 100")
            cells = notebook.run("@xp.payload\nclass Res:\n    n: int\n    pid: int = 0\n    more: str = 'new'\n" + new)
            assert (await organism.reload([cells.triple])).success
            answer = await organism.ask(cells.Num(2))
            assert (answer.n, answer.more, type(answer)) == (102, "new", cells.Res)

    run(tell())


FORMS = """
@xp.listener(cpu_bound=True)
async def waits(message: Num, meta) -> Res:
    await asyncio.sleep(0)
    return Res(message.n, os.getpid())

@xp.listener(cpu_bound=True)
def yields(message: Num):
    for n in range(message.n):
        yield Res(n, os.getpid())

@xp.listener(cpu_bound=True)
async def yields_and_waits(message: Num):
    for n in range(message.n):
        await asyncio.sleep(0)
        yield Res(n, os.getpid())
"""


def test_every_form_of_handler_runs_in_a_worker() -> None:
    """Coroutine functions and generators, too; each item is sent when it is there."""
    notebook = Notebook(FORMS)

    async def tell() -> None:
        Num = notebook.names["Num"]
        async with story("forkserver", notebook, "waits", "yields", "yields_and_waits") as organism:
            assert (await organism.ask(Num(4), to="waits")).n == 4
            for name in ("yields", "yields_and_waits"):
                replies = await (await organism.inject(Num(3), to=name))
                assert [reply.n for reply in replies] == [0, 1, 2]
                assert os.getpid() not in {reply.pid for reply in replies}

    run(tell())


META = """
@xp.listener(cpu_bound=True, agent=True, peers=["echo"])
def knows(message: Num, meta) -> Res:
    meta.progress(1, 2, "half")
    meta.log("seen", message.n)
    with meta.tokens(10) as spent:
        spent.prompt = 4
    told = [meta.thread_id, meta.conversation_id, meta.message_id, meta.from_id, meta.own_name, str(meta.attempt)]
    told += [str(len(meta.history)), str(meta.history[0].payload.n), str("echo" in meta.usage_instructions)]
    answer = meta.call_sync(Num(message.n + 1), to="echo")
    return Res(answer.n, os.getpid(), " ".join(told))

@xp.listener
async def echo(message: Num) -> Res:
    return Res(message.n, os.getpid())

@xp.listener(cpu_bound=True)
async def gathers(message: Num, meta) -> Res:
    answers = await asyncio.gather(*(meta.call(Num(n), to="echo") for n in range(message.n)))
    try:
        await meta.call(Num(1), to="nobody")
    except xp.CallFailed as failed:
        return Res(sum(answer.n for answer in answers), text=failed.code)
"""


def test_the_metadata_of_a_handler_is_the_same_in_a_worker() -> None:
    """Its fields, its doors to the pump, progress, logs and tokens."""
    notebook = Notebook(META)
    recorder = Recorder()

    async def tell() -> None:
        Num = notebook.names["Num"]
        async with story("forkserver", notebook, "knows", "echo", "gathers") as organism:
            organism.subscribe(recorder)
            conversation = await organism.inject(Num(1), to="knows")
            await conversation
            frame, answer = conversation.frames[1], conversation.reply
            thread, whole, message, sender, name, attempt, length, first, contracts = answer.text.split()
            assert (thread, whole) == (frame.thread_id, conversation.id)
            assert (sender, name, attempt) == ("console", "knows", "1")
            assert len(message) > 8
            assert (length, first, contracts) == ("1", "1", "True")
            assert answer.n == 2
            assert organism.budgets.usage(conversation.id).prompt == 4
            assert (await organism.ask(Num(4), to="gathers")).text == "routing"

    run(tell())
    assert [(event.done, event.total, event.text) for event in recorder.of(ProgressEvent)] == [(1, 2, "half")]
    assert [event.text for event in recorder.of(LogEvent)] == ["seen 1"]
    assert len(recorder.of(WorkersStartedEvent)) == 1


TELLS = """
@xp.listener(cpu_bound=True)
def tells(message: Num) -> Res:
    print("printed", message.n)
    print("to the other stream", file=sys.stderr)
    logging.getLogger("cells").info("logged %s", message.n)
    warnings.warn("warned of", UserWarning)
    return Res(message.n)
"""


def test_what_a_worker_tells_comes_before_its_result(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What is printed, logged and warned of there is so here, when the answer is there."""
    notebook = Notebook(TELLS)
    caplog.set_level(logging.INFO, logger="cells")

    async def tell() -> None:
        async with story("forkserver", notebook, "tells") as organism:
            with pytest.warns(UserWarning, match="warned of"):
                await organism.ask(notebook.names["Num"](7))
            printed = capsys.readouterr()
            assert printed.out == "printed 7\n"
            assert printed.err == "to the other stream\n"
            assert "logged 7" in caplog.text

    run(tell())


FAILS = """
class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")
        self.one = one

@xp.listener(cpu_bound=True)
def fails(message: Num) -> Res:
    if message.n == 1:
        raise Odd("this", "that")
    if message.n == 2:
        sys.exit(3)
    if message.n == 3:
        return threading.Lock()
    if message.n == 4:
        os._exit(7)
    import no_such_module_anywhere
"""


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (1, 'fails raised Odd: this and that, line 10: raise Odd("this", "that")'),
        (2, "fails raised SystemExit: 3"),
        (3, "its result (lock) cannot travel there: cannot pickle '_thread.lock' object"),
        (4, "ended itself (exit code 7)"),
        (5, "no_such_module_anywhere"),
    ],
)
def test_an_error_of_a_worker_is_an_error_of_its_conversation(pool: Any, n: int, words: str) -> None:
    """It says what happened and at which line of the cell; it is never taken for silence."""
    assert words in pool(n)


@pytest.fixture(scope="module")
def pool() -> Any:
    """Ask `fails`, and give what the person is told; one organism for all of these."""
    notebook = Notebook(FAILS)
    loop = asyncio.new_event_loop()

    def wait(coroutine: Coroutine[Any, Any, Any]) -> Any:
        return loop.run_until_complete(asyncio.wait_for(coroutine, 30))

    async def begin() -> Organism:
        return await story("forkserver", notebook, "fails").start()

    organism = wait(begin())

    async def ask(n: int) -> str:
        with pytest.raises(ConversationFailed) as failed:
            await organism.ask(notebook.names["Num"](n))
        return str(failed.value)

    yield lambda n: wait(ask(n))
    wait(organism.stop())
    loop.close()


TRAVEL = """
lock = threading.Lock()
settings = {"guard": [lock]}

@xp.listener(cpu_bound=True)
def names_it(message: Num) -> Res:
    with settings["guard"][0]:
        return Res(message.n)
"""


def test_what_cannot_travel_is_named_with_its_reason() -> None:
    """The person learns which object it is, by the way to it, and why."""
    notebook = Notebook(TRAVEL)

    async def tell() -> None:
        async with story("forkserver", notebook, "names_it") as organism:
            with pytest.raises(ConversationFailed, match=r"the global settings\['guard'\]\[0\] cannot travel .*lock"):
                await organism.ask(notebook.names["Num"](1))

    run(tell())


def test_worker_processes_can_be_switched_off() -> None:
    """A listener that needs them is a mistake then, and is told with its line."""
    notebook = Notebook(FIRST)
    text = "process_pool: {enabled: false}\nlisteners:\n  - {name: triple, cpu_bound: true}\n"
    with pytest.raises(ConfigError) as refused:
        Organism.from_yaml(text, namespace=notebook.names)
    assert refused.value.path == "$.listeners[0].cpu_bound"
    assert refused.value.line == 3
    with pytest.raises(ConfigError, match="enabled is false"):
        Organism("x", [notebook.names["triple"]], process_pool={"enabled": False})
    off = Organism("x", [], process_pool={"enabled": False})
    with pytest.raises(ConfigError, match="enabled is false"):
        off.listener(notebook.names["triple"])


@pytest.mark.parametrize(
    ("listener", "words"),
    [
        ("{name: triple, executor: proces}", "did you mean 'process'?"),
        ("{name: waits, executor: thread}", "does not run in a thread"),
        ("{name: triple, executor: inline, cpu_bound: true}", "no worker process"),
    ],
)
def test_an_executor_that_does_not_fit_is_a_mistake(listener: str, words: str) -> None:
    """A misspelt one is told with the nearest word."""
    notebook = Notebook(FIRST, FORMS)
    with pytest.raises(ConfigError) as refused:
        Organism.from_yaml(f"listeners: [{listener}]", namespace=notebook.names)
    assert words in str(refused.value)
