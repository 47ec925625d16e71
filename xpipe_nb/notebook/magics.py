"""The magics: each reads its line, calls the session and gives a handle on the work; no logic of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from IPython.core.magic import needs_local_scope, no_var_expand

from xpipe_nb.errors import ConfigError
from xpipe_nb.notebook.commands import inject_help, organism_help, run_command
from xpipe_nb.notebook.display import organism_bundle, show
from xpipe_nb.notebook.handle import Handle
from xpipe_nb.notebook.injection import Injection
from xpipe_nb.notebook.line import InjectLine, OrganismLine, read_inject, read_organism
from xpipe_nb.notebook.mistakes import Mistake, one_line, show_as
from xpipe_nb.notebook.session import Session, Started

__all__ = ["Magics"]

Work = Callable[[Handle], Any]


class Magics:
    """The functions behind `%organism`, `%%organism`, `%inject` and `%%inject`.

    Args:
        session: The organisms of this kernel.
        begin: Makes the handle of some work: what it is in words, and the work.
        prefix: What stands before the names of our magics: empty, or `xp_` where others had the names first.
    """

    def __init__(self, session: Session, begin: Callable[[str, Work], Handle], prefix: str = "") -> None:
        self._session, self._begin = session, begin
        self._inject, self._organism = f"%{prefix}inject", f"%{prefix}organism"

    @no_var_expand
    @needs_local_scope
    def inject(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Handle:
        """Send a message to a listener and wait for what follows from it.

        %inject [--from NAME] [--as VAR] [--continue N] [--no-wait] [--timeout S] [--raw] LISTENER PAYLOAD

        The payload is a Python expression, the fields of the listener's only class, or XML:

            %inject greeter Greeting("World")
            answer = %inject greeter name="World"

        As a cell magic the payload stands below. `%inject` alone says what can be sent here and now.
        """
        asked = read_inject(line)
        if asked.options.get("help") or not asked.target:
            return self._told(inject_help(self._session, self._inject))
        if cell is not None:
            asked = _with_body(asked, cell, self._inject)
        injection = Injection(self._session, asked, {**self._session.namespace, **(local_ns or {})})
        return self._begin(f"{self._inject} {asked.target}", injection.run)

    @no_var_expand
    def organism(self, line: str) -> Handle:
        """List, show, check or stop organisms; alone, say what can be done here and now.

        %organism [list | show [NAME] | graph [NAME] | check [NAME] | stop [NAME] | NAME --from FILE]
        """
        if "--from" in line.split():
            return self.organism_cell(line, "")  # IPython refuses a cell magic with nothing below it
        return self._begin(
            f"{self._organism} {line}".strip(), lambda _handle: run_command(self._session, line, self._organism)
        )

    @no_var_expand
    def organism_cell(self, line: str, cell: str) -> Handle:
        """Start an organism written in YAML, on this kernel's own event loop.

        %%organism NAME [--no-view] [--replace] [--as VAR] [--from FILE]

        What stands below is YAML; its shortest form names functions that were marked with `@listener`:

            %%organism hello
            listeners:
              - greeter
              - shouter
        """
        asked = read_organism(line)
        if asked.options.get("help") or not asked.name:
            return self._told(organism_help(self._session, self._organism))
        text = _yaml_of(asked, cell)
        return self._begin(f"%{self._organism} {asked.name}", lambda _handle: self._start(asked, text))

    def _told(self, text: str) -> Handle:
        async def tell(_handle: Handle) -> None:
            print(text)  # noqa: T201 - it belongs under the cell

        return self._begin("help", tell)

    async def _start(self, asked: OrganismLine, text: str | Path) -> None:
        try:
            started = await self._session.start(asked.name, text, variable=asked.options.get("as"))
        except ConfigError as wrong:
            runs = [f"{asked.name} runs on unchanged."] if asked.name in self._session.organisms else []
            show_as(wrong, one_line(wrong), *runs)
            raise
        if not asked.options.get("no-view"):
            show(organism_bundle(started.organism))
        print(_started_line(started))  # noqa: T201 - it belongs under the cell


def _with_body(asked: InjectLine, cell: str, magic: str) -> InjectLine:
    if asked.text:
        raise Mistake(f"A payload stands both beside %{magic} {asked.target} and below it. Keep one.")
    # A line before XML makes its line numbers those of the cell; an XML declaration suffers nothing before it.
    is_xml = cell.lstrip().startswith("<") and not cell.startswith("<?") and not asked.options.get("raw")
    return InjectLine(asked.target, f"\n{cell}" if is_xml else cell, asked.options, asked.silent)


def _yaml_of(asked: OrganismLine, cell: str) -> str | Path:
    """Give the YAML; with a line before it, so that line numbers are those of the cell."""
    file = asked.options.get("from")
    if file is None:
        return f"\n{cell}"
    if cell.strip():
        raise Mistake(f"{asked.name} comes from {file}, yet YAML stands below. Keep one.")
    return Path(file)


def _started_line(started: Started) -> str:
    organism, before = started.organism, started.before
    count = len(organism.listeners)
    again = "stopped and started again" if before else organism.state
    cut = f" · {len(before.cut)} under way ended ({'; '.join(before.cut)})" if before and before.cut else ""
    bound = f"bound as {started.bound}" if started.bound else "its name is taken or none in Python: --as VAR binds it"
    return f"{organism.name}: {again} · {count} {'listener' if count == 1 else 'listeners'}{cut} · {bound}"
