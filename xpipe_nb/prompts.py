"""Prompts: what an agent is told before it reads its first message.

Its own words, the contracts of its peers with an example for each payload that they take, and the rules by which what
it writes is delivered. The examples are made from the same schemas that the answers are checked against. A prompt is
written once for each table of listeners; a handler can read it and change nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from xpipe_nb.errors import PayloadError
from xpipe_nb.names import is_system_name
from xpipe_nb.payloads import codec_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xpipe_nb.directory import Directory
    from xpipe_nb.listeners import Listener
    from xpipe_nb.payloads import Codec

__all__ = ["Prompts"]

_WRITING = (
    "Write each payload as one XML element, just as the examples do: the same tags, every field in its order, &amp; "
    "for an ampersand and &lt; for a less-than sign in a text. What stands around the elements is kept as your "
    "thoughts and delivered to nobody."
)
_ENDING = (
    "With your answer everything ends that you have begun for it: peers that are still at work are stopped, what they "
    "would have sent does not reach you any more, and your todos are closed. Answer when you have all that you need."
)


class _Written(NamedTuple):
    full: str
    contracts: str


class Prompts(Mapping[str, str]):
    """The whole system prompt of each agent, by name.

    Args:
        directory: Who is there; a prompt follows it from reload to reload.

    Example:
        ```python
        print(hello.prompts["planner"])
        ```
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._generation = 0
        self._written: dict[str, _Written] = {}

    def __getitem__(self, name: str) -> str:
        written = self._of(name)
        if written is None:
            raise KeyError(name)
        return written.full

    def __iter__(self) -> Iterator[str]:
        return (name for name, listener in self._directory.by_name().items() if listener.agent)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def contracts(self, name: str) -> str:
        """Give the contracts of an agent's peers alone; empty for one that has none, and for what is no agent."""
        written = self._of(name)
        return "" if written is None else written.contracts

    def _of(self, name: str) -> _Written | None:
        if self._generation != self._directory.generation:
            self._generation, self._written = self._directory.generation, {}
        if name not in self._written:
            listener = self._directory.by_name().get(name)
            if listener is None or not listener.agent:
                return None
            self._written[name] = _written(listener, _peers(listener, self._directory.routes.everybody()))
        return self._written[name]


def _peers(agent: Listener, everybody: Mapping[str, Listener]) -> list[Listener]:
    """Give those that an agent may send to; the pump's own only where they are named."""
    names = agent.peers if agent.peers is not None else [name for name in everybody if not is_system_name(name)]
    return [everybody[name] for name in names if name in everybody and name != agent.name]


def _written(agent: Listener, peers: list[Listener]) -> _Written:
    contracts = "\n\n".join(_contract(peer) for peer in peers)
    parts = [
        (agent.prompt or "").strip(),
        f"# You\n\nYou are {agent.name}. {_sent(agent)}",
        f"# Your peers\n\n{contracts}" if peers else "",
        f"# What you write\n\n{_WRITING}\n\n{_delivered(peers, anybody=agent.peers is None)}\n\n{_ENDING}",
        _answers(agent),
    ]
    return _Written("\n\n".join(part for part in parts if part), contracts)


def _sent(agent: Listener) -> str:
    return f"You are sent {_words(agent.accepts, 'or')}." if agent.accepts else "You are sent payloads of any class."


def _contract(peer: Listener) -> str:
    lines = [f"## {peer.name}", peer.description, *_examples("It takes", peer.accepts.values())]
    if peer.generic:
        lines.append("It takes any payload.")
    if peer.output_class:
        lines.append(f"It answers {_words((codec_of(cls).tag for cls in peer.output_class), 'or')}.")
    else:
        lines.append("It does not say whether it answers, or with what.")
    return "\n".join(line for line in lines if line)


def _delivered(peers: list[Listener], *, anybody: bool) -> str:
    if not peers:
        return "You have no peers: all that you write answers whoever wrote to you."
    taken: dict[str, list[str]] = {}
    for peer in peers:
        for tag in peer.accepts:
            taken.setdefault(tag, []).append(peer.name)
    first = (
        "What whoever wrote to you takes is your answer to that one; somebody outside takes everything. Of the rest:"
    )
    last = "What would go to whoever wrote to you, and every other payload, is your answer to that one."
    rules = [
        f"{tag} goes to {names[0]}."
        if len(names) == 1
        else f"{tag} is taken by {_words(names, 'and')}; as text it would be refused, for nobody could tell which is meant."
        for tag, names in taken.items()
    ]
    lines = [f"- {rule}" for rule in ([*rules, "Any other payload is your answer."] if anybody else [*rules, last])]
    return "\n".join([first, *lines] if anybody else lines)


def _answers(agent: Listener) -> str:
    lines = _examples("You answer with", agent.output_class or ())
    return "\n".join(["# Your answer", "", *lines]) if lines else ""


def _examples(verb: str, classes: Iterable[type]) -> list[str]:
    lines = []
    for cls in classes:
        codec: Codec[Any] = codec_of(cls)
        try:
            lines += [f"{verb} {codec.tag}:", codec.example()]
        except PayloadError:
            lines.append(f"{verb} {codec.tag}. (Its rules are too narrow for an example.)")
    return lines


def _words(words: Iterable[str], last: str) -> str:
    *most, end = list(words)
    return f"{', '.join(most)} {last} {end}" if most else end
