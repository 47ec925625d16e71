"""Completion, asked of a real kernel as a front end asks: the cell, and where the cursor is."""

from __future__ import annotations

import pytest

LISTENERS = ["greeter", "shouter", "shop"]
OPTIONS = ["--from", "--as", "--continue", "--no-wait", "--timeout", "--raw", "--help"]
OFFERS = {
    # | is the cursor
    "x = %inject gre|": ["greeter"],
    "%inject |": [*LISTENERS, *OPTIONS],
    "%inject --t|": ["--timeout"],
    "%inject --timeout 5 s|": ["shouter", "shop"],
    "%inject --as x g|": ["greeter"],
    "if True:\n    y = %inject sh|": ["shouter", "shop"],
    "%inject system.t|": ["system.todo", "system.todo-complete"],
    "%inject system.todo-complete |": ["TodoComplete(id=)", "id="],
    "%inject greeter |": ["Greeting(name=)", "name="],
    "%inject greeter Gr|": ["Greeting(name=)"],
    "%inject hello/greeter n|": ["name="],
    "%inject greeter <|": ["Greeting>"],
    "%%inject gre|": ["greeter"],
    "%%inject greeter\n<|": ["Greeting>"],
    "%%inject greeter\n<Greeting>\n  <|": ["Name>", "/Greeting>"],
    "%%inject greeter\n<Greeting>\n  <N|": ["Name>"],
    "%%inject greeter\n<Greeting><Name>x</Name><|": ["/Greeting>"],
    "%%inject greeter\n<Greeting><Name>x</N|": ["Name>"],
    "%%inject greeter\nGree|": ["Greeting(name=)"],
    "%%inject shop\n<Order><Items><|": ["Sku>", "/Items>"],
    "%%inject shop\n<Order><|": ["Items>", "FirstName>", "/Order>"],
    "%%organism hello\nlis|": ["listeners:"],
    "%%organism hello\nmax_concurrent_h|": ["max_concurrent_handlers: "],
    "%%organism hello\nlisteners:\n  - gre|": ["greeter"],
    "%%organism hello\nlisteners:\n- sho|": ["shop", "shouter"],
    "%%organism hello\nlisteners:\n  - name: a\n    hand|": ["handler: "],
    "%%organism hello\nlisteners:\n  - name: a\n    handler: gr|": ["greeter"],
    "%%organism hello\nlisteners:\n  - name: a\n    payload_class: Gr|": ["Greeting"],
    "%%organism hello\nlisteners:\n  - greeter\n  - name: bell\n    peers: [|": ["greeter", "shop", "shouter"],
    "%%organism hello\nlisteners:\n  - name: bell\n    peers: [greeter, sh|": ["shop", "shouter"],
    "%%organism hello\nlisteners:\n  - name: bell\n    peers:\n      - b|": ["bell"],
    "%%organism hello\nlisteners:\n  - name: bell\n    peers: [system.b|": ["system.boot", "system.buffer"],
    "%%organism hello\nlisteners:\n  - name: bell\n    peers:\n      - system.b|": ["system.boot", "system.buffer"],
    "%%organism hello\nlisteners:\n  - name: bell\n    peers: [shop, sh|": ["shouter"],
    "%%organism hello\nlisteners:\n  - {name: greeter, pe|": ["peers: "],
    "%%organism hello\nlisteners:\n  - {name: greeter, peers: [sh|": ["shop", "shouter"],
    "%%organism hello\nlimits:\n  max_xml_d|": ["max_xml_depth: "],
    "%inject hello/s|": ["hello/shouter", "hello/shop"],
    "%time x = %inject gre|": ["greeter"],
    "%inject --from |": ["console"],
    "%organism --|": ["--help", "--from "],
    "%%organism he|": ["hello"],
    "%%organism hello --re|": ["--replace"],
    "%organism pa|": ["pause"],
    "%organism stop h|": ["hello"],
    "%organism new t|": ["team", "tool"],
    "%organism budgets |": ["hello", "raise"],
    "%organism budgets hello r|": ["raise"],
    "%settle --|": ["--timeout", "--help"],
    "%expect gr|": ["greeter"],
    "%expect greeter -> sh|": ["shop", "shouter"],
    "%expect greeter -> shouter |": ["Greeting(name=)", "name="],
}


@pytest.fixture(scope="module")
def complete(hello):
    """The story's kernel with a listener that takes a nested payload."""
    hello(
        "@xp.payload\nclass Item:\n    sku: str\n@xp.payload\nclass Order:\n    items: list[Item]\n"
        "    first_name: str | None = None\n@xp.listener\ndef shop(message: Order) -> Order:\n    return message\n"
    )
    hello("%%organism hello\nlisteners:\n  - greeter\n  - shouter\n  - shop\n")
    return hello.complete


@pytest.mark.parametrize("cell", OFFERS)
def test_what_may_stand_at_the_cursor_is_offered_and_nothing_else(complete, cell) -> None:
    """In order, with what is written already replaced."""
    before, after = cell.split("|")
    matches, start = complete(before + after, len(before))
    assert sorted(matches) == sorted(OFFERS[cell])
    assert all(match.startswith(before[start:]) for match in matches)


def test_other_cells_are_left_to_ipython(complete) -> None:
    """Python completes as before."""
    matches, _ = complete("import functools\nfunctools.part", 31)
    assert any(match.endswith("partial") for match in matches)


def test_two_listeners_of_one_name_are_offered_with_their_organism(hello, complete) -> None:
    """What is offered can be sent."""
    hello("%%organism other --no-view\nlisteners:\n  - shouter")
    matches, _ = complete("%inject ", 8)
    assert {"greeter", "hello/shouter", "other/shouter"} <= set(matches)
    hello("%organism stop other")
