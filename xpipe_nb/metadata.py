"""What a handler learns about the message in its hands, and its doors to the others."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import CallFailed, ConfigError, Fault
from xpipe_nb.spending import Spending

if TYPE_CHECKING:
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.history import Slot
    from xpipe_nb.stores.shared import SharedState

__all__ = ["HandlerMetadata", "slot_to_handler_metadata"]


class HandlerMetadata:
    """The second argument of a handler.

    A handler's own tests make one without a pump: `HandlerMetadata(thread_id="t", from_id="console")`; its doors
    (`call`, `call_all`, `call_sync`, `progress`, `log`, `tokens`) then answer with `CallFailed` or do nothing.

    Args:
        thread_id: The id of the frame that the message arrived in.
        from_id: The name of the sender.
        own_name: The listener's own name; only agents are told.
        is_self_call: The listener sent this message to itself.
        usage_instructions: The contracts of the agent's peers.
        todo_nudge: A reminder of what the agent still waits for.
        turn: The turn it belongs to; given by the pump.
    """

    __slots__ = ("_thread_id", "_turn", "_usage", "from_id", "is_self_call", "own_name", "todo_nudge")

    def __init__(
        self,
        thread_id: str = "",
        from_id: str = "",
        own_name: str | None = None,
        is_self_call: bool = False,
        usage_instructions: str = "",
        todo_nudge: str = "",
        *,
        turn: Turn | None = None,
    ) -> None:
        self._thread_id = thread_id
        self.from_id = from_id
        self.own_name = own_name
        self.is_self_call = is_self_call
        self._usage = usage_instructions
        self.todo_nudge = todo_nudge
        self._turn = turn

    @property
    def thread_id(self) -> str:
        """The id of the frame that the message arrived in."""
        return self._thread_id if self._turn is None else self._turn.frame.thread_id

    @property
    def usage_instructions(self) -> str:
        """The contracts of the agent's peers: what each is for, takes (with an example) and answers."""
        if self._turn is None or self.own_name is None:
            return self._usage
        return self._turn.services.usage_instructions(self.own_name)

    @property
    def conversation_id(self) -> str:
        """The id of the conversation: the thread id of its root frame."""
        return self._thread_id if self._turn is None else str(self._turn.frame.conversation.id)

    @property
    def message_id(self) -> str:
        """The id of the message; the same when it is delivered again."""
        return "" if self._turn is None else self._turn.delivery.send.message_id

    @property
    def attempt(self) -> int:
        """How often this message was handed to a handler, this time included; from 1."""
        return 1 if self._turn is None else self._turn.attempt

    @property
    def history(self) -> tuple[Slot, ...]:
        """The messages that arrived in this frame, oldest first, this one included; the newest `limits.max_history`."""
        return () if self._turn is None else tuple(self._turn.frame.history)

    async def call(self, payload: Any, to: str | None = None) -> Any:
        """Send a payload in a new frame and wait for the answer.

        Args:
            payload: An instance of a payload class.
            to: The listener's name, which may be one's own; left out, the single listener that accepts the class.

        Returns:
            The payload that the callee answered with.

        Raises:
            CallFailed: When the send is refused, the callee fails, or nobody is left who could answer.

        Example:
            ```python
            async def greeter(message: Greeting, meta) -> Shout:
                return await meta.call(Greeting(f"hello {message.name}"), to="shouter")
            ```
        """
        turn = self._inside("call", to)
        return await turn.services.call(turn, payload, to)

    async def call_all(self, payload: Any) -> list[Any]:
        """Send a payload to every broadcast listener that accepts it and wait for all answers.

        Returns:
            The answers, in the order in which the listeners were declared.

        Raises:
            CallFailed: As `call` does; the first failure ends the other calls.
        """
        turn = self._inside("call_all", None)
        return await turn.services.call_all(turn, payload)

    def call_sync(self, payload: Any, to: str | None = None) -> Any:
        """Do what `call` does, from the thread of a plain handler."""
        turn = self._inside("call_sync", to)
        return turn.services.call_sync(turn, payload, to)

    def tokens(self, tokens: int) -> Spending:
        """Reserve tokens of the conversation's budget for as long as a block lasts, then book what was spent.

        Whatever the block leaves in `spent` is booked at its end, also when it raises; nothing there gives the
        reservation back. In the thread of a plain handler write `with` instead of `async with`.

        Args:
            tokens: How many are reserved: an estimate that will do, prompt and answer together.

        Raises:
            BudgetExhausted: There are too few left and nobody to ask for more; a `CallFailed` with code `budget`. Where
                a person is attached (`organism.attended`), the handler waits for `organism.budgets.raise_limit`
                instead, as in a call.
            ValueError: When `tokens`, or what stands in `spent` at the end, is no whole number from 0.

        Example:
            ```python
            async with meta.tokens(1_200) as spent:
                answer = await my_model(message.text)
                spent.prompt, spent.completion = answer.tokens_read, answer.tokens_written
            ```
        """
        return Spending(tokens, self._turn)

    @property
    def shared_state(self) -> SharedState:
        """The state that the organism shares: its conversations, what was said in them, and budgets by any name.

        To ask it waits for the store; in an `async def` write `await asyncio.to_thread(meta.shared_state.history, id)`.

        Raises:
            CallFailed: There is no organism.

        Example:
            ```python
            def planner(message: Task, meta) -> Plan:
                with meta.shared_state.budget("team", limit=100_000).tokens(1_200) as spent: ...
            ```
        """
        return self._inside("shared_state", None).services.shared_state()

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Tell how far the work is: `done` of `total`, in any unit.

        Args:
            done: How much is done, a number.
            total: How much there is; `None` if nobody knows.
            text: What it is at, in a word or two.

        Raises:
            TypeError: One of the first two is no number.

        Example:
            ```python
            meta.progress(3, 4, "primes up to 30,000")
            ```
        """
        done, total = _number("done", done), None if total is None else _number("total", total)
        if self._turn is not None:
            self._turn.services.progress(self._turn, done, total, text)

    def log(self, *words: object) -> None:
        """Tell a line about this message; the words are joined as `print` does."""
        if self._turn is not None:
            self._turn.services.log(self._turn, " ".join(map(str, words)))

    async def complete(self, *_args: Any, **_settings: Any) -> Any:
        """Ask a model.

        Raises:
            ConfigError: Always: models are not built yet.
        """
        raise ConfigError(Fault("$.llm", "models are not built yet", expected="a handler that does its own work"))

    def _inside(self, door: str, to: str | None) -> Turn:
        if self._turn is None:
            raise CallFailed("routing", f"meta.{door} needs a running organism", to=to)
        return self._turn

    def __repr__(self) -> str:
        return f"HandlerMetadata(from_id={self.from_id!r}, thread_id={self.thread_id!r})"


def _number(name: str, value: Any) -> float:
    """Give a number of any kind, NumPy's too, as Python's own; refuse what is none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        hint = ", and a text comes third" if isinstance(value, str) else ""
        raise TypeError(f'meta.progress takes numbers{hint}: meta.progress(3, 4, "text"); {name} is {value!r:.80}')
    return int(value) if isinstance(value, Integral) else float(value)


def slot_to_handler_metadata(slot: Slot) -> HandlerMetadata:
    """Give the metadata that the handler of a remembered message had: who sent it, in which thread, to whom.

    Args:
        slot: One of `meta.history`, or of a frame's.

    Example:
        ```python
        senders = [slot_to_handler_metadata(slot).from_id for slot in meta.history]
        ```
    """
    return HandlerMetadata(slot.thread_id, slot.from_id, slot.own_name, slot.is_self_call)
