"""What we change in the ways of the shell while we are loaded; each gives the function that puts it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xpipe_nb.conversation import current_conversation

__all__ = ["keep_the_loop_turning", "keep_the_shell_open"]


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
