"""Where code stands, as the reader of a notebook finds it: by the number of its cell."""

from __future__ import annotations

from IPython.core.getipython import get_ipython

from xpipe_nb import wording

__all__ = ["place_of"]


def place_of(file: str, line: int | None) -> str:
    """Say where code stands: `cell 4, line 9` for code of a cell, else its file by name.

    Args:
        file: The file's name, as Python knows it; a cell has one, too.
        line: The line in it.
    """
    shell = get_ipython()
    label = getattr(getattr(shell, "compile", None), "format_code_name", lambda _file: None)(file)
    if label is None:
        return wording.place_of(file, line)
    return f"cell {label[1].removeprefix('In[').removesuffix(']')}, line {line}"
