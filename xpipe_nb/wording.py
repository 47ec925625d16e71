"""How things are said to people, in one way everywhere: how many, where, and which word was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from xpipe_nb.names import nearest

__all__ = ["counted", "did_you_mean", "one_line_of", "place_of"]

LONGEST = 300
"""How many letters of somebody's text stand in a line of ours."""


def counted(count: int, one: str, many: str = "") -> str:
    """Write a number with what it counts.

    Args:
        count: How many.
        one: The word for one of them.
        many: The word for several; left out, `one` with an s.

    Example:
        >>> counted(1, "listener"), counted(2000, "reply", "replies")
        ('1 listener', '2,000 replies')
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def did_you_mean(word: str, known: Iterable[str], *, others: str = "Others", there_are: str = "") -> str:
    """Write what follows a word that is not known: the nearest one, then the others; with a blank before it.

    Args:
        word: The word as it was written.
        known: The right ones.
        others: What stands before the others, once one is near; empty: they are not said.
        there_are: What stands before all of them when none is near; empty: they are not said.

    Example:
        >>> did_you_mean("greter", ["greeter", "shouter"])
        ' Did you mean greeter? Others: shouter.'
    """
    words = list(dict.fromkeys(known))
    near = nearest(word, words)
    rest = ", ".join(each for each in words if each != near)
    label = others if near else there_are
    hint = f" Did you mean {near}?" if near and near != word else ""
    return hint + (f" {label}: {rest}." if label and rest else "")


def one_line_of(text: str) -> str:
    r"""Write somebody's text in one line, cut where it is longer than a line of ours should be.

    Example:
        >>> one_line_of("2 errors:\n  name\n  age")
        '2 errors: name age'
    """
    line = " ".join(text.split()) if "\n" in text else text.strip()
    return line if len(line) <= LONGEST else f"{line[:LONGEST].rstrip()}… ({len(text):,} letters)"


def place_of(file: str, line: int | None) -> str:
    """Say where code stands: a file by its name; where there is none that a person could open, the line alone.

    Example:
        >>> place_of("/home/ann/greet.py", 13)
        'greet.py, line 13'
    """
    path = Path(file)
    names = [path.name] if path.suffix == ".py" and "ipykernel_" not in file else []
    return ", ".join([*names, f"line {line}"])
