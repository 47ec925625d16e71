"""`hello.messages` in a notebook: everything since the start, without anybody having asked for it."""

from __future__ import annotations


def test_the_log_holds_what_happened_since_the_start(hello) -> None:
    """In a notebook the log is looked at when the organism starts, and its representation is a table for a cell."""
    hello('%inject greeter Greeting("World")')
    table = hello("hello.messages").value
    rows = [line.split() for line in table.splitlines()]
    assert rows[0] == ["from", "to", "type", "state"]
    assert ["#1", "console", "greeter", "Greeting", "done"] in rows
    assert rows[-1][2] == "console"
    assert hello("[each.payload for each in hello.messages][0]").value == "Greeting(name='World')"
