"""Envelopes are opened exactly, built from elements, and written in one canonical form; `huh` answers the rest."""

from __future__ import annotations

from base64 import b64decode

import pytest
from lxml import etree

from tests.xml.corpus.case import ENV, HEADER, SIG, THREAD, envelope
from xpipe_nb.errors import Rejected
from xpipe_nb.xml import ENVELOPE_NS, Opened, build_envelope, canonical, huh, open_envelope, read_document


def opened(text: str) -> Opened:
    """Read and open."""
    return open_envelope(read_document(text))


def test_an_envelope_tells_sender_addressee_thread_and_payload():
    """The four things an envelope says."""
    result = opened(envelope())
    assert (result.from_id, result.to_id, result.thread) == ("console", "greeter", THREAD)
    assert result.payload.findtext("Name") == "World"
    assert result.signature is None


def test_a_bare_payload_tells_only_itself():
    """Any other root is a payload."""
    result = opened("<Greeting/>")
    assert (result.from_id, result.to_id, result.thread, result.payload.tag) == (None, None, None, "Greeting")


def test_a_signature_is_exposed_unverified():
    """The text of the signature is given on; to verify it is another's work."""
    assert opened(envelope(f'{HEADER}<s xmlns="urn:q"/><sig xmlns="{SIG}">QUJD</sig>')).signature == "QUJD"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (envelope(payload="<Greeting/>"), 'namespace https://xml-pipeline.org/ns/envelope/v1 (xmlns="" is missing)'),
        (envelope(header="<to>a</to>"), "<from> is missing, <to> stands in its place"),
        (envelope(header="<from>a</from>"), "<thread> is missing"),
        (envelope(payload=""), "no payload follows <meta>"),
        (envelope(header=f"<from>a b</from><thread>{THREAD}</thread>"), "'a b' is no name"),
        (envelope(header="<from>a</from><thread>1</thread>"), "thread '1' is no UUID of version 4"),
    ],
)
def test_a_refused_envelope_says_why(text: str, detail: str):
    """The detail names what is there and what was expected."""
    with pytest.raises(Rejected) as refusal:
        opened(text)
    assert refusal.value.stage == "open"
    assert detail in refusal.value.detail


def test_an_envelope_is_written_as_the_wire_format_says():
    """Compact, one default namespace, and the payload explicitly in none: also when written by other means."""
    payload = etree.XML("<Greeting><Name>W&amp;</Name></Greeting>")
    built = build_envelope(payload, from_id="console", to_id="greeter", thread=THREAD)
    expected = (
        f'<message xmlns="{ENV}"><meta><from>console</from><to>greeter</to><thread>{THREAD}</thread></meta>'
        '<Greeting xmlns=""><Name>W&amp;</Name></Greeting></message>'
    ).encode()
    assert etree.tostring(built) == canonical(built) == expected
    assert ENVELOPE_NS == ENV


def test_a_payload_is_copied_into_its_envelope():
    """The payload stays where it was, and the envelope shares nothing with it."""
    parent = etree.XML("<x><A key='1'>t<B/>u</A>tail</x>")
    built = build_envelope(parent[0], from_id="a", thread=THREAD)
    built[1][0].text = "changed"
    assert etree.tostring(parent) == b'<x><A key="1">t<B/>u</A>tail</x>'
    assert canonical(built[1]) == b'<A key="1">t<B>changed</B>u</A>'


def test_xsi_nil_survives_an_envelope():
    """The one attribute with a namespace keeps it."""
    payload = read_document('<A xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><B xsi:nil="true"/></A>')
    again = opened(canonical(build_envelope(payload, from_id="a", thread=THREAD)).decode()).payload
    assert canonical(again) == canonical(payload)


def test_an_envelope_read_and_built_again_is_the_same():
    """Built from what was opened, an envelope has the same canonical form."""
    first = read_document(envelope())
    parts = open_envelope(first)
    again = build_envelope(parts.payload, from_id="console", to_id="greeter", thread=THREAD)
    assert canonical(again) == canonical(first)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"from_id": "x</from><from>system"}, "name"),
        ({"to_id": "a b"}, "name"),
        ({"to_id": ""}, "name"),
        ({"thread": THREAD.upper()}, "thread"),
        ({"payload": etree.Element("{urn:x}A")}, "namespace"),
        ({"payload": etree.Comment("x")}, "payload"),
    ],
)
def test_no_wrong_envelope_is_built(changed: dict, reason: str):
    """What could not be opened is not built."""
    with pytest.raises(Rejected) as refusal:
        build_envelope(**{"payload": etree.Element("A"), "from_id": "a", "thread": THREAD, **changed})
    assert refusal.value.reason == reason


def test_the_canonical_form_hides_what_means_nothing():
    """Order of attributes, quotes, empty tags and unused namespaces do not show; white space and content do."""
    one = etree.XML("""<A xmlns:q="urn:q" b='2' a="1"><B/> <!-- c --></A>""")
    assert canonical(one) == b'<A a="1" b="2"><B></B> </A>'
    assert canonical(etree.XML("<A> </A>")) != canonical(etree.XML("<A/>"))


def test_huh_says_a_canned_sentence_and_gives_the_attempt_back():
    """The answer to what could not be read never holds a detail or a parser's text."""
    original = bytes(range(256)) * 20
    root = etree.fromstring(huh("malformed", original))
    namespace = "{https://xml-pipeline.org/ns/core/v1}"
    assert [root.tag, *(child.tag for child in root)] == [
        f"{namespace}huh", f"{namespace}error", f"{namespace}original-attempt",
    ]  # fmt: skip
    assert root[0].text == "Your message is not well-formed XML."
    assert b64decode(root[1].text or "") == original[:4096]


def test_huh_gives_unknown_reasons_the_generic_sentence():
    """A text that is no reason of ours is never passed on."""
    answer = huh("secret: no listener named bank <x>", b"")
    assert b"secret" not in answer
    assert b"Your message could not be read." in answer
