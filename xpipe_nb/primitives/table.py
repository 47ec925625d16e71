"""The pump's own listeners, in one table; every organism has them, and peers rule who may send to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xpipe_nb.listeners import ListenerConfig, resolve_listener
from xpipe_nb.primitives.boot import boot
from xpipe_nb.primitives.buffer import Buffers
from xpipe_nb.primitives.sequence import Sequences
from xpipe_nb.primitives.todo import TodoDesk

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.listeners import Listener
    from xpipe_nb.primitives.desk import Desk

__all__ = ["system_listeners"]


def system_listeners(desk: Desk) -> tuple[Listener, ...]:
    """Make the system listeners of one organism.

    Args:
        desk: Stands between them and the pump.
    """
    todos, sequences, buffers = TodoDesk(desk), Sequences(desk), Buffers(desk)
    table: dict[str, Callable[..., Any]] = {
        "system.boot": boot,
        "system.todo": todos.register,
        "system.todo-complete": todos.complete,
        "system.sequence": sequences.run,
        "system.sequence.factory": sequences.build,
        "system.buffer": buffers.run,
    }
    # A turn of theirs lasts as long as what they wait for, so none has a timeout of its own.
    configs = (ListenerConfig(name=name, handler=handler, timeout=0) for name, handler in table.items())
    return tuple(map(resolve_listener, configs))
