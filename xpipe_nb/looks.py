"""What can be seen of an organism: its settings, its listeners and conversations, its state, its pictures."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from xpipe_nb.check import check
from xpipe_nb.errors import XPipeError
from xpipe_nb.views.graph import Graph, graph_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xpipe_nb.accounts import Budgets
    from xpipe_nb.breakpoints import Breakpoints
    from xpipe_nb.check import Advice
    from xpipe_nb.config import OrganismConfig
    from xpipe_nb.conversation import Conversation
    from xpipe_nb.identity import Identity
    from xpipe_nb.letters import DeadLetters
    from xpipe_nb.listeners import Listener
    from xpipe_nb.message_log import MessageLog
    from xpipe_nb.messages import DeadLetter
    from xpipe_nb.pump import StreamPump
    from xpipe_nb.questions import Question
    from xpipe_nb.state_address import StateAddress
    from xpipe_nb.stores.shared import SharedState
    from xpipe_nb.views.xray import XRay
    from xpipe_nb.workers.watching import WorkerList

__all__ = ["Looks"]


class Looks:
    """An organism as whoever looks at it sees it.

    Args:
        pump: Its pump.
    """

    pump: StreamPump
    _view: Any
    _messages: MessageLog | None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.pump.name

    @property
    def workers(self) -> WorkerList:
        """Its worker processes as they are now, with their processor and memory; `organism.workers.kill(pid)` ends one."""
        return self.pump.executors.look()

    @property
    def identity(self) -> Identity | None:
        """Who it is; trust, distrust and rotate keys here while it runs. `None` if it signs and checks nothing."""
        identity: Identity | None = self.pump.config.identity
        return identity

    @property
    def state(self) -> str:
        """In a word: `new`, `running`, `paused`, `stopping` or `stopped`."""
        return "paused" if self.pump.state == "running" and self.paused else self.pump.state

    @property
    def paused(self) -> bool:
        """No handler is started."""
        return self.pump.paused

    @property
    def config(self) -> OrganismConfig:
        """The settings that count now."""
        return self.pump.config

    @property
    def generation(self) -> int:
        """How many different sets of listeners it has had, this one included; from 1."""
        return self.pump.reloader.generation

    def running(self, name: str) -> int:
        """Say how many messages a listener is handling now, also one that was removed meanwhile."""
        return self.pump.directory.running(name)

    @property
    def listeners(self) -> Mapping[str, Listener]:
        """The listeners by name."""
        return self.pump.directory.of_the_person()

    @property
    def conversations(self) -> list[Conversation]:
        """The conversations that are remembered, oldest first; open ones last."""
        return self.pump.conversations.known

    def conversation(self, number: int) -> Conversation:
        """Give a remembered conversation by the number that people see; it stays the same one, whatever comes after it.

        Args:
            number: From 1, in the order in which they were begun.

        Raises:
            XPipeError: When there is none of that number, or it is forgotten: the oldest are (`limits.max_finished`).

        Example:
            `hello.conversation(3).output` is what the handlers of #3 have printed.
        """
        known = self.conversations
        for conversation in known:
            if conversation.number == number:
                return conversation
        if 0 < number <= self.pump.conversations.count:
            most = self.config.limits.max_finished
            raise XPipeError(f"#{number} of {self.name} is forgotten: it remembers {most:,} (limits.max_finished).")
        numbers = ", ".join(f"#{each.number}" for each in known[-5:])
        raise XPipeError(
            f"No conversation #{number} in {self.name}." + (f" The last are: {numbers}." if numbers else "")
        )

    @property
    def budgets(self) -> Budgets:
        """What its conversations may spend on models, and have spent."""
        return self.pump.budgets

    @property
    def breakpoints(self) -> Breakpoints:
        """Where messages are held before their handlers, and which ones are."""
        return self.pump.breakpoints

    @property
    def shared_state(self) -> SharedState:
        """Its conversations, threads and budgets, as workers and other kernels see them; see `SharedState`.

        Where no `backend` is named, it is kept in this process, from the first look on.

        Raises:
            XPipeError: A `backend` is named, and the organism has not been started.
        """
        return self.pump.shared().state

    @property
    def state_address(self) -> StateAddress:
        """What another process needs for `SharedState.open`; it holds the authkey, so give it to your own only.

        Raises:
            XPipeError: As `shared_state` does.
        """
        return self.pump.shared().address

    @property
    def prompts(self) -> Mapping[str, str]:
        """The whole system prompt of each agent: its own words, its peers' contracts, and the rules of answering."""
        return self.pump.prompts

    @property
    def attended(self) -> bool:
        """Somebody is there to be asked: a handler whose budget is used up then waits instead of failing.

        False unless it is set; a notebook sets it while a front end is attached.
        """
        return self.pump.questions.attended

    @attended.setter
    def attended(self, attended: bool) -> None:
        self.pump.questions.attended = attended

    @property
    def questions(self) -> tuple[Question, ...]:
        """What waits for a person's decision, oldest first."""
        return tuple(self.pump.questions.open.values())

    @property
    def dead_letters(self) -> DeadLetters:
        """What could not be delivered or handled, oldest first."""
        return self.pump.letters

    def xray(self, where: str | tuple[int, int] | DeadLetter) -> XRay:
        """Look at one message in all the forms that it took: raw, repaired, canonical, envelope, routed, payload.

        Args:
            where: Its numbers, as in `#1.2` (the second message of conversation 1), or a dead letter.

        Returns:
            The forms, each with what changed from the one before; where a message was refused is marked.

        Raises:
            XPipeError: When it is not (or no longer) known. Messages are kept from the first call on, the latest 500 of
                them; a notebook keeps them from the start.

        Example:
            ```python
            print(hello.xray("#1.1"))
            print(hello.xray(hello.dead_letters[-1]))
            ```
        """
        return self.pump.passages.xray(where, self.conversations)

    @property
    def messages(self) -> MessageLog:
        """Who sent what to whom and what became of it: a log of the newest 10,000 messages.

        It is kept from the first look on, so that nobody pays for it who never looks; in a notebook it is looked at
        when the organism starts, and holds everything.
        """
        if self._messages is None:
            from xpipe_nb.message_log import MessageLog

            self._messages = MessageLog()
            self._messages.fed_by(self.pump.bus.subscribe(self._messages.note))
        return self._messages

    def check(self) -> list[Advice]:
        """Look for what will probably not work: unreachable listeners, answers that nobody takes, endless circles."""
        return check(self.pump.listeners.values(), budget=self.budgets.max_tokens_per_thread)

    def graph(self) -> Graph:
        """Give the listeners and who may send to whom, to be drawn; of the pump's own those that are named as peers."""
        named = {peer for listener in self.listeners.values() for peer in listener.peers or ()}
        drawn = [each for each in self.pump.listeners.values() if each.name in named or each.name in self.listeners]
        return graph_of(drawn, title=self.name)

    def view(self) -> Any:
        """Give the live view of it: the value of a cell, it shows what happens; always the same one until it is closed.

        Raises:
            ImportError: When what a notebook needs is not installed.
        """
        if self._view is None or self._view.closed:
            # by name: the core knows no notebook until somebody asks for one
            self._view = import_module("xpipe_nb.notebook.view").LiveView(self)
        return self._view
