"""Prints and displays of handlers: kept with their conversation, shown under the cell that caused them, with a cap.

A handler runs in the context of its conversation, so whoever prints or displays can be told from the context, whatever
cell runs at that time. A person sees the first lines at once; all of it stays in `conversation.output`.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable, Mapping
from contextvars import Context, ContextVar
from functools import partial
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from xpipe_nb.conversation import Conversation, current_conversation
from xpipe_nb.notebook.share import PAUSE, Kept, Share
from xpipe_nb.notebook.shell import Shell

__all__ = ["Outputs"]

_MARK = "__xpipe_outputs__"

_CLEARED = "\r\x1b[2K"
"""What empties the present line of a terminal."""

_ours: ContextVar[bool] = ContextVar("xpipe_ours", default=False)
"""What is written or displayed here is ours: it stands under the cell of a conversation, but is none of its output."""


class _Live:
    """What a conversation's cell still shows, and how often.

    Args:
        share: How much of it.
    """

    def __init__(self, share: Share) -> None:
        self.share = share
        self.is_displaying = False
        self.flushed_at = 0.0
        self.updated_at: dict[str, float] = {}
        self.pending: dict[str, Callable[[], None]] = {}
        self.kept: dict[str, Kept] = {}


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
        self._has_line = False

    # ---- coming and going

    def use(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen to what is printed and displayed from now on.

        IPython puts a `write` of its own on the streams while a cell without `await` runs, and puts back what was there
        before; what was put there meanwhile is gone then. So this is called whenever something of ours begins.

        Args:
            loop: What has to be shown a little later is shown on this loop.
        """
        self._loop = loop
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            self._put(stream, "write", partial(self._writer, name))
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

    def _writer(self, stream: str, write: Callable[[str], Any]) -> Callable[[str], Any]:
        def written(text: str) -> Any:
            if self._has_line:
                self._clear_line()
            conversation = current_conversation()
            if conversation is None or _ours.get() or not isinstance(text, str):
                return write(text)
            with self._lock:
                live = self._live_of(conversation)
                shown = live.share.written(stream, text)
                bar = live.share.bars.get(stream)
                if bar is not None and bar.is_due and not bar.is_planned:
                    bar.is_planned = True
                    self._later(bar.wait, self._draw, live, stream)
            if shown:
                write(shown)
            return len(text)

        return written

    def _draw(self, live: _Live, stream: str) -> None:
        """Show the present state of a line that is written again and again."""
        with self._lock:
            if bar := live.share.bars.get(stream):
                bar.is_planned = False
            shown = live.share.drawn(stream)
        if shown:
            self._write(stream, shown)

    def write_line(self, text: str, stays: bool) -> None:
        """Write a line of ours over the one before, as a terminal can; whatever is printed next takes its place.

        Args:
            text: The line.
            stays: It is the last one, and what is printed next comes below it.
        """
        with self._lock:
            self._has_line = not stays
            self._write("stdout", f"{_CLEARED}{text}" + ("\n" if stays else ""))

    def _clear_line(self) -> None:
        with self._lock:
            if self._has_line:
                self._has_line = False
                self._write("stdout", _CLEARED)

    def _write(self, stream: str, text: str) -> None:
        """Write past ourselves, at once."""
        owner = getattr(sys, stream)
        for name, arguments in (("write", (text,)), ("flush", ())):
            _, before = self._before.get((id(owner), name), (None, getattr(owner, name)))
            before(*arguments)

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
        if live is None or live.share.context is not conversation.context:  # continued from another cell: shown anew
            live = self._live[conversation] = _Live(Share(conversation, live.share.kept if live else (0, 0)))
        return live

    def _later(self, wait: float, function: Callable[..., None], *arguments: Any) -> None:
        """Do something on the loop after a while, under the cell that it belongs to; at once if there is no loop."""
        if self._loop is None or self._loop.is_closed():
            function(*arguments)
            return
        later, context = self._loop.call_later, contextvars.copy_context()
        self._loop.call_soon_threadsafe(lambda: later(max(0.0, wait), function, *arguments, context=context))

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

            if _ours.get():
                return send()
            metadata = arguments[0] if arguments else options.get("metadata")
            with self._lock:
                is_due = self._displayed(conversation, live, Kept(data, metadata, is_shown=True), options, send)
            return send() if is_due else None

        return published

    def _displayed(
        self, conversation: Conversation, live: _Live, now: Kept, options: Mapping[str, Any], send: Callable[[], None]
    ) -> bool:
        """Keep what a handler displays; say whether it is to be shown at once."""
        display_id = (options.get("transient") or {}).get("display_id", "")
        if options.get("update"):
            self._update(live, display_id, now, send)
            return False
        kept = live.share.displayed(conversation, now.data, now.metadata)
        if display_id:
            live.kept[display_id] = kept
        for stream in list(live.share.bars):
            self._draw(live, stream)
        return kept.is_shown

    def beside(self, context: Context, show: Callable[[], None]) -> None:
        """Show something of ours under the cell of a conversation, beside what its handlers print and display.

        Args:
            context: The conversation's.
            show: Displays it.
        """
        context.copy().run(_shown_as_ours, show)

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

    def _update(self, live: _Live, display_id: str, now: Kept, send: Callable[[], None]) -> None:
        """Send an update now, or the last of several after a pause."""
        kept = live.kept.get(display_id)
        if kept is not None:
            kept.data, kept.metadata = now.data, now.metadata
            if not kept.is_shown:
                return
        wait = live.updated_at.get(display_id, 0.0) + PAUSE - monotonic()
        if wait <= 0 or self._loop is None:
            live.updated_at[display_id] = monotonic()
            send()
            return
        is_due = display_id in live.pending
        live.pending[display_id] = send
        if not is_due:
            self._later(wait, self._send_pending, live, display_id)

    def _send_pending(self, live: _Live, display_id: str) -> None:
        send = live.pending.pop(display_id, None)
        if send is not None:
            live.updated_at[display_id] = monotonic()
            send()

    # ---- ends

    def holds_back(self, conversation: Conversation) -> bool:
        """Say whether something of a conversation is still to be told or shown."""
        live = self._live.get(conversation)
        return live is not None and (live.share.is_unfinished or bool(live.pending))

    def finish(self, conversation: Conversation, place: str) -> None:
        """Say what was held back, and show the last state of what was updated.

        Args:
            conversation: A conversation that is over.
            place: How its value is written in Python.
        """
        live = self._live.get(conversation)
        if live is not None and conversation.context is not None and self.holds_back(conversation):
            conversation.context.copy().run(self._finish, live, place)

    def _finish(self, live: _Live, place: str) -> None:
        for display_id in list(live.pending):
            self._send_pending(live, display_id)
        for stream in list(live.share.bars):
            self._draw(live, stream)
        with self._lock:
            told = live.share.held_back(place)
            begin = live.share.line_end("stdout") if told else ""
        if told:
            self._write("stdout", begin + told)

    def end_line(self, conversation: Conversation) -> None:
        """End the line that a handler has left unfinished, before something else is written there."""
        live = self._live.get(conversation)
        end = "" if live is None else live.share.line_end("stdout")
        if end and conversation.context is not None:
            conversation.context.copy().run(self._write, "stdout", end)


def _shown_as_ours(show: Callable[[], None]) -> None:
    _ours.set(True)
    show()
