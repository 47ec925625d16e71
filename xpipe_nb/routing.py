"""Who gets a message: the table of listeners, who accepts what, and who may talk to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpipe_nb.errors import Rejected
from xpipe_nb.names import nearest
from xpipe_nb.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xpipe_nb.listeners import Listener

__all__ = ["RouteTable", "may_send"]


def may_send(sender: Listener | None, to: str) -> bool:
    """Say whether a sender may talk to `to`: the injector to all, an agent to its peers and itself."""
    return sender is None or sender.peers is None or to in sender.peers or to == sender.name


class RouteTable:
    """An immutable table of the listeners of one organism.

    Args:
        listeners: The listeners, each name once.
        organism: The organism's name, for the sentences that people read.
        own: Listeners that the person did not declare: the pump's, and generic ones. They are found like all others,
            but not counted among the listeners of the organism.
    """

    def __init__(self, listeners: Iterable[Listener], organism: str = "organism", own: Iterable[Listener] = ()) -> None:
        self._organism = organism
        self._declared = {listener.name: listener for listener in listeners}
        self._by_name = {**self._declared, **{listener.name: listener for listener in own}}
        self._by_tag: dict[str, list[Listener]] = {}
        for listener in self._by_name.values():
            for tag in listener.accepts:
                self._by_tag.setdefault(tag, []).append(listener)
        self._found: dict[tuple[str, str | None, Listener | None], tuple[Listener, ...]] = {}

    def __iter__(self) -> Iterator[Listener]:
        return iter(self._declared.values())

    def everybody(self) -> dict[str, Listener]:
        """Give all listeners by name, those included that the person did not declare."""
        return dict(self._by_name)

    def get(self, name: str) -> Listener | None:
        """Give the listener of that name."""
        return self._by_name.get(name)

    def names(self) -> list[str]:
        """Give the names, in the order of declaration."""
        return list(self._declared)

    def by_tag(self) -> dict[str, list[Listener]]:
        """Give the whole table: who accepts what."""
        return {tag: list(listeners) for tag, listeners in self._by_tag.items()}

    def accepting(self, tag: str) -> list[Listener]:
        """Give the listeners that accept a payload class."""
        return self._by_tag.get(tag, [])

    def targets(
        self, tag: str, to: str | None, sender: Listener | None, *, everyone: bool = False
    ) -> tuple[Listener, ...]:
        """Give the receivers of a send.

        Args:
            tag: The name of the payload class.
            to: The receiver's name, if the sender named one.
            sender: The listener that sends; `None` for an injector.
            everyone: Only broadcast listeners will do.

        Raises:
            Rejected: At stage `route`, with reason `unknown`, `peers`, `not-accepted`, `nobody` or `ambiguous`.
        """
        if everyone:
            return self._candidates(tag, sender, everyone=True)
        way = (tag, to, sender)
        found = self._found.get(way)
        if found is None:  # the table never changes, and neither does a way through it
            found = self._candidates(tag, sender) if to is None else (self._named(tag, to, sender),)
            self._found[way] = found
        return found

    def _candidates(self, tag: str, sender: Listener | None, *, everyone: bool = False) -> tuple[Listener, ...]:
        candidates = [
            listener for listener in self.accepting(tag) if listener is not sender and may_send(sender, listener.name)
        ]
        hearing = tuple(listener for listener in candidates if listener.broadcast)
        if hearing:
            return hearing
        if len(candidates) == 1 and not everyone:
            return (candidates[0],)
        if not candidates or everyone:
            raise self._nobody(tag, sender)
        names = ", ".join(listener.name for listener in candidates)
        raise Rejected("route", "ambiguous", f"{names} all accept {tag}; say which one with to=")

    def _named(self, tag: str, to: str, sender: Listener | None) -> Listener:
        listener = self.reachable(to, sender)
        if tag not in listener.accepts:
            raise self._not_accepted(tag, listener)
        return listener

    def reachable(self, to: str, sender: Listener | None) -> Listener:
        """Give the listener of a name, if the sender may send to it.

        Raises:
            Rejected: At stage `route`, with reason `unknown` or `peers`.
        """
        listener = self._by_name.get(to)
        if listener is None:
            raise self._unknown(to, sender)
        if not may_send(sender, to):
            who = sender.name if sender else ""
            peers = ", ".join(sender.peers or ()) if sender else ""
            detail = f"{who} may not send to {to}; its peers: {peers or 'none'}"
            raise Rejected("route", "peers", detail)
        return listener

    def for_text(self, tag: str, sender: Listener, caller: Listener | None) -> Listener | None:
        """Give the receiver of a payload that a listener returned as text; `None` means its caller.

        Raises:
            Rejected: At stage `route` with reason `ambiguous`, when two peers accept the class.
        """
        own = (sender.name, caller.name if caller else None)
        if sender.peers is None:
            if caller is None or tag in caller.accepts:
                return None
            candidates = [each for each in self.accepting(tag) if each.name not in own]
        else:
            accepting = self.accepting(tag)
            candidates = [each for each in accepting if each.name in sender.peers and each.name not in own]
        if len(candidates) > 1:
            names = " and ".join(each.name for each in candidates)
            raise Rejected("route", "ambiguous", f"{names} both accept {tag}; {sender.name} has to say which one")
        return candidates[0] if candidates else None

    def _unknown(self, to: str, sender: Listener | None) -> Rejected:
        near = nearest(to, self._by_name)
        known = [*self._declared, near] if near else self._declared
        hint = did_you_mean(to, known, there_are="Listeners") or " Listeners: none."
        by = f" ({sender.name} wanted to send to it)" if sender else ""
        return Rejected("route", "unknown", f"No listener {to!r} in {self._organism}.{hint}{by}", nearest=near)

    def _not_accepted(self, tag: str, listener: Listener) -> Rejected:
        near = nearest(tag, listener.accepts)
        accepted = " or ".join(listener.accepts) or "nothing"
        hint = did_you_mean(tag, listener.accepts, others="")
        return Rejected("route", "not-accepted", f"{listener.name} takes {accepted}, not {tag}.{hint}", nearest=near)

    def _nobody(self, tag: str, sender: Listener | None) -> Rejected:
        near = None if tag in self._by_tag else nearest(tag, self._by_tag)
        who = f" that {sender.name} may send to" if sender and sender.peers is not None else ""
        hint = did_you_mean(tag, self._by_tag, others="")
        other = "other " if sender and tag in sender.accepts else ""
        return Rejected("route", "nobody", f"No {other}listener{who} accepts {tag}.{hint}", nearest=near)
