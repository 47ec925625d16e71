"""`system.sequence` and its factory: one listener after the other, each with what the one before it answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import CallFailed, Rejected
from xpipe_nb.payloads import codec_of
from xpipe_nb.payloads.primitives import SequenceComplete, SequenceError, SequenceRequest, SequenceStart
from xpipe_nb.primitives.desk import number_of, requester, tag_of, turn_of

if TYPE_CHECKING:
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.listeners import Listener
    from xpipe_nb.metadata import HandlerMetadata
    from xpipe_nb.primitives.desk import Desk

__all__ = ["Sequences"]


class _Failed(Exception):
    """A step cannot be taken: which one, and why."""

    def __init__(self, place: int, step: str, error: str) -> None:
        self.place, self.step, self.error = place, step, error
        super().__init__(error)


class Sequences:
    """Runs sequences.

    Args:
        desk: Who asks, and what that one may do.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, message: SequenceStart, meta: HandlerMetadata) -> SequenceComplete | SequenceError:
        """Send a payload through several listeners, one after the other."""
        sequence = number_of(turn_of(meta))
        try:
            self._look(message, turn_of(meta))
            result = await self._steps(message, meta)
        except _Failed as failed:
            return SequenceError(sequence, failed.step, failed.place, failed.error)
        self._desk.learn(result)
        return SequenceComplete(sequence, result, len(message.steps))

    async def build(self, message: SequenceRequest, meta: HandlerMetadata) -> SequenceComplete | SequenceError:
        """Check that the steps fit together, then run them."""
        try:
            self._look(message, turn_of(meta), closely=True)
        except _Failed as failed:
            return SequenceError(number_of(turn_of(meta)), failed.step, failed.place, failed.error)
        start = SequenceStart(message.steps, message.payload)
        done: SequenceComplete | SequenceError = await meta.call(start, to="system.sequence")
        return done

    def _look(self, message: SequenceStart | SequenceRequest, turn: Turn, *, closely: bool = False) -> None:
        """Look at all steps before the first is taken; the first fault is told."""
        if not message.steps:
            error = self._desk.refused(turn, message.payload, None, Rejected("route", "empty", "there are no steps"))
            raise _Failed(0, "", error)
        before: Listener | None = None
        for place, step in enumerate(message.steps):
            try:
                listener = self._desk.reachable(turn, step)
                if place == 0:
                    self._desk.fitting(listener, tag_of(message.payload))
                elif closely and before is not None:
                    _check_joint(before, listener)
            except Rejected as rejection:
                raise _Failed(place, step, self._desk.refused(turn, message.payload, step, rejection)) from None
            before = listener

    async def _steps(self, message: SequenceStart, meta: HandlerMetadata) -> Any:
        turn, result = turn_of(meta), message.payload
        conversation = turn.frame.conversation
        for place, step in enumerate(message.steps):
            meta.progress(place, len(message.steps), step)
            lost = len(conversation.letters)
            try:  # again, and with the payload that is there now: a reload may have changed who is there
                before = message.steps[place - 1] if place else ""
                self._desk.fitting(self._desk.reachable(turn, step), tag_of(result), before)
                result = await meta.call(result, to=step)
            except Rejected as rejection:
                raise _Failed(place, step, self._desk.refused(turn, result, step, rejection)) from None
            except CallFailed as failed:
                # a person may read why, an agent not
                letters = conversation.letters[lost:] if requester(turn).parent is None else []
                raise _Failed(place, step, letters[0].detail if letters else failed.text) from None
        return result


def _check_joint(before: Listener, after: Listener) -> None:
    """See to it that one of the classes that a step gives is one that the next step takes, as far as that is known."""
    given = [codec_of(cls).tag for cls in before.output_class or ()]
    if given and not any(tag in after.accepts for tag in given):
        gives, takes = " or ".join(given), " or ".join(after.accepts) or "nothing"
        raise Rejected("route", "not-accepted", f"{before.name} gives {gives}, but {after.name} takes {takes}")
