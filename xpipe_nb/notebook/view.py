"""The live view of one organism: a widget model that is told what changes, and the bundle that a cell shows."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Coroutine
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from xpipe_nb.notebook.pace import Pace
from xpipe_nb.notebook.requests import answer_request
from xpipe_nb.organism import Organism
from xpipe_nb.views.delta import delta

__all__ = ["SNAPSHOT_TYPE", "WIDGET_TYPE", "LiveView", "bundle", "code", "is_attended", "model_class", "sendable"]

SNAPSHOT_TYPE = "application/vnd.xpipe.view+json"
WIDGET_TYPE = "application/vnd.jupyter.widget-view+json"

_SURROGATE = re.compile("[\ud800-\udfff]")
_STATIC = Path(__file__).parent / "static"


class LiveView:
    """Shows an organism while it runs; its value in a cell is the view.

    Nothing is sent while nothing changes, and nothing at all before a front end has asked. Close it when it is no
    longer needed.

    Args:
        organism: The organism.

    Example:
        ```python
        view = LiveView(hello)
        view.snapshot()["organism"]["state"]
        ```
    """

    def __init__(self, organism: Organism) -> None:
        from xpipe_nb.notebook.clicks import Clicks  # with the first view, not with %load_ext
        from xpipe_nb.notebook.feed import Feed

        self.organism = organism
        self.closed = False
        self._feed = Feed(organism, self._happened)
        self._clicks = Clicks(organism, self._feed)
        self._sent: dict[str, Any] | None = None
        self._model: Any = None
        self._pace: Pace | None = None
        self._done: deque[tuple[Any, Any]] = deque(maxlen=100)
        self._tasks: set[asyncio.Task[None]] = set()

    def snapshot(self) -> dict[str, Any]:
        """Give what the view shows now, with times."""
        return self._feed.snapshot()

    def close(self) -> None:
        """Take the view away: no comm, task or model is left; to close it twice does no harm."""
        if self.closed:
            return
        if self._sent is not None:  # what is on the page stays there, so let it be true
            self._draw()
            self._send({"closed": True})
        self.closed = True
        self._feed.close()
        self._leave_model()

    def _leave_model(self) -> None:
        model, self._model, self._sent = self._model, None, None
        if self._pace is not None:
            self._pace.close()
        if model is not None:
            model.on_msg(self._received, remove=True)
            layout = model.layout  # a model of its own, which nobody else closes
            model.close()
            layout.close()

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, Any]:
        return bundle(self)

    # ---- the model

    @property
    def model_id(self) -> str | None:
        """The id of the widget's model, which is made when it is first asked for; `None` where there can be none.

        One whose comm has died, whoever closed it, is made anew.
        """
        if self._model is not None and not _is_reached(self._model):
            self._leave_model()
        if self._model is None and not self.closed:
            self._open()
        return None if self._model is None else str(self._model.model_id)

    def _open(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            model = model_class("view")
        except (RuntimeError, ImportError):  # a terminal between two cells, or no widgets here: nothing can be live
            return
        self._model = model()
        self._pace = Pace(self._draw, loop)
        self._model.on_msg(self._received)
        self._loop = loop

    def _happened(self) -> None:
        if self._pace is not None:
            self._pace.changed()

    def _draw(self) -> bool:
        """Send what has changed since the last time; say whether there was anything."""
        if self.closed or self._sent is None:
            return False
        snapshot = self._feed.snapshot()
        change = delta(self._sent, snapshot)
        if change is None:
            return False
        self._sent = snapshot
        self._send({"delta": {**change, "now": self._feed.now}})
        return True

    def _send(self, content: dict[str, Any]) -> None:
        self._model.send(sendable(content))

    def blocked(self, words: str | None) -> None:
        """Say who holds the loop, or with `None` that nobody does; from any thread, since a held loop cannot say it."""
        if self._sent is not None and not self.closed:
            self._send({"blocked": words})

    # ---- what front ends say; a callback may come on any thread, so all of them hop to the loop

    def _received(self, _model: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict):
            self._loop.call_soon_threadsafe(self._act, content)

    def _act(self, content: dict[str, Any]) -> None:
        if self.closed or self._pace is None:
            return
        what, front = content.get("do"), str(content.get("front", ""))
        match what:
            case "code":
                self._send(code())
            case "hello":
                self._greet(front)
            case "ack":
                self._pace.acknowledged()
            case "visible":
                self._pace.seen(front, bool(content.get("seen")))
            case "bye":
                self._pace.left(front)
            case "prefer":
                self._prefer(content)
            case _:
                self._act_once(str(what), front, content)

    def _greet(self, front: str) -> None:
        """Send everything to a front end that has just opened, or has lost its place."""
        self._sent = self._feed.snapshot()
        self._send({"snapshot": {**self._sent, "now": self._feed.now}})
        if self._pace is not None:
            self._pace.came(front)

    def _prefer(self, wanted: dict[str, Any]) -> None:
        """Take over what a person has set for all views; whatever else comes is left alone."""
        rate, history = wanted.get("rate"), wanted.get("history")
        if self._pace is not None and isinstance(rate, int | float):
            self._pace.slow_down(rate)
        if isinstance(history, int):
            self._feed.remember(history)

    def _act_once(self, what: str, front: str, content: dict[str, Any]) -> None:
        """Do what a person wants; the same click that comes twice is done once."""
        click = (front, content.get("id"))
        if click in self._done:
            return
        self._done.append(click)
        match what:
            case "pause":
                self.organism.pause()
            case "resume":
                self.organism.resume()
            case "step" if self.organism.paused or self.organism.breakpoints.held:
                self.organism.step()
            case "stop":
                self._stop()
            case "detail":
                self._tell(content.get("of"), content.get("key"))
            case _ if what in self._clicks:
                self._run(self._answered(what, content))
            case _:
                self._answer(what, front, content)

    def _answer(self, what: str, front: str, content: dict[str, Any]) -> None:
        """Tell the front end that asked, and only that one, what became of it."""
        answer = answer_request(self.organism, what, content)
        if answer is not None:
            self._send({"answer": {"front": front, "id": content.get("id"), **answer}})

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stop(self) -> None:
        self._run(self.organism.stop(grace=0))

    async def _answered(self, what: str, content: dict[str, Any]) -> None:
        """Do what may be refused, and tell the front end that asked what became of it."""
        outcome = await self._clicks.done(what, content)
        if not self.closed:
            self._send({"answer": {"front": content.get("front"), "id": content.get("id"), **outcome}})

    def _tell(self, of: Any, key: Any) -> None:
        detail = self._feed.detail(of, key)
        if detail is not None:
            self._send({"of": of, "key": key, "detail": detail})

    def saved(self, *, session: str = "saved") -> dict[str, Any]:
        """Give what may stand in a file: no times, the same in every run."""
        return self._feed.saved(session=session)

    @property
    def session(self) -> str:
        """The id of this start of the organism."""
        return self._feed.session


def bundle(view: LiveView, *, live: bool | None = None) -> dict[str, Any]:
    """Give what a cell shows, in every form that a page may want: live, saved, untrusted, plain.

    Args:
        view: The view.
        live: Whether the widget is in it; left out, it is where a kernel runs with a front end attached.
    """
    from xpipe_nb.notebook.display import organism_bundle
    from xpipe_nb.notebook.stills import chain_lines

    live = is_attended() if live is None else live
    model_id = view.model_id if live else None
    session = "saved" if model_id is None else view.session
    shown: dict[str, Any] = {SNAPSHOT_TYPE: sendable(view.saved(session=session))}
    if model_id is not None:
        shown[WIDGET_TYPE] = {"version_major": 2, "version_minor": 0, "model_id": model_id}
    return {**shown, **organism_bundle(view.organism, chain_lines(view.organism))}


def is_attended() -> bool:
    """Whether there is a kernel, and somebody who looks on."""
    from IPython.core.getipython import get_ipython

    from xpipe_nb.notebook.shell import Shell

    shell = get_ipython()
    if shell is None or getattr(shell, "kernel", None) is None:
        return False
    return not Shell(shell).is_headless


def sendable(content: dict[str, Any]) -> dict[str, Any]:
    """Replace what UTF-8 cannot carry: a lone surrogate in somebody's text must not end the view."""
    text = json.dumps(content, ensure_ascii=False)
    if _SURROGATE.search(text) is None:
        return content
    fixed: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return fixed


def _is_reached(model: Any) -> bool:
    """Whether messages of a model still go anywhere."""
    from comm import get_comm_manager

    return model.comm is not None and model.comm.comm_id in get_comm_manager().comms


def code() -> dict[str, str]:
    """Give what a page draws with; it asks for it once for each version."""
    return {"code": _text("view.js"), "css": _text("view.css")}


@cache
def _text(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


@cache
def model_class(what: str) -> type[Any]:
    """Make the widget's class when the first one opens: the imports take longer than all the rest.

    Its code, which is kept in the state of every model and saved with it, only asks for what draws it.

    Args:
        what: What the page draws: a `view`, or a `form`.
    """
    import traitlets
    from anywidget import AnyWidget

    class View(AnyWidget):  # type: ignore[misc, unused-ignore]
        _esm = _text("loader.js")
        kind = traitlets.Unicode(what).tag(sync=True)
        version = traitlets.Unicode(sha256(_text("view.js").encode()).hexdigest()[:12]).tag(sync=True)

    return View
