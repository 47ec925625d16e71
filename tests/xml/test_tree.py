"""Trees injected by a program keep the same rules as text from outside."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.xml.corpus import CASES
from tests.xml.corpus.case import Case, envelope
from xpipe_nb.errors import Rejected
from xpipe_nb.xml import GateLimits, canonical, check_tree, copy_tree, open_envelope, read_document
from xpipe_nb.xml.limits import DEFAULT_LIMITS

STRUCTURAL = {None, "attribute", "attributes", "depth", "nodes", "text", "namespace", "schema-location"}


def parsed(text: bytes | str, **options: bool) -> etree._Element:
    """Parse without the gate, as a program would."""
    raw = text if isinstance(text, bytes) else text.encode()
    return etree.fromstring(raw, etree.XMLParser(huge_tree=True, resolve_entities=False, **options))


def reason(element: etree._Element, limits: GateLimits = DEFAULT_LIMITS) -> str | None:
    """The reason of the refusal, or None."""
    try:
        check_tree(element, limits)
        open_envelope(element)
    except Rejected as error:
        return error.reason
    return None


def is_about_structure(case: Case) -> bool:
    """Whether a case can be built as a tree at all, and its verdict is not one about comments, CDATA or spelling."""
    if case.reason not in STRUCTURAL or "<!" in str(case.data):
        return False
    try:
        parsed(case.data)
    except etree.XMLSyntaxError:
        return False
    return True


@pytest.mark.parametrize("case", [case for case in CASES if is_about_structure(case)], ids=lambda case: case.name)
def test_a_tree_gets_the_verdict_of_its_text(case: Case):
    """What the gate says about the structure of a text, it says about the tree of that text."""
    assert reason(parsed(case.data)) == case.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a><!-- x --></a>", "comment"),
        ("<a><?x y?></a>", "instruction"),
        ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "declaration"),
    ],
)
def test_a_tree_holds_nothing_but_elements(text: str, expected: str):
    """Comments would split texts; instructions and entities have no business in a message."""
    assert reason(parsed(text)) == expected


def test_a_copy_drops_comments_and_joins_texts():
    """The copy reads as the text would have been read; the original is not touched."""
    original = parsed("<a>10<!-- x -->00<b/>y<!-- z --></a>")
    before = etree.tostring(original)
    assert canonical(copy_tree(original)) == b"<a>1000<b></b>y</a>"
    assert etree.tostring(original) == before


def test_a_copy_is_detached():
    """A payload in the middle of another tree is taken out of it, without the text behind it."""
    inner = parsed("<x><a>1</a>tail</x>")[0]
    copy = copy_tree(inner)
    assert (copy.getparent(), copy.tail, etree.tostring(copy)) == (None, None, b"<a>1</a>")


def test_a_copy_refuses_comments_in_the_header():
    """Comments inside from, to and thread are refused in trees too."""
    with pytest.raises(Rejected) as refusal:
        copy_tree(parsed(envelope().replace("console", "con<!-- -->sole")))
    assert refusal.value.reason == "comment"
    copy_tree(parsed(envelope(payload="<!-- x --><A xmlns=''><!-- y -->z</A>")))


def test_an_envelope_that_skipped_the_gate_is_still_opened_strictly():
    """Comments and instructions between the parts are no parts, and no excuse."""
    for mark in ("<!-- x -->", "<?x y?>"):
        for place in ("<meta>", "<from>", "</thread>"):
            text = envelope().replace(place, place + mark)
            with pytest.raises(Rejected) as refusal:
                open_envelope(parsed(text))
            assert refusal.value.stage == "open"
        with pytest.raises(Rejected):
            open_envelope(parsed(envelope(payload=mark)))


def test_limits_hold_for_trees():
    """Each cap but the one in bytes applies."""
    limits = GateLimits(max_depth=3, max_nodes=5, max_attributes=1, max_text=4)
    assert reason(parsed("<a><b><c><d/></c></b></a>"), limits) == "depth"
    assert reason(parsed("<a><b/><b/><b/><b/><b/></a>"), limits) == "nodes"
    assert reason(parsed("<a key='1' x='2'/>"), limits) == "attributes"
    assert reason(parsed("<a>12345</a>"), limits) == "text"
    assert reason(parsed("<a><b/>12345</a>"), limits) == "text"
    assert reason(parsed("<a key='12345'/>"), limits) == "text"
    assert reason(parsed("<a key='1234'><b><c/></b>1234</a>"), limits) is None


def test_a_read_tree_can_be_checked_as_a_tree():
    """The gate's own trees pass."""
    check_tree(read_document(envelope()))
