"""Progress bars under the cell that caused them: widgets where somebody looks on, text everywhere else and in the end."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from IPython.core.getipython import get_ipython

from xpipe_nb.notebook.picture import Picture
from xpipe_nb.notebook.share import PAUSE
from xpipe_nb.notebook.view import WIDGET_TYPE, is_attended
from xpipe_nb.views.progress import MOST_LINES, Progress, progress_lines

__all__ = ["Bars", "Line"]

Line = Callable[[str, bool], None]
"""Writes a line of a terminal over the one before; the flag says whether it stays."""


class _Place(Protocol):
    """Where bars are drawn."""

    def draw(self, every: list[Progress]) -> None:
        """Show how far everything is."""

    def finish(self, every: list[Progress]) -> None:
        """Leave the last state behind, as text."""


class Bars:
    """The bars of one conversation, or of one call of `xp.map`; drawn at most ten times a second.

    Args:
        under: Runs a function so that what it displays stands under the cell that caused these bars.
        line: Writes to a terminal.
        loop: Where what has to be drawn a little later is drawn; `None` where whoever calls blocks it.
    """

    def __init__(
        self,
        under: Callable[[Callable[[], None]], None],
        line: Line,
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self._under, self._loop = under, loop
        self._place: _Place = _Page() if getattr(get_ipython(), "kernel", None) is not None else _Terminal(line)
        self._every: dict[Any, Progress] = {}
        self._orders: dict[Any, int] = {}
        self._drawn_at = -PAUSE
        self._timer: asyncio.TimerHandle | None = None
        self._is_drawn = True

    def __contains__(self, key: Any) -> bool:
        return key in self._every

    def tell(self, key: Any, progress: Progress, order: int = 0) -> None:
        """Note how far something is, and draw it when its time has come.

        Args:
            key: Tells one bar from the others.
            progress: How far it is.
            order: Where a new bar stands: below those with a smaller one.
        """
        if key not in self._every:
            self._orders[key] = order
            self._every = dict(sorted([*self._every.items(), (key, progress)], key=lambda each: self._orders[each[0]]))
        self._every[key] = progress
        self._is_drawn = False
        wait = self._drawn_at + PAUSE - monotonic()
        if wait <= 0:
            self._draw()
        elif self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(wait, self._draw)

    def finish(self) -> None:
        """Draw the last state, and let text stand in the place of widgets; to do it twice does no harm."""
        self._stop_timer()
        if self._every:
            self._under(lambda: self._place.finish(list(self._every.values())))
            self._every = {}

    def renew(self) -> None:
        """Show what could not be shown when it ended, because it was the turn of a cell's own output."""
        if isinstance(self._place, _Page):
            self._place.picture.renew()

    @property
    def is_due(self) -> bool:
        """Something is still to be shown at the end of a cell."""
        return isinstance(self._place, _Page) and self._place.picture.is_due

    def _draw(self) -> None:
        self._stop_timer()
        if not self._is_drawn:
            self._drawn_at, self._is_drawn = monotonic(), True
            self._under(lambda: self._place.draw(list(self._every.values())))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Page:
    """A place in a notebook."""

    def __init__(self) -> None:
        self.picture = Picture(self._bundle)
        self._widgets: _Widgets | None = None
        self._every: list[Progress] = []
        self._is_shown = False

    def draw(self, every: list[Progress]) -> None:
        self._every = every
        if not self._is_shown:
            self._is_shown = True
            self._widgets = _Widgets.made() if is_attended() else None
            self.picture.show()
        if self._widgets is not None:
            self._widgets.draw(every)
        elif is_attended():
            self.picture.renew()

    def finish(self, every: list[Progress]) -> None:
        self._every = every
        widgets, self._widgets = self._widgets, None
        if self._is_shown:
            self.picture.finish()
        else:
            self._is_shown = True
            self.picture.show()
        if widgets is not None:
            widgets.close()

    def _bundle(self) -> dict[str, Any]:
        text = "\n".join(progress_lines(self._every))
        if self._widgets is None:
            return {"text/plain": text}
        # The text is what a page without widgets shows; it stays as it was, for the widget tells what changes.
        return {"text/plain": self._widgets.first_text(text), **self._widgets.shown}


class _Widgets:
    """The same as widgets: a bar and its words for each."""

    def __init__(self, widgets: Any) -> None:
        self._made, self._box = widgets, widgets.VBox(layout={"padding": "0 6px"})  # in one column with what is printed
        self._rows: list[tuple[Any, Any]] = []
        self._text = ""
        self.shown = {WIDGET_TYPE: {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}}

    @classmethod
    def made(cls) -> _Widgets | None:
        """Make them, where they can be made."""
        try:
            import ipywidgets
        except ImportError:
            return None
        return cls(ipywidgets)

    def first_text(self, text: str) -> str:
        """Give the text as it was when it was first asked for."""
        self._text = self._text or text
        return self._text

    def draw(self, every: list[Progress]) -> None:
        for number, progress in enumerate(every[:MOST_LINES]):
            if number == len(self._rows):
                self._add()
            bar, words = self._rows[number]
            share = progress.share
            bar.description, bar.value = progress.name, share or 0.0
            bar.bar_style = "success" if share == 1.0 else ""
            words.value = progress.words
        if len(every) > MOST_LINES:
            self._rows[-1][1].value = f"{every[MOST_LINES - 1].words} · {progress_lines(every)[-1]}"

    def _add(self) -> None:
        bar = self._made.FloatProgress(value=0.0, min=0.0, max=1.0, style={"description_width": "initial"})
        words = self._made.Label()
        self._rows.append((bar, words))
        self._box.children = (*self._box.children, self._made.HBox([bar, words]))

    def close(self) -> None:
        """Take every model away: those of looks and styles, too, which nobody else closes."""
        for widget in [each for row in self._box.children for each in (*row.children, row)] + [self._box]:
            for model in (getattr(widget, "style", None), widget.layout, widget):
                if model is not None:
                    model.close()


class _Terminal:
    """A terminal, which has one line that can be written again."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def draw(self, every: list[Progress]) -> None:
        text = every[0].line if len(every) == 1 else " │ ".join(f"{each.name} {each.words}" for each in every)
        room = shutil.get_terminal_size().columns - 1
        self._line(text if len(text) <= room else f"{text[: room - 1]}…", False)

    def finish(self, every: list[Progress]) -> None:
        for text in progress_lines(every):
            self._line(text, True)
