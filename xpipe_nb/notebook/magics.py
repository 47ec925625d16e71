"""The magics: each reads its line, calls the session and gives a handle on the work; no logic of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from IPython.core.magic import needs_local_scope, no_var_expand

from xpipe_nb.errors import ConfigError, DefinitionError
from xpipe_nb.notebook.called import Called
from xpipe_nb.notebook.commands import Desk, run_command
from xpipe_nb.notebook.edits import Edits
from xpipe_nb.notebook.expectations import read_expect
from xpipe_nb.notebook.expecting import expect
from xpipe_nb.notebook.handle import Handle
from xpipe_nb.notebook.helps import expect_help, inject_help, organism_help, settle_help
from xpipe_nb.notebook.injection import Injection
from xpipe_nb.notebook.line import InjectLine, OrganismLine, read_inject, read_organism, read_settle, wants_help
from xpipe_nb.notebook.mistakes import Mistake, one_line, show_as
from xpipe_nb.notebook.reloads import reloaded_text
from xpipe_nb.notebook.saying import say
from xpipe_nb.notebook.session import Session, Started
from xpipe_nb.notebook.settling import settle
from xpipe_nb.notebook.shell import Shell
from xpipe_nb.wording import counted

__all__ = ["Magics"]

Work = Callable[[Handle], Any]


class Magics:
    """The functions behind `%organism`, `%%organism`, `%inject`, `%%inject`, `%settle` and `%expect`.

    Args:
        session: The organisms of this kernel.
        shell: What this kernel and its front end can do.
        begin: Makes the handle of some work: what it is in words, and the work.
        edits: Takes over what this very cell has defined anew.
        prefix: What stands before the names of our magics: empty, or `xp_` where others had the names first.
    """

    def __init__(
        self, session: Session, shell: Shell, begin: Callable[[str, Work], Handle], edits: Edits, prefix: str = ""
    ) -> None:
        self._session, self._shell, self._begin, self._edits = session, shell, begin, edits
        self._called = session.called = Called(prefix)
        self._desk = Desk(session, shell, self._called.organism)

    @no_var_expand
    @needs_local_scope
    def inject(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Handle:
        """Send a message to a listener and wait for what follows from it.

        %inject [--from NAME] [--as VAR] [--continue N] [--no-wait] [--timeout S] [--raw] LISTENER PAYLOAD

        The payload is a Python expression, the fields of the listener's only class, or XML:

            %inject greeter Greeting("World")
            answer = %inject greeter name="World"

        As a cell magic the payload stands below. Without a payload a form is shown; `%inject` alone says what can be
        sent here and now.
        """
        asked = read_inject(line, self._called)
        if cell is not None and cell.strip() and not line.strip():
            raise self._nameless_inject()
        if asked.options.get("help") or not asked.target:
            return self._told(inject_help(self._session))
        if cell is None and not asked.text and self._session.is_attended and self._shell.has_widgets:
            return self._begin(f"{self._called.inject} {asked.target}", partial(_form, self._session, asked))
        if cell is not None:
            asked = _with_body(asked, cell, self._called.inject_cell)
        for told in self._edits.so_far():
            say(told)
        injection = Injection(self._session, asked, {**self._session.namespace, **(local_ns or {})})
        return self._begin(f"{self._called.inject} {asked.target}", injection.run)

    @no_var_expand
    def organism(self, line: str) -> Handle:
        """Look at organisms and steer them; alone, say what can be done here and now.

        %organism [list | show | graph | threads | budgets | dead | check | pause | resume | step | break | answer]
        %organism [stop | reload | doctor | new]
        %organism NAME --from FILE
        """
        if any(word.partition("=")[0] == "--from" for word in line.split()):
            return self.organism_cell(line, "")  # IPython refuses a cell magic with nothing below it
        if wants_help(line):
            return self._told(organism_help(self._session))
        return self._begin(f"{self._called.organism} {line}".strip(), lambda _handle: run_command(self._desk, line))

    @no_var_expand
    def settle(self, line: str) -> Handle:
        """Wait until nothing is under way in any organism, and renew every picture.

        %settle [--timeout S]
        """
        options = read_settle(line, self._called)
        if options.get("help"):
            return self._told(settle_help(self._session))

        async def work(_handle: Handle) -> None:
            say(await settle(self._session, options.get("timeout")))

        return self._begin(self._called.settle, work)

    @no_var_expand
    @needs_local_scope
    def expect(self, line: str, local_ns: Mapping[str, Any] | None = None) -> Handle:
        """Check the last conversation: print ✓, or fail the cell with what was seen.

        %expect greeter -> shouter Greeting(name="…") [exactly N] [within S] [--hint "…"]
        %expect reply == Shout("…") [--hint "…"]
        %expect no dead [--hint "…"]
        %expect tokens < 500 [--hint "…"]
        """
        if wants_help(line):
            return self._told(expect_help(self._session))
        asked = read_expect(line, {**self._session.namespace, **(local_ns or {})}, self._called)

        async def work(_handle: Handle) -> None:
            say(await expect(self._session, asked))

        return self._begin(f"{self._called.expect} {line}".strip(), work)

    @no_var_expand
    def organism_cell(self, line: str, cell: str) -> Handle:
        """Start an organism written in YAML, on this kernel's own event loop; a running one takes over what is new.

        %%organism NAME [--no-view] [--replace] [--as VAR] [--from FILE]

        What stands below is YAML; its shortest form names functions that were marked with `@listener`:

            %%organism hello
            listeners:
              - greeter
              - shouter
        """
        asked = read_organism(line, self._called)
        if cell.strip() and not line.strip():
            raise Mistake(f"{self._called.organism_cell} needs a name: {self._called.organism_cell} hello")
        if asked.options.get("help") or not asked.name:
            return self._told(organism_help(self._session))
        text = _yaml_of(asked, cell, self._called)
        return self._begin(f"{self._called.organism_cell} {asked.name}", lambda _handle: self._start(asked, text))

    def _nameless_inject(self) -> Mistake:
        names = [name for organism in self._session.organisms.values() for name in organism.listeners]
        if not names:
            return Mistake(self._session.nothing_runs)
        magic = self._called.inject_cell
        return Mistake(f"{magic} needs a listener: {magic} {names[0]}. There are: {', '.join(names)}.")

    def _told(self, text: str) -> Handle:
        async def tell(_handle: Handle) -> None:
            say(text)

        return self._begin("help", tell)

    async def _start(self, asked: OrganismLine, text: str | Path) -> None:
        try:
            started = await self._session.start(
                asked.name, text, variable=asked.options.get("as"), replace=bool(asked.options.get("replace"))
            )
        except (ConfigError, DefinitionError) as wrong:
            runs = [f"{asked.name} runs on unchanged."] if asked.name in self._session.runs else []
            show_as(wrong, one_line(wrong), *runs)
            raise
        if not asked.options.get("no-view"):
            started.run.picture.show()
        say(_started_line(started, asked))


async def _form(session: Session, asked: InjectLine, handle: Handle) -> None:
    from xpipe_nb.notebook.forms import show_form  # with the first form, not with %load_ext

    await show_form(session, asked, handle)


def _with_body(asked: InjectLine, cell: str, magic: str) -> InjectLine:
    if asked.text:
        raise Mistake(f"A payload stands both beside {magic} {asked.target} and below it. Keep one.")
    # A line before it makes its line numbers those of the cell; an XML declaration suffers nothing before it.
    as_it_stands = asked.options.get("raw") or cell.startswith("<?")
    return InjectLine(asked.target, cell if as_it_stands else f"\n{cell}", asked.options, asked.silent)


def _yaml_of(asked: OrganismLine, cell: str, called: Called) -> str | Path:
    """Give the YAML; with a line before it, so that line numbers are those of the cell.

    Nothing but comments would mean an organism without listeners, and take all away from one that runs.
    """
    file = asked.options.get("from")
    if file is None:
        if all(not line.strip() or line.lstrip().startswith("#") for line in cell.splitlines()):
            magic = f"{called.organism_cell} {asked.name}"
            raise Mistake(
                f"Nothing stands below {magic} but comments. It needs `listeners:`, and a line `  - NAME` each."
            )
        return f"\n{cell}"
    if cell.strip():
        raise Mistake(f"{asked.name} comes from {file}, yet YAML stands below. Keep one.")
    return Path(file)


def _started_line(started: Started, asked: OrganismLine) -> str:
    organism, before = started.run.organism, started.before
    bound = f"bound as {started.bound}" if started.bound else "its name is taken or none in Python: --as VAR binds it"
    if started.reloaded is not None:
        return reloaded_text(organism, started.reloaded) + (f" · {bound}" if "as" in asked.options else "")
    again = "stopped and started again" if before else organism.state
    cut = f" · {len(before.cut)} under way ended ({'; '.join(before.cut)})" if before and before.cut else ""
    return f"{organism.name}: {again} · {counted(len(organism.listeners), 'listener')}{cut} · {bound}"
