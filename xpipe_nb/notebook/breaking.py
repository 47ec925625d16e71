"""Breakpoints and steps as text: what `%organism break` and `%organism step` do and print."""

from __future__ import annotations

from xpipe_nb.breakpoints import Breakpoint
from xpipe_nb.notebook.mistakes import Mistake, unknown_word
from xpipe_nb.notebook.session import Session
from xpipe_nb.organism import Organism
from xpipe_nb.wording import counted

__all__ = ["broken", "held_lines", "stepped", "stops_at"]

_MOST = 20


def broken(session: Session, rest: str) -> str:
    """Do what `%organism break` was asked for; with nothing to break at, list what there is.

    Args:
        session: The organisms of this kernel.
        rest: `[NAME] [LISTENER|PAYLOAD] [--off]`; the organism may also stand before the listener: `hello/shouter`.

    Raises:
        Mistake: For a word that is neither.
    """
    words = rest.split()
    off = "--off" in words
    names = [word for word in words if word != "--off"]
    organism, word = _meant(session, names)
    if not word:
        if off:
            organism.breakpoints.clear()
        return breakpoints(organism, session.called.organism)
    where = _where(organism, word)
    if off and not organism.breakpoints.remove(**where):
        known = list(map(str, organism.breakpoints))
        raise unknown_word("breakpoint", word, known, where=f" in {organism.name}")
    if off:
        return f"{organism.name}: no breakpoint at {word} any more{_still_held(organism)}"
    organism.breakpoints.add(**where)
    what = f"messages for {word} are" if "listener" in where else f"each {word} is"
    line = f"{organism.name}: {what} held before {'its' if 'listener' in where else 'the'} handler"
    return f"{line} · {session.called.organism} break {word} --off"


def _still_held(organism: Organism) -> str:
    held = organism.breakpoints.held
    return f" · {counted(len(held), 'message')} still held" if held else ""


def _meant(session: Session, names: list[str]) -> tuple[Organism, str]:
    """Tell the organism from what is to be broken at."""
    if len(names) > 2:
        raise Mistake(f"{' '.join(names)!r} is more than a name and a listener or payload class.")
    if len(names) == 2:
        return session.organism(names[0]), names[1]
    if not names:
        return session.organism(""), ""
    name, slash, word = names[0].partition("/")
    if slash:
        return session.organism(name), word
    if name in session.runs and name not in session.organism(name).listeners:
        return session.organism(name), ""
    return session.organism(""), name


def stops_at(organism: Organism) -> list[str]:
    """Give what can be broken at: listeners, then the payload classes that some listener takes."""
    tags = {tag: None for listener in organism.listeners.values() for tag in listener.accepts}
    return [*organism.listeners, *tags]


def _where(organism: Organism, word: str) -> dict[str, str]:
    if word in organism.pump.listeners:
        return {"listener": word}
    known = stops_at(organism)
    if word not in known and organism.pump.directory.table.get(word) is None:
        raise unknown_word("listener or payload class", word, known, where=f" in {organism.name}")
    return {"payload": word}


def breakpoints(organism: Organism, magic: str) -> str:
    """List the breakpoints of an organism, and what is held."""
    points = ", ".join(map(_shown, organism.breakpoints)) or f"no breakpoints · {magic} break LISTENER|PAYLOAD"
    return "\n".join([f"{organism.name}: {points}", *held_lines(organism, magic)])


def _shown(point: Breakpoint) -> str:
    return str(point)


def held_lines(organism: Organism, magic: str) -> list[str]:
    """Say what is held, each with how it is let go."""
    held = organism.breakpoints.held
    lines = [f"  {each!r} · {magic} answer #{each.conversation.number} continue" for each in held[:_MOST]]
    return [*lines, f"  … {len(held) - _MOST:,} more"] if len(held) > _MOST else lines


def stepped(organism: Organism) -> str:
    """Take one step, and say what it was.

    Raises:
        XPipeError: The organism is not paused, and nothing is held.
    """
    if organism.paused:
        organism.step()
        return f"{organism.name}: paused · one handler may start"
    first = next(iter(organism.breakpoints.held), None)
    organism.step()
    assert first is not None  # else there was nothing to step through, as has been said
    number = first.conversation.number
    return f"{organism.name}: {first.message} goes on to {first.listener} · the next message of #{number} is held"
