"""Terminal IPython at a real prompt: what was started goes on while nobody types."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

pexpect = pytest.importorskip("pexpect", reason="it drives the terminal, and comes with IPython where there are any")

PROGRAM = """
import asyncio, pathlib
import xpipe_nb as xp

@xp.payload
class Ping:
    text: str

@xp.listener
async def later(message: Ping) -> None:
    while not pathlib.Path("go").exists():
        await asyncio.sleep(0.01)
    print("done " + "later")

get_ipython().run_line_magic("load_ext", "xpipe_nb")
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Any]:
    """IPython at its prompt, under a terminal of its own."""
    (tmp_path / "story.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path / "ipython"), "TERM": "dumb"}
    arguments = ["-m", "IPython", "--no-banner", "--no-confirm-exit", "--colors=nocolor", "-i", "story.py"]
    child = pexpect.spawn(sys.executable, arguments, cwd=str(tmp_path), env=environment, encoding="utf-8", timeout=120)
    child.expect("In.*1.*:")
    yield child
    child.close(force=True)


def test_an_organism_goes_on_while_the_terminal_waits_at_its_prompt(terminal: Any) -> None:
    """The prompt serves the loop that organisms run on; what a handler prints appears with nothing typed."""
    terminal.sendline("get_ipython().run_cell_magic('organism', 'story', 'listeners: [later]');")
    terminal.expect("bound as story")
    terminal.sendline("%inject --no-wait later text='x';")
    terminal.expect(r"In.*3.*:")
    (Path(terminal.cwd) / "go").touch()
    terminal.expect("done later")


def test_an_unload_gives_the_terminal_its_own_ways_back(terminal: Any) -> None:
    """After `%unload_ext` the prompt serves no loop of ours, and `exit` is what it was."""
    terminal.sendline("print('serves', get_ipython().active_eventloop)")
    terminal.expect("serves asyncio")
    terminal.sendline("%unload_ext xpipe_nb")
    terminal.sendline("print('serves', get_ipython().active_eventloop, get_ipython().ask_exit.__name__)")
    terminal.expect("serves None ask_exit")
    terminal.sendline("exit")
    terminal.expect(pexpect.EOF)


WAITING = """\
import asyncio
@xp.listener
async def slow(message: Ping) -> None:
    asyncio.get_running_loop().call_soon(print, "at the " + "gate")
    await asyncio.sleep(60)
"""


def test_ctrl_c_stops_the_waiting_with_one_line(terminal: Any) -> None:
    """The cell is over, the conversation goes on, and no line of a file is shown."""
    (Path(terminal.cwd) / "more.py").write_text(WAITING)
    terminal.sendline("%run -i more.py")
    terminal.sendline("get_ipython().run_cell_magic('organism', 'story', 'listeners: [slow]');")
    terminal.expect("bound as story")
    terminal.sendline("d = await story.ask(Ping('x'), to='slow')")
    terminal.expect("at the gate")
    terminal.sendintr()
    terminal.expect(r"Stopped waiting\. Conversation #1 goes on; ")
    assert "Traceback" not in terminal.before
    terminal.sendline("print('state', story.conversations[-1].state)")
    terminal.expect("state active")


TELLING = """\
import asyncio
@xp.listener
async def telling(message: Ping, meta) -> None:
    for number in range(1, 5):
        meta.progress(number, 4)
        await asyncio.sleep(0.12)
    print("told " + "all")
    meta.progress(4, 4, "whole")
"""


def test_progress_is_a_line_that_is_written_again_and_again(terminal: Any) -> None:
    """What a handler prints takes its place, and the last state stays."""
    (Path(terminal.cwd) / "more.py").write_text(TELLING)
    terminal.sendline("%run -i more.py")
    terminal.sendline("get_ipython().run_cell_magic('organism', 'story', 'listeners: [telling]');")
    terminal.expect("bound as story")
    terminal.sendline("c = await story.inject(Ping('x'), to='telling'); await c;")
    terminal.expect(r"telling █+░+  25 % · 1 of 4")
    terminal.expect(r"\r\x1b\[2Ktelling █+░+  50 % · 2 of 4")
    terminal.expect(r"\r\x1b\[2Ktold all\r\n")
    terminal.expect(r"\r\x1b\[2Ktelling █+ 100 % · 4 of 4 · whole\r\n")
