"""`%expect` and `%settle`: what is checked about the last conversation, and when a notebook is quiet."""

from __future__ import annotations

import pytest

from tests.notebook.kernels import ORGANISM

HOLDS = {
    "%expect greeter -> shouter": "✓ greeter ▸ shouter 1 message",
    "%expect greeter → shouter Greeting": "✓ greeter ▸ shouter 1 Greeting",
    '%expect greeter -> shouter Greeting(name="hello World")': "✓ greeter ▸ shouter 1 Greeting",
    '%expect greeter -> shouter Greeting("hello World") exactly 1': "✓ greeter ▸ shouter 1 Greeting",
    "%expect greeter -> shouter Greeting(name=...)": "✓ greeter ▸ shouter 1 Greeting",
    "%expect greeter -> shouter exactly 1 within 5s": "✓ greeter ▸ shouter 1 message",
    "%expect greeter -> shouter within 5 s exactly 1": "✓ greeter ▸ shouter 1 message",
    "%expect shouter -> greeter Shout exactly 1": "✓ shouter ▸ greeter 1 Shout",
    "%expect console -> greeter Greeting": "✓ console ▸ greeter 1 Greeting",
    "%expect shouter -> console exactly 0": "✓ shouter ▸ console 0 messages",
    "%expect * -> * exactly 4": "✓ * ▸ * 4 messages",
    '%expect reply == Shout("HELLO WORLD")': '✓ reply == Shout("HELLO WORLD")',
    '%expect reply == Shout(said.upper()) --hint "loud"': "✓ reply == Shout(said.upper())",
    "%expect no dead": "✓ no dead",
    "%expect --hint 'first' no dead letters": "✓ no dead",
}
FAILS = {
    'greeter -> shouter Greeting(name="World")': [
        "seen: console ▸ greeter Greeting(name='World')",
        "seen: greeter ▸ shouter Greeting(name='hello World')",
        "seen: shouter ▸ greeter Shout(text='HELLO WORLD')",
        "seen: greeter ▸ console Shout(text='HELLO WORLD')",
    ],
    'reply == Shout("hello")': ["seen: reply == Shout(text='HELLO WORLD')"],
}


@pytest.fixture(scope="module")
def sent(hello):
    """The story's kernel after one message."""
    hello("said = 'hello World'\n%inject greeter Greeting('World');")
    return hello


@pytest.mark.parametrize("cell", HOLDS)
def test_what_is_so_is_said_with_a_check_mark(sent, cell) -> None:
    """One line and no output else; the cell goes on."""
    assert sent(cell).text == f"{HOLDS[cell]}\n"


@pytest.mark.parametrize("claim", FAILS)
def test_what_is_not_so_fails_the_cell_with_what_was_seen_and_the_hint(sent, claim) -> None:
    """An `AssertionError` for graders, lines without a traceback for people."""
    ran = sent(f"%expect {claim} --hint \"did greeter add 'hello'?\"")
    first, *seen, hint = ran.said.splitlines()
    assert first.startswith("✕ ")
    assert ": not so in #" in first
    assert seen == FAILS[claim]
    assert hint == "Hint: did greeter add 'hello'?"
    assert sent(f"try:\n    %expect {claim}\nexcept AssertionError as error:\n    print('caught')").text == "caught\n"


def test_a_wrong_count_says_both_numbers(sent) -> None:
    """`exactly N` counts in the last conversation only."""
    ran = sent("%expect greeter -> shouter exactly 2")
    assert ran.said.splitlines()[1] == "1 of them, expected 2"


def test_local_names_are_seen(sent) -> None:
    """In a function the values may use its own names."""
    ran = sent("async def check(text):\n    %expect reply == Shout(text)\nawait check('HELLO WORLD')")
    assert ran.text == "✓ reply == Shout(text)\n"


def test_the_last_conversation_counts_however_it_was_begun(sent) -> None:
    """Plain Python sends messages, too."""
    sent("await hello.ask(Greeting('Ann'), to='greeter')")
    assert sent("%expect reply == Shout('HELLO ANN')").text.startswith("✓")
    sent("%inject greeter Greeting('World');")


def test_a_handler_that_changes_its_message_changes_no_record(sent) -> None:
    """What was sent is what was sent."""
    sent("@xp.listener\ndef vandal(message: Greeting) -> Shout:\n    message.name = 'broken'\n    return Shout('x')")
    sent(ORGANISM + "  - vandal\n")
    sent("%inject vandal name='whole';")
    assert sent("%expect console -> vandal Greeting('whole')").text.startswith("✓")
    sent(ORGANISM)
    sent("%inject greeter Greeting('World');")


def test_within_waits_for_a_message_that_comes_later(hello) -> None:
    """The cell ends as soon as it is so."""
    hello(
        "import asyncio\ngate = asyncio.Event()\n@xp.listener(peers=['shouter'])\n"
        "async def later(message: Greeting, meta) -> Shout:\n    await gate.wait()\n"
        "    return await meta.call(message, to='shouter')\n"
    )
    hello(ORGANISM + "  - later\n")
    hello("%inject --no-wait later name='x';")
    assert hello("%expect later -> shouter within 0.05s").error
    ran = hello("asyncio.get_running_loop().call_later(0.1, gate.set)\n%expect later -> shouter within 200s")
    assert ran.text == "✓ later ▸ shouter 1 message\n"
    assert ran.seconds < 100


def test_settle_waits_for_quiet_and_says_so(hello) -> None:
    """Conversations that nobody waited for are done after it."""
    hello(
        "import asyncio\n@xp.listener\nasync def slow(message: Greeting) -> Shout:\n"
        "    await asyncio.sleep(0.2)\n    return Shout('late')\n"
        "@xp.listener\nasync def endless(message: Greeting) -> Shout:\n    await asyncio.Event().wait()\n    return Shout('')"
    )
    hello(ORGANISM + "  - slow\n  - endless\n")
    ran = hello("x = %inject --no-wait slow name='x'\n%settle\nprint(x.state)")
    assert ran.text.endswith("hello: quiet\ndone\n")
    number = hello("y = %inject --no-wait endless name='x'\ny.number").value
    assert hello("%settle --timeout 0.1").said == f"✕ Not quiet within 0.1 s: hello has #{number} in endless"
    hello("await y.cancel()")
    hello(ORGANISM)
