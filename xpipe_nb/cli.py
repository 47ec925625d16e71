"""The command line: run, check or try an organism that is written in a file, without a notebook; and make its key."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from lxml import etree

from xpipe_nb.config import ConfigWarning
from xpipe_nb.errors import ConfigError, ConversationFailed, XPipeError
from xpipe_nb.events import BackendEvent, DeadLetterEvent, MessageReceivedEvent, PipelineFailed, PumpEvent
from xpipe_nb.identity import Identity
from xpipe_nb.organism import Organism
from xpipe_nb.payloads import codec_of

__all__ = ["main"]

EPILOG = """\
examples:
  python -m xpipe_nb check organism.yaml
  python -m xpipe_nb inject organism.yaml greeter '<Greeting><Name>World</Name></Greeting>'
  echo '<Greeting><Name>World</Name></Greeting>' | python -m xpipe_nb inject organism.yaml greeter -
  python -m xpipe_nb run organism.yaml
  python -m xpipe_nb key create me.pem

Handlers and payload classes are import paths; they are looked up from the file's folder, then from the current one.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after the program's name; default: those that it was started with.

    Returns:
        0; or 1 for a mistake in the file or the message and for a conversation that failed, told in a line on the
        error output; or 130 when interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        with _warnings_in_a_line():
            code: int = options.command(options)
    except ConfigError as error:
        for fault in error.faults:
            _say(f"{options.file}: {fault}", sys.stderr)
        return 1
    except XPipeError as error:
        _say(str(error), sys.stderr)
        return 1
    except KeyboardInterrupt:
        _say("interrupted", sys.stderr)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("xpipe_nb", description=__doc__, epilog=EPILOG, formatter_class=plain)
    commands = parser.add_subparsers(required=True, metavar="run | check | inject | key")
    run = commands.add_parser("run", help="run until Ctrl-C; tell replies, dead letters and refusals, one a line")
    run.add_argument("--grace", type=_seconds, default=10.0, metavar="S", help="seconds to finish in when stopped (10)")
    check = commands.add_parser("check", help="tell everything that is wrong, and what is probably not meant")
    inject = commands.add_parser("inject", help="send one message, and print the replies as XML")
    for command, action in ((run, _run), (check, _check), (inject, _inject)):
        command.add_argument("file", type=Path, help="the organism, in YAML")
        command.set_defaults(command=action)
    inject.add_argument("listener", help="who gets it")
    inject.add_argument("payload", help="the payload or a whole message, as XML; - reads the standard input")
    inject.add_argument("--repair", action="store_true", help="mend text that a person or a model wrote")
    inject.add_argument("--envelopes", action="store_true", help="print whole messages, signed if it has an identity")
    inject.add_argument("--timeout", type=_seconds, metavar="S", help="seconds to wait for the end; default: no limit")
    key = commands.add_parser("key", help="make a signing key, or show the public key that partners must trust")
    key.add_argument("action", choices=("create", "show"), help="make a new private key, or read one that is there")
    key.add_argument("file", type=Path, help="the private key: a file that only its owner can read")
    key.set_defaults(command=_key)
    return parser


def _seconds(word: str) -> float:
    seconds = float(word)
    if not 0 <= seconds < float("inf"):
        raise ValueError
    return seconds


def _organism(file: Path) -> Organism:
    """Read an organism; its import paths begin in the file's folder, then in the current one."""
    for folder in (Path.cwd(), file.resolve().parent):
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
        sys.path.insert(0, str(folder))
    return Organism.from_yaml(file)


@contextlib.contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Show our own warnings as a line, without the place in our code."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, ConfigWarning):
                _say(f"warning: {message}", sys.stderr)
            else:
                usual(message, category, *place, **more)

        warnings.showwarning = show
        warnings.simplefilter("default", ConfigWarning)
        yield


def _say(line: str, stream: TextIO) -> None:
    stream.write(f"{line}\n")
    stream.flush()


# ---- check


def _check(options: argparse.Namespace) -> int:
    organism = _organism(options.file)
    advice = organism.check()
    for one in advice:
        _say(f"warning: {one}", sys.stdout)
    found = "no fault" if not advice else f"no fault, {len(advice)} warning{'s' if len(advice) > 1 else ''}"
    _say(f"{_title(organism)}: {found}", sys.stdout)
    return 0


def _title(organism: Organism) -> str:
    names = list(organism.listeners)
    return f"{organism.name} ({', '.join(names)})" if names else f"{organism.name} (no listener)"


# ---- inject


def _inject(options: argparse.Namespace) -> int:
    text: str | bytes = sys.stdin.buffer.read() if options.payload == "-" else options.payload
    return asyncio.run(_injected(_organism(options.file), text, options))


async def _injected(organism: Organism, text: str | bytes, options: argparse.Namespace) -> int:
    try:
        async with organism:
            conversation = await organism.inject(text, to=options.listener, repair=options.repair)
            for repair in conversation.repairs:
                _say(f"repaired: {repair}", sys.stderr)
            try:
                replies = await asyncio.wait_for(_replies(conversation), options.timeout)
            except TimeoutError:
                await organism.stop(grace=0)  # the time is over, also for what is still under way
                raise
            messages = [each.decode() for each in conversation.envelopes] if options.envelopes else map(_xml, replies)
            for message in messages:
                _say(message, sys.stdout)
    except ConversationFailed as failed:
        causes = [letter.detail for letter in organism.dead_letters]
        _say(_one_line(": ".join([str(failed), *causes[-1:]])), sys.stderr)
        return 1
    except TimeoutError:
        _say(f"no end within {options.timeout:g} s", sys.stderr)
        return 1
    return 0


async def _replies(conversation: Any) -> list[Any]:
    replies: list[Any] = await conversation
    return replies


def _xml(payload: Any) -> str:
    return etree.tostring(codec_of(type(payload)).encode(payload), encoding="unicode")


def _one_line(text: str) -> str:
    return " ".join(text.split())


# ---- run


def _run(options: argparse.Namespace) -> int:
    asyncio.run(_running(_organism(options.file), options.grace))
    return 0


async def _running(organism: Organism, grace: float) -> None:
    """Run until the first signal; a second one ends the program at once, as it does by itself."""
    stop = asyncio.Event()
    await organism.start()
    unsubscribe = organism.subscribe(lambda event: _tell(event, organism))
    with _on_signals(stop.set):
        _say(f"{_title(organism)} runs; Ctrl-C stops it", sys.stdout)
        await stop.wait()
    _say(f"{organism.name} stops within {grace:g} s", sys.stdout)
    await organism.stop(grace)
    unsubscribe()
    _say(f"{organism.name} has stopped", sys.stdout)


def _tell(event: PumpEvent, organism: Organism) -> None:
    """Write what a person wants to see of an event, if anything, as one line."""
    if isinstance(event, DeadLetterEvent):
        _say(_one_line(f"dead letter: {event.letter}"), sys.stdout)
    elif isinstance(event, PipelineFailed):
        _say(_one_line(f"failed in {event.stage}: {event.error}"), sys.stdout)
    elif isinstance(event, BackendEvent):
        _say(_one_line(event.error or f"{event.where} is back"), sys.stdout)
    elif isinstance(event, MessageReceivedEvent) and event.to_id not in organism.pump.listeners:
        _say(_one_line(f"#{event.conversation} {event.from_id} → {event.to_id} {event.payload!r}"), sys.stdout)


@contextlib.contextmanager
def _on_signals(act: Callable[[], Any]) -> Iterator[None]:
    """Act on Ctrl-C and on a polite request to end, where the platform lets a loop hear of them."""
    loop = asyncio.get_running_loop()
    heard = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt
            loop.add_signal_handler(number, act)
            heard.append(number)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)


# ---- key


def _key(options: argparse.Namespace) -> int:
    """Print the public key alone on the standard output, so that it can be piped on."""
    make = Identity.create if options.action == "create" else Identity.load
    try:
        identity = make(options.file)
    except ConfigError as error:  # its place is a file here, not a line of YAML
        raise XPipeError(str(error).removeprefix("$: ")) from error
    if options.action == "create":
        _say(f"{options.file} is written; keep it secret. Its public key, for those who shall trust it:", sys.stderr)
    _say(identity.public_key, sys.stdout)
    return 0
