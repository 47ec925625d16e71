"""A call: one send that a handler waits for, and its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import CallFailed

if TYPE_CHECKING:
    from xpipe_nb.frames import Frame

__all__ = ["Call"]


class Call:
    """What a handler waits for in `meta.call`.

    Args:
        to: The name of the callee, if the caller named one.
    """

    __slots__ = ("frame", "future", "to")

    def __init__(self, to: str | None) -> None:
        self.to = to
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.frame: Frame | None = None  # set once the call was routed

    @property
    def given_up(self) -> bool:
        """Its caller no longer waits."""
        return self.future.cancelled()

    def answer(self, payload: Any) -> None:
        """Give the caller its answer."""
        if not self.future.done():
            self.future.set_result(payload)

    def fail(self, code: str, text: str) -> None:
        """Raise `CallFailed` where the caller waits."""
        if not self.future.done():
            self.future.set_exception(CallFailed(code, text, to=self.to))

    def give_up(self) -> Frame | None:
        """Stop waiting; give the callee's frame if it is still to be closed."""
        if self.future.done():
            if not self.future.cancelled():
                self.future.exception()  # seen: asyncio need not warn of it
            return None
        self.future.cancel()
        frame = self.frame
        if frame is None or frame.closed:
            return None
        frame.call = None
        return frame
