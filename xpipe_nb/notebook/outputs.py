"""Prints and displays of handlers: kept with their conversation, shown under the cell that caused them, with a cap.

A handler runs in the context of its conversation, so whoever prints or displays can be told from the context, whatever
cell runs at that time. A person sees the first lines at once; all of it stays in `conversation.output`.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from xpipe_nb.conversation import Conversation, current_conversation
from xpipe_nb.notebook.shell import Shell

__all__ = ["MOST_BYTES", "MOST_KEPT", "MOST_LINES", "Outputs"]

MOST_LINES = 200
"""How many lines of one conversation a cell shows."""
MOST_BYTES = 64_000
"""How many bytes of it."""
MOST_KEPT = 16_000_000
"""How many letters `conversation.output` holds; a handler that prints for ever must not fill the memory."""
PAUSE = 0.1
"""Seconds between two updates of one display, and between two flushes."""

_MARK = "__xpipe_outputs__"


class _Live:
    """How much of a conversation's output a cell may still show."""

    def __init__(self, context: contextvars.Context | None) -> None:
        self.context = context
        self.lines, self.size, self.kept = MOST_LINES, MOST_BYTES, 0
        self.is_full = self.is_displaying = False
        self.held_back = 0
        self.flushed_at = self.drawn_at = 0.0
        self.updated_at: dict[str, float] = {}
        self.pending: dict[str, Callable[[], None]] = {}

    def take(self, text: str) -> str:
        """Give what may be shown of a text."""
        count, size = text.count("\n"), len(text.encode(errors="replace"))
        if not self.is_full and self.lines and count <= self.lines and size <= self.size:
            self.lines, self.size = self.lines - count, self.size - size
            return text
        shown = "" if self.is_full else self._part(text)
        self.is_full = True
        self.held_back += count - shown.count("\n")
        return shown

    def _part(self, text: str) -> str:
        """Cut at the end of a line."""
        part = "".join(text.splitlines(keepends=True)[: self.lines])
        while len(part.encode(errors="replace")) > self.size and "\n" in part[:-1]:
            part = part[: part.rindex("\n", 0, -1) + 1]
        return part if part.endswith("\n") and len(part.encode(errors="replace")) <= self.size else ""


class Outputs:
    """Stands between the handlers of all conversations and the streams and displays of IPython.

    Args:
        shell: What this kernel can do; where its displays do not follow tasks, they are led here.
        display_pub: IPython's publisher of displays.
    """

    def __init__(self, shell: Shell, display_pub: Any) -> None:
        self._shell, self._display_pub = shell, display_pub
        self._live: WeakKeyDictionary[Conversation, _Live] = WeakKeyDictionary()
        self._lock = threading.RLock()
        self._before: dict[tuple[int, str], tuple[Any, Callable[..., Any]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    # ---- coming and going

    def use(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen to what is printed and displayed from now on.

        IPython puts a `write` of its own on the streams while a cell without `await` runs, and puts back what was there
        before; what was put there meanwhile is gone then. So this is called whenever something of ours begins.

        Args:
            loop: What has to be shown a little later is shown on this loop.
        """
        self._loop = loop
        for stream in (sys.stdout, sys.stderr):
            self._put(stream, "write", self._writer)
            self._put(stream, "flush", self._flusher)
        self._put(self._display_pub, "publish", self._publisher)

    def _put(self, owner: Any, name: str, wrapped: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        before = getattr(owner, name)
        if not hasattr(before, _MARK):
            ours = wrapped(before)
            setattr(ours, _MARK, self)
            self._before[id(owner), name] = owner, before
            setattr(owner, name, ours)

    def unload(self) -> None:
        """Take everything back, once the cell that asks for it is over."""
        try:
            asyncio.get_running_loop().call_soon(self._take_back)
        except RuntimeError:  # a terminal, where IPython restores the streams by itself
            self._take_back()

    def _take_back(self) -> None:
        for (_, name), (owner, before) in self._before.items():
            if getattr(getattr(owner, name), _MARK, None) is self:  # whoever has wrapped it since keeps it
                setattr(owner, name, before)
        self._before.clear()

    # ---- prints

    def _writer(self, write: Callable[[str], Any]) -> Callable[[str], Any]:
        def written(text: str) -> Any:
            conversation = current_conversation()
            if conversation is None or not isinstance(text, str):
                return write(text)
            shown = self._kept(conversation, text)
            if shown:
                write(shown)
            return len(text)

        return written

    def _kept(self, conversation: Conversation, text: str) -> str:
        """Keep a text with its conversation; give what may be shown of it."""
        with self._lock:
            live = self._live_of(conversation)
            if "\r" not in text or "\n" in text:
                self._keep(conversation, live, text)
                return live.take(text)
            if monotonic() - live.drawn_at < PAUSE:  # a progress bar: only its last state matters
                return ""
            live.drawn_at = monotonic()
            return text

    def _flusher(self, flush: Callable[[], Any]) -> Callable[[], Any]:
        def flushed() -> Any:
            conversation = current_conversation()
            if conversation is None:
                return flush()
            live = self._live_of(conversation)
            if monotonic() - live.flushed_at < PAUSE and not live.is_displaying:
                return None  # the stream does so by itself a little later
            live.flushed_at = monotonic()
            return flush()

        return flushed

    def _live_of(self, conversation: Conversation) -> _Live:
        live = self._live.get(conversation)
        if live is None or live.context is not conversation.context:  # continued from another cell: shown anew
            kept = 0 if live is None else live.kept
            live = self._live[conversation] = _Live(conversation.context)
            live.kept = kept
        return live

    def _keep(self, conversation: Conversation, live: _Live, text: str) -> None:
        if live.kept > MOST_KEPT:
            return
        live.kept += len(text)
        conversation.printed.append(text if live.kept <= MOST_KEPT else "\n… the rest is not kept\n")

    # ---- displays

    def _publisher(self, publish: Callable[..., Any]) -> Callable[..., Any]:
        def published(data: Any, *arguments: Any, **options: Any) -> Any:
            conversation = current_conversation()
            if conversation is None:
                return publish(data, *arguments, **options)

            live = self._live_of(conversation)

            def send() -> None:
                live.is_displaying = True  # what was printed before is flushed first, so that the order stays
                try:
                    self._under_its_cause(lambda: publish(data, *arguments, **options))
                finally:
                    live.is_displaying = False

            with self._lock:
                display_id = (options.get("transient") or {}).get("display_id", "")
                if options.get("update"):
                    return self._update(live, display_id, send)
                self._keep(conversation, live, f"{data.get('text/plain', '')}\n")
                if not live.take("\n"):
                    return None
            return send()

        return published

    def _under_its_cause(self, send: Callable[[], Any]) -> None:
        """Publish under the cell that began the conversation; an ipykernel before 7 does not do that itself."""
        header = None if self._shell.displays_follow_tasks else getattr(sys.stdout, "parent_header", None)
        if header is None:
            send()
            return
        with self._lock:
            before = self._display_pub.parent_header
            self._display_pub.parent_header = header
            try:
                send()
            finally:
                self._display_pub.parent_header = before

    def _update(self, live: _Live, display_id: str, send: Callable[[], None]) -> None:
        """Send an update now, or the last of several after a pause."""
        wait = live.updated_at.get(display_id, 0.0) + PAUSE - monotonic()
        if wait <= 0 or self._loop is None:
            live.updated_at[display_id] = monotonic()
            send()
            return
        is_due = display_id in live.pending
        live.pending[display_id] = send
        if not is_due:
            later, context = self._loop.call_later, contextvars.copy_context()
            self._loop.call_soon_threadsafe(lambda: later(wait, self._send_pending, live, display_id, context=context))

    def _send_pending(self, live: _Live, display_id: str) -> None:
        send = live.pending.pop(display_id, None)
        if send is not None:
            live.updated_at[display_id] = monotonic()
            send()

    # ---- ends

    def holds_back(self, conversation: Conversation) -> bool:
        """Say whether something of a conversation is still to be told or shown."""
        live = self._live.get(conversation)
        return live is not None and (live.is_full or bool(live.pending))

    def finish(self, conversation: Conversation, place: str) -> None:
        """Say what was held back, and show the last state of what was updated.

        Args:
            conversation: A conversation that is over.
            place: How its value is written in Python.
        """
        live = self._live.get(conversation)
        if live is None or conversation.context is None or not self.holds_back(conversation):
            return
        context = conversation.context.copy()
        for display_id in list(live.pending):
            context.run(self._send_pending, live, display_id)
        if live.is_full:
            held_back, live.held_back, live.is_full = live.held_back, 0, False
            live.lines = live.size = 0
            line = f"… {held_back:,} {'line' if held_back == 1 else 'lines'} more: {place}.output\n"
            stdout = sys.stdout
            _, write = self._before.get((id(stdout), "write"), (None, stdout.write))
            context.run(write, line)
