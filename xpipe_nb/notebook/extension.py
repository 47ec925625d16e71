"""Loading and unloading: everything that is put into IPython, and taken out again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import ref

from IPython.core.interactiveshell import InteractiveShell

from xpipe_nb.conversation import Conversation
from xpipe_nb.notebook.blocking import Cells, Stopping, Watchdog
from xpipe_nb.notebook.cells import BEGUN_BY
from xpipe_nb.notebook.completion import tab_matcher
from xpipe_nb.notebook.display import conversation_bundle
from xpipe_nb.notebook.edits import Edits
from xpipe_nb.notebook.guest import keep_cells_apart, keep_the_loop_turning, keep_the_shell_open
from xpipe_nb.notebook.handle import Handle
from xpipe_nb.notebook.magics import Magics, Work
from xpipe_nb.notebook.mistakes import hide_tracebacks, show_tracebacks
from xpipe_nb.notebook.outputs import Outputs
from xpipe_nb.notebook.progress import show_batches
from xpipe_nb.notebook.saying import say
from xpipe_nb.notebook.session import Session
from xpipe_nb.notebook.shell import NESTED, Shell
from xpipe_nb.notebook.tracebacks import keep_ours_out
from xpipe_nb.notebook.transformer import AwaitOurCalls
from xpipe_nb.notebook.twins import PREFIX as TWIN
from xpipe_nb.notebook.twins import Twins
from xpipe_nb.notebook.view import bundle
from xpipe_nb.notebook.waiting import stopped
from xpipe_nb.organism import Organism
from xpipe_nb.workers.freshness import FRESHNESS

__all__ = ["Extension", "load", "unload"]

_PREFIX = "xp_"
_NAMES = ("inject", "organism", "settle", "expect")
_LOADED_HERE = "This cell was read before xpipe_nb was loaded, so it does not wait. Run it again."
_CANNOT_WAIT = (
    "This place cannot wait (a plain def, another magic such as %%timeit, or %autoawait is off): "
    "it was started, and goes on by itself."
)


class Extension:
    """What one shell has of us, from load to unload.

    Args:
        shell: The IPython shell, in a kernel or a terminal.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell  # the annotations of IPython's own attributes do not fit their use
        self._loaded_at = shell.execution_count
        self._has_warned = False
        self._begun: list[Handle] = []
        self._ours: dict[tuple[str, str], Callable[..., Any]] = {}
        self._matcher: Callable[[Any], Any] | None = None
        self._shown: Callable[[], Conversation | None] = lambda: None
        self.shell = Shell(shell)
        self._outputs = Outputs(self.shell, self._shell.display_pub)
        self.session = Session(shell.user_ns, self.shell.present_cell, self._outputs)
        self._watchdog: Watchdog | None = None
        self._undo: list[Callable[[], None]] = []
        self._cells, self._stopping = Cells(), Stopping()
        self._edits = Edits(self.session, self.shell)
        self.step = AwaitOurCalls(self._calls, lambda: shell.autoawait, lambda: shell.ast_node_interactivity)

    # ---- coming

    def load(self) -> None:
        """Put our magics, our step, our formatters and our errors' looks into the shell."""
        prefix = _PREFIX if self._is_taken(*_NAMES) else ""
        magics = Magics(self.session, self.shell, self._begin, self._edits, prefix)
        self._register("line", f"{prefix}inject", magics.inject)
        self._register("cell", f"{prefix}inject", magics.inject)
        self._register("line", f"{prefix}organism", magics.organism)
        self._register("cell", f"{prefix}organism", magics.organism_cell)
        self._register("line", f"{prefix}settle", magics.settle)
        self._register("line", f"{prefix}expect", magics.expect)
        twins = Twins(self._shell, self._begin)
        self._register("line", f"{TWIN}time", twins.time)
        self._register("cell", f"{TWIN}time", twins.time)
        self._register("cell", f"{TWIN}capture", twins.capture)
        self._shell.input_transformers_post.append(self.step)
        self._shell.events.register("pre_run_cell", self._before_cell)
        self._shell.events.register("post_run_cell", self._after_cell)
        self._format()
        if self.shell.has_matchers:
            self._matcher = tab_matcher(self.session, prefix)
            self._shell.Completer.custom_matchers.append(self._matcher)
        self._undo = [
            keep_the_shell_open(self._shell),
            keep_the_loop_turning(self._shell),
            keep_cells_apart(self._shell),
            keep_ours_out(self._shell, partial(stopped, self.session)),
            show_batches(self._outputs, self.session.part),
            self.session.progress.watch(),
        ]
        hide_tracebacks()
        if prefix:
            ours = ", ".join(f"%{prefix}{name}" for name in _NAMES)
            say(f"Other magics have our names; ours are {ours}.")
        self._warn_if_nested()

    def _warn_if_nested(self) -> None:
        """Say once that nest_asyncio is in the way, whenever it was applied."""
        if self.shell.is_nested and not self._has_warned:
            self._has_warned = True
            say(NESTED)

    def _format(self) -> None:
        """Say how our objects look as the value of a cell."""
        formatter = self._shell.display_formatter
        formatter.ipython_display_formatter.for_type(Conversation, self._unless_shown)
        formatter.ipython_display_formatter.for_type(Organism, self._show_organism)
        formatter.mimebundle_formatter.for_type(Conversation, lambda each, **_: conversation_bundle(each))
        formatter.mimebundle_formatter.for_type(Organism, lambda each, **_: bundle(each.view()))

    def _is_taken(self, *names: str) -> bool:
        return any(name in kind for kind in self._shell.magics_manager.magics.values() for name in names)

    def _register(self, kind: str, name: str, function: Callable[..., Any]) -> None:
        self._shell.register_magic_function(function, magic_kind=kind, magic_name=name)
        self._ours[kind, name] = self._shell.magics_manager.magics[kind][name]

    def _still_ours(self) -> list[tuple[str, str]]:
        """Give the kinds and names under which our magics still are what is called."""
        magics = self._shell.magics_manager.magics
        return [(kind, name) for (kind, name), function in self._ours.items() if magics[kind].get(name) is function]

    def _calls(self) -> set[tuple[str, str]]:
        return {(f"run_{kind}_magic", name) for kind, name in self._still_ours()}

    # ---- working

    def _begin(self, what: str, work: Work) -> Handle:
        loop = asyncio.get_running_loop()
        self._outputs.use(loop)
        if self._watchdog is None:
            self._watchdog = Watchdog(self.session, self.shell, loop.call_soon_threadsafe, self._cells)
            self._watchdog.wake()
        self._stopping.begin()
        self._warn_if_nested()
        here = self._loaded_at == self._shell.execution_count
        handle = Handle(what, self._remembering(work), _LOADED_HERE if here else _CANNOT_WAIT)
        self._begun.append(handle)
        return handle

    def _before_cell(self, _info: object = None) -> None:
        """Look on while the cell runs, and let Stop reach what is under way."""
        self.session.attend(attended=not self.shell.is_headless)
        FRESHNESS.renew()
        BEGUN_BY.set(self._shell.execution_count)
        if self._cells.begin():
            self._stopping.cell = None if self.shell.kernel is not None else _task_here()
        if self._watchdog is not None:
            self._watchdog.wake()
        if self.session.runs:
            self._stopping.begin()

    def _after_cell(self, result: Any) -> None:
        """Say under the cell, before it counts as finished, what it did not wait for and what it has changed."""
        if self._cells.end():
            self._stopping.end()
        begun, self._begun = self._begun, []
        for handle in begun:
            handle.say_that_nobody_waits()
        info = result.info
        try:
            lines = self._edits.after_cell(info.raw_cell or "", getattr(info, "cell_id", None) or "")
        except Exception as fault:  # noqa: BLE001 - it is not the cell's: IPython would show it as if it were
            lines = [f"△ xpipe_nb could not look for edits: {type(fault).__name__}: {fault}"]
        for line in lines:
            say(line)
        FRESHNESS.renew()
        self.session.renew_pictures()

    def _remembering(self, work: Work) -> Work:
        async def remembered(handle: Handle) -> Any:
            # A terminal writes `Out[1]:` whether or not a value shows itself, so there the value is left to it.
            handle.is_left_to_ipython = handle.is_cell_value and not hasattr(self._shell, "kernel")
            result = await work(handle)
            if isinstance(result, Conversation) and handle.is_cell_value and not handle.is_left_to_ipython:
                self._shown = ref(result)
            return result

        return remembered

    def _unless_shown(self, conversation: Conversation) -> None:
        """Show nothing for the value of a cell that `%inject` has shown already; anything else is shown as usual."""
        shown, self._shown = self._shown(), lambda: None
        if conversation is not shown:
            raise NotImplementedError  # IPython then goes on to the next formatter

    def _show_organism(self, organism: Organism) -> None:
        """Show an organism of ours in a place that is renewed with all others; any other is shown as usual."""
        run = self.session.runs.get(organism.name)
        if run is None or run.organism is not organism or self.shell.kernel is None:
            raise NotImplementedError  # IPython then goes on to the next formatter
        run.picture.show()

    # ---- going

    def unload(self) -> list[asyncio.Task[None]]:
        """Take everything out again and stop the organisms; the tasks given do the stopping."""
        magics = self._shell.magics_manager.magics
        for kind, name in self._still_ours():
            del magics[kind][name]
        steps = self._shell.input_transformers_post
        steps[:] = [step for step in steps if step is not self.step]
        self._shell.events.unregister("pre_run_cell", self._before_cell)
        self._shell.events.unregister("post_run_cell", self._after_cell)
        self._outputs.unload()
        self._stopping.end()
        if self._watchdog is not None:
            self._watchdog.close()
        formatter = self._shell.display_formatter
        formatter.ipython_display_formatter.pop(Conversation, None)
        formatter.ipython_display_formatter.pop(Organism, None)
        formatter.mimebundle_formatter.pop(Conversation, None)
        formatter.mimebundle_formatter.pop(Organism, None)
        if self._matcher is not None:
            matchers = self._shell.Completer.custom_matchers
            matchers[:] = [each for each in matchers if each is not self._matcher]
        for undo in self._undo:
            undo()
        show_tracebacks()
        return self.session.close()


def _task_here() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # a cell without `await` in a terminal
        return None


_LOADED: dict[InteractiveShell, Extension] = {}
"""The extension of each shell that has loaded us; `%unload_ext` finds it here."""

_STOPPING: set[asyncio.Task[None]] = set()
"""Organisms that are being stopped after an unload; a loop itself holds its tasks only weakly."""


def load(shell: InteractiveShell) -> None:
    """Do `%load_ext xpipe_nb`."""
    unload(shell)
    extension = _LOADED[shell] = Extension(shell)
    BEGUN_BY.set(shell.execution_count)
    extension.load()


def unload(shell: InteractiveShell) -> None:
    """Do `%unload_ext xpipe_nb`: nothing of ours stays in the shell."""
    extension = _LOADED.pop(shell, None)
    if extension is None:
        return
    for task in extension.unload():
        _STOPPING.add(task)
        task.add_done_callback(_STOPPING.discard)
