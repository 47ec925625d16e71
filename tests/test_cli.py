"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.support import ROOT, fresh_python, run
from xpipe_nb import cli
from xpipe_nb.identity import Identity
from xpipe_nb.organism import Organism
from xpipe_nb.xml import canonical, open_envelope, read_document, take_signature

HANDLERS = '''
from __future__ import annotations

from xpipe_nb import HandlerMetadata, HandlerResponse, payload


@payload
class Greeting:
    name: str


@payload
class Shout:
    text: str
    volume: int = 11


async def greet(message: Greeting, meta: HandlerMetadata) -> Shout:
    """Greets."""
    if message.name == "nobody":
        raise ValueError("there is\\nnobody")
    return await meta.call(Greeting(f"hello {message.name}"), to="shouter")


def shout(message: Greeting) -> Shout:
    """Shouts."""
    return Shout(message.name.upper())
'''

ORGANISM = """
organism: {name: hello}
listeners:
  - {name: greeter, handler: handlers_of_the_cli.greet, peers: [shouter]}
  - {name: shouter, handler: "handlers_of_the_cli:shout"}
"""

WORLD = "<Greeting><Name>World</Name></Greeting>"


@pytest.fixture
def file(tmp_path):
    """An organism's file with its handlers beside it."""
    (tmp_path / "handlers_of_the_cli.py").write_text(HANDLERS, encoding="utf-8")
    path = tmp_path / "organism.yaml"
    path.write_text(ORGANISM, encoding="utf-8")
    return path


def xpipe(*arguments: object):
    """Run the command line in a process of its own."""
    return fresh_python("-m", "xpipe_nb", *map(str, arguments))


def test_check_finds_no_fault(file):
    """A right file is named with its listeners, exit code 0."""
    done = xpipe("check", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "hello (greeter, shouter): no fault\n"


def test_check_tells_warnings(file):
    """What is probably not meant is told, and is no failure."""
    file.write_text(ORGANISM + "  - {name: other, handler: handlers_of_the_cli.shout}\n", encoding="utf-8")
    file.write_text(file.read_text().replace("peers: [shouter]", "agent: true, peers: [shouter]"), encoding="utf-8")
    done = xpipe("check", file)
    assert done.returncode == 0
    assert "warning: other: no listener can send to it" in done.stdout


def test_check_tells_every_fault(file):
    """Each fault is one line on the error output with its place, exit code 1."""
    text = ORGANISM.replace("[shouter]", "[shoutr]").replace("greet,", "gret,") + "max_concurrent_handler: 3\n"
    file.write_text(text, encoding="utf-8")
    done = xpipe("check", file)
    assert (done.returncode, done.stdout) == (1, "")
    first, second, third = done.stderr.splitlines()
    assert "$.listeners[0].handler (organism.yaml, line 4)" in first
    assert "did you mean 'greet'?" in first
    assert "$.listeners[0].peers[0] (organism.yaml, line 4): no listener 'shoutr'" in second
    assert "$.max_concurrent_handler (organism.yaml, line 6)" in third


def test_a_missing_file_is_one_line(tmp_path):
    """No traceback for a misspelt file name."""
    done = xpipe("check", tmp_path / "organism.yaml")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "there is no file" in done.stderr


def test_a_port_warns_in_one_line(file):
    """There is no network door, and it is said without a place in our code."""
    file.write_text(ORGANISM.replace("name: hello", "name: hello, port: 9000"), encoding="utf-8")
    done = xpipe("check", file)
    assert done.returncode == 0
    assert done.stderr == "warning: port 9000: there is no network door, so no port is opened\n"


def test_inject_prints_the_reply(file):
    """The replies stand on the standard output as XML, nothing else does."""
    done = xpipe("inject", file, "greeter", WORLD)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "<Shout><Text>HELLO WORLD</Text><Volume>11</Volume></Shout>\n"


def test_inject_reads_the_standard_input(file):
    """`-` stands for what comes in by the pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "xpipe_nb", "inject", str(file), "greeter", "-"],
        input=WORLD.encode(),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert b"HELLO WORLD" in done.stdout


def test_inject_repairs_when_asked(file):
    """A bare ampersand is refused by itself, and mended with --repair, which is told."""
    text = "Here: <Greeting><Name>A & B</Name></Greeting>"
    strict, mended = xpipe("inject", file, "shouter", text), xpipe("inject", "--repair", file, "shouter", text)
    assert strict.returncode == 1
    assert "A &amp; B" in mended.stdout
    assert mended.stderr.startswith("repaired: ")


@pytest.mark.parametrize(
    ("listener", "payload", "words"),
    [
        ("greter", WORLD, "greeter"),
        ("greeter", "<Greeting><Nam>World</Nam></Greeting>", "Nam"),
        ("greeter", "<Greeting>", ""),
        ("greeter", "<Goodbye/>", "Goodbye"),
        ("greeter", "<Greeting><Name>nobody</Name></Greeting>", "ValueError: there is nobody"),
    ],
)
def test_a_mistake_or_a_failure_is_one_line(file, listener, payload, words):
    """Exit code 1 and one line with the cause; no traceback, nothing on the standard output."""
    done = xpipe("inject", file, listener, payload)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def test_inject_gives_up_after_its_timeout(file):
    """A conversation that does not end is told as that."""
    handlers = file.parent / "handlers_of_the_cli.py"
    waits = HANDLERS.replace(
        "return await meta.call", "import asyncio; await asyncio.Event().wait()\n    return await meta.call"
    )
    handlers.write_text(waits, encoding="utf-8")
    file.write_text(ORGANISM.replace("peers:", "timeout: 0, peers:"), encoding="utf-8")
    done = xpipe("inject", "--timeout", "0.2", file, "greeter", WORLD)
    assert (done.returncode, done.stderr) == (1, "no end within 0.2 s\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_runs_until_a_signal(file, number):
    """It says what runs, and ends in good order on Ctrl-C and on a request to end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "xpipe_nb", "run", str(file), "--grace", "1"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "hello (greeter, shouter) runs; Ctrl-C stops it\n"
    process.send_signal(number)
    rest, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert rest == "hello stops within 1 s\nhello has stopped\n"


def test_run_tells_replies_and_dead_letters(file, capsys, monkeypatch):
    """Each is one line; what goes on between listeners is not told."""
    monkeypatch.syspath_prepend(file.parent)

    async def story():
        async with Organism.from_yaml(file) as organism:
            organism.subscribe(lambda event: cli._tell(event, organism))
            await (await organism.inject(WORLD, to="greeter"))
            failing = await organism.inject(WORLD.replace("World", "nobody"), to="greeter")
            await organism.settle()
            assert failing.failed

    run(story())
    sys.modules.pop("handlers_of_the_cli")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "#1 greeter → console Shout(text='HELLO WORLD', volume=11)"
    assert any(line.startswith("dead letter: #2") and "ValueError: there is nobody" in line for line in lines)
    assert not any("shouter" in line for line in lines)


def test_a_key_is_made_and_shown(tmp_path):
    """The public key alone stands on the standard output, to be piped on; the file is its owner's only."""
    path = tmp_path / "me.pem"
    made = xpipe("key", "create", path)
    shown = xpipe("key", "show", path)
    assert (made.returncode, shown.returncode, shown.stderr) == (0, 0, "")
    assert made.stdout == shown.stdout == f"{Identity.load(path).public_key}\n"
    assert "keep it secret" in made.stderr
    assert "PRIVATE" not in made.stdout + made.stderr + shown.stdout


def test_a_key_that_cannot_be_made_or_read_is_one_line(tmp_path):
    """A file in the way, one that is missing, one that others can read."""
    path = tmp_path / "me.pem"
    Identity.create(path)
    missing = xpipe("key", "show", tmp_path / "no.pem")
    in_the_way = xpipe("key", "create", path)
    path.chmod(0o644)
    open_to_all = xpipe("key", "show", path)
    for done, words in ((missing, "no file"), (in_the_way, "never overwritten"), (open_to_all, f"chmod 600 {path}")):
        assert (done.returncode, done.stdout) == (1, "")
        assert (done.stderr.count("\n"), words in done.stderr) == (1, True)


def test_inject_prints_whole_signed_messages_when_asked(file):
    """What goes to another organism carries a seal."""
    me = Identity.create(file.parent / "me.pem")
    file.write_text(ORGANISM.replace("name: hello", "name: hello, identity: me.pem"), encoding="utf-8")
    done = xpipe("inject", "--envelopes", file, "greeter", WORLD)
    assert (done.returncode, done.stderr) == (0, "")
    root = read_document(done.stdout.strip())
    signature = take_signature(root)
    assert me.signer_of(canonical(root), signature) == me.public_key
    assert open_envelope(root).payload.findtext("Text") == "HELLO WORLD"


def test_a_key_that_others_can_read_stops_run_and_check(file):
    """It is told with its place and line, and nothing runs unsigned."""
    Identity.create(file.parent / "me.pem")
    (file.parent / "me.pem").chmod(0o640)
    file.write_text(ORGANISM.replace("name: hello", "name: hello, identity: me.pem"), encoding="utf-8")
    for command in ("run", "check"):
        done = xpipe(command, file)
        assert (done.returncode, done.stdout) == (1, "")
        assert "$.organism.identity (organism.yaml, line 2): others can use" in done.stderr
        assert "chmod 600" in done.stderr


def test_help_shows_examples():
    """Somebody who types --help can start."""
    done = xpipe("--help")
    assert done.returncode == 0
    assert "inject organism.yaml greeter" in done.stdout
