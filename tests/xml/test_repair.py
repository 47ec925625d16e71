"""Repair finds the elements, mends what can only be text, tells all it did, and guesses nothing."""

from __future__ import annotations

import contextlib
import time

import pytest

from xpipe_nb.errors import Rejected
from xpipe_nb.xml import GateLimits, Repaired, read_document, repair_text

MENDED = {
    "AT&T": "AT&T",
    "AT&T & co": "AT&T & co",
    "a < b": "a < b",
    "a <b> c</b>": "a ",
    "a<3 && c>d": "a<3 && c>d",
    "if (a < b && c > d) x;": "if (a < b && c > d) x;",
    "I </3 you": "I </3 you",
    "x <= y << 2": "x <= y << 2",
    "<": "<",
    "&": "&",
    "&&&": "&&&",
    "&amp;&lt;": "&<",
    "&amp;amp;": "&amp;",
    "&#65;&#x42;": "AB",
    "&#X43;": "&#X43;",
    "&#;&#x;&;": "&#;&#x;&;",
    "&nbsp;": "\u00a0",
    "&copy;&eacute;": "©é",
    "&LT;&AMP;": "<&",
    "&NotEqualTilde;": "≂̸",
    "&copy 2024": "&copy 2024",
    "a[b[0]]>1": "a[b[0]]>1",
    "https://x/?a=1&b=2": "https://x/?a=1&b=2",
    "<? x": "<? x",
    "```\ncode\n```": "```\ncode\n```",
    "<![CDATA[a & b < c &nbsp;]]>": "a & b < c &nbsp;",
    "a<!-- & < -->b": "ab",
}
BROKEN = {
    "<A>a<b</A>": (1, 5),
    "<A>if (a<b && c>d)</A>": (1, 9),
    "<A><Count>100": (1, 14),
    "<A><Count>100</Count>": (1, 22),
    "<A>\n<Nam>x</Name></A>": (2, 7),
    "Sure:\n\n<A>&foo;</A>": (3, 4),
    "<A>&Nbsp;</A>": (1, 4),
    "<A>\n  && <B key='1' key='2'/></A>": (2, 24),
    "<A/>\n</A>": (2, 1),
    "<A/><B": (1, 5),
    "<A key=1/>": (1, 1),
    '<A key="<b"/>': (1, 9),
    "<A>x</A": (1, 5),
    "<A>&&&\x01</A>": (1, 7),
    "<A>é&&\n&&&&\x01</A>": (2, 5),
    "<First Name>x</First Name>": (1, 1),
    "<A><!-- x</A>": (1, 4),
    "use <T> here: <A/>": (1, 19),
}


@pytest.mark.parametrize(("written", "meant"), MENDED.items())
def test_text_that_cannot_be_markup_is_kept(written: str, meant: str):
    """What a writer meant as text arrives as this text."""
    repaired = repair_text(f"<A>{written}</A>")
    assert read_document(repaired.elements[0]).text == meant


@pytest.mark.parametrize(("written", "place"), BROKEN.items())
def test_what_stays_broken_is_refused_with_its_place(written: str, place: tuple[int, int]):
    """The refusal names line and column in the text as it was written, not in a mended one."""
    with pytest.raises(Rejected) as refusal:
        repair_text(written)
    error = refusal.value
    assert (error.stage, error.reason) == ("read", "malformed")
    assert (error.line, error.column) == place
    assert error.detail.endswith(f"(line {place[0]}, column {place[1]})")


@pytest.mark.parametrize("around", ["{}<A/>", "<A/>{}", "<A>{}</A>", "prose {} prose <A/>", "{} no element"])
@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        ("<!DOCTYPE a>", "declaration"),
        ("<!ENTITY e ''>", "declaration"),
        ("<!>", "declaration"),
        ("<?php x ?>", "instruction"),
    ],
)
def test_declarations_and_instructions_are_refused_wherever_they_stand(around: str, mark: str, reason: str):
    """Neither prose nor payload may hold them; they are refused before anything is mended."""
    with pytest.raises(Rejected) as refusal:
        repair_text(around.format(mark))
    assert refusal.value.reason == reason


def test_prose_and_fences_come_off_and_are_told():
    """A model's answer gives its element, and what it said besides."""
    answer = "Sure, here it is:\n```xml\n<?xml version='1.0'?>\n<A>\n  <B>AT&T</B>\n</A>\n```\nAnything else?"
    assert repair_text(answer) == Repaired(
        elements=("<A>\n  <B>AT&amp;T</B>\n</A>",),
        places=((4, 1),),
        repairs=(
            "kept outside text: 'Sure, here it is:'",
            "removed Markdown fence at line 2, column 1",
            "dropped the XML declaration at line 3, column 1",
            "escaped & at line 5, column 8",
            "kept outside text: 'Anything else?'",
            "removed Markdown fence at line 7, column 1",
        ),
        prose="Sure, here it is:\nAnything else?",
    )


def test_several_elements_come_in_order():
    """Each top-level element is one text."""
    repaired = repair_text("First <A>1</A>, then\n<B/> and <A>2</A>.")
    assert repaired.elements == ("<A>1</A>", "<B/>", "<A>2</A>")
    assert repaired.prose == "First\n, then\nand\n."


def test_a_text_without_elements_is_prose():
    """Whether prose alone is welcome is the caller's decision."""
    text = "No < element & nothing ]]> to mend.\n```\nx\n```\n"
    assert repair_text(text) == Repaired(prose=text)
    assert repair_text("") == Repaired()


def test_a_good_text_needs_no_repair():
    """White space around an element is not worth a word."""
    assert repair_text("\n <A>x</A>\n") == Repaired(elements=("<A>x</A>",), places=((2, 2),))


@pytest.mark.parametrize("declared", ["ISO-8859-1", "UTF-16"])
def test_another_encoding_is_refused(declared: str):
    """Text that says it is something else than UTF-8 is not read."""
    with pytest.raises(Rejected) as refusal:
        repair_text(f'Here:\n<?xml version="1.0" encoding="{declared}"?>\n<A/>')
    assert (refusal.value.reason, refusal.value.line) == ("encoding", 2)


def test_bytes_are_repaired_like_text():
    """Bytes must be UTF-8."""
    assert repair_text("\ufeff<A>é & è</A>".encode()).elements == ("<A>é &amp; è</A>",)
    with pytest.raises(Rejected) as refusal:
        repair_text(b"<A>\xe9</A>")
    assert refusal.value.reason == "encoding"


def test_an_attribute_is_mended_like_text():
    """A key of a dict may hold an & and a lonely <."""
    element = read_document(repair_text("<A><B key='a & b < &nbsp;c'/></A>").elements[0])
    assert element[0].get("key") == "a & b < \u00a0c"


def test_many_repairs_are_summed_up():
    """Of many changes of one kind the first twenty are told one by one."""
    repairs = repair_text(f"<A>{'&' * 50}<</A>").repairs
    assert len(repairs) == 22
    assert repairs[-1] == "escaped & at 30 more places"


def test_the_limits_of_the_gate_hold_for_repair():
    """Repair is no way round the caps."""
    limits = GateLimits(max_bytes=1000, max_depth=3, max_nodes=10, max_text=50)
    hostile = {
        "too-large": "x" * 1001,
        "depth": "<a>" * 4 + "</a>" * 4,
        "nodes": "<a>" + "<b/>" * 10 + "</a>",
        "text": f"<a>{'x' * 51}</a>",
    }
    for reason, text in {**hostile, "nodes ": f"<a>{'& ' * 11}</a>"}.items():
        with pytest.raises(Rejected) as refusal:
            repair_text(text, limits)
        assert refusal.value.reason == reason.strip()


@pytest.mark.parametrize(
    "text",
    ["<A>" + "&" * 900_000 + "</A>", "<A>" + "&amp;" * 50_000 + "</A>", "<a>" * 300_000, "<!--" * 60_000, '<A b="' * 150_000,
     "```" + " " * 1_000_000 + "<A/>", "`" * 1_000_000, "<A " * 300_000, "< " * 500_000 + "<A/>", "<A>" + "]]>" * 19_000 + "</A>",
     "<A>" + "&a" * 400_000, "<A " + "b='' " * 200_000 + "/>", "&" * 1_000_000 + "<A/>", "<A>" + "&#" + "1" * 900_000 + "</A>"],
    ids=range(14),
)  # fmt: skip
def test_no_text_takes_long(text: str):
    """Every step is linear: an eighth of the worst text takes about an eighth of the processor's time, not a 64th."""
    quadratic = 20
    assert _cost(text) < max(quadratic * _cost(text[: len(text) // 8]), 0.5)


def _cost(text: str) -> float:
    """Give the processor's seconds that a repair takes, the least of three; what else the machine does is not in it."""
    costs = []
    for _ in range(3):
        start = time.process_time()
        with contextlib.suppress(Rejected):
            repair_text(text)
        costs.append(time.process_time() - start)
    return min(costs)
