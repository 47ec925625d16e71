"""`%organism` and its sub-commands, help, and several organisms at once."""

from __future__ import annotations

from tests.notebook.kernels import ORGANISM


def test_inject_alone_says_what_can_be_sent_here_and_now(hello) -> None:
    """One example for each listener, ready to copy, with what it does."""
    for cell in ("%inject", "%inject --help", "%inject -h", "inject ?"):
        text = hello(cell).text
        assert '  %inject greeter Greeting(name="…")  Greets politely, loudly.\n' in text
        assert '  %inject shouter Greeting(name="…")  Shouts.\n' in text
        assert text.startswith("hello has 2 listeners:\n")


def test_organism_alone_says_what_runs_and_what_can_be_done(hello) -> None:
    """The same for organisms."""
    for cell in ("%organism", "%organism --help"):
        text = hello(cell).text
        assert text.startswith("  Organism hello · running · 2 listeners")
        for word in ("list", "show", "graph", "check", "stop"):
            assert word in text


def test_the_examples_of_the_help_work_when_they_are_filled_in(hello) -> None:
    """What is printed can be run."""
    line = hello("%inject").text.splitlines()[1].split("  Greets")[0].strip()
    assert not hello(line).error


def test_list_show_and_graph(hello) -> None:
    """`list` is text, `graph` is the picture, `show` is both."""
    assert hello("%organism list").text == hello("print(repr(hello))").text
    assert [each["type"] for each in hello("%organism graph").outputs] == ["display_data"]
    assert [each["type"] for each in hello("%organism show hello").outputs] == ["display_data", "stream"]
    assert [each["type"] for each in hello("%organism hello").outputs] == ["display_data", "stream"]


def test_check_tells_what_will_probably_not_work(hello) -> None:
    """`Organism.check()` as lines."""
    assert hello("%organism check").text == "hello: nothing to warn about\n"
    hello(
        "@xp.payload\nclass Other:\n    text: str\n@xp.listener(peers=['shouter'])\ndef odd(message: Greeting) -> Other:\n    return Other('x')"
    )
    hello(ORGANISM + "  - odd\n")
    assert hello("%organism check").text.startswith("△ ")
    hello(ORGANISM)


def test_two_organisms_are_told_apart(hello) -> None:
    """A listener that is in both needs the organism's name; the line names the organism."""
    assert (
        hello("%%organism other --no-view\nlisteners:\n  - shouter").text
        == "other: running · 1 listener · bound as other\n"
    )
    assert hello("%inject shouter name='x'").said == "✕ shouter is in hello and other: use %inject hello/shouter …"
    assert hello("%inject other/shouter name='x'").text == "Shout(text='X')\nother: shouter · 1 message\n"
    assert hello("%inject greeter name='x'").text.endswith("hello: greeter ▸ shouter · 2 messages\n")
    assert hello("%organism stop").said == "✕ hello and other are running: say which one."
    assert hello("%organism stop other").text == "other stopped: 1 done\n"


def test_stop_says_what_ended_and_frees_the_name(hello) -> None:
    """A stopped organism can be started anew; what was under way is told."""
    hello(
        "import asyncio\n@xp.listener\nasync def endless(message: Greeting) -> Shout:\n    await asyncio.Event().wait()\n    return Shout('')"
    )
    hello("%%organism second\nlisteners:\n  - endless")
    hello("x = %inject --no-wait endless name='x'")
    assert hello("%organism stop second").text == "second stopped: 0 done, 1 ended (#1, in endless)\n"
    assert hello("x.state, second.state").value == "('killed', 'stopped')"


def test_a_name_that_is_taken_is_left_alone(hello) -> None:
    """Nothing of the person's is overwritten without being asked for."""
    hello("taken = 1")
    assert (
        "its name is taken or none in Python: --as VAR binds it"
        in hello("%%organism taken\nlisteners:\n  - shouter").text
    )
    assert hello("taken").value == "1"
    assert hello("%%organism taken --as mine\nlisteners:\n  - shouter").text.endswith("bound as mine\n")
    assert hello("mine.name").value == "'taken'"
    hello("%organism stop taken")
    assert "--as VAR" in hello("%%organism two-words\nlisteners:\n  - shouter").text
    hello("%organism stop two-words")
