"""Keys and addresses of this machine: the `.env` file beside an organism, never above what is set already."""

from __future__ import annotations

from pathlib import Path

__all__ = ["read_env_file"]


def read_env_file(folder: Path) -> bool:
    """Put what the `.env` file of a folder says into the environment; what is set there already stays.

    Args:
        folder: The folder; folders above it are not looked at.

    Returns:
        Whether there was a file.

    Example:
        >>> read_env_file(Path("/no/such/folder"))
        False
    """
    file = folder / ".env"
    if not file.is_file():
        return False
    from dotenv import load_dotenv  # most organisms have no such file

    load_dotenv(file, override=False)
    return True
