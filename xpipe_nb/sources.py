"""Second sources: streams that a person puts beside the pump's own; what they give is injected like anything else.

A reader waits for each injection to be taken before it asks for the next thing, so that a fast stream waits for a slow
organism; and since its stream is not part of the pump's, it survives whatever becomes of that.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from aiostream import stream, streamcontext

from xpipe_nb.errors import Rejected, XPipeError
from xpipe_nb.messages import HandlerResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.reception import Reception

__all__ = ["Source"]

log = logging.getLogger(__name__)


class Source:
    """Reads one stream and injects what it gives.

    Args:
        name: The port that it comes in by.
        given: The stream, or anything else that gives one thing after the other.
        reception: Takes it.
        failed: Is told the name and the error when the stream raises.
    """

    def __init__(self, name: str, given: Any, reception: Reception, failed: Callable[[str, Exception], None]) -> None:
        self.name, self._given = name, given
        self._reception, self._failed = reception, failed
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read, on the running loop; to do so twice does nothing."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._read(), name=f"xpipe-source-{self.name}")

    def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()

    async def _read(self) -> None:
        try:
            async with streamcontext(stream.iterate(self._given)) as streamer:
                async for item in streamer:
                    if not await self._inject(item):
                        return
        except Exception as error:  # whatever a person's stream raises
            log.info("the source %s broke", self.name, exc_info=error)
            self._failed(self.name, error)

    async def _inject(self, item: Any) -> bool:
        """Inject one thing; say whether there is any sense in going on."""
        to = None
        if isinstance(item, HandlerResponse):
            item, to = item.payload, item.to
        try:
            await self._reception.submit(item, to=to, from_id=self.name)
        except Rejected:  # it is a dead letter, which says why
            await asyncio.sleep(0)  # a stream of bad things only must not hold the loop
        except XPipeError:
            return False
        return True
