"""The form that `%inject LISTENER` shows: made of the listener's payload classes, checked and sent by the kernel."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

from xpipe_nb.conversation import Conversation
from xpipe_nb.errors import ConversationFailed, ConversationWaits, XPipeError
from xpipe_nb.listeners import Listener
from xpipe_nb.notebook.arguments import payload_from
from xpipe_nb.notebook.constructors import example_of
from xpipe_nb.notebook.display import brief, show, summary_line
from xpipe_nb.notebook.handle import Handle
from xpipe_nb.notebook.line import INJECT, InjectLine
from xpipe_nb.notebook.session import Session, check_name
from xpipe_nb.notebook.view import WIDGET_TYPE, code, model_class, sendable
from xpipe_nb.organism import Organism
from xpipe_nb.payloads.filled import Filled, read_form
from xpipe_nb.payloads.form import form_of

__all__ = ["Form", "show_form"]

_LONGEST = 1_000_000
"""Characters of all that is filled in; the gate takes no more from anybody outside."""
_MOST_DEEP = 64


async def show_form(session: Session, asked: InjectLine, handle: Handle) -> None:
    """Show the form of a listener under the cell that runs.

    Args:
        session: The organisms of this kernel.
        asked: What `%inject` was asked for, without a payload.
        handle: The work; a form has no value that could be given a name.

    Raises:
        Mistake: When there is no such listener, or it takes any payload at all.
    """
    organism, listener = session.find(asked.target)
    if handle.is_assigned or not listener.accepts:
        payload_from("", listener, session.namespace, session.called)
    if variable := asked.options.get("as"):
        check_name(variable)
    number = asked.options.get("continue")
    earlier = None if number is None else organism.conversation(number)
    forms = session.runs[organism.name].forms
    if (before := forms.pop(listener.name, None)) is not None:
        before.close()
    form = forms[listener.name] = Form(organism, listener, asked, earlier, session.called.inject_cell, session.bind)
    show(form.bundle())


class Form:
    """One form, and what front ends say of it.

    Args:
        organism: The organism.
        listener: Whom the payload is for.
        asked: The line that asked for the form; its options count for what is sent.
        earlier: The conversation that is continued, if one is.
        magic: How `%%inject` is called here.
        bind: Gives the conversation a name in the notebook.
    """

    def __init__(
        self,
        organism: Organism,
        listener: Listener,
        asked: InjectLine,
        earlier: Conversation | None,
        magic: str,
        bind: Callable[[str, Any], None],
    ) -> None:
        self._organism, self._to, self._asked, self._earlier = organism, listener.name, asked, earlier
        self._head = f"{magic} {_options(asked)}{asked.target}"
        self._bind = bind
        self._classes = tuple(listener.accepts.values())
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()  # what its handlers print stands under the form
        self._tasks: set[asyncio.Task[None]] = set()
        self._model = model_class("form")()
        self._model.on_msg(self._received)

    def bundle(self) -> dict[str, Any]:
        """Give what a cell shows: the form, and for pages without widgets how the payload is written."""
        examples = "\n".join(f"{self._head.removeprefix('%')} {example_of(cls)}" for cls in self._classes)
        view = {"version_major": 2, "version_minor": 0, "model_id": self._model.model_id}
        return {WIDGET_TYPE: view, "text/plain": examples}

    def close(self) -> None:
        """Take it away: no comm or model is left; to close it twice does no harm."""
        if self._model is not None:
            self._model.send({"closed": True})
            self._model.on_msg(self._received, remove=True)
            layout = self._model.layout  # a model of its own, which nobody else closes
            self._model.close()
            layout.close()
            self._model = None

    # ---- what front ends say; a callback may come on any thread, so all of them hop to the loop

    def _received(self, _model: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict):
            self._loop.call_soon_threadsafe(self._act, content)

    def _act(self, content: dict[str, Any]) -> None:
        if self._model is None:
            return
        match content.get("do"):
            case "code":
                self._model.send(code())
            case "hello":
                self._send({"form": self.description()})
            case "check":
                self._answer(content, _told(self._read(content)))
            case "send":
                self._take(content)

    def description(self) -> dict[str, Any]:
        """Give what the front end draws."""
        return {"organism": self._organism.name, "listener": self._to, **form_of(self._classes)}

    def _read(self, content: dict[str, Any]) -> Filled:
        values = content.get("values")
        if _size_of(values) > _LONGEST:
            return Filled(errors={"": f"this is more than {_LONGEST:,} characters, or nested too deeply"})
        return read_form(self._classes, content.get("root"), values, self._organism.pump.directory.table)

    def _take(self, content: dict[str, Any]) -> None:
        """Send what was filled in, if nothing is wrong with it; else say what is."""
        filled = self._read(content)
        if filled.errors:
            self._answer(content, _told(filled))
            return
        task = self._context.copy().run(self._loop.create_task, self._inject(filled, content))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _inject(self, filled: Filled, content: dict[str, Any]) -> None:
        port = self._asked.options.get("from", "console")
        try:
            conversation = await self._organism.inject(
                filled.payload, to=self._to, from_id=port, conversation=self._earlier
            )
        except XPipeError as error:
            self._answer(content, {"errors": {"": str(error)}})
            return
        if variable := self._asked.options.get("as"):
            self._bind(variable, conversation)
        self._answer(content, {"sent": f"#{conversation.number}", "cell": f"{self._head}\n{filled.xml}"})
        self._send({"to": content.get("front"), "of": content.get("id"), "done": await _end_of(conversation)})

    def _answer(self, content: dict[str, Any], answer: dict[str, Any]) -> None:
        self._send({"to": content.get("front"), "re": content.get("id"), "answer": answer})

    def _send(self, content: dict[str, Any]) -> None:
        if self._model is not None:
            self._model.send(sendable(content))


async def _end_of(conversation: Conversation) -> dict[str, Any]:
    """Wait for the end of a conversation, and say what it came to."""
    try:
        await conversation
    except ConversationWaits as waits:
        return {"state": "waiting", "text": str(waits.questions[0]) if waits.questions else str(waits)}
    except ConversationFailed as failed:
        return {"state": "failed", "text": str(failed)}
    replies = "\n".join(map(brief, conversation.new_replies[:20]))
    return {"state": "done", "text": "\n".join(filter(None, [replies, summary_line(conversation)]))}


def _told(filled: Filled) -> dict[str, Any]:
    return {"errors": filled.errors} if filled.errors else {"errors": {}, "xml": filled.xml}


def _options(asked: InjectLine) -> str:
    """Write the options of a line again."""
    words = []
    for name, value in asked.options.items():
        words += [f"--{name}"] if INJECT[name] is None else [f"--{name}", str(value)]
    return "".join(f"{word} " for word in words)


def _size_of(values: Any, depth: int = 0) -> int:
    """Say how many characters a value of JSON holds; one that is nested too deeply holds too many."""
    if depth > _MOST_DEEP:
        return _LONGEST + 1
    if isinstance(values, dict):
        return sum(len(str(key)) + 2 + _size_of(each, depth + 1) for key, each in values.items())
    if isinstance(values, list):
        return sum(2 + _size_of(each, depth + 1) for each in values)
    return len(values) if isinstance(values, str) else 8
