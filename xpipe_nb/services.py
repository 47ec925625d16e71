"""What handlers can ask of the pump while they run: to send, to call, to tell."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from xpipe_nb.calls import Call
from xpipe_nb.composing import check_name
from xpipe_nb.dispatch.telling import state_of
from xpipe_nb.dispatch.turn import TurnFailed
from xpipe_nb.errors import CallFailed, Rejected
from xpipe_nb.events import LogEvent, ProgressEvent
from xpipe_nb.failures import code_of, failure
from xpipe_nb.messages import CALL, RESPOND, Send
from xpipe_nb.replies import promised
from xpipe_nb.state_address import StateAddress
from xpipe_nb.wording import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xpipe_nb.accounts import Budgets
    from xpipe_nb.composing import Composer
    from xpipe_nb.crew import Crew
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.deadlines import Deadlines
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.prompts import Prompts
    from xpipe_nb.questions import Question, Questions
    from xpipe_nb.spending import Spent
    from xpipe_nb.stores.mirror import Mirror
    from xpipe_nb.stores.shared import SharedState

__all__ = ["Services"]


class Services:
    """The pump as its handlers see it.

    Args:
        exchange: Where messages change hands.
        composer: Writes messages.
        directory: Who is there.
        deadlines: The clocks of running handlers.
        bus: Where progress and logs are published.
    """

    crew: Crew
    questions: Questions
    budgets: Budgets
    prompts: Prompts
    loop: asyncio.AbstractEventLoop
    shared: Callable[[], Mirror]

    def __init__(
        self, exchange: Exchange, composer: Composer, directory: Directory, deadlines: Deadlines, bus: EventBus
    ) -> None:
        self._exchange, self._composer, self._directory = exchange, composer, directory
        self._deadlines, self._bus = deadlines, bus
        self.stopping = False
        self.place_of: Callable[[str, int | None], str] = place_of  # a notebook knows its cells by number

    # ---- sending

    def reply(self, turn: Turn, result: Any) -> None:
        """Send what a handler gave.

        Raises:
            TurnFailed: When it gave what means nothing.
        """
        if turn.over or turn.expired:
            self.late(turn, result)
            return
        try:
            sends = self._composer.sends_of(turn, result)
        except Rejected as rejection:
            if rejection.reason == "return":
                raise TurnFailed("handler", rejection.detail) from rejection
            self._exchange.refuse_reply(turn, result, rejection)
            return
        for send in sends:
            self._post(turn, send)

    def conclude(self, turn: Turn, result: Any) -> None:
        """Send what a handler returned; nothing at all breaks a promise if it made one.

        Raises:
            TurnFailed: For a broken promise, and as `reply` does.
        """
        if result is not None:
            self.reply(turn, result)
        elif turn.listener.promises_reply and not turn.sent and not turn.over:
            raise TurnFailed("handler", promised(turn.listener) or "")

    def _post(self, turn: Turn, send: Send) -> None:
        if send.kind is RESPOND:
            turn.responded = True
            self._exchange.rules.respond(turn.frame)
        elif turn.responded:
            detail = f"{turn.listener.name} has answered; after that it may only answer again"
            self._exchange.losses.lose(send, Rejected("perform", "closed", detail))
            return
        turn.sent = True
        self._exchange.post(send)

    def late(self, turn: Turn, result: Any) -> None:
        """Keep what came when nobody waited for it any more."""
        if result is not None:
            self._exchange.losses.lose_late(turn, result)

    # ---- calling

    async def call(self, turn: Turn, payload: Any, to: str | None) -> Any:
        """Send a payload and wait for the answer."""
        return (await self._answers(turn, [self._start(turn, payload, to)]))[0]

    async def call_all(self, turn: Turn, payload: Any) -> list[Any]:
        """Send a payload to every broadcast listener and wait for all answers."""
        try:
            element, _ = self._composer.encode(payload)
            targets = self._directory.routes.targets(str(element.tag), None, turn.listener, everyone=True)
        except Rejected as rejection:
            raise self._refusal(turn, payload, None, rejection) from None
        return await self._answers(turn, [self._start(turn, payload, target.name) for target in targets])

    def call_sync(self, turn: Turn, payload: Any, to: str | None) -> Any:
        """Do what `call` does, from a thread."""
        if asyncio._get_running_loop() is self.loop:  # noqa: SLF001 - the public form raises instead of asking
            raise CallFailed("handler", "meta.call_sync would block the loop; write `await meta.call(…)`", to=to)
        return asyncio.run_coroutine_threadsafe(self.call(turn, payload, to), self.loop).result()

    def _start(self, turn: Turn, payload: Any, to: str | None) -> Call:
        if asyncio.get_running_loop() is not self.loop:
            text = "meta.call belongs to the organism's own loop; in a plain function write meta.call_sync(…)"
            raise CallFailed("handler", text, to=to)
        call = Call(to)
        try:
            if turn.responded or turn.over or turn.task is None or self.stopping:  # nothing more is read after the stop
                state = "has answered" if turn.responded else "is over"
                raise Rejected("perform", "closed", f"the turn of {turn.listener.name} {state}; it may not call")
            to = check_name(to)
            send = self._composer.send(turn, CALL, payload, to, call)
        except Rejected as rejection:
            raise self._refusal(turn, payload, to, rejection) from None
        self._exchange.post(send)
        return call

    def _refusal(self, turn: Turn, payload: Any, to: str | None, rejection: Rejected) -> CallFailed:
        error = failure("routing" if rejection.reason == "closed" else code_of(rejection))
        self._exchange.losses.refuse_unwritten(turn, payload, to, rejection)
        return CallFailed(error.code, error.message, to=to)

    async def _answers(self, turn: Turn, calls: Sequence[Call]) -> list[Any]:
        """Wait for calls; meanwhile the turn's places are free and its clock stands."""
        turn.calls += 1
        turn.waits = [*(turn.waits or ()), calls]
        if turn.calls == 1:
            self._deadlines.pause(turn)
            self.crew.step_aside(turn)
            self._announce(turn, "waiting")
        if self.questions.open:
            self.questions.look_soon()
        try:
            return [await call.future for call in calls]
        finally:
            for call in calls:
                frame = call.give_up()
                if frame is not None:
                    self._exchange.rules.close(frame)
            turn.calls -= 1
            turn.waits.remove(calls)
            if self.questions.open:
                self.questions.look_soon()
            if not turn.calls and _goes_on(turn):
                try:
                    await self.crew.step_back(turn)
                finally:
                    self._back(turn)

    def _back(self, turn: Turn) -> None:
        """A turn has its places again; if another call of it began meanwhile, it waits for that one now."""
        if turn.frame.conversation.state == "waiting":
            self.questions.look()
        if turn.calls:
            self.crew.step_aside(turn)
        elif _goes_on(turn):
            self._deadlines.resume(turn)
            self._announce(turn, "processing")

    async def stand_by(self, waited_for: asyncio.Future[Any], on: Any = None) -> None:
        """Wait; if a handler asks, its places are free meanwhile, as in a call."""
        turn = self.crew.turn_now()
        if turn is None:
            await waited_for
            return
        if on is turn:
            await self._wait(turn, waited_for)
            return
        turn.abroad = [*(turn.abroad or ()), on]
        try:
            await self._wait(turn, waited_for)
        finally:
            turn.abroad.remove(on)

    async def hear(self, turn: Turn, question: Question) -> Any:
        """Wait for a person's answer, as in a call."""
        try:
            return await self._wait(turn, question.answer)
        finally:
            self.questions.close(question)

    async def _wait(self, turn: Turn, waited_for: asyncio.Future[Any]) -> Any:
        call = Call(None)
        call.future = waited_for
        return (await self._answers(turn, [call]))[0]

    def queue_up(self, turn: Turn, *, is_free: bool) -> None:
        """A turn waits for a worker process."""
        self._deadlines.pause(turn)
        self.crew.lend(turn)
        mirror = self._exchange.conversations.mirror
        if not is_free or (mirror is not None and mirror.in_trouble):
            self._announce(turn, "waiting")

    def begin(self, turn: Turn) -> None:
        """A worker process has begun with a turn, or it waits for none any more."""
        self.crew.take_back(turn)
        if _goes_on(turn):
            self._deadlines.resume(turn)
            self._announce(turn, "processing")

    # ---- spending

    async def reserve(self, turn: Turn, tokens: int) -> None:
        """Set tokens aside.

        Raises:
            BudgetExhausted: There are too few, and nobody to ask.
            CallFailed: The turn is over, or another loop runs here.
        """
        if asyncio.get_running_loop() is not self.loop:
            raise CallFailed(
                "handler", "meta.tokens belongs to the organism's own loop; use a plain `with` in a thread"
            )
        if turn.over or turn.task is None:
            raise CallFailed("handler", f"the turn of {turn.listener.name} is over; it may not spend any more")
        await self.budgets.reserve(self, turn, tokens)

    def settle(self, turn: Turn, reserved: int, spent: Spent) -> None:
        """Book what was spent of them, also for a turn that is over: the tokens are gone."""
        self.budgets.settle(turn, reserved, spent)

    def shared_state(self) -> SharedState:
        """Give the shared state, on the loop or in the thread of a plain handler."""
        if asyncio._get_running_loop() is self.loop:  # noqa: SLF001 - see above
            return self.shared().state

        async def on_the_loop() -> SharedState:
            return self.shared().state

        return asyncio.run_coroutine_threadsafe(on_the_loop(), self.loop).result()

    async def shared_is_there(self) -> None:
        """Wait for a shared state that is away; where there is none, or it is there, this costs a look.

        Raises:
            StoreRefused: It is there, but refuses us.
        """
        mirror = self._exchange.conversations.mirror
        if mirror is not None:
            await mirror.ready()

    def opening(self) -> tuple[StateAddress, list[type]]:
        """Give what a worker needs to open the shared state, and the payload classes that it may read there."""
        mirror = self._exchange.conversations.mirror
        return (StateAddress(), []) if mirror is None else mirror.opening

    def usage_instructions(self, name: str) -> str:
        """Give the contracts of an agent's peers."""
        return self.prompts.contracts(name)

    # ---- telling, from any thread

    def progress(self, turn: Turn, done: float, total: float | None, text: str) -> None:
        """Publish how far a handler is."""
        frame = turn.frame
        self._tell(ProgressEvent(frame.thread_id, frame.listener, done, total, text, frame.conversation.number))

    def log(self, turn: Turn, text: str) -> None:
        """Publish a line."""
        frame = turn.frame
        self._tell(LogEvent(frame.thread_id, frame.listener, text, frame.conversation.number))

    def _announce(self, turn: Turn, state: str) -> None:
        if self._bus.heard:
            self._bus.publish(state_of(turn.listener.name, state, turn.frame.thread_id))

    def _tell(self, event: Any) -> None:
        if not self._bus.heard:
            return
        if asyncio._get_running_loop() is self.loop:  # noqa: SLF001 - see above
            self._bus.publish(event)
        else:
            self.loop.call_soon_threadsafe(self._bus.publish, event)


def _goes_on(turn: Turn) -> bool:
    return turn.task is not None and not turn.over and not turn.expired
