"""Breakpoints: messages that are held before their handlers run, so that a person can look at them and change them.

Nothing of this is on the way of a message while there is no breakpoint: what workers do with a turn is put in another
form when the first one is set, and back in its own when the last one is gone.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.guarded import guarded
from xpipe_nb.dispatch.telling import message_event
from xpipe_nb.dispatch.turn import TurnOver
from xpipe_nb.errors import Rejected, XPipeError
from xpipe_nb.events import BreakpointsEvent, MessageHeldEvent, MessageReleasedEvent
from xpipe_nb.held import Held
from xpipe_nb.names import nearest
from xpipe_nb.payloads import codec_of, is_payload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from xpipe_nb.conversation import Conversation
    from xpipe_nb.crew import Crew
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.deadlines import Deadlines
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.events import PumpEvent
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.messages import Delivery
    from xpipe_nb.questions import Questions
    from xpipe_nb.services import Services
    from xpipe_nb.stages import Steps

__all__ = ["Breakpoint", "Breakpoints"]


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """What is held: messages for a listener, messages of a payload class, or what is both.

    Args:
        listener: The listener's name; `None` for every one.
        payload: The name of the payload class; `None` for every one.
    """

    listener: str | None = None
    payload: str | None = None

    def __str__(self) -> str:
        return " of ".join(filter(None, [self.payload, self.listener]))


class Breakpoints:
    """The breakpoints of one organism, and the messages that are held: `organism.breakpoints`.

    A message is held when its listener would start on it. It has its frame, but no place: others go on, and a conversation
    of which nothing else is left is `waiting`. An answer that is handed over, to a waiting call or to the injector, has no
    handler and passes by.

    Args:
        directory: Who is there.
        exchange: Ends the messages that are dropped.
        questions: Where it is known what waits for a person.
        services: Frees the places of a turn that waits.
        deadlines: The clocks of running handlers.
        bus: Where every change is published.
        steps: Read a message that was changed.
        crew: Does the turns.
        check_loop: Raises where a person's thread reaches into the organism's loop; it gets what is wanted, in words.

    Example:
        ```python
        hello.breakpoints.add(listener="shouter")
        conversation = await hello.inject(Greeting("World"), to="greeter")
        await hello.settle()
        (held,) = hello.breakpoints.held
        held.edit(Greeting("you"))
        held.release()
        ```
    """

    def __init__(
        self,
        directory: Directory,
        exchange: Exchange,
        questions: Questions,
        services: Services,
        deadlines: Deadlines,
        bus: EventBus,
        steps: Steps,
        crew: Crew,
        check_loop: Callable[[str], None],
    ) -> None:
        self._directory, self._exchange, self._questions = directory, exchange, questions
        self._services, self._deadlines, self._bus = services, deadlines, bus
        self.steps, self._crew, self._check_loop = steps, crew, check_loop
        self._points: dict[tuple[str | None, str | None], Breakpoint] = {}
        self._stepping: set[Conversation] = set()
        self.turns: dict[Turn, Held] = {}  # what is held, by the turn that would handle it
        self._perform: Callable[[Turn], Awaitable[Any]] | None = None  # what workers do when nothing is to be held

    # ---- for people

    def add(self, *, listener: str | None = None, payload: type | str | None = None) -> Breakpoint:
        """Hold messages from now on; to add the same one again changes nothing.

        Args:
            listener: Those for this listener.
            payload: Those of this class, or of the class of this name; with a listener, only what is both.

        Raises:
            XPipeError: There is no such listener or class, or no listener takes the class.
        """
        self._check_loop("breakpoints.add()")
        point = self._point(listener, payload)
        self._check(point)
        if (point.listener, point.payload) not in self._points:
            self._points[point.listener, point.payload] = point
            self._changed()
        return point

    def remove(self, *, listener: str | None = None, payload: type | str | None = None) -> bool:
        """Take a breakpoint away, named as it was added; say whether it was there. What is held stays held."""
        self._check_loop("breakpoints.remove()")
        point = self._point(listener, payload)
        was_there = self._points.pop((point.listener, point.payload), None) is not None
        if was_there:
            self._changed()
        return was_there

    def clear(self) -> None:
        """Take all breakpoints away; what is held stays held."""
        self._check_loop("breakpoints.clear()")
        if self._points:
            self._points.clear()
            self._changed()

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter(tuple(self._points.values()))

    def __len__(self) -> int:
        return len(self._points)

    def __bool__(self) -> bool:
        return bool(self._points)

    @property
    def held(self) -> tuple[Held, ...]:
        """The messages that are held, the one that has waited longest first."""
        return tuple(self.turns.values())

    def step(self) -> None:
        """Release the message that has waited longest, and hold the next one of its conversation, wherever it goes.

        Raises:
            XPipeError: Nothing is held.
        """
        self._check_loop("breakpoints.step()")
        if not self.turns:
            raise XPipeError("nothing is held")
        first = next(iter(self.turns.values()))
        self._stepping.add(first.conversation)
        self._arm()
        first.release()

    def __repr__(self) -> str:
        points = ", ".join(map(str, self._points.values())) or "no breakpoints"
        return "\n".join([points, *(f"  {each}" for each in self.turns.values())])

    def events(self) -> list[PumpEvent]:
        """Give the events that say how it is now, for somebody who begins to listen."""
        told: list[PumpEvent] = [self._event()] if self._points else []
        return told + [self._held_event(turn, held) for turn, held in self.turns.items()]

    # ---- which there are

    @staticmethod
    def _point(listener: str | None, payload: type | str | None) -> Breakpoint:
        if listener is None and payload is None:
            raise XPipeError("a breakpoint needs a listener, a payload class, or both")
        tag = codec_of(payload).tag if isinstance(payload, type) and is_payload(payload) else payload
        for what, word in (("listener", listener), ("payload", tag)):
            if not isinstance(word, str | None):
                raise XPipeError(f"{what}= takes a name, got {word!r}")
        return Breakpoint(listener, tag)  # type: ignore[arg-type]  # a name, or None

    def _check(self, point: Breakpoint) -> None:
        """See to it that a breakpoint can ever be met."""
        everybody = self._directory.routes.everybody()
        if point.listener is not None and point.listener not in everybody:
            known = list(self._directory.of_the_person())
            raise XPipeError(f"no listener {point.listener!r}{_meant(point.listener, known)}")
        takers = [each for name, each in everybody.items() if point.listener in (None, name)]
        taken = {tag for each in takers for tag in each.accepts}
        if point.payload is None or point.payload in taken or any(each.generic for each in takers):
            return
        who = point.listener or "no listener"
        if self._directory.table.get(point.payload) is not None:
            detail = "" if point.listener else "; an answer that is only handed over to its caller has no handler"
            raise XPipeError(f"{who} takes {'no ' if point.listener else ''}{point.payload}{detail}")
        raise XPipeError(f"no payload class {point.payload!r}{_meant(point.payload, sorted(taken))}")

    def _changed(self) -> None:
        self._arm()
        if self._bus.heard:
            self._bus.publish(self._event())

    def _event(self) -> BreakpointsEvent:
        return BreakpointsEvent(tuple((each.listener, each.payload) for each in self._points.values()))

    def _arm(self) -> None:
        """Have workers look for breakpoints exactly while there is something to look for."""
        needed = bool(self._points or self._stepping)
        if needed and self._perform is None:
            self._perform, self._crew.perform = self._crew.perform, self._looked_at
        elif not needed and self._perform is not None:
            self._crew.perform, self._perform = self._perform, None

    # ---- what is held

    def _looked_at(self, turn: Turn) -> Awaitable[Any]:
        """What workers do with a turn while there are breakpoints."""
        perform = self._perform
        assert perform is not None  # for the type checker: it is put in this one's place
        return self._after_hold(turn, perform) if self._is_met(turn.delivery) else perform(turn)

    def _is_met(self, delivery: Delivery) -> bool:
        if self._stepping:
            was_stepping = delivery.conversation in self._stepping
            self._stepping = {each for each in self._stepping if each is not delivery.conversation and not each.is_over}
            self._arm()
            if was_stepping:
                return True
        name, tag, points = delivery.listener.name, delivery.send.tag, self._points
        return (name, None) in points or (None, tag) in points or (name, tag) in points

    async def _after_hold(self, turn: Turn, perform: Callable[[Turn], Awaitable[Any]]) -> Any:
        """Hold a message until a person lets it go; then handle it, or end it."""
        delivery = turn.delivery
        text = f"{delivery.send.from_id} → {turn.listener.name}, {delivery.send.tag} is held before its handler"
        question = self._questions.ask(turn.frame, "breakpoint", text, ".breakpoints.held[0].release()")
        held = question.about = self.turns[turn] = Held(turn, question, self, self._directory)
        self._tell(self._held_event(turn, held))
        try:
            await guarded(partial(self._answer, held), turn)
        except TurnOver:
            if held.fate == "dropped":
                self._drop(turn, held)
            raise
        finally:
            self.turns.pop(turn, None)
            self._deadlines.forget(turn)  # its time begins with its handler
            self._tell(self._released_event(turn, held))
        self._renew(turn)
        return await perform(turn)

    async def _answer(self, held: Held, turn: Turn) -> None:
        answer = await self._services.hear(turn, held.question)
        if not held.fate:  # it was answered as any other question is
            held.fate = "dropped" if answer in ("no", "drop", False) else "continued"
        if held.fate == "dropped":
            raise TurnOver

    def _renew(self, turn: Turn) -> None:
        """Take over what a reload has changed meanwhile: its handler has not begun, so it is the new one."""
        if turn.delivery.generation == self._directory.generation:
            return
        try:
            self.steps.renew(turn.delivery)
        except Rejected as rejection:
            self._exchange.losses.lose(turn.delivery, rejection)
            raise TurnOver from None
        turn.listener = turn.delivery.listener

    def _drop(self, turn: Turn, held: Held) -> None:
        """End a message that a person does not want handled; its sender hears of it as of any send that was refused."""
        detail = held.reason or f"it was dropped at a breakpoint before {turn.listener.name}"
        self._exchange.drop_held(turn.delivery, Rejected("perform", "dropped", detail))

    def release(self, held: Held, turn: Turn) -> None:
        """Let a message go, on whatever way it was decided for it."""
        self._check_loop("releasing a held message")
        if held.fate == "dropped":
            turn.over = True  # so that it waits for no place
        self._questions.answer(held.question, held.fate)

    def _held_event(self, turn: Turn, held: Held) -> MessageHeldEvent:
        return message_event(MessageHeldEvent, turn.delivery, key=held.number, element=deepcopy(held.element))

    @staticmethod
    def _released_event(turn: Turn, held: Held) -> MessageReleasedEvent:
        how, element = held.fate or "withdrawn", deepcopy(held.element)
        return message_event(MessageReleasedEvent, turn.delivery, key=held.number, how=how, element=element)

    def _tell(self, event: PumpEvent) -> None:
        if self._bus.heard:
            self._bus.publish(event)


def _meant(word: str, known: list[str]) -> str:
    near = nearest(word, known)
    return f"; did you mean {near!r}?" if near else f"; there are: {', '.join(known)}" if known else ""
