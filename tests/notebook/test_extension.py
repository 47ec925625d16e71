"""Loading and unloading: what is put into IPython, and that all of it goes again."""

from __future__ import annotations

import re

from tests.notebook.kernels import CELLS, LOAD, ORGANISM
from tests.support import ROOT, fresh_python

STATE = """
def state():
    import gc
    ip = get_ipython()
    formatter = ip.display_formatter
    return {
        "magics": {kind: set(names) for kind, names in ip.magics_manager.magics.items()},
        "steps": [list(ip.input_transformers_post), list(ip.input_transformers_cleanup), list(ip.ast_transformers)],
        "matchers": list(ip.Completer.custom_matchers),
        "hooks": {name: list(callbacks) for name, callbacks in ip.events.callbacks.items()},
        "formatters": [list(formatter.ipython_display_formatter.type_printers), list(formatter.mimebundle_formatter.type_printers)],
        "custom": ip.custom_exceptions,
        "kernel": sorted(name for name, own in vars(ip.kernel).items() if callable(own)),
    }
def ours(names):
    return sorted(set(names) - {"xp", "xpipe_nb"})
before, names = state(), None
names = ours(globals())
"""


def test_unload_leaves_nothing_behind(bare) -> None:
    """Magics, steps, hooks, formatters, matchers and names are as before, and organisms are stopped."""
    bare(STATE)
    bare("%load_ext xpipe_nb")
    bare("import xpipe_nb as xp")
    assert bare("before == state()").value == "False"
    bare(CELLS)
    bare("cells = set(globals())")
    bare(ORGANISM)
    bare("%inject greeter name='x'")
    bare("kept = hello")
    assert not bare("%unload_ext xpipe_nb").outputs
    assert bare("{key: (before[key], now) for key, now in state().items() if now != before[key]}").value == "{}"
    assert bare("sorted(n for n in set(globals()) - cells if not n.startswith('_'))").value == "['cells', 'kept']"
    assert bare("kept.state").value == "'stopped'"
    assert bare("import asyncio\n[t.get_name() for t in asyncio.all_tasks() if 'xpipe' in t.get_name()]").value == "[]"
    assert bare("hasattr(xp.XPipeError, '_render_traceback_')").value == "False"


def test_reload_gives_one_working_set(bare) -> None:
    """`%reload_ext` does not pile up steps."""
    for cell in (LOAD, CELLS, "%reload_ext xpipe_nb", "%reload_ext xpipe_nb", ORGANISM):
        assert not bare(cell).error
    assert bare("%inject shouter name='x'").text == "Shout(text='X')\nshouter · 1 message\n"
    assert bare("len([s for s in get_ipython().input_transformers_post if 'xpipe' in type(s).__module__])").value == "1"


def test_a_second_load_is_quiet_and_changes_nothing(bare) -> None:
    """Run All may be chosen again: IPython would say that we are loaded already. Unloading and loading again works."""
    for cell in (LOAD, CELLS, ORGANISM):
        assert not bare(cell).error
    assert bare(LOAD).outputs == []
    assert bare("%load_ext xpipe_nb").outputs == []
    assert bare("x = %inject shouter name='x'\nx.number").value == "1"
    assert not bare("%unload_ext xpipe_nb\n%load_ext xpipe_nb").outputs
    assert "No organism is running" in bare("%inject").text


def test_names_of_others_are_left_to_them(bare) -> None:
    """Where a magic of that name is there, ours get a prefix, said once, and unloading leaves theirs."""
    bare(
        "from IPython.core.magic import register_line_magic\n@register_line_magic\ndef inject(line):\n    return 'theirs'"
    )
    assert bare(LOAD).text == (
        "Other magics have our names; ours are %xp_inject, %xp_organism, %xp_settle, %xp_expect.\n"
    )
    bare(CELLS)
    assert not bare(ORGANISM.replace("%%organism", "%%xp_organism")).error
    assert bare("%xp_inject shouter name='x'").text == "Shout(text='X')\nshouter · 1 message\n"
    assert "%xp_inject shouter" in bare("%xp_inject").text
    cells = ("%xp_inject --foo", "%xp_settle now", "%xp_expect it works", "%xp_organism no", "%xp_inject shouter <A")
    more = ("%%xp_inject\n<A/>", "%%xp_organism hello x\na: b", "%%xp_organism hello\n#", "%xp_inject shouter G(")
    told = [bare(cell).said for cell in (*cells, *more, "%xp_inject shouter x --raw", "%xp_inject hello x")]
    told += [bare("%xp_organism stop").said, bare("%xp_inject shouter x").said, bare("%xp_inject").text]
    said = "\n".join(told)
    for name in ("inject", "organism", "settle", "expect"):
        assert f"%xp_{name}" in said
        assert not re.search(rf"%{name}", said), said
    assert bare("%inject shouter name='x'").value == "'theirs'"
    bare("%unload_ext xpipe_nb")
    assert bare("%inject x").value == "'theirs'"


def test_a_magic_that_others_take_over_later_is_theirs(bare) -> None:
    """Its calls are no longer awaited, and unloading does not delete it."""
    bare(LOAD)
    bare(
        "from IPython.core.magic import register_line_magic\n@register_line_magic\ndef inject(line):\n    return 'theirs'"
    )
    assert bare("%inject x").value == "'theirs'"
    bare("%unload_ext xpipe_nb")
    assert bare("%inject x").value == "'theirs'"


def test_our_text_in_a_cell_changes_no_traceback_line(bare) -> None:
    """The line that a person's own error names is the line in the cell."""
    bare(LOAD)
    bare(CELLS)
    bare(ORGANISM)
    said = bare("x = 1\n%inject shouter name='x'\ny = 2\n1 / 0").said
    assert "----> 4" in said.replace("\x1b[32m", "").replace("\x1b[39m", "")


def test_a_terminal_waits_too() -> None:
    """IPython without a kernel runs the same cells; the value is shown by `Out`."""
    program = f"""
from IPython.core.interactiveshell import InteractiveShell
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance(simple_prompt=True, colors="NoColor")
shell.history_manager.enabled = False
for cell in [{LOAD!r}, {CELLS!r}, {ORGANISM!r}, "%inject greeter name='World'", "x = %inject shouter name='y'", "print(x.reply)", "%inject nobody 1", "%unload_ext xpipe_nb"]:
    shell.run_cell(cell, store_history=True)
"""
    done = fresh_python("-c", program, IPYTHONDIR="/tmp/none")
    assert "Out[4]: \nShout(text='HELLO WORLD')\ngreeter ▸ shouter · 2 messages\n" in done.stdout
    assert "Shout(text='Y')" in done.stdout
    assert "✕ No listener 'nobody' in hello. There are: greeter, shouter." in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_importing_the_extension_needs_no_kernel() -> None:
    """The notebook part can be imported (and type-checked) anywhere."""
    done = fresh_python("-W", "error", "-c", "import xpipe_nb.notebook.extension", PYTHONPATH=str(ROOT))
    assert (done.returncode, done.stderr) == (0, "")


SLOW_DISPLAY = """
import asyncio
arrived, begun, served = asyncio.Event(), asyncio.Event(), asyncio.Event()
async def serve(stream, ident, message):
    arrived.set()
    await begun.wait()
    served.set()
get_ipython().kernel.shell_handlers["comm_msg"] = serve
"""


def test_a_cell_has_its_outputs_and_its_end_whatever_a_display_says(bare) -> None:
    """A message that came while one cell waited is served when the next has begun, and changes nothing for it."""
    bare(LOAD)
    bare(SLOW_DISPLAY)
    first = bare.begin("await arrived.wait();")
    bare.say("a display")
    second = bare("begun.set()\nawait served.wait()\nawait asyncio.sleep(0.01)\nprint('mine')")
    assert second.text == "mine\n"
    assert not [output for cell, output in second.late if cell == first]
