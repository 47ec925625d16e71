"""What we change in the ways of the shell while we are loaded; each gives the function that puts it back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from xpipe_nb.conversation import current_conversation

__all__ = ["keep_cells_apart", "keep_the_loop_turning", "keep_the_shell_open"]


def keep_the_shell_open(shell: Any) -> Callable[[], None]:
    """Let `exit()` in a handler fail that handler: in IPython it asks the shell to end the whole kernel.

    Args:
        shell: IPython's own shell.
    """
    leave = shell.ask_exit

    def ask_exit() -> None:
        if current_conversation() is not None:
            raise SystemExit("a handler cannot end the kernel")
        leave()

    shell.ask_exit = ask_exit

    def undo() -> None:
        if shell.ask_exit is ask_exit:
            shell.ask_exit = leave

    return undo


def keep_the_loop_turning(shell: Any) -> Callable[[], None]:
    """Let organisms go on while a terminal waits at its prompt; a kernel's loop turns by itself.

    Nothing is changed where the prompt already serves another event loop, or is too simple to serve any.

    Args:
        shell: IPython's own shell.
    """
    is_terminal = hasattr(shell, "enable_gui") and hasattr(shell, "simple_prompt")
    if not is_terminal or shell.simple_prompt or shell.active_eventloop is not None:
        return lambda: None
    shell.enable_gui("asyncio")

    def undo() -> None:
        if shell.active_eventloop == "asyncio":
            shell.enable_gui(None)

    return undo


def keep_cells_apart(shell: Any) -> Callable[[], None]:
    """Let a cell have its own outputs, and its end, whatever a display says to the kernel meanwhile.

    A kernel that serves messages of displays beside a cell that waits (ipykernel 7.4) makes afterwards the request
    the present one that was so before. Where the next cell has begun in between, what that cell prints would go to the
    one before it, and its end would be told to nobody: it would stay `[*]`. The present request is kept with the cells
    as well, and there it is right.

    Args:
        shell: IPython's own shell.
    """
    kernel: Any = getattr(shell, "kernel", None)
    serve = getattr(type(kernel), "shell_main", None)
    if serve is None or not hasattr(kernel, "_shell_parent"):
        return lambda: None
    # Names that begin with a line are the kernel's own; there is no other way to what it keeps with the cells.
    present, sender = kernel._shell_parent, kernel._shell_parent_ident  # noqa: SLF001
    set_parent = kernel.set_parent

    def set_present(ident: Any, parent: Any, channel: str = "shell") -> None:
        is_put_back = sys._getframe(1).f_code is serve.__code__  # noqa: SLF001 - only there it is a request of before
        if is_put_back:
            ident, parent = sender.get(ident), present.get(parent)
        set_parent(ident, parent, channel)

    kernel.set_parent = set_present

    def undo() -> None:
        if vars(kernel).get("set_parent") is set_present:  # whoever has wrapped it since keeps it
            del kernel.set_parent

    return undo
