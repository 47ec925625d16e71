"""The sub-commands of `%organism`: one row each, with what it is called like, does, and says in the help."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from xpipe_nb.errors import ConversationFailed, ConversationWaits, XPipeError
from xpipe_nb.messages import DeadLetter
from xpipe_nb.notebook.answering import answered
from xpipe_nb.notebook.breaking import broken, stepped
from xpipe_nb.notebook.budgeting import budgets, one_budget, raised, read_raise, waits_line
from xpipe_nb.notebook.constructors import example_of
from xpipe_nb.notebook.display import conversation_bundle, organism_bundle, show
from xpipe_nb.notebook.line import HELP, first_word
from xpipe_nb.notebook.mistakes import Mistake, show_as
from xpipe_nb.notebook.pool_rows import pool_rows
from xpipe_nb.notebook.reloads import edited_line, reloaded_text
from xpipe_nb.notebook.reports import dead_letter, dead_letters, dead_magic, letter_numbered, one_conversation, threads
from xpipe_nb.notebook.saying import say
from xpipe_nb.notebook.session import Session
from xpipe_nb.notebook.shell import Shell
from xpipe_nb.notebook.starters import STARTERS, starter
from xpipe_nb.organism import Organism
from xpipe_nb.wording import did_you_mean

__all__ = ["COMMANDS", "Desk", "run_command"]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a sub-command works with.

    Args:
        session: The organisms of this kernel.
        shell: What this kernel and its front end can do.
        magic: How `%organism` is called here.
    """

    session: Session
    shell: Shell
    magic: str


Work = Callable[[Desk, str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command.

    Args:
        usage: How it is written, without its own name.
        what: What it does, in a line.
        work: Does it, and gives what is printed.
        is_raw: What stands behind it may be any text, which it reads by itself.
    """

    usage: str
    what: str
    work: Work
    is_raw: bool = False


_LATER = frozenset({
    "diff", "export", "fork", "journal", "replay",
})  # fmt: skip


async def run_command(desk: Desk, line: str) -> None:
    """Do what `%organism` was asked for; a name alone shows that organism.

    Args:
        desk: What to work with.
        line: A sub-command and what it takes, or an organism's name.

    Raises:
        Mistake: For a word that is neither, or an organism that does not run.
    """
    word, rest = first_word(line.strip().removesuffix(";").rstrip())
    if word in COMMANDS and rest in HELP:
        command = COMMANDS[word]
        text = f"{desk.magic} {word} {command.usage}".rstrip() + f"\n  {command.what}"
    elif word in COMMANDS:
        if not COMMANDS[word].is_raw:
            _check_rest(f"{desk.magic} {word}", COMMANDS[word].usage, rest)
        text = await COMMANDS[word].work(desk, rest)
    elif word in desk.session.runs:
        _check_rest(f"{desk.magic} {word}", "", rest)
        text = await _show(desk, word)
    else:
        raise _unknown(word, desk)
    if text:
        say(text)


def _unknown(word: str, desk: Desk) -> Mistake:
    built = ", ".join(COMMANDS)
    if word in _LATER:
        return Mistake(f"{desk.magic} {word} is not built yet. There are: {built}.")
    hint = did_you_mean(word, [*COMMANDS, *desk.session.runs], others="")
    return Mistake(f"{desk.magic} knows no {word!r}.{hint} There are: {built}.")


def _check_rest(what: str, usage: str, rest: str) -> None:
    """See to it that nothing stands behind a sub-command that it would overlook."""
    words = rest.split()
    option = next((each for each in words if each.startswith("-") and each.partition("=")[0] not in usage), None)
    if option is not None:
        raise Mistake(f"{what} has no option {option}. It is written: {f'{what} {usage}'.rstrip()}")
    if len(words) > len(usage.split()):
        extra = " ".join(words[len(usage.split()) :])
        raise Mistake(f"{what} takes no {extra!r}. It is written: {f'{what} {usage}'.rstrip()}")


async def _list(desk: Desk, _rest: str) -> str:
    return "\n".join(map(repr, desk.session.organisms.values())) or desk.session.nothing_runs


async def _show(desk: Desk, rest: str) -> str:
    message = _MESSAGE.search(rest)
    if message is not None:
        return _xray(desk, rest[: message.start()].strip(), message)
    organism = desk.session.organism(rest)
    desk.session.runs[organism.name].picture.show()
    return repr(organism)


_MESSAGE = re.compile(r"(?:(dead)\s+|#)(\d+)(?:\.(\d+))?$")
"""One message, in `show`: `#N.M`, or a dead letter by its number; `#N` lists those of a conversation."""


def _xray(desk: Desk, name: str, message: re.Match[str]) -> str:
    organism = desk.session.organism(name)
    if message[1]:
        return repr(organism.xray(letter_numbered(organism, int(message[2]))))
    if message[3]:
        try:
            return repr(organism.xray(f"#{message[2]}.{message[3]}"))
        except XPipeError as error:
            raise Mistake(f"{organism.name}: {error}") from None
    organism.conversation(int(message[2]))
    listed = organism.pump.passages.listed(int(message[2])) or [f"nothing is kept of #{message[2]} any more"]
    return "\n".join([*listed, f"{desk.magic} show #{message[2]}.M shows one in all its forms"])


async def _graph(desk: Desk, name: str) -> str:
    show(organism_bundle(desk.session.organism(name)))
    return ""


async def _threads(desk: Desk, rest: str) -> str:
    organism, number = _numbered(desk, rest)
    if number is None:
        return threads(organism)
    return one_conversation(organism.conversation(number), desk.session.record(organism))


async def _dead(desk: Desk, rest: str) -> str:
    organism, number = _numbered(desk, rest)
    return (
        dead_letters(organism, dead_magic(desk.session, organism)) if number is None else dead_letter(organism, number)
    )


async def _resend(desk: Desk, rest: str) -> str:
    organism, number = _numbered(desk, rest)
    if number is None:
        raise Mistake(f"{desk.magic} resend needs the number of a dead letter: {desk.magic} dead lists them.")
    letter = letter_numbered(organism, number)
    if not letter.is_written:
        raise _nothing_to_resend(desk, organism, number, letter)
    conversation = await organism.resend(letter.message_id)
    try:
        await conversation
    except ConversationWaits as waits:
        return waits_line(waits, organism, desk.magic, several=len(desk.session.runs) > 1)
    except ConversationFailed as failed:
        details = [each.cause for each in desk.session.letters_of(organism, conversation)][-1:]
        show_as(failed, *(f"✕ #{conversation.number} failed: {detail}" for detail in details))
        raise
    show(conversation_bundle(conversation))
    return ""


def _nothing_to_resend(desk: Desk, organism: Organism, number: int, letter: DeadLetter) -> Mistake:
    listener = organism.pump.listeners.get(letter.to_id or "")
    example = example_of(next(iter(listener.accepts.values()), object)) if listener else "PAYLOAD"
    how = f"Send another one: {desk.session.called.inject} {letter.to_id or 'LISTENER'} {example}"
    return Mistake(f"The payload of dead letter {number} could not be written ({letter.detail}). {how}")


async def _budgets(desk: Desk, rest: str) -> str:
    words = rest.split()
    if "raise" in words:
        place = words.index("raise")
        organism, _ = _numbered(desk, " ".join(words[:place]))
        number, tokens = read_raise(words[place + 1 :], desk.magic)
        conversation = organism.conversation(number)
        return raised(organism, conversation, tokens, desk.session.place_of(organism, conversation))
    organism, wanted = _numbered(desk, rest)
    return budgets(organism) if wanted is None else one_budget(organism, organism.conversation(wanted))


def _numbered(desk: Desk, rest: str) -> tuple[Organism, int | None]:
    """Read `[NAME] [N]`, in either order."""
    words = rest.split()
    numbers = [word for word in words if word.removeprefix("#").isdecimal()]
    names = [word for word in words if word not in numbers]
    if len(numbers) > 1 or len(names) > 1:
        raise Mistake(f"{rest!r} is more than a name and a number.")
    organism = desk.session.organism(names[0] if names else "")
    return organism, int(numbers[0].removeprefix("#")) if numbers else None


async def _stop(desk: Desk, name: str) -> str:
    return str(await desk.session.stop(desk.session.organism(name).name))


async def _check(desk: Desk, name: str) -> str:
    organism = desk.session.organism(name)
    return "\n".join(f"△ {each}" for each in organism.check()) or f"{organism.name}: nothing to warn about"


async def _pause(desk: Desk, name: str) -> str:
    organism = desk.session.organism(name)
    organism.pause()
    return f"{organism.name}: paused · what runs goes on to its end, nothing else starts · {desk.magic} resume"


async def _resume(desk: Desk, name: str) -> str:
    organism = desk.session.organism(name)
    organism.resume()
    return f"{organism.name}: {organism.state}"


async def _step(desk: Desk, name: str) -> str:
    return stepped(desk.session.organism(name))


async def _break(desk: Desk, rest: str) -> str:
    return broken(desk.session, rest)


async def _answer(desk: Desk, rest: str) -> str:
    return answered(desk.session, rest)


async def _reload(desk: Desk, name: str) -> str:
    organism = desk.session.organism(name)
    run = desk.session.runs[organism.name]
    event = await run.take_over(run.source, desk.session.namespace)
    run.picture.renew_soon()
    is_edit = event.changes and not event.added_listeners and not event.removed_listeners
    return edited_line(organism, event) if is_edit else reloaded_text(organism, event)


async def _doctor(desk: Desk, _rest: str) -> str:
    return desk.shell.report(pool_rows(desk.session.progress.organisms))


async def _new(desk: Desk, kind: str) -> str:
    code, how = starter(kind or "hello")
    desk.shell.next_cell(code)
    place = f"{code}\n\n" if desk.shell.is_headless else "A starter cell stands below. Run it, then "
    return f"{place}{how}"


COMMANDS = {
    "list": Command("", "the organisms that run", _list),
    "show": Command("[NAME] [#N.M]", "its picture and its state; with #N.M, one message in all its forms", _show),
    "graph": Command("[NAME]", "its picture", _graph),
    "threads": Command("[NAME] [N]", "its conversations; with a number, one of them message by message", _threads),
    "budgets": Command(
        "[NAME] [N | raise N TOKENS]", "what conversations have spent; raise lets one spend so many in all", _budgets
    ),
    "dead": Command("[NAME] [N]", "what could not be delivered, and why; with a number, that message", _dead),
    "resend": Command("[NAME] N", "send a dead letter again", _resend),
    "check": Command("[NAME]", "what will probably not work", _check),
    "pause": Command("[NAME]", "start no more handlers; messages wait", _pause),
    "resume": Command("[NAME]", "start handlers again", _resume),
    "step": Command(
        "[NAME]", "let one handler start while paused; else let go what is held, and hold what follows", _step
    ),
    "break": Command(
        "[NAME] [LISTENER|PAYLOAD] [--off]", "hold messages before their handlers; alone, what is held", _break
    ),
    "answer": Command(
        "[NAME] [#N] [--script] yes|no|TEXT|continue|drop|edit PAYLOAD",
        "answer what waits for you; alone, what does",
        _answer,
        is_raw=True,
    ),
    "stop": Command("[NAME]", "end it, and what is under way in it", _stop),
    "reload": Command("[NAME]", "take over what is defined now", _reload),
    "doctor": Command("", "versions, what this kernel and front end can do, and how worker processes are", _doctor),
    "new": Command("|".join(STARTERS), "write a starter cell below", _new),
}
"""The sub-commands, in the order of the help."""
