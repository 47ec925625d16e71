"""What happens in one organism, kept until a view draws it; here a loop and a clock meet the pure reducers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any
from uuid import uuid4

from xpipe_nb.events import BudgetEvent, PumpEvent, QuestionEvent, ThreadEvent
from xpipe_nb.notebook.cells import BEGUN_BY, cell_of
from xpipe_nb.organism import Organism
from xpipe_nb.views.detail import listener_detail, message_detail
from xpipe_nb.views.fold import fold_all
from xpipe_nb.views.places import Places, extended, places_of
from xpipe_nb.views.saved import saved
from xpipe_nb.views.snapshot import MOST, histories, snapshot
from xpipe_nb.views.state import CellEvent, DeclaredEvent, LetterEvent, MessageNow, ViewState

__all__ = ["Feed"]

_MOST_KEPT = 2_000
"""Events that may wait for the next drawing; then they are folded, seen or not."""


_MEASURED = 20
"""Drawings after which it is measured again how long a history there is room for."""


class Feed:
    """Follows an organism and knows what a view of it shows.

    Args:
        organism: The organism.
        happened: Is told of every event.
    """

    def __init__(self, organism: Organism, happened: Callable[[], None] = lambda: None) -> None:
        self.session = uuid4().hex[:12]
        self._organism, self._happened = organism, happened
        self._origin = monotonic()
        self._state = ViewState(organism.name, self._origin, state=organism.state)
        self._events: list[PumpEvent] = [*_so_far(organism), *organism.breakpoints.events()]
        self._generation = -1
        self._places = Places(0, 0, {}, {})
        self._drawings = -1
        self._most = self._wanted = MOST
        self._unsubscribe = organism.subscribe(self._heard)

    def remember(self, history: int) -> None:
        """Tell of that many messages and frames at most, and of conversations in proportion; from ten to all there is room for."""
        share = min(max(history, 10) / MOST[2], 1.0)
        wanted = (round(MOST[0] * share), round(MOST[1] * share), round(MOST[2] * share))
        if wanted != self._wanted:
            self._most = self._wanted = wanted
            self._drawings = -1
            self._happened()

    def close(self) -> None:
        """Follow it no longer; what is known stays."""
        self._unsubscribe()

    def _heard(self, event: PumpEvent) -> None:
        self._events.append(event)
        if len(self._events) >= _MOST_KEPT:
            self._fold()
        self._happened()

    def _fold(self) -> ViewState:
        """Bring what is known up to date."""
        events, self._events = self._events, []
        generation = self._organism.pump.directory.generation
        if generation != self._generation:
            self._generation = generation
            events.insert(0, self._declared())
        if events:
            self._state = fold_all(self._state, [*events, *self._begun_by(events)])
        return self._state

    def _begun_by(self, events: Sequence[PumpEvent]) -> Iterator[CellEvent]:
        """Say which cell each new conversation was begun by, where it was one."""
        new = {each.conversation for each in events if isinstance(each, ThreadEvent) and each.status == "created"}
        for each in self._organism.conversations if new else ():
            cell = each.context.get(BEGUN_BY) if each.number in new and each.context is not None else None
            if cell is not None:
                yield CellEvent(each.number, cell)

    def _declared(self) -> DeclaredEvent:
        graph = self._organism.graph()
        edges = tuple((edge.source, edge.target) for edge in graph.drawn_edges())
        limit = self._organism.budgets.max_tokens_per_thread
        return DeclaredEvent(graph.nodes, edges, self._organism.generation, limit)

    def _placed(self, state: ViewState) -> Places:
        """Lay the graph out once; whoever comes later stands below, and nobody moves."""
        nodes = [(each.name, each.kind) for each in state.listeners.values()]
        if not self._places.nodes:
            listed = [(name, kind) for name, kind in nodes if kind != "port"]
            self._places = places_of(listed, [ends for ends, edge in state.edges.items() if edge.declared])
        self._places = extended(self._places, nodes)
        return self._places

    # ---- what a person does with a dead letter

    def message(self, key: int) -> MessageNow | None:
        """Give what is known of a message, if it is still listed."""
        return self._fold().messages.get(key)

    def settle_letter(self, key: int, state: str) -> None:
        """Note that a person has sent a dead letter again, or wants to see it no more."""
        self._heard(LetterEvent(key, state))

    # ---- what a front end may ask

    @property
    def now(self) -> int:
        """The time that snapshots are told from, in milliseconds."""
        return round((monotonic() - self._origin) * 1000)

    def snapshot(self) -> dict[str, Any]:
        """Write down what is known now; how much there is room for is measured now and then."""
        state = self._fold()
        places, waiting = self._placed(state), len(self._organism.pump.inbox)
        self._drawings += 1
        if self._drawings % _MEASURED:
            return snapshot(state, places, self.session, waiting=waiting, largest=None, most=self._most)
        written = snapshot(state, places, self.session, waiting=waiting, most=self._wanted)
        conversations, frames, messages = map(len, histories(written))
        kept = len(state.messages) <= messages or messages >= self._wanted[2]
        self._most = self._wanted if kept else (conversations, frames, messages)
        return written

    def saved(self, *, session: str = "saved") -> dict[str, Any]:
        """Write down what may stand in a file: no times, the same in every run."""
        state = self._fold()
        drawn = {name: each for name, each in self._organism.pump.listeners.items() if name in state.listeners}
        return saved(state, self._placed(state), session, drawn)

    def detail(self, of: Any, key: Any) -> dict[str, Any] | None:
        """Write down a listener's contract or a message's passage, if it is still known."""
        if of == "listeners":
            listener = self._organism.pump.listeners.get(str(key))
            prompt = self._organism.prompts.get(str(key))
            return None if listener is None else listener_detail(listener, prompt=prompt, cell_of=cell_of)
        state = self._fold()
        message = state.messages.get(int(key)) if str(key).isdecimal() else None
        return None if message is None else message_detail(message, state)


def _so_far(organism: Organism) -> Iterator[PumpEvent]:
    """Tell, as events, what was spent, what is asked and whether the store is away, when a view comes late."""
    for usage in organism.budgets.every():
        yield BudgetEvent(
            "", "", usage.limit, usage.prompt, usage.completion, usage.reserved, conversation=usage.conversation
        )
    for each in organism.questions:
        number, frame = each.conversation.number, each.frame
        yield QuestionEvent(
            frame.thread_id, frame.listener, each.number, each.kind, each.text, "asked", number, each.about
        )
    mirror = organism.pump.conversations.mirror
    if mirror is not None and mirror.trouble is not None:
        yield mirror.trouble
