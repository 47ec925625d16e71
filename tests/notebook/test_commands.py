"""`%organism` and its sub-commands, help, and several organisms at once."""

from __future__ import annotations

from tests.notebook.kernels import CELLS, FRESH, ORGANISM
from tests.support import fresh_python


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
        for word in (
            "list",
            "show",
            "threads",
            "budgets",
            "dead",
            "check",
            "pause",
            "resume",
            "stop",
            "reload",
            "doctor",
            "new",
        ):
            assert f"  %organism {word} " in text
        assert "[--from FILE] [--no-view] [--replace] [--as VAR]" in text


def test_every_magic_and_sub_command_has_help(hello) -> None:
    """`--help` anywhere says what can be done, and does nothing."""
    assert hello("%organism stop --help").text == "%organism stop [NAME]\n  end it, and what is under way in it\n"
    assert hello("%settle --help").text.splitlines()[1] == "  nothing is under way"
    for cell in ("%expect", "%expect --help"):
        text = hello(cell).text
        assert '  %expect reply == Shout("…") [--hint "…"]\n' in text
        assert "  %expect greeter -> shouter Greeting\n" in text


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


def test_an_organism_takes_no_name_that_python_has(hello) -> None:
    """An organism called `print` is not bound over Python's own."""
    assert "--as VAR binds it" in hello("%%organism print\nlisteners:\n  - shouter").text
    assert hello("print('still prints')").text == "still prints\n"
    hello("%organism stop print")
    hello("%organism stop taken")
    assert "--as VAR" in hello("%%organism two-words\nlisteners:\n  - shouter").text
    hello("%organism stop two-words")


def test_threads_lists_conversations_and_shows_one_message_by_message(hello) -> None:
    """A line for each; with a number its call tree and its messages."""
    hello(FRESH)
    assert hello("%organism threads").text == "hello: no conversation yet\n"
    hello("%inject greeter name='World';")
    listed = "hello: 1 conversation\n  #1 done · console ▸ greeter ▸ shouter · 2 messages · Shout(text='HELLO WORLD')\n"
    assert hello("%organism threads").text == listed
    for cell in ("%organism threads 1", "%organism threads hello #1"):
        assert hello(cell).text == (
            "Conversation #1 of hello · done · 1 reply · 2 messages\n"
            "  console\n    greeter\n      shouter\n"
            "messages:\n"
            "  console ▸ greeter Greeting(name='World')\n"
            "  greeter ▸ shouter Greeting(name='hello World')\n"
            "  shouter ▸ greeter Shout(text='HELLO WORLD')\n"
            "  greeter ▸ console Shout(text='HELLO WORLD')\n"
        )


def test_show_gives_one_message_in_all_its_forms(hello) -> None:
    """`#N.M` is one message, `#N` lists those of a conversation, `dead N` is a dead letter."""
    hello(FRESH)
    hello("%%inject greeter\nHi: <Greeting><Name>A & B</Name></Greeting>")
    shown = hello("%organism show #1.1").text
    assert shown.startswith("#1.1 console ▸ greeter Greeting\n✓ raw        Hi: <Greeting><Name>A & B</Name></Greeting>")
    assert "+ <Name>A &amp; B</Name>\n" in shown
    assert "✓ payload    Greeting(name='A & B')\n" in shown
    assert hello("%organism show hello #1.2").text.startswith("#1.2 greeter ▸ shouter Greeting\n")
    assert hello("%organism show #1").text == (
        "#1.1 console ▸ greeter Greeting\n#1.2 greeter ▸ shouter Greeting\n"
        "#1.3 shouter ▸ greeter Shout\n#1.4 greeter ▸ console Shout\n"
        "%organism show #1.M shows one in all its forms\n"
    )
    assert hello("%organism show #1.9").said.startswith("✕ hello: there is no message #1.9 (any more); #1.1 console")
    assert hello("%organism show #9").said.startswith("✕ No conversation #9 in hello.")
    hello("%inject greeter <Nobody/>")
    assert "✕ routed     to greeter\n" in hello("%organism show dead 1").text
    assert hello("%organism show dead 7").said.startswith("✕ No dead letter 7 in hello.")


def test_dead_letters_are_told_under_the_cell_and_listed(hello) -> None:
    """One line where it happened; `%organism dead` lists them, with a number the message itself."""
    hello(
        "import annotated_types as at\nfrom typing import Annotated\n"
        "@xp.payload\nclass Short:\n    text: Annotated[str, at.MaxLen(3)]\n"
        "@xp.listener\ndef cutter(message: Short) -> Short:\n    return message\n"
        "@xp.listener(peers=['cutter'])\nasync def sender(message: Greeting, meta) -> Shout:\n"
        "    try:\n        await meta.call(Short('too long'), to='cutter')\n    except xp.CallFailed:\n"
        "        return Shout('failed')\n"
    )
    hello("%%organism strict --no-view\nlisteners:\n  - cutter\n  - sender\n")
    assert hello("%organism dead strict").text == "strict: no dead letters\n"
    ran = hello("%inject sender name='x'")
    assert ran.text.startswith("Shout(text='failed')\nstrict: sender")
    line = ran.text.splitlines()[-1]
    assert line.startswith("1 dead letter: cutter, ")
    assert line.endswith(". %organism dead strict")  # two are running
    listed = hello("%organism dead strict").text
    assert listed.startswith(
        "strict: 1 dead letter · %organism dead strict N shows the message\n  1  #1 · sender ▸ cutter Short"
    )
    assert "too long" in hello("%organism dead strict 1").text
    assert hello("%expect no dead").said.startswith("✕ no dead: not so in #1\nseen: #1 · sender ▸ cutter")
    hello("%organism stop strict")


def test_pause_and_resume(hello) -> None:
    """A paused organism takes messages and starts no handler; a cell does not wait for it, as it would for ever."""
    assert hello("%organism pause").text.startswith("hello: paused · ")
    ran = hello("answer = %inject greeter name='x'")
    assert ran.text.startswith("hello is paused. %organism resume. Conversation #")
    assert hello("answer.state").value == "'active'"
    assert "is not over: it is paused" in hello("%settle").text
    assert hello("%organism resume").text == "hello: running\n"
    assert hello("%settle").text == "hello: quiet\n"
    assert hello("answer.reply.text").value == "'HELLO X'"


def test_new_writes_a_starter_that_runs_as_it_stands(hello) -> None:
    """Each kind: a cell of Python, the organism's cell and a message; all of them run."""
    for kind in ("hello", "agent", "team", "tool"):
        text = hello(f"%organism new {kind}").text  # nobody can be given a cell here, so it is printed
        code, rest = text.split("\n\na cell with\n\n")
        organism, message = rest.split("\n\nand one with\n\n")
        assert not hello(code).error
        assert not hello(organism).error
        ran = hello(f"answer = {message.strip()}")
        assert not ran.error, ran.said
        if kind != "hello":
            hello(f"%organism stop my_{kind}")
    hello(CELLS)
    hello(ORGANISM)


def test_doctor_says_versions_and_abilities(hello) -> None:
    """A table to be pasted into a report; every "no" says what helps."""
    text = hello("%organism doctor").text
    for word in ("xpipe_nb", "Python", "IPython", "ipykernel"):
        assert f"\n{word} " in f"\n{text}"
    assert "none attached (headless)" in text
    assert all(" · " in line for line in text.splitlines() if line.rsplit("  ", 1)[-1].split(" · ")[0] == "no")


def test_reload_takes_over_what_is_defined_now(hello) -> None:
    """`%organism reload` is the run of the `%%organism` cell without the cell."""
    assert hello("%organism reload").text == "hello: no change\n"


def test_a_dead_letter_is_sent_again_by_its_number(hello) -> None:
    """`%organism resend N` shows the reply as `%inject` does; what is no letter is told in one line."""
    broken = "@xp.listener\ndef fragile(message: Greeting) -> Shout:\n    raise ValueError('not yet')"
    hello(broken)
    hello("%%organism again\nlisteners:\n  - fragile")
    assert "not yet" in hello("%inject again/fragile name='x'").said
    assert "not yet" in hello("%organism resend again 1").said
    hello(broken.replace("raise ValueError('not yet')", "return Shout(message.name)"))
    assert hello("%organism resend again 1").text.startswith("Shout(text='x')\nfragile · 1 message")
    assert hello("%organism resend again 9").said == "✕ No dead letter 9 in again. There are 1 to 2."
    assert "needs the number of a dead letter" in hello("%organism resend again").said
    hello("%organism stop again")


def test_a_terminal_shows_no_live_widgets(tmp_path) -> None:
    """What a front end cannot do is a no, with what can."""
    program = (
        "from IPython.core.interactiveshell import InteractiveShell\nfrom xpipe_nb.notebook.shell import Shell\n"
        "print(Shell(InteractiveShell.instance()).report())"
    )
    done = fresh_python("-c", program, IPYTHONDIR=str(tmp_path))
    [row] = [line for line in done.stdout.splitlines() if line.startswith("live widgets")]
    assert row.split(maxsplit=2)[2] == "no · a terminal shows none; a notebook does"
