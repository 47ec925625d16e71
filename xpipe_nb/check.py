"""What looks wrong with an organism before it runs, though it can run: the words behind `Organism.check()`."""

from __future__ import annotations

import dis
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType

from xpipe_nb.listeners.record import Listener
from xpipe_nb.listeners.signature import written_function
from xpipe_nb.names import is_system_name
from xpipe_nb.payloads import codec_of
from xpipe_nb.payloads.reserved import NOTE_TAGS

__all__ = ["Advice", "check", "may_call"]

CALLS = frozenset({"call", "call_sync", "call_all", "complete"})
"""The doors of `HandlerMetadata` by which a handler sends what its annotations do not tell."""


@dataclass(frozen=True)
class Advice:
    """One thing that is probably not meant.

    Args:
        code: What it is, for programs: `unreachable`, `deaf-peer`, `unheard-answer`, `endless` or `no-peers`.
        listener: The listener it is about.
        problem: What it is, for people.
        remedy: What to write instead; for a missing peer, the `peers:` line.
    """

    code: str
    listener: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.listener}: {self.problem}" + (f"; {self.remedy}" if self.remedy else "")


def check(listeners: Iterable[Listener], *, budget: int | None = None) -> list[Advice]:
    """Look at all listeners together, without running anything.

    Only what is known is judged: a handler that may call (`meta.call`) or whose annotation leaves its outputs open is
    given the benefit of the doubt.

    Args:
        listeners: All listeners of an organism; of the pump's own only the answers are looked at.
        budget: Tokens of a conversation, if it has a budget; a cycle then ends by itself.

    Example:
        >>> [advice.code for advice in check([agent_without_peers, shouter])]
        ['no-peers']
    """
    listeners = tuple(listeners)
    everybody = [one for one in listeners if not is_system_name(one.name) and not one.generic]
    by_name = {one.name: one for one in everybody}
    with_system = {one.name: one for one in listeners}
    return [
        *_unreachable(everybody),
        *_deaf_peers(everybody, by_name),
        *_unheard_answers(everybody, with_system),
        *([] if budget else _endless(everybody, by_name)),
        *_without_peers(everybody),
    ]


def may_call(listener: Listener) -> bool:
    """Say whether a handler may use a door of its metadata; when that cannot be seen, it may."""
    if not listener.takes_meta:
        return False
    code = getattr(written_function(listener.handler), "__code__", None)
    return code is None or _reaches_calls(code)


def _reaches_calls(code: CodeType) -> bool:
    """Look for a call's name, and for metadata that goes on to somebody else."""
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    if CALLS & set(code.co_names) or any(_reaches_calls(one) for one in inner):
        return True
    first = 1 if code.co_varnames[:1] == ("self",) else 0
    meta = code.co_varnames[first + 1 : first + 2] if code.co_argcount > first + 1 else ()
    steps = list(dis.get_instructions(code))
    return any(
        not _is_attribute_read(step, after, meta[0])
        for step, after in itertools.pairwise(steps)
        if meta and _names(step.argval, meta[0])
    )


def _names(argument: object, name: str) -> bool:
    """Say whether an instruction's argument is a variable, alone or in one of the pairs of newer Pythons."""
    return argument == name or (isinstance(argument, tuple) and name in argument)


def _is_attribute_read(step: dis.Instruction, after: dis.Instruction, name: str) -> bool:
    on_top = step.argval == name or step.argval[-1] == name
    return on_top and after.opname.startswith(("LOAD_ATTR", "LOAD_METHOD"))


def _unreachable(everybody: Sequence[Listener]) -> Iterator[Advice]:
    for one in everybody:
        others = [other for other in everybody if other is not one]
        if not others or one.broadcast or any(_could_send(other, one) for other in others):
            continue
        if any(_could_send(one, other) for other in others):
            continue  # it begins something: injections are its callers
        listing = next((other for other in others if other.peers is not None), None)
        line = "" if listing is None else f"add it to {listing.name}: {_line([*(listing.peers or ()), one.name])}"
        yield Advice("unreachable", one.name, "no listener can send to it, only an injection", line)


def _could_send(sender: Listener, receiver: Listener) -> bool:
    """Say whether a message may go from one to the other, other than as an answer."""
    if sender.peers is not None:
        return receiver.name in sender.peers
    # A bare payload answers the caller, so what is annotated goes nowhere else unless the handler says so itself.
    return sender.agent or sender.output_class is None or may_call(sender)


def _deaf_peers(everybody: Sequence[Listener], by_name: Mapping[str, Listener]) -> Iterator[Advice]:
    for one in everybody:
        if one.output_class is None or may_call(one):
            continue
        for peer in _peers(one, by_name):
            if not any(_tag(cls) in peer.accepts for cls in one.output_class):
                gives, takes = _words(map(_tag, one.output_class)), _words(peer.accepts)
                problem = f"gives {gives}, but its peer {peer.name} accepts {takes} only"
                yield Advice("deaf-peer", one.name, problem, f"take {peer.name} out of its peers, or give it {takes}")


def _unheard_answers(everybody: Sequence[Listener], by_name: Mapping[str, Listener]) -> Iterator[Advice]:
    for one in everybody:
        if may_call(one):
            continue  # the answer to a call need not be accepted
        for peer in _peers(one, by_name):
            lost = [tag for cls in peer.output_class or () if (tag := _tag(cls)) not in one.accepts]
            lost = [tag for tag in lost if tag not in NOTE_TAGS]
            if lost:
                problem = f"does not accept {_words(lost)}, which its peer {peer.name} answers"
                remedy = f"accept it (message: {' | '.join([*one.accepts, *lost])}), or ask by meta.call"
                yield Advice("unheard-answer", one.name, problem, remedy)


def _endless(everybody: Sequence[Listener], by_name: Mapping[str, Listener]) -> Iterator[Advice]:
    """Find rings of plain listeners: an agent would be stopped by its budget, they only by `max_messages`."""
    told: set[str] = set()
    for one in everybody:
        ring = None if one.agent or one.name in told else _ring(one, by_name)
        if ring:
            told.update(ring)
            way = " ▸ ".join([*ring, one.name])
            yield Advice("endless", one.name, f"can go round for ever: {way}", "limits: {max_messages: …} ends it")


def _ring(start: Listener, by_name: Mapping[str, Listener]) -> list[str] | None:
    """Give the shortest way along peers from a plain listener back to itself, through plain listeners."""
    ways: list[list[str]] = [[start.name]]
    seen: set[str] = set()
    for way in ways:  # grows while it is read: breadth first
        for peer in _peers(by_name[way[-1]], by_name):
            if peer is start:
                return way
            if peer.name not in seen and not peer.agent:
                seen.add(peer.name)
                ways.append([*way, peer.name])
    return None


def _without_peers(everybody: Sequence[Listener]) -> Iterator[Advice]:
    for one in everybody:
        if not one.agent or one.peers != ():
            continue
        calls = may_call(one)
        if one.output_class is not None and not calls:
            continue  # all that it gives is its answer
        others = [other for other in everybody if other is not one and not other.broadcast]
        if others:
            line = f"if it should: {_line([other.name for other in others])}"
            yield Advice("no-peers", one.name, "is an agent without peers and may send to nobody", line)


def _peers(one: Listener, by_name: Mapping[str, Listener]) -> list[Listener]:
    return [by_name[name] for name in one.peers or () if name in by_name]


def _line(names: Sequence[str]) -> str:
    return f"peers: [{', '.join(names)}]"


def _words(tags: Iterable[str]) -> str:
    return ", ".join(tags) or "nothing"


def _tag(cls: type) -> str:
    return codec_of(cls).tag
