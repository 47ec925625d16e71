"""What a type checker must make of the public names; nobody runs this file, mypy reads it."""

from __future__ import annotations
