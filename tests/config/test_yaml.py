"""How YAML text is read: the core rules of YAML 1.2, lines, and mistakes in plain words."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from xpipe_nb.config import load_yaml_text
from xpipe_nb.config.yaml_reader import MAX_NODES
from xpipe_nb.errors import ConfigError


def value(text: str):
    """The plain data of a text without faults."""
    document = load_yaml_text(text)
    assert document.faults == []
    return document.value


def refusal(text: str) -> ConfigError:
    """The error that a text ends in."""
    with pytest.raises(ConfigError) as caught:
        load_yaml_text(text)
    return caught.value


@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "no", "Yes", "y", "1:30", "2001-01-01", "1_000", "tRue", "0b1", "="]
)
def test_words_of_older_yaml_stay_text(word):
    """`on`, `no`, `1:30` and dates are text, as in the core schema of YAML 1.2."""
    assert value(f"a: {word}") == {"a": word}


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        *[(word, True) for word in ("true", "True", "TRUE")],
        *[(word, False) for word in ("false", "False", "FALSE")],
        *[(word, None) for word in ("null", "Null", "NULL", "~", "")],
        *[("12", 12), ("-7", -7), ("+7", 7), ("017", 17), ("0o17", 15), ("0x1F", 31)],
        *[("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("-1.5E-2", -0.015)],
        *[(".inf", float("inf")), ("-.INF", float("-inf"))],
        *[("'1'", "1"), ('"true"', "true"), ("!!str 1", "1"), ("!!int '3'", 3), ("!!float 3", 3.0)],
    ],
)
def test_the_core_schema_decides_what_a_word_means(word, meaning):
    """Booleans, null, whole numbers and floats have exactly the written forms of YAML 1.2's core schema."""
    found = value(f"a: {word}")["a"]
    assert (found, type(found)) == (meaning, type(meaning))


def test_not_a_number_is_read():
    """`.nan` is the float that differs from itself."""
    found = value("a: .nan")["a"]
    assert found != found


@pytest.mark.parametrize(
    ("text", "peers"),
    [
        ("peers: *", "*"),
        ("peers: [*]", ["*"]),
        ("peers: [*, a]", ["*", "a"]),
        ("{peers: *}", "*"),
        ("peers: * # any", "*"),
    ],
)
def test_a_lone_star_is_text(text, peers):
    """A `*` that names no anchor means the text "*", where YAML has only a syntax error."""
    assert value(text) == {"peers": peers}


def test_anchors_and_aliases_are_allowed():
    """A value may be named with & and repeated with *."""
    assert value("a: &one [1, 2]\nb: *one") == {"a": [1, 2], "b": [1, 2]}


def test_aliases_that_multiply_are_refused():
    """A few lines of aliases of aliases do not become millions of values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert str(MAX_NODES) in refusal("\n".join(lines)).expected


def test_an_alias_of_itself_is_refused():
    """A value cannot contain itself."""
    [fault] = load_yaml_text("a: &a [1, *a]").faults
    assert (fault.path, fault.line) == ("$.a[1]", 1)


def test_deep_nesting_is_refused():
    """A thousand brackets are refused in words, not with a RecursionError."""
    assert "nested too deeply" in str(refusal("[" * 1000))


def test_a_duplicate_key_is_refused_with_both_lines():
    """The same key twice is a fault that names both lines."""
    [fault] = load_yaml_text("a: 1\nb: 2\na: 3").faults
    assert (fault.path, fault.line) == ("$.a", 3)
    assert "line 1" in fault.problem
    assert "line 3" in fault.problem


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system", "!!python/name:os.system", "!mine", "!!set", "!!binary"]
)
def test_an_unknown_tag_is_refused(tag):
    """No tag constructs anything; all but the core schema's are refused."""
    [fault] = load_yaml_text(f"a:\n  b: {tag} 'x'").faults
    assert (fault.path, fault.line) == ("$.a.b", 2)
    assert tag in fault.problem


def test_merge_keys_are_plain_keys():
    """YAML 1.2 has no merge keys: `<<` is a key like any other."""
    assert value("a: &a {x: 1}\nb: {<<: *a}")["b"] == {"<<": {"x": 1}}


@pytest.mark.parametrize(
    ("text", "line", "problem", "expected"),
    [
        ("description: Calls: many", 1, "colon needs quotes", 'description: "Calls: many"'),
        ("- {name: a, description: Calls: many}", 1, "colon needs quotes", 'description: "Calls: many"'),
        ("a:\n\t- b", 2, "tab", "spaces"),
        ("a: [1, 2\nb: 3", 2, "the [ of line 1 is not closed", "]"),
        ("a: {b: c]", 1, "the { of line 1 is not closed", "}"),
        ("a: 'x\nb: 2\n", 1, "quote that opens in line 1", "quote"),
        ("a: @x", 1, "begin with @", "quotes"),
        ("a: `x`", 1, "begin with `", "quotes"),
        ("x: *foo", 1, "no", '"*foo"'),
        ("- a\nb: 1", 2, "does not fit", "equally indented"),
        ("name: a\n  peers: [b]", 2, "indented deeper", "indentation"),
        ("- name:a\n  x: 1", 1, "no space after the colon", "name: a"),
        ("a\nb: 1", 1, "no colon", "key: value"),
        ("--- 1\n--- 2", 2, "second document", "one document"),
        ("a: 1\nb: \x07", 2, "control character", ""),
        ('a: "\\q"', 1, "no YAML", ""),
    ],
)
def test_a_syntax_error_has_a_line_and_plain_words(text, line, problem, expected):
    """What the parser cannot read is told without its jargon, with the line and what would have been right."""
    error = refusal(text)
    assert error.line == line
    assert problem in str(error)
    assert expected in error.expected


def test_a_comma_in_braces_that_made_keys_is_noticed():
    """The pieces that commas cut from a text are known, with the text that was meant."""
    document = load_yaml_text("{name: a, description: Says hi, then leaves, quietly, agent: true}")
    assert document.accidents == {
        "$['then leaves']": 'description: "Says hi, then leaves, quietly"',
        "$.quietly": None,
    }


def test_every_place_has_its_line():
    """Keys and items are found again by path, names with dots included."""
    lines = load_yaml_text("a:\n  - x\n  - b:\n      - y\nc.d: 1").lines
    assert lines["$.a[0]"] == 2
    assert lines["$.a[1].b[0]"] == 4
    assert lines["$['c.d']"] == 5


@pytest.mark.parametrize("text", ["", "# only a remark", "---"])
def test_an_empty_text_is_nothing(text):
    """A text without a value is null."""
    assert value(text) is None


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="ascii")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc.'[]\"\\", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_what_a_yaml_writer_writes_is_read_again(data):
    """Quoted text and the core schema's words survive a writer and this reader."""
    assert value(yaml.safe_dump(data, default_style='"')) == data or data != data


@given(st.text())
def test_no_text_raises_anything_but_a_config_error(text):
    """Any text is either read or refused with a line; nothing else is raised."""
    try:
        document = load_yaml_text(text)
    except ConfigError as error:
        assert error.faults
        return
    assert all(fault.line for fault in document.faults)


@given(st.text("{}[]:,*&!-|>'\"#?% \n\tab<1.~"))
def test_no_mixture_of_signs_raises_anything_but_a_config_error(text):
    """The same for texts made of YAML's own signs."""
    try:
        load_yaml_text(text)
    except ConfigError as error:
        assert error.faults
