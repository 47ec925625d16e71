"""The notebook: magics, displays and one-line mistakes; the only part that imports IPython."""

from __future__ import annotations

__all__: list[str] = []
