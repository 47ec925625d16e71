"""The stages as a person sees and changes them: one list from the source to the end, in order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.listed_stages import FLOWS, ListedStage, StageMaker
from xpipe_nb.messages import Raw
from xpipe_nb.names import is_name, nearest
from xpipe_nb.operators import Operator, Stage
from xpipe_nb.own_stages import async_operator, is_operator, is_source, name_of, own_step, tells_an_error
from xpipe_nb.replies import shown

if TYPE_CHECKING:
    from xpipe_nb.settlements import Settlements
    from xpipe_nb.sources import Source

__all__ = ["Stages"]

_LAST = ("perform", "conclude")
_MAKERS = ("assign", "route", "decode")
"""The stages whose own function makes what nobody else can make."""

_STANDS = "after source, or between two stages up to decode"


class Stages(Sequence[ListedStage]):
    """The list of a pump's stages; `insert`, `replace` and `remove` change it before the start or while paused.

    From the source to `decode` the stages are one aiostream expression. A stage is one of these:

    - a plain function, which gets a message in the form that it has at that place (`Raw`, `Document`, `Verified`,
      `Envelope`, `Send` or `Delivery`; the annotation of its parameter picks among those that come by) and gives it
      back, changed or not; or another one in its place, a list of them, or `None` to drop it. It may raise `Rejected`.
    - an `async def` function, which is the same, and costs two hundred times as much;
    - an aiostream operator (`pipe.spaceout(0.1)`, an async generator function that takes a stream, or any other
      function from a stream to a stream); it sees all that comes by, also what listeners send, in whatever form.

    What is dropped becomes a dead letter; an injector gets `Rejected`, a call fails, and a sender that waits for nothing
    is not told. `SystemError`s on their way pass functions by.

    Args:
        built_in: The pump's own functions by name, up to `conclude`.
        settlements: Settles what a stage gives.
        arrived: Is told that something is inside an operator.
        source: Makes the reader of a second source.
        may_change: Raises when the list may not be changed now.
        changed: Is told of every change.

    Example:
        ```python
        organism.pause()
        organism.pump.stages.insert(pipe.spaceout(0.1), after="assign", name="throttle")
        organism.resume()
        ```
    """

    def __init__(
        self,
        built_in: Sequence[Stage],
        settlements: Settlements,
        arrived: Callable[[], None],
        source: Callable[[str, Any], Source],
        may_change: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._built_in = {stage.name: stage for stage in built_in}
        self._settlements, self._makes, self._source = settlements, StageMaker(settlements, arrived), source
        self._may_change, self._changed = may_change, changed
        self._recorded: dict[str, list[Any]] = {name: [] for name in _MAKERS}
        self._stages = [
            ListedStage("source", "built-in", None),
            *(ListedStage(each.name, "built-in", each.step, each.takes) for each in built_in),
        ]

    # ---- looking

    @overload
    def __getitem__(self, index: int | str) -> ListedStage: ...
    @overload
    def __getitem__(self, index: slice) -> list[ListedStage]: ...
    def __getitem__(self, index: int | str | slice) -> ListedStage | list[ListedStage]:
        return self._stages[self._place(index)] if isinstance(index, str) else self._stages[index]

    def __len__(self) -> int:
        return len(self._stages)

    def __iter__(self) -> Iterator[ListedStage]:
        return iter(self._stages)

    def __contains__(self, name: object) -> bool:
        return any(name in (stage, stage.name) for stage in self._stages)

    @property
    def names(self) -> list[str]:
        """The names, in order."""
        return [stage.name for stage in self._stages]

    def __repr__(self) -> str:
        return " ▸ ".join(map(repr, self._stages))

    def built_in(self, name: str) -> Callable[..., Any]:
        """Give the pump's own function of a stage, for a replacement that does something around it.

        Raises:
            ConfigError: For a name that is none of the pump's own.
        """
        stage = self._built_in.get(name)
        if stage is None:
            raise self._unknown(name, self._built_in)
        made = self._recorded.get(name)
        if made is None:
            return stage.step

        def step(item: Any) -> Any:
            given = stage.step(item)
            made.extend(given if stage.many else [given])
            return given

        return step

    # ---- changing

    def insert(
        self,
        stage: Any,
        *,
        before: str | None = None,
        after: str | None = None,
        name: str | None = None,
        operator: bool | None = None,
        holds_back: bool | None = None,
        timeout: float = 60.0,
    ) -> None:
        """Put a stage between two others, or a second source after the source.

        Args:
            stage: A function, an aiostream operator, or (after `source`) a stream of what is to be injected: payloads,
                bytes, text, or `send(payload, to="name")`.
            before: The name of the stage that it stands before.
            after: The name of the stage that it stands after; either this or `before`.
            name: What it is called; left out, the function's or operator's own name. A second source is the port of
                what it injects.
            operator: It takes a stream and gives one; left out, that is seen from what it is.
            holds_back: The operator may ask for more before it gives on what it has (`pipe.chunks`); left out, that
                is known of aiostream's own. Otherwise what has not come out when it asks for more is dropped.
            timeout: Seconds that a message may stay inside an operator or an `async def`; 0 for any time.

        Raises:
            ConfigError: When there is no such place, or nothing like this may stand there.
            XPipeError: When the organism runs and is not paused.

        Warns:
            ConfigWarning: For what costs much: an `async def`, or a `pipe.map` of one.
        """
        self._may_change()
        place = self._gap(before, after)
        name = self._fresh(stage, name)
        if operator is None and is_source(stage):
            if self._flow(place) is not Raw:
                raise ConfigError(Fault("$.stages", f"{name} is a stream", 'a second source stands after="source"'))
            listed = ListedStage(name, "source", stage, source=self._source(name, stage))
        elif not callable(stage):
            raise ConfigError(Fault("$.stages", f"{shown(stage)} is no stage", "a function, an operator or a stream"))
        elif is_operator(stage) if operator is None else operator:
            listed = self._makes.operator(name, stage, self._flow(place), holds_back, timeout)
        else:
            listed = self._makes.function(name, stage, self._flow(place), timeout)
        self._stages.insert(place, listed)
        self._changed()

    def replace(self, name: str, stage: Any) -> None:
        """Put a function in the place of a stage; `remove` gives one of the pump's own its place back.

        A replacement for one of the pump's own gives what that one gives; `built_in(NAME)` is what it stands for, and
        only that can make what comes out of `assign` and `route`. `perform` is an `async def` of a turn, `conclude` a
        function of a turn and what its handler returned.

        Args:
            name: The stage.
            stage: The function; for a stage that a person put in, anything that `insert` takes.

        Raises:
            ConfigError: When there is no such stage, or it cannot be replaced by this.
            XPipeError: When the organism runs and is not paused.
        """
        self._may_change()
        place = self._place(name)
        old = self._stages[place]
        if name not in self._built_in:
            if name == "source":
                raise ConfigError(Fault("$.stages", "the source stays", 'insert(stream, after="source") adds another'))
            following = self._stages[place + 1].name
            del self._stages[place]
            try:
                self.insert(stage, before=following, name=name)
            except Exception:
                self._stages.insert(place, old)
                raise
            return
        if not callable(stage) or is_operator(stage) or inspect.iscoroutinefunction(stage) != (name == "perform"):
            expected = "an async function of a turn" if name == "perform" else "a plain function"
            raise ConfigError(Fault(f"$.stages.{name}", f"{shown(stage)} cannot stand for {name}", expected))
        self._stages[place] = replace(old, kind="replaced", function=stage)
        self._changed()

    def remove(self, name: str) -> None:
        """Take a stage out again; one of the pump's own that was replaced is itself again.

        Raises:
            ConfigError: When there is no such stage, or it is one that nothing works without.
            XPipeError: When the organism runs and is not paused.
        """
        self._may_change()
        place = self._place(name)
        old = self._stages[place]
        if old.kind == "replaced":
            self._stages[place] = replace(old, kind="built-in", function=self._built_in[name].step)
        elif old.kind != "built-in" or name == "split":
            del self._stages[place]
        else:
            raise ConfigError(
                Fault(f"$.stages.{name}", f"nothing works without {name}", "replace() puts another there")
            )
        self._changed()

    # ---- what the pump makes of it

    def expressed(self) -> list[Stage | Operator]:
        """Give the stages of the stream, from the source to decoded deliveries."""
        outside = {"source", *_LAST}
        return [self._express(each) for each in self._stages if each.source is None and each.name not in outside]

    def _express(self, listed: ListedStage) -> Stage | Operator:
        name, function = listed.name, listed.function
        if listed.kind == "built-in":
            return self._built_in[name]
        if listed.kind == "replaced":
            return Stage(name, listed.takes, self._replacing(name, function), many=True)
        if listed.door is None:
            return Stage(name, listed.takes, own_step(name, function, self._settlements), many=True)
        if listed.kind == "async function":
            function = async_operator(function, listed.takes)
        return Operator(function, listed.door)

    def _replacing(self, name: str, function: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
        """Make the step of a replacement; what the pump's own function made meanwhile is known."""
        own, settlements, made = self._built_in[name], self._settlements, self._recorded.get(name)

        def step(item: Any) -> list[Any]:
            if tells_an_error(item):
                given = own.step(item)
                return given if own.many else [given]
            if made is None:
                return settlements.settle(name, item, function(item), (FLOWS[name],), None)
            made.clear()
            return settlements.settle_made(name, item, function, (FLOWS[name],), made)

        step.__name__ = name
        return step

    def _fresh(self, stage: Any, name: str | None) -> str:
        """Give a name that no other stage has."""
        if name is None:
            base = name_of(stage)
            name = next(each for each in (base, *(f"{base}-{n}" for n in range(2, 1000))) if each not in self.names)
        if not isinstance(name, str) or not is_name(name):
            raise ConfigError(Fault("$.stages", f"{name!r} cannot be a name", "a name such as 'censor'"))
        if name in self.names or name in self._built_in:
            raise ConfigError(Fault("$.stages", f"there is a stage named {name!r}", "another name, or replace()"))
        return name

    # ---- places

    def _gap(self, before: str | None, after: str | None) -> int:
        """Give the index that a new stage gets."""
        if (before is None) == (after is None):
            raise ConfigError(Fault("$.stages", "a stage stands at one place", "either before= or after="))
        place = self._place(before) if before is not None else self._place(after or "") + 1
        if not 0 < place <= self._place("perform"):
            where = f"before {before}" if before is not None else f"after {after}"
            raise ConfigError(Fault("$.stages", f"no stage can stand {where}", _STANDS))
        return place

    def _place(self, name: str) -> int:
        for place, stage in enumerate(self._stages):
            if stage.name == name:
                return place
        raise self._unknown(name, self.names)

    @staticmethod
    def _unknown(name: Any, known: Any) -> ConfigError:
        return ConfigError(
            Fault("$.stages", f"there is no stage {name!r}", ", ".join(known), nearest(str(name), known))
        )

    def _flow(self, place: int) -> type:
        """Say what comes by just before a place."""
        own = [each.name for each in self._stages[:place] if each.name in FLOWS]
        return FLOWS[own[-1]]
