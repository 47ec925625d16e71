"""Listeners: how one is described (`ListenerConfig`, `@listener`) and what the machine runs (`Listener`)."""

from __future__ import annotations

from xpipe_nb.listeners.config import ListenerConfig, Peers
from xpipe_nb.listeners.mark import listener, mark_of
from xpipe_nb.listeners.record import Form, Listener, Source
from xpipe_nb.listeners.resolve import resolve_listener
from xpipe_nb.listeners.together import resolve_all

__all__ = [
    "Form",
    "Listener",
    "ListenerConfig",
    "Peers",
    "Source",
    "listener",
    "mark_of",
    "resolve_all",
    "resolve_listener",
]
