"""A mistake is one line under the cell, fails the cell, and is an exception like any other in Python."""

from __future__ import annotations

import pytest

from tests.notebook.kernels import CELLS, FRESH, LOAD, ORGANISM

ONE_LINERS = {
    "%inject greter Greeting('x')": "✕ No listener 'greter' in hello. Did you mean greeter? Others: shouter.",
    "%inject helo/greeter name='x'": "✕ No organism 'helo'. Did you mean hello?",
    "%inject greeter Greetin('x')": "✕ greeter takes Greeting, not Greetin. Did you mean Greeting?",
    "%inject greeter Shout('x')": "✕ greeter takes Greeting, not Shout.",
    "%inject greeter Greeting": '✕ Greeting is the class. Write Greeting(name="…").',
    "%inject greeter 'World'": "✕ greeter takes Greeting, not str.",
    "%inject greeter": '✕ Nothing to send. greeter takes a payload: Greeting(name="…")',
    "%inject greeter nam='x'": "✕ Greeting has no field 'nam'. Did you mean name?",
    "%inject greeter Greeting(nam='x')": "✕ Greeting has no field 'nam'. Did you mean name?",
    "%inject greeter Greeting()": '✕ Greeting needs name. Write Greeting(name="…").',
    "%inject greeter Greeting('x', 'y')": '✕ Greeting has 1 field, not 2. Write Greeting(name="…").',
    "%inject greeter msg": "✕ msg is not defined.",
    "%inject greeter Greeting(msg)": "✕ NameError: name 'msg' is not defined",
    "%inject greeter Greeting(await foo())": (
        "✕ A payload cannot await. Do that in a line above, and send what it gives."
    ),
    "%inject greeter Greeting((yield))": "✕ A payload is one expression: 'yield' outside function.",
    "%%inject greeter\nGreeting(\n  name=nobody)": "✕ NameError: name 'nobody' is not defined (line 3)",
    "%%inject greeter\n\nGreeting(\n  name=1 2)": (
        "✕ Not Python and not XML: 'Greeting(' (invalid syntax. Perhaps you forgot a comma?, line 4). Expected "
    ),
    "%%inject greeter": '✕ Nothing to send. greeter takes a payload: Greeting(name="…")',
    "%inject hello greeter name='x'": "✕ hello is an organism, not a listener. Write %inject hello/greeter …",
    "%inject --raw=false greeter <A/>": "✕ --raw takes no value: it is there or not, so leave =false out.",
    "%inject --timeout nan greeter name='x'": "✕ --timeout takes seconds, from 0, not 'nan'.",
    "%organism hello foo bar": "✕ %organism hello takes no 'foo bar'. It is written: %organism hello",
    "%organism hello --from=other.yaml --no-view": "✕ $: there is no file other.yaml",
    "%organism list foo": "✕ %organism list takes no 'foo'. It is written: %organism list",
    "%organism doctor foo": "✕ %organism doctor takes no 'foo'. It is written: %organism doctor",
    "%organism stop --force": "✕ %organism stop has no option --force. It is written: %organism stop [NAME]",
    "%%organism hello\n# only\n\n  # comments": (
        "✕ Nothing stands below %%organism hello but comments. It needs `listeners:`, and a line `  - NAME` each."
    ),
    "%inject greeter Greeting(": (
        "✕ '(' was never closed. A payload over several lines goes into a cell of its own: %%inject greeter"
    ),
    "%inject greeter Greeting('x') --timeout 5": ("✕ Options stand before the listener: %inject --timeout … greeter …"),
    "%inject greeter what is it now": (
        "✕ Not Python and not XML: 'what is it now' (invalid syntax). Expected Greeting(name=\"…\") or XML."
    ),
    "%inject --continue 99 greeter name='x'": "✕ No conversation #99 in hello.",
    "%organism stpo": "✕ %organism knows no 'stpo'. Did you mean stop? There are: list, show, graph, threads, budgets, ",
    "%organism fork": "✕ %organism fork is not built yet. There are: list, show, graph, threads, budgets, dead, ",
    "%organism budgets 99": "✕ No conversation #99 in hello.",
    "%organism budgets raise #1": "✕ %organism budgets raise needs a conversation and its new limit: ",
    "%organism budgets raise #1 soon": "✕ %organism budgets raise needs a conversation and its new limit: ",
    "%organism budgets raise #1 500": "✕ #1 has no limit that could be raised (max_tokens_per_thread)",
    "%organism new helo": "✕ No starter 'helo'. Did you mean hello? Others: agent, team, tool.",
    "%organism dead 7": "✕ No dead letter 7 in hello.",
    "%organism threads 99": "✕ No conversation #99 in hello.",
    "%settle now": "✕ %settle waits for every organism and takes no 'now'. Options: --timeout S.",
    "%settle --timeout soon": "✕ --timeout takes seconds, from 0, not 'soon'.",
    "%expect tokens are few": "✕ %expect cannot read 'tokens are few'. It knows: ",
    "%expect greter -> shouter": "✕ No listener 'greter' in hello. Did you mean greeter? Others: shouter, console.",
    "%expect greeter -> shouter Greeting(nam='x')": "✕ Greeting has no field 'nam'. Did you mean name?",
    "%expect greeter -> shouter Greeting('x', 'y')": '✕ Greeting has 1 field, not 2. Write Greeting(name="…").',
    "%expect greeter -> shouter Greetin(name='x')": (
        "✕ No payload 'Greetin' in hello. Did you mean Greeting? Others: Shout."
    ),
    "%expect reply == (1 2) ;": "✕ '(1 2)' cannot be worked out: SyntaxError: invalid syntax. Perhaps you forgot a",
    "%expect it works": "✕ %expect cannot read 'it works'. It knows: greeter -> shouter ",
    "%expect reply == nobody": "✕ 'nobody' cannot be worked out: NameError: name 'nobody' is not defined",
    "%expect greeter -> shouter 1 + 1": "✕ '1 + 1' is no payload; expected a class, or Class(field=value).",
    "%expect no dead --hint unquoted": "✕ A hint stands in quotation marks: --hint \"did greeter add 'hello'?\"",
    "%organism stop helo": "✕ No organism 'helo'. Did you mean hello?",
    "%inject --as 1x shouter name='x'": "✕ '1x' is no name that Python allows.",
    "%%organism --as for hello\nlisteners:\n  - shouter": "✕ 'for' is no name that Python allows.",
    "await hello.ask(Greeting('x'), to='greter')": (
        "✕ No listener 'greter' in hello. Did you mean greeter? Others: shouter."
    ),
}


@pytest.mark.parametrize("cell", ONE_LINERS)
def test_a_mistake_is_one_line_without_a_traceback(hello, cell) -> None:
    """The line says what is there and what would be right; no class name, no frame of ours."""
    hello("%inject greeter name='x';")
    ran = hello(cell)
    assert ran.said.splitlines()[0].startswith(ONE_LINERS[cell])
    assert [line for line in ran.said.splitlines()[1:] if line != "hello runs on unchanged."] == []


def test_a_refused_message_says_where_and_that_nothing_was_sent(hello) -> None:
    """What is there, what was expected, and the place inside the payload."""
    ran = hello("%%inject greeter\n<Greeting>\n  <Nme>World</Nme>\n</Greeting>")
    assert ran.error["ename"] == "Rejected"
    assert "<Name> is missing; found <Nme>" in ran.said.splitlines()[0]
    assert ran.said.splitlines()[1:] == ["Nothing was sent."]


def test_broken_xml_names_the_line_of_the_cell(hello) -> None:
    """The magic stands on line 1, so the XML begins on line 2."""
    ran = hello("%%inject greeter\n<Greeting><Name>World</Nam></Greeting>")
    assert "line 2" in ran.said


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("<Greeting>\n  <Nme>x</Nme>\n</Greeting>", "line 3, column 3"),
        ("Sure:\n\n<Greeting>\n  <Nme>AT&T</Nme>\n</Greeting>", "line 5, column 3"),
        ("<Greeting>\n  <Name>x\n</Greeting>", "line 4, column 1"),
    ],
)
def test_every_place_is_a_line_of_the_cell(hello, body, place) -> None:
    """Broken XML, what its schema refuses, and text with prose around it are counted in one way."""
    assert f"{place})" in hello(f"%%inject shouter\n{body}").said


def test_a_body_without_a_name_fails_the_cell(hello) -> None:
    """A cell magic that has a body and no name was meant to do something: help would hide that it did not."""
    ran = hello("%%inject\n<Greeting><Name>x</Name></Greeting>")
    assert ran.said == "✕ %%inject needs a listener: %%inject greeter. There are: greeter, shouter."
    assert hello("%%organism\nlisteners:\n  - shouter").said == "✕ %%organism needs a name: %%organism hello"


def test_what_was_repaired_is_shown(hello) -> None:
    """XML by a person or a model is repaired; the cell says what was done."""
    ran = hello("%%inject shouter\nHere it is:\n```xml\n<Greeting><Name>AT&T</Name></Greeting>\n```")
    assert ran.text.startswith("Shout(text='AT&T')\nshouter · 1 message\nrepaired: ")
    assert "Here it is:" in ran.text


def test_raw_sends_the_bytes_as_they_stand(hello) -> None:
    """`--raw` repairs nothing, so what is broken is refused."""
    ran = hello("%%inject --raw shouter\n<Greeting><Name>AT&T</Name></Greeting>")
    assert ran.error["ename"] == "Rejected"
    assert not hello("%%inject --raw shouter\n<Greeting><Name>AT&amp;T</Name></Greeting>").error


def test_a_handler_that_crashes_fails_the_cell_with_the_handlers_own_words(hello) -> None:
    """The person sees the cause (agents do not), and the conversation is bound all the same."""
    hello("@xp.listener\nasync def crash(message: Greeting) -> Shout:\n    return 1 / 0")
    hello(FRESH + "  - crash\n")
    ran = hello("broken = %inject crash name='x'")
    assert ran.error["ename"] == "ConversationFailed"
    assert ran.said.startswith("✕ #1 failed: crash raised ZeroDivisionError: division by zero")
    assert len(ran.said.splitlines()) == 1
    assert hello("broken.state").value == "'failed'"
    hello(ORGANISM)


def test_the_root_of_a_failure_is_told_once_and_first(hello) -> None:
    """Callers that do not catch what their callee raised are counted, not listed."""
    hello(
        "@xp.listener\nasync def deep(message: Greeting) -> Shout:\n    return 1 / 0\n"
        "@xp.listener\nasync def middle(message: Greeting, meta) -> Shout:\n"
        "    return await meta.call(message, to='deep')\n"
        "@xp.listener\nasync def top(message: Greeting, meta) -> Shout:\n"
        "    return await meta.call(message, to='middle')"
    )
    hello(ORGANISM + "  - deep\n  - middle\n  - top\n")
    first, *rest = hello("%inject top name='x'").said.splitlines()
    assert "deep raised ZeroDivisionError: division by zero" in first
    assert [line.split(":")[0] for line in rest] in ([], ["  … and 1 more"], ["  … and 2 more"])
    hello(ORGANISM)


def test_in_try_and_in_async_def_the_exception_is_what_it_is(hello) -> None:
    """Rendering is all that changes: types, attributes and `except` work as in any program."""
    ran = hello(
        "async def f():\n    %inject greeter Greetin('x')\n"
        "try:\n    await f()\nexcept xp.XPipeError as error:\n    print('first', error)\n"
        "try:\n    %inject greeter <Greeting/>\nexcept xp.Rejected as error:\n    print('second', error.stage)\n"
    )
    assert not ran.error
    assert ran.text == "first greeter takes Greeting, not Greetin. Did you mean Greeting?\nsecond decode\n"


def test_the_way_through_the_persons_own_functions_is_kept(hello) -> None:
    """An error of ours deep in a person's code says where that code called us."""
    ran = hello("async def mine():\n    await hello.ask(Greeting('x'), to='nobody')\nawait mine()")
    assert ran.said.splitlines()[0] == f"cell {ran.count}, line 2, in mine: await hello.ask(Greeting('x'), to='nobody')"
    assert ran.said.splitlines()[-1].startswith("✕ No listener 'nobody'")
    assert "xpipe_nb" not in ran.said


def test_a_persons_own_error_keeps_its_traceback(hello) -> None:
    """Nothing of ours changes how other exceptions look."""
    assert "Traceback" in hello("1 / 0").said


def test_bad_configuration_names_every_fault_by_the_line_of_the_cell_and_changes_nothing(hello) -> None:
    """All faults at once; what ran before runs on."""
    ran = hello("%%organism hello\nlisteners:\n  - name: greeter\n    peers: [shuter]\n  - shouter\n  - nobody\n")
    assert ran.error["ename"] == "ConfigError"
    first, second, last = ran.said.splitlines()
    assert first.startswith("✕ $.listeners[0].peers[0] (line 4): ")
    assert "'shuter'" in first
    assert second.startswith("✕ $.listeners[2] (line 6): no function 'nobody' here.")
    assert last == "hello runs on unchanged."
    assert hello("x = %inject greeter name='World'\nx.reply.text").value == "'HELLO WORLD'"


def test_a_file_and_a_text_are_one_too_many(hello) -> None:
    """`--from FILE` takes the YAML from a file, so none may stand below."""
    assert "comes from x.yaml, yet YAML stands below" in hello("%%organism a --from x.yaml\nlisteners: []").said
    hello("from pathlib import Path; _ = Path('x.yaml').write_text('listeners:\\n  - shouter\\n')")
    for cell in ("%organism filed --no-view --from x.yaml", "%%organism filed --no-view --from x.yaml\n\n"):
        assert hello(cell).text == "filed: running · 1 listener · bound as filed\n"
        assert hello("%organism stop filed").text == "filed stopped: 0 done\n"


def test_nothing_runs_is_said_with_the_remedy(bare) -> None:
    """After a restart the first thing that people run is an `%inject`."""
    bare(LOAD)
    bare(CELLS)
    says = (
        "No organism is running (was the kernel restarted?). Run the %%organism cell. "
        "Where there is none, %organism new begins one."
    )
    assert bare("%inject greeter name='x'").said == f"✕ {says}"
    assert bare("%inject").text == f"{says}\n"
    for cell in ("%organism stop", "%settle", "%expect no dead"):
        assert bare(cell).said == f"✕ {says}"


def test_the_cell_to_run_is_named_by_its_number_where_it_is_known(bare) -> None:
    """After a stop it is the cell that has started it: no other, whether it asked for help or was a mistake."""
    cells = (LOAD, CELLS, ORGANISM, "%organism stop", "%%organism --help", "%%organism hello\nlisteners: [nobody]")
    for cell in cells:
        bare(cell)
    says = "✕ No organism is running (hello was stopped). Run the %%organism cell (cell 3)."
    assert bare("%inject greeter name='x'").said == says


def test_the_place_of_an_error_is_a_cell_and_a_line(hello) -> None:
    """Whatever cell it is shown under: that of the handler, that of the organism, or the file."""
    defined = hello("@xp.listener\nasync def crash(message: Greeting) -> Shout:\n\n    return 1 / 0")
    started = hello(FRESH + "  - crash\n")
    place = f"cell {defined.count}, line 4: return 1 / 0"
    says = f"crash raised ZeroDivisionError: division by zero, {place}"
    assert hello("%inject crash name='x'").said == f"✕ #1 failed: {says}"
    assert hello("await hello.ask(Greeting('x'), to='crash')").said == f"✕ #2 failed: {says}"
    edited = hello("@xp.listener(peers=['nobody'])\nasync def crash(message: Greeting) -> Shout:\n    return 1 / 0")
    line = f"✕ $.listeners[2].peers[0] (cell {started.count}, line 5): no listener 'nobody'"
    assert edited.text.startswith(line)
    assert hello("%organism reload").said.startswith(line)
    hello(CELLS)
    hello("from pathlib import Path; _ = Path('o.yaml').write_text('listeners:\\n  - nobody\\n')")
    assert hello("%organism other --from o.yaml").said.startswith("✕ $.listeners[0] (o.yaml, line 2): no function")
    hello(ORGANISM)


def test_the_listener_that_is_wrong_is_named(hello) -> None:
    """What its class refuses of an answer says whose answer it was."""
    hello("@xp.listener\nasync def wrong(message: Greeting) -> Shout:\n    return Shout(7)")
    hello(FRESH + "  - wrong\n")
    assert hello("%inject wrong name='x'").said == "✕ #1 failed: wrong: Shout.text: expected str, got 7"
    hello(ORGANISM)


def test_a_long_text_of_an_exception_is_one_line(hello) -> None:
    """Lines become one, and what is too long is cut and counted."""
    hello(
        "@xp.listener\nasync def lengthy(message: Greeting) -> Shout:\n"
        "    raise ValueError('2 errors:\\n  name\\n  age' + 5000 * '!')"
    )
    hello(FRESH + "  - lengthy\n")
    [line] = hello("%inject lengthy name='x'").said.splitlines()
    assert line.startswith("✕ #1 failed: lengthy raised ValueError: 2 errors: name age!!!")
    assert "!… (5,022 letters), cell " in line
    assert len(line) < 500
    hello(ORGANISM)


def test_a_letter_that_was_never_written_cannot_be_sent_again(hello) -> None:
    """It says what to send in its place, and that works."""
    hello(FRESH)
    assert hello("%inject greeter name=5").error
    said = hello("%organism resend 1").said
    assert said.startswith("✕ The payload of dead letter 1 could not be written (Greeting.name: expected str, got 5). ")
    assert not hello(said.partition("Send another one: ")[2]).error


def test_repairs_of_an_earlier_injection_are_not_told_again(hello) -> None:
    """`--continue` tells what was done to its own message."""
    hello(FRESH)
    assert "repaired: " in hello("%inject shouter <Greeting><Name>AT&T</Name></Greeting>").text
    assert "repaired: " not in hello("%inject --continue 1 shouter <Greeting><Name>x</Name></Greeting>").text


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_handler_cannot_end_the_kernel(hello, kind) -> None:
    """`exit()` in a handler fails that handler; in a cell it is what it always was."""
    hello(f"@xp.listener\n{kind} leaver(message: Greeting) -> Shout:\n    exit()")
    hello(ORGANISM + "  - leaver\n")
    assert "leaver raised SystemExit: a handler cannot end the kernel" in hello("%inject leaver name='x'").said
    assert hello("x = %inject shouter name='x'\nx.reply.text").value == "'X'"
    hello(ORGANISM)
