"""Completion: what may stand at the cursor of a cell with our magics."""

from __future__ import annotations

from xpipe_nb.notebook.completion.cell import Found, found_in
from xpipe_nb.notebook.completion.matcher import tab_matcher

__all__ = ["Found", "found_in", "tab_matcher"]
