"""The bridge to IPython: its context matcher, where it has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xpipe_nb.notebook.completion.cell import found_in
from xpipe_nb.notebook.session import Session

__all__ = ["tab_matcher"]

_BEFORE_OTHERS = 200


def tab_matcher(session: Session, prefix: str) -> Callable[[Any], Any]:
    """Make what IPython asks at every Tab.

    Args:
        session: The organisms of this kernel.
        prefix: What stands before the names of our magics.

    Raises:
        ImportError: When this IPython has no context matchers.
    """
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier="xpipe_nb", priority=_BEFORE_OTHERS)  # type: ignore[untyped-decorator]
    def complete(context: Any) -> Any:
        """Complete at the cursor, or leave it to the others."""
        try:
            lines = [*context.full_text.split("\n")[: context.cursor_line], context.text_until_cursor]
            fragment, found = found_in(lines, session, prefix)
        except Exception:  # noqa: BLE001 - half a cell may be anything, and a Tab must never fail
            fragment, found = "", []
        return {
            "completions": [SimpleCompletion(text=each.text, type=each.kind) for each in found],
            "matched_fragment": fragment,
            "suppress": bool(found),
            "ordered": True,
        }

    return complete  # type: ignore[no-any-return]
