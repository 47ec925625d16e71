"""The sub-commands of `%organism`, and what the magics say when they are asked for help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from xpipe_nb.names import nearest
from xpipe_nb.notebook.arguments import example_of
from xpipe_nb.notebook.display import organism_bundle, show
from xpipe_nb.notebook.mistakes import Mistake
from xpipe_nb.notebook.session import NOTHING_RUNS, Session
from xpipe_nb.organism import Organism

__all__ = ["inject_help", "organism_help", "run_command"]

Command = Callable[[Session, str], Awaitable[None]]

_LATER = frozenset({
    "answer", "break", "budgets", "dead", "diff", "doctor", "export", "fork", "journal", "new", "pause", "reload",
    "replay", "resend", "resume", "step", "threads",
})  # fmt: skip


async def run_command(session: Session, line: str, magic: str) -> None:
    """Do what `%organism` was asked for; with no word, say what can be done here and now.

    Args:
        session: The organisms of this kernel.
        line: A sub-command and an organism's name, or only a name, which shows that organism.
        magic: How `%organism` is called here.

    Raises:
        Mistake: For a word that is neither, or an organism that does not run.
    """
    word, _, rest = line.strip().removesuffix(";").partition(" ")
    if word in ("", "--help", "-h", "?"):
        print(organism_help(session, magic))  # noqa: T201 - it belongs under the cell
    elif word in _COMMANDS:
        await _COMMANDS[word](session, rest.strip())
    elif word in session.organisms:
        await _show(session, word)
    else:
        raise _unknown(word, session, magic)


def _unknown(word: str, session: Session, magic: str) -> Mistake:
    built = ", ".join(_COMMANDS)
    if word in _LATER:
        return Mistake(f"{magic} {word} is not built yet. There are: {built}.")
    near = nearest(word, [*_COMMANDS, *session.organisms])
    hint = f" Did you mean {near}?" if near else ""
    return Mistake(f"{magic} knows no {word!r}.{hint} There are: {built}.")


async def _list(session: Session, _name: str) -> None:
    text = "\n".join(map(repr, session.organisms.values())) or NOTHING_RUNS
    print(text)  # noqa: T201 - it belongs under the cell


async def _show(session: Session, name: str) -> None:
    organism = session.organism(name)
    show(organism_bundle(organism))
    print(repr(organism))  # noqa: T201 - likewise


async def _graph(session: Session, name: str) -> None:
    show(organism_bundle(session.organism(name)))


async def _stop(session: Session, name: str) -> None:
    ended = await session.stop(session.organism(name).name)
    print(ended)  # noqa: T201 - likewise


async def _check(session: Session, name: str) -> None:
    organism = session.organism(name)
    found = organism.check()
    print("\n".join(f"△ {each}" for each in found) or f"{organism.name}: nothing to warn about")  # noqa: T201 - likewise


_COMMANDS: Mapping[str, Command] = {"list": _list, "show": _show, "graph": _graph, "stop": _stop, "check": _check}


def organism_help(session: Session, magic: str) -> str:
    """Say what `%organism` and `%%organism` can do here and now."""
    running = [f"  {organism!r}" for organism in session.organisms.values()] or [f"  {NOTHING_RUNS}"]
    commands = [
        f"  {magic} list               the organisms that run",
        f"  {magic} show|graph [NAME]  its picture",
        f"  {magic} check [NAME]       what will probably not work",
        f"  {magic} stop [NAME]        end it, and what is under way in it",
        f"  %{magic} NAME              start one; below it, in YAML: listeners: and a line for each",
        "      [--no-view] [--replace] [--as VAR] [--from FILE]",
    ]
    return "\n".join([*running, *commands])


def inject_help(session: Session, magic: str) -> str:
    """Say what can be injected here and now: one example for each listener."""
    if not session.organisms:
        return NOTHING_RUNS
    blocks = [_examples(organism, magic) for organism in session.organisms.values()]
    options = f"{magic} [--from NAME] [--as VAR] [--continue N] [--no-wait] [--timeout S] [--raw] LISTENER PAYLOAD"
    return "\n".join([*blocks, options, f"XML, or a payload over several lines, goes below %{magic} LISTENER."])


def _examples(organism: Organism, magic: str) -> str:
    count = len(organism.listeners)
    heading = f"{organism.name} has {count} {'listener' if count == 1 else 'listeners'}:"
    calls = [
        (f"  {magic} {name} {example_of(next(iter(listener.accepts.values()), object))}", listener.description)
        for name, listener in organism.listeners.items()
    ]
    width = max((len(call) for call, _ in calls), default=0)
    return "\n".join([heading, *(f"{call.ljust(width)}  {description}".rstrip() for call, description in calls)])
