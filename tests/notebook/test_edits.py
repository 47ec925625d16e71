"""The edit loop: run a cell again, and the organism that uses what it defines takes it over."""

from __future__ import annotations

import pytest

from tests.notebook.kernels import CELLS, FRESH, LOAD, ORGANISM

SHOUTER = '@xp.listener\ndef shouter(message: Greeting) -> Shout:\n    "Shouts."\n    return Shout(message.name.upper() + "!")'


@pytest.fixture
def story(hello):
    """The story as it is at its beginning."""
    hello(CELLS)
    hello(FRESH)
    return hello


def test_an_edited_handler_is_used_at_once_with_one_line(story) -> None:
    """The line stands under the edited cell, and the next message uses the new code."""
    assert story(SHOUTER).text == "hello: ~ shouter (code) · new messages use it · 0 in flight\n"
    assert story("x = %inject greeter name='World'\nx.reply.text").value == "'HELLO WORLD!'"
    assert story("hello.generation").value == "2"


def test_a_definition_and_a_message_in_one_cell_use_the_new_code(story) -> None:
    """What a cell defines above its `%inject` is taken over before the message is sent, and said once."""
    ran = story(f"{SHOUTER}\n\nx = %inject greeter name='World'")
    assert ran.text.count("hello: ~ shouter (code)") == 1
    assert story("x.reply.text").value == "'HELLO WORLD!'"


def test_a_reload_in_plain_python_knows_the_names_of_the_notebook(story) -> None:
    """`await hello.reload(yaml)` looks names up where `%%organism` did."""
    story("@xp.listener\ndef third(message: Greeting) -> Shout:\n    return Shout('third')")
    added = "(await hello.reload('listeners: [greeter, shouter, third]')).added_listeners"
    assert story(added).value == "['third']"


def test_a_cell_that_changes_nothing_says_nothing(story) -> None:
    """Running the definitions again makes equal functions and classes: no line, the same generation."""
    for cell in (CELLS, CELLS, "x = 1"):
        assert story(cell).outputs == []
    assert story("hello.generation").value == "1"
    assert story("x = %inject greeter name='World'\nx.reply.text").value == "'HELLO WORLD'"


def test_old_instances_of_an_equal_class_are_still_taken(story) -> None:
    """A value made before its class was defined again is what it was."""
    story("old = Greeting('Ann')")
    story(CELLS)
    assert story("x = %inject greeter old\nx.reply.text").value == "'HELLO ANN'"


def test_a_payload_that_changed_is_taken_over_though_its_handlers_are_not_run_again(story) -> None:
    """Messages are checked by the new class, and handlers get instances of it."""
    line = story("@xp.payload\nclass Greeting:\n    name: str\n    loud: bool = True").text
    assert line == "hello: ~ Greeting (with loud: bool) in greeter, shouter · new messages use it · 0 in flight\n"
    story(
        "@xp.listener\ndef shouter(message: Greeting) -> Shout:\n"
        "    return Shout(message.name.upper() if message.loud else message.name)"
    )
    assert story("x = %inject shouter name='x', loud=False\nx.reply.text").value == "'x'"
    assert story(ORGANISM).text.endswith("hello: no change\n")
    assert story("x = %inject shouter name='x', loud=False\nx.reply.text").value == "'x'"


def test_an_old_instance_says_what_changed(story) -> None:
    """With another schema it is refused, with the field in the words."""
    story("old = Greeting('Ann')")
    story("@xp.payload\nclass Greeting:\n    first: str")
    ran = story("%inject shouter old")
    assert ran.error is not None
    assert "first" in ran.said
    assert len(ran.said.splitlines()) <= 2


def test_what_runs_ends_on_the_old_code_and_is_counted(story) -> None:
    """A handler that has begun is not disturbed."""
    slow = (
        "import asyncio\ngate = asyncio.Event()\n@xp.listener\nasync def shouter(message: Greeting) -> Shout:\n"
        "    await gate.wait()\n    return Shout('{}')"
    )
    story(slow.format("old"))
    story("x = %inject --no-wait shouter name='x'")
    edited = slow.format("new").replace("gate = asyncio.Event()\n", "")
    assert story(edited).text == "hello: ~ shouter (code) · new messages use it · 1 in flight\n"
    story("gate.set()\ny = %inject shouter name='y'")
    assert story("(await x)[0].text, y.reply.text").value == "('old', 'new')"


def test_a_function_that_was_renamed_is_named_once(story) -> None:
    """Nobody uses it under its new name; one that the same cell uses is not meant, nor one that is simply new."""
    renamed = SHOUTER.replace("shouter", "shouter2")
    assert story(renamed).text == "shouter2 is new and nobody uses it; add it to %%organism hello\n"
    assert story(renamed).outputs == []
    assert story(SHOUTER.replace("shouter", "shouter3") + "\nkept = [shouter3]").outputs == []
    assert story(SHOUTER.replace("shouter", "whisperer")).outputs == []


def test_another_name_in_the_same_cell_is_a_renaming_too(story) -> None:
    """Where the front end says which cell it runs."""
    story(SHOUTER, cell="a")
    ran = story(SHOUTER.replace("shouter", "bellower"), cell="a")
    assert ran.text == "bellower is new and nobody uses it; add it to %%organism hello\n"


def test_what_cannot_be_used_is_told_and_changes_nothing(story) -> None:
    """The organism runs on with what it has; told once."""
    said = story("shouter = 5").text
    assert said.startswith("✕ ")
    assert said.endswith("\nhello runs on unchanged.\n")
    assert story("x = 1").outputs == []
    assert story("x = %inject greeter name='World'\nx.reply.text").value == "'HELLO WORLD'"
    assert "(code)" in story(SHOUTER).text


def test_a_deleted_function_is_kept_by_the_organism(story) -> None:
    """Names may go; what runs is held by the organism itself."""
    assert story("del shouter").outputs == []
    assert story("x = %inject greeter name='World'\nx.reply.text").value == "'HELLO WORLD'"


def test_the_organism_cell_says_each_change_in_one_line(story) -> None:
    """Added, removed and changed listeners; a table beyond three; and nothing is stopped."""
    story(SHOUTER.replace("shouter", "whisperer"))
    changed = "%%organism hello --no-view\nlisteners:\n  - greeter\n  - name: shouter\n    timeout: 5\n  - whisperer\n"
    assert story(changed).text == "hello: + whisperer, ~ shouter.timeout 60 → 5\n"
    assert story(changed).text == "hello: no change\n"
    many = changed.replace("  - whisperer\n", "    concurrency: 2\n    broadcast: true\n    description: x\n")
    assert story(many).text.startswith("hello: 4 changes\n  - whisperer\n  ~ shouter.description ")
    assert story("%organism list").text == "Organism hello · running · 2 listeners · 0 in flight · 0 dead\n"


def test_a_setting_that_cannot_change_while_it_runs_is_refused(story) -> None:
    """The line says what to do, and the organism runs on."""
    ran = story(ORGANISM + "process_pool: {enabled: false}\n")
    assert ran.error["ename"] == "ConfigError"
    assert "process_pool is {'enabled': False} now" in ran.said
    assert ran.said.endswith("hello runs on unchanged.")
    assert not story(FRESH + "process_pool: {enabled: false}\n").error


def test_settings_that_can_change_while_it_runs_are_told_like_listeners(story) -> None:
    """Budgets, limits and numbers of places; what is taken out of the cell returns to its default."""
    changed = ORGANISM + "max_tokens_per_thread: 900\nlimits: {max_depth: 8}\n"
    assert story(changed).text.endswith("hello: ~ max_tokens_per_thread none → 900, ~ limits.max_depth 64 → 8\n")
    assert story("hello.config.limits.max_depth").value == "8"
    assert story(changed).text.endswith("hello: no change\n")
    assert "~ max_tokens_per_thread 900 → none" in story(ORGANISM).text


def test_looking_costs_next_to_nothing(story) -> None:
    """Under a millisecond, where nothing else is in the way, when nothing of ours has changed, in a notebook with ten thousand names."""
    story("globals().update({f'name_{n}': n for n in range(10_000)})")
    seconds = (
        "import time\nfrom xpipe_nb.notebook.extension import _LOADED\nlook = _LOADED[get_ipython()]._edits.after_cell\n"
        "def once():\n    begun = time.perf_counter()\n    look('x = 1')\n    return time.perf_counter() - begun\n"
        "min(once() for _ in range(100))"
    )
    assert float(story(seconds).value) < 0.001
    story("for n in range(10_000): del globals()[f'name_{n}']")


def test_a_fault_of_ours_is_not_the_cells(story) -> None:
    """The cell runs on, and one line says so."""
    story("_edits = _LOADED[get_ipython()]._edits\n_kept = _edits.after_cell\n_edits.after_cell = lambda *_: 1 / 0")
    ran = story("'value'")
    assert ran.value == "'value'"
    assert "△ xpipe_nb could not look for edits: ZeroDivisionError" in ran.text
    story("_edits.after_cell = _kept")


def test_silent_requests_are_not_looked_at(story) -> None:
    """A side panel that polls the kernel changes nothing and says nothing."""
    story.silently("exec(" + repr(SHOUTER) + ")")
    assert story("hello.generation").text.startswith("1\nhello: ~ shouter (code)")


def test_restart_and_run_all_gives_the_same_notebook(bare, tmp_path) -> None:
    """Nothing depends on what ran before in another kernel."""
    from tests.notebook.kernels import kernel_in

    cells = [LOAD, CELLS, ORGANISM, "%inject greeter name='x'", SHOUTER, "%inject greeter name='x'", "%expect no dead"]
    first = [bare(cell).outputs for cell in cells]
    (tmp_path / "again").mkdir()
    with kernel_in(tmp_path / "again") as kernel:
        assert [kernel(cell).outputs for cell in cells] == first
