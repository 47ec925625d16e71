"""What holds for any text: it comes back as it was put in, or it is refused; it is never altered."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree

from tests.xml.corpus import CASES
from tests.xml.corpus.case import THREAD, envelope
from tests.xml.fuzz import check_gate, check_repair
from xpipe_nb.errors import Rejected
from xpipe_nb.xml import build_envelope, canonical, open_envelope, read_document, repair_text
from xpipe_nb.xml.grammar import NAME, NAME_START

XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
        lambda c: c >= " " or c in "\t\n\r"
    ),
    max_size=200,
)
TYPED_TEXT = XML_TEXT.map(lambda text: text.replace("\r", ""))
PIECES = [
    "&",
    "&&",
    "<",
    ">",
    "]]>",
    "]]",
    "</",
    "/>",
    "<=",
    "< ",
    "&amp",
    "&#",
    "&#x",
    "&;",
    "AT&T",
    "a < b",
    "i<3",
    ";",
]
PIECES += [
    "```",
    "\n```xml\n",
    "=",
    '"',
    "'",
    "#",
    "!",
    "?",
    "<?",
    "<? ",
    "--",
    "&lt",
    "%",
    "\n",
    " ",
    "é",
    "😀",
    "b",
    "7",
]
CLUTTERED = st.lists(st.one_of(st.sampled_from(PIECES), TYPED_TEXT), max_size=12).map("".join)
MARKUP = re.compile(rf"<(?:/?{NAME_START}|!|\?{NAME_START})|&(?:{NAME}|#[0-9]+|#x[0-9A-Fa-f]+);")
NAMES = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_-]{0,8}(\.[A-Za-z0-9_-]{1,4}){0,2}\Z")
THREADS = st.uuids(version=4).map(str)


@given(CLUTTERED)
def test_repair_keeps_every_character_of_a_text(text: str):
    """Text that forms no markup comes back equal after repair and gate, whatever stands in it."""
    assume(not MARKUP.search(text))
    repaired = repair_text(f"<A><B>{text}</B></A>")
    assert (read_document(repaired.elements[0]).findtext("B") or "") == text
    assert repaired.prose == ""


@given(CLUTTERED)
def test_repair_keeps_every_character_of_an_attribute(text: str):
    """The same for the key of a dict; white space in an attribute is read as blanks, as in any XML."""
    assume(not MARKUP.search(text) and '"' not in text)
    repaired = repair_text(f'<A><B key="{text}"/></A>')
    expected = re.sub("[\t\n]", " ", text)
    assert read_document(repaired.elements[0])[0].get("key") == expected


@given(CLUTTERED, CLUTTERED)
def test_what_stands_outside_is_kept_beside(before: str, after: str):
    """Text around an element never gets into it and is never lost, but for the white space at its ends."""
    assume(not MARKUP.search(before) and not MARKUP.search(after))
    assume(not before.startswith("\ufeff") and not re.search("```|~~~", before + after))
    repaired = repair_text(f"{before}<A>x</A>{after}")
    assert repaired.elements == ("<A>x</A>",)
    assert "".join(repaired.prose.split()) == "".join((before + after).split())


@given(XML_TEXT)
def test_cdata_and_comments_are_left_alone(text: str):
    """Inside CDATA sections and comments repair alters nothing."""
    assume("]]>" not in text and "--" not in text and not text.endswith("-"))
    written = f"<A><![CDATA[{text}]]><!--{text}--></A>"
    assert repair_text(written).elements == (written,)


@given(XML_TEXT, NAMES, st.none() | NAMES, THREADS)
def test_an_envelope_comes_back_as_it_was_built(text: str, sender: str, to: str | None, thread: str):
    """Any text in any payload survives being enveloped, written, read and opened."""
    payload = etree.Element("Note")
    etree.SubElement(payload, "Text", key=text).text = text
    built = build_envelope(payload, from_id=sender, to_id=to, thread=thread)
    for written in (canonical(built), etree.tostring(built)):
        opened = open_envelope(read_document(written))
        assert (opened.from_id, opened.to_id, opened.thread) == (sender, to, thread)
        assert canonical(opened.payload) == canonical(payload)
        assert (opened.payload.findtext("Text") or "") == text


@given(st.text(max_size=80))
def test_no_text_can_forge_a_field_of_an_envelope(text: str):
    """What is no name never gets into an envelope, on the way out as on the way in."""
    assume(not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*", text))
    with pytest.raises(Rejected) as refusal:
        build_envelope(etree.Element("A"), from_id=text, thread=THREAD)
    assert refusal.value.reason == "name"


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_anything_is_read_or_refused(data: bytes | str):
    """Neither gate nor repair raises anything but `Rejected`."""
    check_gate(data)
    check_repair(data)


@given(st.text("<>!-[]CDATA?xml&;= \"'/ab", max_size=80))
def test_anything_that_looks_like_markup_is_read_or_refused(text: str):
    """The same for texts made of the characters of markup."""
    check_gate(text)
    check_repair(f"<A>{text}</A>")


@pytest.mark.parametrize("document", [envelope(), envelope().replace("><", ">\n<")], ids=["compact", "lines"])
def test_a_cut_document_is_refused_wherever_it_is_cut(document: str):
    """A document that ends too early is refused by the gate and by repair; nothing is closed for it."""
    for end in range(1, len(document)):
        for read in (read_document, repair_text):
            if document[:end] == "<" and read is repair_text:
                assert repair_text("<").elements == ()
                continue
            with pytest.raises(Rejected) as refusal:
                read(document[:end])
            assert refusal.value.reason == "malformed"


@pytest.mark.parametrize("case", [c for c in CASES if c.reason is None and len(c.data) < 10_000], ids=lambda c: c.name)
def test_repair_leaves_a_good_document_as_it_is(case):
    """What the gate reads, repair gives on with the same meaning and without a word on its inside."""
    repaired = repair_text(case.data)
    assert [canonical(read_document(element)) for element in repaired.elements] == [canonical(read_document(case.data))]
    assert not [told for told in repaired.repairs if told.startswith(("escaped", "resolved"))]
