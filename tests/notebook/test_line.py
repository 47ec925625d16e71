"""How the line of a magic is read: options first, then names, then text that stays as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpipe_nb.notebook.line import HELP, read_inject, read_organism
from xpipe_nb.notebook.mistakes import Mistake


@pytest.mark.parametrize(
    ("line", "target", "text"),
    [
        ('greeter Greeting("World")', "greeter", 'Greeting("World")'),
        ('  greeter   Greeting("a  b")  ', "greeter", 'Greeting("a  b")'),
        ('hello/greeter name="x"', "hello/greeter", 'name="x"'),
        ("greeter <A><B>x</B></A>", "greeter", "<A><B>x</B></A>"),
        ('greeter Note("costs $name and {name} and $5")', "greeter", 'Note("costs $name and {name} and $5")'),
        ('greeter Note("a - --timeout b")', "greeter", 'Note("a - --timeout b")'),
        ("greeter\tG(1)", "greeter", "G(1)"),
        ("greeter", "greeter", ""),
        ("", "", ""),
    ],
)
def test_what_follows_the_listener_is_raw_text(line, target, text) -> None:
    """Nothing is split, joined or expanded after the listener's name."""
    asked = read_inject(line)
    assert (asked.target, asked.text, asked.silent) == (target, text, False)


def test_options_stand_before_the_listener() -> None:
    """Options may have their word after a blank or an equals sign."""
    asked = read_inject("--timeout 5 --as=answer --continue #2 --no-wait --raw --from me greeter <A/>")
    expected = {"timeout": 5.0, "as": "answer", "continue": 2, "no-wait": True, "raw": True, "from": "me"}
    assert asked.options == expected
    assert asked.target == "greeter"


@pytest.mark.parametrize("line", ["--help", "-h", "?"])
def test_help_has_the_usual_spellings(line) -> None:
    """`--help`, `-h` and `?` ask for help."""
    assert read_inject(line).options == {"help": True}
    assert read_organism(line).options == {"help": True}
    assert read_inject(f"greeter {line}").options == {"help": True}


def test_one_semicolon_at_the_end_means_no_display() -> None:
    """It is IPython's own sign, so it is taken off the payload; one inside a text stays."""
    asked = read_inject('greeter Greeting("a;b");')
    assert (asked.text, asked.silent) == ('Greeting("a;b")', True)
    assert read_inject("greeter ;").silent


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('--timout 5 greeter G("x")', "%inject has no option --timout. Did you mean --timeout? Others: --from, --as,"),
        ("--timeout soon greeter", "--timeout takes seconds, from 0, not 'soon'."),
        ("--timeout -1 greeter", "--timeout takes seconds, from 0, not '-1'."),
        ("--timeout nan greeter", "--timeout takes seconds, from 0, not 'nan'."),
        ("--continue x greeter", "--continue takes the number of a conversation, not 'x'."),
        ("--raw=false greeter", "--raw takes no value: it is there or not, so leave =false out."),
        ("--no-wait=no greeter", "--no-wait takes no value: it is there or not, so leave =no out."),
        ("--as", "--as needs a word after it."),
        ("greeter --timeout 5 x", "--timeout stands after greeter. Put options before the listener: %inject --timeout"),
    ],
)
def test_a_wrong_option_is_one_sentence_with_the_right_word(line, says) -> None:
    """The mistake says what is there and what would be right."""
    with pytest.raises(Mistake) as caught:
        read_inject(line)
    assert str(caught.value).startswith(says)


def test_an_organism_has_a_name_and_options_on_either_side() -> None:
    """`%%organism hello --no-view` and `%%organism --no-view hello` are the same."""
    for line in ("hello --no-view --as h", "--no-view --as h hello", "--as=h hello --no-view"):
        asked = read_organism(line)
        assert (asked.name, asked.options) == ("hello", {"no-view": True, "as": "h"})


def test_an_organism_has_one_name() -> None:
    """A second word is a mistake, not something to guess about."""
    with pytest.raises(Mistake, match="takes one name"):
        read_organism("hello world")


@given(st.text(max_size=80))
def test_any_line_is_read_or_is_a_mistake(line) -> None:
    """No line makes the reading fail in another way."""
    for read in (read_inject, read_organism):
        try:
            read(line)
        except Mistake as mistake:
            assert str(mistake)


@given(
    st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=30).filter(
        lambda text: not text.startswith("--") and not text.endswith(";") and text not in HELP
    )
)
def test_any_payload_text_arrives_as_it_was_written(text) -> None:
    """What stands after the listener's name is the payload's text, letter by letter."""
    assert read_inject(f"greeter {text}").text == text
