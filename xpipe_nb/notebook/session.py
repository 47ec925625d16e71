"""The organisms alive in this kernel, on its loop, and the names they and their conversations have in the notebook."""

from __future__ import annotations

import asyncio
import builtins
import keyword
import sys
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from xpipe_nb.conversation import Conversation
from xpipe_nb.env_file import read_env_file
from xpipe_nb.known import remember
from xpipe_nb.listeners import Listener
from xpipe_nb.names import SYSTEM_LISTENERS, is_system_name
from xpipe_nb.notebook.answering import Script
from xpipe_nb.notebook.bars import Bars
from xpipe_nb.notebook.called import Called
from xpipe_nb.notebook.mistakes import Mistake, unknown_word
from xpipe_nb.notebook.outputs import Outputs
from xpipe_nb.notebook.picture import Picture
from xpipe_nb.notebook.places import place_of
from xpipe_nb.notebook.progress import EveryProgress
from xpipe_nb.notebook.records import Record
from xpipe_nb.notebook.runs import Run, Source
from xpipe_nb.notebook.saying import say
from xpipe_nb.notebook.started import Ended, Started
from xpipe_nb.organism import Organism

__all__ = ["Session", "check_name"]

_MOMENT = 0.05


class Session:
    """All organisms of one kernel.

    Args:
        namespace: The notebook's names; handlers and classes are looked up there, organisms get a name there.
        present_cell: Gives the number of the cell that runs now.
        outputs: Where prints and displays of handlers go through.
    """

    def __init__(self, namespace: MutableMapping[str, Any], present_cell: Callable[[], int], outputs: Outputs) -> None:
        self.outputs = outputs
        self.namespace = namespace
        self.runs: dict[str, Run] = {}
        self._bound: WeakValueDictionary[str, Organism] = WeakValueDictionary()
        self._parting: list[Picture | Bars] = []
        self.progress = EveryProgress(outputs, self.part)
        self._lines: dict[Conversation, Picture] = {}
        self._present_cell = present_cell
        self._started_last: tuple[str, int] | None = None
        self.is_attended = False
        self.scripts = Script(self)
        self.called = Called()

    @property
    def organisms(self) -> dict[str, Organism]:
        """The organisms that run, by name."""
        return {name: run.organism for name, run in self.runs.items()}

    @property
    def is_busy(self) -> bool:
        """A conversation is under way; any thread may ask."""
        return any(run.organism.pump.conversations.active for run in tuple(self.runs.values()))

    @property
    def nothing_runs(self) -> str:
        """What to say when there is no organism: which cell to run, as far as this kernel knows."""
        if self._started_last is not None:
            name, cell = self._started_last
            return (
                f"No organism is running ({name} was stopped). Run the {self.called.organism_cell} cell (cell {cell})."
            )
        begin = f"Run the {self.called.organism_cell} cell. Where there is none, {self.called.organism} new begins one."
        return f"No organism is running (was the kernel restarted?). {begin}"

    # ---- lives

    async def start(
        self, name: str, text: str | Path, *, variable: str | None = None, replace: bool = False
    ) -> Started:
        """Start an organism on the running loop; one of the same name takes over what is new and runs on.

        Args:
            name: What it is called.
            text: YAML, or the path of a file.
            variable: The name in the notebook; left out, its own name, if that is free.
            replace: Stop the one of the same name and start a new one.

        Raises:
            ConfigError: When it cannot be built; what ran before runs on.
            Mistake: When `variable` is no name.
        """
        if variable is not None:
            check_name(variable)
        read_env_file(Path.cwd())
        source = Source(text, self._present_cell)
        run = self.runs.get(name)
        if run is not None and run.organism.state in ("running", "paused") and not replace:
            reloaded = await run.take_over(source, self.namespace)
            self._started_last = name, self._present_cell()
            return Started(run, reloaded=reloaded, bound=self._bind_organism(run.organism, variable))
        organism = Organism.from_config(source.config(name, self.namespace), self.namespace)
        before = await self.stop(name) if run is not None else None
        organism.attended, organism.pump.questions.blocks_person = self.is_attended, True
        organism.pump.questions.asked = partial(self.scripts.asked, organism)
        organism.pump.services.place_of = place_of
        await organism.start()
        ended = partial(self._end, organism)
        self.runs[name] = run = Run(organism, source, self.namespace, ended, self._left, self.progress.of(organism))
        remember(name, organism)
        self._started_last = name, self._present_cell()
        return Started(run, before, bound=self._bind_organism(organism, variable))

    async def stop(self, name: str) -> Ended:
        """Stop an organism now and forget it; what is still under way in it ends.

        Raises:
            Mistake: When none of that name runs.
        """
        organism = self.organism(name)
        under_way = [each for each in organism.conversations if not each.is_over]
        cut = tuple(f"#{each.number}, in {each.chain[-1]}" for each in under_way)
        over = Counter(each.state for each in organism.conversations if each.is_over)
        await organism.stop(grace=0)
        return Ended(name, over["done"], over["failed"], cut)

    def close(self) -> list[asyncio.Task[None]]:
        """Stop everything and take back the names; the tasks given do the stopping on the loop."""
        for variable, organism in self._bound.items():
            if self.namespace.get(variable) is organism:
                del self.namespace[variable]
        self._bound.clear()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no loop, so nothing of ours can be running on one
            for run in list(self.runs.values()):
                self._left(run)
            return []
        stopping = [loop.create_task(organism.stop(grace=0)) for organism in self.organisms.values()]
        for task in stopping:
            task.add_done_callback(lambda _done: self.renew_pictures())
        return stopping

    def _left(self, run: Run) -> None:
        """Forget an organism that has stopped; this is the only way out, whoever has stopped it."""
        name = run.organism.name
        if self.runs.get(name) is run:
            del self.runs[name]
            remember(name, None)
        self.scripts.forget(run.organism)
        run.close()
        self._parting.append(run.picture)

    # ---- what cells show

    def renew_pictures(self, *, every: bool = False) -> None:
        """Show the present state in all places that wait for the end of a cell.

        Args:
            every: Look at all the others, too; nothing is sent where nothing has changed.
        """
        self.progress.look()
        for picture in [*(run.picture for run in self.runs.values()), *self._lines.values(), *self._parting]:
            if every or picture.is_due:
                picture.renew()
        self._parting[:] = [picture for picture in self._parting if picture.is_due]

    def part(self, picture: Picture | Bars) -> None:
        """Show the last state of something at the end of a cell, if it cannot be shown before."""
        self._parting.append(picture)

    def attend(self, *, attended: bool) -> None:
        """Note whether a person looks on who could be asked; whoever runs the cells tells it anew with each."""
        if attended != self.is_attended:
            self.is_attended = attended
            for organism in self.organisms.values():
                organism.attended = attended or self.scripts.has_some_for(organism)

    # ---- finding

    def organism(self, name: str) -> Organism:
        """Give the organism of a name; with no name, the only one.

        Raises:
            Mistake: When there is none, or more than one to choose from.
        """
        if not self.organisms:
            raise Mistake(self.nothing_runs)
        if name in self.organisms:
            return self.organisms[name]
        if name:
            raise unknown_word("organism", name, list(self.organisms))
        if len(self.organisms) > 1:
            raise Mistake(f"{_and(self.organisms)} are running: say which one.")
        return next(iter(self.organisms.values()))

    def find(self, target: str) -> tuple[Organism, Listener]:
        """Find a listener by `listener` or `organism/listener`.

        Raises:
            Mistake: When there is none, or it is in more than one organism.
        """
        of, slash, name = target.rpartition("/")
        organisms = [self.organism(of)] if slash else list(self.organisms.values())
        if not organisms:
            raise Mistake(self.nothing_runs)
        found = [each for each in organisms if name in each.pump.listeners]
        if not found and name in self.runs and not slash and (own := list(self.runs[name].organism.listeners)):
            raise Mistake(f"{name} is an organism, not a listener. Write {self.called.inject} {name}/{own[0]} …")
        if not found:
            system = SYSTEM_LISTENERS if is_system_name(name) else ()
            known = list(dict.fromkeys([each for organism in organisms for each in organism.listeners] + [*system]))
            raise unknown_word("listener", name, known, where=f" in {_and(each.name for each in organisms)}")
        if len(found) > 1:
            names = _and(each.name for each in found)
            raise Mistake(f"{name} is in {names}: use {self.called.inject} {found[0].name}/{name} …")
        return found[0], found[0].pump.listeners[name]

    def _end(self, organism: Organism, number: int) -> None:
        if organism.name in self.runs:
            self.runs[organism.name].picture.renew_soon()
        conversation = next((each for each in reversed(organism.conversations) if each.number == number), None)
        if conversation is None:
            return
        self._finish_line(conversation)
        # A moment later, the cell that waits for it has given it its name, and has been given its failure.
        later = asyncio.get_running_loop().call_later
        if self.outputs.holds_back(conversation):
            later(_MOMENT, self.tell_end, organism, conversation)
        if conversation.state == "failed":
            later(_MOMENT, self._tell_failure, conversation)

    def tell_end(self, organism: Organism, conversation: Conversation) -> None:
        """Show under its cell what of a conversation's output and progress was held back; twice does no harm."""
        if (run := self.runs.get(organism.name)) is not None:
            run.progress.finish(conversation.number)
        self.outputs.finish(conversation, self.place_of(organism, conversation) or f"#{conversation.number}")

    def keep_line(self, conversation: Conversation, line: Picture) -> None:
        """Renew what a cell says of a conversation that it does not wait for, until that is over."""
        self._lines[conversation] = line
        if conversation.is_over:
            self._finish_line(conversation)

    def _finish_line(self, conversation: Conversation) -> None:
        line = self._lines.pop(conversation, None)
        if line is not None:
            line.finish()
            conversation.heard = conversation.heard or line.is_shown
            self._parting.append(line)

    def _tell_failure(self, conversation: Conversation) -> None:
        """Say under the cell that caused it that a conversation has failed, if nobody has been told."""
        if not conversation.heard and conversation.context is not None:
            why = conversation.cause or "see .errors"
            conversation.context.copy().run(say, f"✕ #{conversation.number} failed: {why}")

    def place_of(self, organism: Organism, conversation: Conversation) -> str | None:
        """Give the expression by which a person gets at a conversation, if there is one; it means the same for good."""
        if name := self.name_of(conversation):
            return name
        variable = self.name_of(organism)
        if variable is None and self.runs.get(organism.name) and (package := self.name_of(sys.modules["xpipe_nb"])):
            variable = f"{package}.organisms[{organism.name!r}]"
        return f"{variable}.conversation({conversation.number})" if variable else None

    def last_conversation(self) -> tuple[Organism, Conversation]:
        """Give the conversation that was begun or continued last, by `%inject` or in Python, with its organism.

        Raises:
            Mistake: When there is none, or it is forgotten.
        """
        if not self.runs:
            raise Mistake(self.nothing_runs)
        run = max(self.runs.values(), key=lambda run: run.record.begun_at)
        if not run.record.newest:
            raise Mistake(f"Nothing was sent yet. Send a message first: {self.called.inject} LISTENER PAYLOAD")
        return run.organism, run.organism.conversation(run.record.newest)

    def record(self, organism: Organism) -> Record:
        """Give the record of what an organism's messages were."""
        return self.runs[organism.name].record

    def letters_of(self, organism: Organism, conversation: Conversation, since: int = 0) -> Iterator[Any]:
        """Give the dead letters of one conversation, leaving out the first `since` letters of the organism."""
        letters = organism.dead_letters
        fresh = letters[max(0, len(letters) - (letters.total - since)) :]
        return (letter for letter in fresh if letter.conversation == conversation.number)

    # ---- names

    def bind(self, variable: str, value: Any) -> None:
        """Give a value a name in the notebook.

        Raises:
            Mistake: When it is no name.
        """
        check_name(variable)
        self.namespace[variable] = value

    def name_of(self, value: object) -> str | None:
        """Give the name that a value has in the notebook, if it has one that shows."""
        return next((name for name, each in self.namespace.items() if each is value and not name.startswith("_")), None)

    def _bind_organism(self, organism: Organism, variable: str | None) -> str | None:
        name = variable or organism.name
        is_free = isinstance(self.namespace.get(name, organism), Organism) and not hasattr(builtins, name)
        if variable is None and (not name.isidentifier() or keyword.iskeyword(name) or not is_free):
            return None
        self.bind(name, organism)
        self._bound[name] = organism
        return name


def check_name(variable: str) -> None:
    """Refuse what Python allows for no name.

    Raises:
        Mistake: When it is none.
    """
    if not variable.isidentifier() or keyword.iskeyword(variable):
        raise Mistake(f"{variable!r} is no name that Python allows.")


def _and(names: Any) -> str:
    *most, last = list(names)
    return f"{', '.join(most)} and {last}" if most else str(last)
