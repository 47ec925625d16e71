"""What is done with a running organism: messages in, listeners and settings anew, a pause, a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xpipe_nb.listeners import listener as mark
from xpipe_nb.looks import Looks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from xpipe_nb.config import OrganismConfig
    from xpipe_nb.conversation import Conversation
    from xpipe_nb.dispatch.event_bus import Subscription
    from xpipe_nb.events import PumpEvent, ReloadEvent
    from xpipe_nb.questions import Question

__all__ = ["Controls", "SettleReport"]


@dataclass(frozen=True, slots=True)
class SettleReport:
    """What an organism looks like once nothing moves.

    Args:
        conversations: How many conversations have ended so far, of those that are remembered.
        open: The numbers of the conversations that are not over, because they wait or the organism is paused.
        dead_letters: How many dead letters there are.
        paused: Whether the organism is paused.
        questions: What a person has to decide before the conversations among these that are `waiting` can go on.
    """

    conversations: int
    open: tuple[int, ...]
    dead_letters: int
    paused: bool
    questions: tuple[Question, ...] = ()


class Controls(Looks):
    """An organism as whoever works with it takes it in hand."""

    # ---- messages

    async def inject(
        self,
        message: Any,
        *,
        to: str | None = None,
        from_id: str = "console",
        conversation: Conversation | None = None,
        nowait: bool = False,
        repair: bool = False,
    ) -> Conversation:
        """Send a message from outside; return once it is admitted, which may be before it is handled.

        Args:
            message: A payload, an element, or a bare payload or whole envelope as text or bytes. With an identity all
                but payload objects are checked as `Identity` says, before anything else reads them.
            to: The listener it is for; left out, the one that accepts its class (or all that listen to broadcasts).
            from_id: The port that it comes in by, where the replies go.
            conversation: An earlier conversation that it continues.
            nowait: Refuse at once when too many conversations are open, instead of waiting.
            repair: Mend text that a person or a model wrote before it is read.

        Raises:
            Rejected: When it cannot be read, fits no schema, or no listener can take it. It is a dead letter, too.
            XPipeError: When the organism does not run.
        """
        return await self.pump.submit(
            message, to=to, from_id=from_id, conversation=conversation, nowait=nowait, repair=repair
        )

    async def ask(self, message: Any, *, to: str | None = None, from_id: str = "console", repair: bool = False) -> Any:
        """Send a message from outside and give the only reply.

        Raises:
            ConversationFailed: When an error came back, or not exactly one reply.
            Rejected: As `inject` does.
        """
        conversation = await self.inject(message, to=to, from_id=from_id, repair=repair)
        await conversation
        return conversation.reply

    async def resend(self, message_id: str, payload: Any = None) -> Conversation:
        """Send a dead letter again, into its conversation if that is still open, else into a new one.

        It comes in by the port by which its conversation began, and its replies go there.

        Args:
            message_id: The letter's (`organism.dead_letters[-1].message_id`).
            payload: What is sent in its place, in any form that `inject` takes; left out, what the letter holds.

        Raises:
            Rejected: As `inject` does; a letter whose payload could never be written needs another `payload`.
            XPipeError: When there is no such letter (any more), or the organism does not run.
        """
        return await self.pump.resend(message_id, payload)

    def seal(
        self,
        payload: Any,
        *,
        to: str | None = None,
        from_id: str = "console",
        thread: str | None = None,
        organism: str | None = None,
    ) -> bytes:
        """Write a whole message for another organism that trusts this one's key: stamped, signed, canonical.

        Args:
            payload: A payload, or an element in no namespace.
            to: The listener it is for, there.
            from_id: The port that it comes in by, there. Answers are addressed to it, so it may well be the name of a
                listener here.
            thread: The sender's reference, a UUID of version 4; left out, a new one.
            organism: The name of the organism that it is for; left out, any that trusts the key takes it.

        Raises:
            Rejected: The payload cannot be written, or a name or the thread is none.
            XPipeError: The organism has no identity.

        Example:
            ```python
            message = hello.seal(Greeting("Ann"), to="greeter")
            conversation = await other.inject(message)
            conversation.envelopes  # the answers, signed by `other`
            ```
        """
        return self.pump.sealer.seal(payload, to=to, from_id=from_id, thread=thread, organism=organism)

    # ---- listeners and settings

    async def reload(
        self, source: str | Path | OrganismConfig | Iterable[Any], namespace: Mapping[str, Any] | None = None
    ) -> ReloadEvent:
        """Take over new listeners and settings while the organism runs, all at once or not at all.

        A turn that has started ends on the old code. Everything else is handled by the new: what waits is read again
        by the new classes, and becomes a dead letter `schema-changed` if they do not take it. Listeners that are
        gone stay at work in the frames that are open.

        YAML and a whole configuration bring settings, too: `limits`, `max_tokens_per_thread` and the `max_concurrent_*`
        count at once, for open conversations as well; what they leave out returns to its default. A budget that
        somebody has raised by hand stays as it is, and fewer places end nothing that runs. The other settings need a
        new start, and a change of one is refused. Of listeners alone the settings stay.

        Args:
            source: YAML text, the path of a YAML file as a `Path`, an `OrganismConfig`, or the listeners themselves;
                whatever it does not name is removed.
            namespace: Where the names in it are looked up first; left out, where they were when it was made.

        Returns:
            What changed; or, with `success` false, why nothing did.

        Example:
            ```python
            event = await hello.reload([greeter, shouter, whisperer])
            event.added_listeners  # ['whisperer']
            ```
        """
        return self.pump.reload(source, namespace)

    def listener(self, function: Callable[..., Any] | None = None, /, **settings: Any) -> Any:
        """Add a function as a listener, while the organism runs or before: `@organism.listener(peers=["shouter"])`.

        Args:
            function: The handler; left out, the result is a decorator.
            settings: The settings of `ListenerConfig`.

        Raises:
            ConfigError: When it cannot be used as a listener.
        """

        def register(handler: Callable[..., Any]) -> Callable[..., Any]:
            self.pump.register_listener(mark(**settings)(handler) if settings else handler)
            return handler

        return register if function is None else register(function)

    # ---- the whole of it

    def subscribe(self, callback: Callable[[PumpEvent], Any]) -> Subscription:
        """Have every event handed to `callback`, in order.

        Each subscriber has a queue of its own, of 10,000 events; when it is full, the oldest goes. A callback that
        raises gets the next event all the same; one that is a coroutine function is awaited first.

        Args:
            callback: Called on the organism's loop, a turn after things happened; it never holds up a message.

        Returns:
            What ends the subscription when it is called; its `dropped` counts the events that did not fit.
        """
        return self.pump.bus.subscribe(callback)

    async def settle(self) -> SettleReport:
        """Wait until nothing is in flight, or nothing of it can go on."""
        await self.pump.until_quiet()
        return SettleReport(
            conversations=len(self.pump.conversations.finished),
            open=tuple(conversation.number for conversation in self.pump.conversations.active),
            dead_letters=len(self.dead_letters),
            paused=self.paused,
            questions=self.questions,
        )

    def pause(self) -> None:
        """Start no more handlers; injections are accepted and wait."""
        self.pump.pause()

    def resume(self) -> None:
        """Start handlers again."""
        self.pump.resume()

    def step(self) -> None:
        """Let one handler start while paused; else release what is held, and hold the next message of its conversation.

        What is released while the organism is paused waits with all others for its resumption, or a step.

        Raises:
            XPipeError: The organism is not paused, and nothing is held.
        """
        self.pump.step()
