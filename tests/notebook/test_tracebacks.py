"""What a person sees of an error: their own lines, never ours."""

from __future__ import annotations

import re

import pytest


def said(ran) -> str:
    """The error without colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", ran.said)


@pytest.mark.parametrize("magic", ["%%time", "%%capture"])
def test_below_time_and_capture_an_error_is_the_persons_alone(hello, magic) -> None:
    """The place is theirs, under the number of the cell that ran."""
    number = int(hello("len(In) - 1").value) + 1
    text = said(hello(f"{magic}\n%inject greeter name='q'\n1/0"))
    assert "xpipe_nb/" not in text
    assert f"Cell In[{number}], line 2" in text
    assert text.count("Cell In[") == text.count(f"Cell In[{number}]")
    assert "----> 2 1/0" in text


def test_an_interrupted_cell_of_the_persons_own_shows_no_line_of_ours(hello) -> None:
    """While a conversation is under way, too."""
    stop = lambda output: hello.interrupt() if output["type"] == "stream" else None  # noqa: E731 - told in one line
    ran = hello("import time\nprint('go')\ntime.sleep(30)", on_output=stop)
    assert ran.error["ename"] == "KeyboardInterrupt"
    assert "time.sleep(" in said(ran)
    assert "xpipe_nb/" not in said(ran)
    assert hello("import signal\nsignal.getsignal(signal.SIGINT) is signal.default_int_handler").value == "True"


def test_an_error_of_the_persons_own_that_follows_one_of_ours_shows_two_places(hello) -> None:
    """`raise Mine from rejected`: the way to each, in their own lines."""
    hello("class Mine(Exception): pass\nfrom xpipe_nb.errors import Rejected")
    text = said(
        hello(
            "try:\n    await hello.ask(Greeting(5), to='greeter')\nexcept Rejected as rejected:\n"
            "    raise Mine from rejected"
        )
    )
    assert "xpipe_nb/" not in text
    assert text.count("Traceback (most recent call last)") == 2
    assert "Rejected: Greeting.name: expected str, got 5" in text


def test_the_exception_itself_keeps_its_whole_traceback(hello) -> None:
    """Only what is shown is shortened: a debugger and a log get all of it."""
    hello("%%time\n%inject greeter name='q'\n1/0")
    length = "import sys, traceback\nlen(traceback.extract_tb(sys.last_value.__traceback__)) > 3"
    assert hello(length).value == "True"


def test_a_fault_of_ours_is_shown_whole(hello) -> None:
    """What is no mistake of the person's must be found and reported."""
    hello("kept, hello.pump.reception = hello.pump.reception, None")
    text = said(hello("await hello.ask(Greeting('x'), to='greeter')"))
    assert "xpipe_nb/pump.py" in text
    hello("hello.pump.reception = kept")
