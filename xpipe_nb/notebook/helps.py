"""What the magics say when they are asked for help: what can be done here and now, ready to copy."""

from __future__ import annotations

from xpipe_nb.notebook.commands import COMMANDS
from xpipe_nb.notebook.constructors import example_of
from xpipe_nb.notebook.expectations import FORMS
from xpipe_nb.notebook.session import Session
from xpipe_nb.organism import Organism
from xpipe_nb.wording import counted

__all__ = ["expect_help", "inject_help", "organism_help", "settle_help"]


def organism_help(session: Session) -> str:
    """Say what `%organism` and `%%organism` can do here and now."""
    magic = session.called.organism
    running = [f"  {organism!r}" for organism in session.organisms.values()] or [f"  {session.nothing_runs}"]
    usages = {f"  {magic} {name} {command.usage}".rstrip(): command.what for name, command in COMMANDS.items()}
    width = max(map(len, usages))
    commands = [f"{usage.ljust(width)}  {what}" for usage, what in usages.items()]
    start = [
        f"  {f'%{magic} NAME'.ljust(width - 2)}  start one, or take over what is new; below it, YAML",
        "      [--from FILE] [--no-view] [--replace] [--as VAR]",
    ]
    return "\n".join([*running, *commands, *start])


def inject_help(session: Session) -> str:
    """Say what can be injected here and now: one example for each listener."""
    magic = session.called.inject
    if not session.runs:
        return session.nothing_runs
    blocks = [_examples(organism, magic) for organism in session.organisms.values()]
    options = f"{magic} [--from NAME] [--as VAR] [--continue N] [--no-wait] [--timeout S] [--raw] LISTENER PAYLOAD"
    form = "Without PAYLOAD it shows a form." if session.is_attended else ""
    below = f"XML, or a payload over several lines, goes below %{magic} LISTENER."
    return "\n".join(filter(None, [*blocks, options, below, form]))


def settle_help(session: Session) -> str:
    """Say what `%settle` waits for."""
    magic = session.called.settle
    open_ones = [
        f"  #{each.number} of {organism.name} {each.state}, in {each.chain[-1]}"
        for organism in session.organisms.values()
        for each in organism.conversations
        if not each.is_over
    ]
    state = open_ones or ["  nothing is under way"] if session.runs else [f"  {session.nothing_runs}"]
    return "\n".join([f"{magic} [--timeout S]  wait until nothing is under way, then renew the pictures", *state])


def expect_help(session: Session) -> str:
    """Say what can be expected of the last conversation."""
    magic = session.called.expect
    forms = [f'  {magic} {form} [--hint "…"]' for form in FORMS]
    for organism in list(session.organisms.values())[-1:]:
        examples = [
            f"  {magic} {name} -> {peer} {next(iter(organism.listeners[peer].accepts), '')}".rstrip()
            for name, listener in organism.listeners.items()
            for peer in listener.peers or ()
            if peer in organism.listeners
        ]
        forms += [f"in {organism.name}:", *examples] if examples else []
    return "\n".join(["Of the last conversation:", *forms])


def _examples(organism: Organism, magic: str) -> str:
    heading = f"{organism.name} has {counted(len(organism.listeners), 'listener')}:"
    calls = [
        (f"  {magic} {name} {example_of(next(iter(listener.accepts.values()), object))}", listener.description)
        for name, listener in organism.listeners.items()
    ]
    width = max((len(call) for call, _ in calls), default=0)
    return "\n".join([heading, *(f"{call.ljust(width)}  {description}".rstrip() for call, description in calls)])
