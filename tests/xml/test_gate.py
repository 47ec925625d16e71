"""The gate reads texts exactly, in any thread, in time, and says what is wrong in words."""

from __future__ import annotations

import threading
import time

import pytest
from lxml import etree

from tests.xml.corpus.case import THREAD, envelope, text
from xpipe_nb.errors import ConfigError, Rejected
from xpipe_nb.xml import GateLimits, canonical, read_document
from xpipe_nb.xml.islands import Island, islands
from xpipe_nb.xml.limits import DEFAULT_LIMITS


def refusal(data: bytes | str, limits: GateLimits = DEFAULT_LIMITS) -> Rejected:
    """The refusal of a document."""
    with pytest.raises(Rejected) as caught:
        read_document(data, limits)
    return caught.value


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("007", "007"),
        (" true ", " true "),
        ("10<!-- x -->00", "1000"),
        ("<!-- x -->a<!-- y --><!-- z -->b<!---->", "ab"),
        ("a<![CDATA[<b>]]>c", "a<b>c"),
        ("a<!-- x --><![CDATA[b]]><!-- y -->c", "abc"),
        ("<![CDATA[<!-- no comment -->]]>", "<!-- no comment -->"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a&#13;&#10;b", "a\r\nb"),
        ("\t \n", "\t \n"),
        ("&lt;!DOCTYPE a&gt;", "<!DOCTYPE a>"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_texts_arrive_exactly(written: str, meant: str):
    """Comments go and the text around them is joined; CDATA is text; nothing else changes."""
    assert read_document(text(written)).findtext("Name") == meant


def test_a_comment_behind_a_child_goes_too():
    """Text behind an element is joined like text in it."""
    root = read_document("<A><B/>x<!-- c -->y<C/></A>")
    assert [child.tail for child in root] == ["xy", None]


def test_nothing_stands_beside_the_root():
    """Comments around the root are gone."""
    root = read_document("<!-- a --><A/><!-- b -->")
    assert etree.tostring(root.getroottree()) == b"<A/>"


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ("<A>\n<Nam>x</Name></A>", "mismatched tag: </Name> closes <Nam> of line 2 (line 2, column 14)"),
        ("<A><Count>100", "the text ends inside <Count> of line 1: </Count> is missing (line 1, column 14)"),
        ("<A>AT&T</A>", "an & begins an entity without its ;: write &amp; for a plain & (line 1, column 8)"),
        ("<A>\n & co</A>", "a bare &: write &amp; for a plain & (line 2, column 3)"),
        ("<A/><B/>", "something follows the root element; a document has one root (line 1, column 5)"),
        (
            "<A>&nbsp;</A>",
            "unknown entity &nbsp;: only &lt; &gt; &amp; &quot; and &apos; have names (line 1, column 10)",
        ),
        (
            "\n<A><!DOCTYPE x></A>",
            "a DOCTYPE or another <! declaration is not allowed, only comments and CDATA sections are (line 2, column 4)",
        ),
        ("<A><?x?></A>", "processing instructions are not allowed (line 1, column 4)"),
        (b"<A>\n \xff</A>", "byte 0xFF is not UTF-8, and only UTF-8 is read (line 2, column 2)"),
        ('<A id="1"/>', "attribute id of <A>; a payload has no attributes but xsi:nil and key (line 1)"),
        ("", "the text is empty; an element was expected"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_where(document: bytes | str, detail: str):
    """The detail is a sentence that ends with the place, counted from 1."""
    assert refusal(document).detail == detail


def test_a_message_element_in_the_wrong_namespace_is_told_the_right_one():
    """The commonest mistake gets the best answer."""
    assert "https://xml-pipeline.org/ns/envelope/v1" in refusal('<message xmlns="urn:x"/>').detail


def test_the_limits_can_be_set():
    """Each cap holds at its value and not one below."""
    for limits, good, bad, reason in [
        (GateLimits(max_bytes=9), "<a>é</a>", "<a>éx</a>", "too-large"),
        (GateLimits(max_depth=2), "<a><b/></a>", "<a><b><c/></b></a>", "depth"),
        (GateLimits(max_depth=2), "<a><b></b></a>", "<a><b><c></c></b></a>", "depth"),
        (GateLimits(max_nodes=2), "<a><b/></a>", "<a><b/><b/></a>", "nodes"),
        (GateLimits(max_attributes=1), "<a key='='/>", "<a key='' b=''/>", "attributes"),
        (GateLimits(max_text=2), "<a>é</a>", "<a>éx</a>", "text"),
    ]:
        read_document(good, limits)
        assert refusal(bad, limits).reason == reason


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "64", None])
def test_a_limit_is_a_positive_whole_number(wrong):
    """A limit that cannot be kept is refused, with its place."""
    with pytest.raises(ConfigError) as error:
        GateLimits(max_nodes=wrong)
    assert error.value.path == "$.limits.max_nodes"


def test_a_limit_beyond_the_parsers_own_is_refused():
    """The gate never switches libxml2's own guards off, so it cannot promise more than they allow."""
    with pytest.raises(ConfigError):
        GateLimits(max_depth=251)
    with pytest.raises(ConfigError):
        GateLimits(max_text=10_000_001)
    deep = "<a>" * 250 + "</a>" * 250
    read_document(deep, GateLimits(max_depth=250))


def test_the_scan_is_linear():
    """240 kB of comment openings are refused at once, and so is what a careless pattern would take a minute for."""
    for piece in ("<!--", "<!-- -", "<![CDATA[", "<!-- --", "<![CDATA[]]", "<!---->", "<![CDATA[]]>"):
        hostile = piece * (240_000 // len(piece))
        start = time.process_time()
        with pytest.raises(Rejected):
            list(islands(hostile, 0, 10_000))
        assert time.process_time() - start < 2  # it takes a millisecond; a scan that is not linear takes 40 s


def test_islands_are_found_in_order():
    """What begins inside an island begins nothing."""
    found = list(islands("<!--<![CDATA[--><![CDATA[<!--]]><!---->", 0, 9))
    assert found == [Island(0, 16), Island(16, 32), Island(32, 39)]


def test_threads_may_read_at_once():
    """Each thread has its own parser; what one reads does not disturb another."""
    documents = [(text(f"{i}<!-- x -->{i}"), f"{i}{i}") for i in range(50)]
    faults: list[object] = []

    def read() -> None:
        for _ in range(20):
            for document, meant in documents:
                if read_document(document).findtext("Name") != meant:
                    faults.append(document)
            try:
                read_document("<a>")
            except Rejected as error:
                if error.reason != "malformed":
                    faults.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_a_tree_may_go_to_another_thread():
    """A tree read in a thread outlives it and can be read and written elsewhere."""
    trees: list[etree._Element] = []
    thread = threading.Thread(target=lambda: trees.append(read_document(envelope())))
    thread.start()
    thread.join()
    assert THREAD.encode() in canonical(trees[0])


def test_a_refusal_leaves_the_parser_as_it_was():
    """After any broken document the next good one is read."""
    for broken in ("<a>", "<!DOCTYPE a>", "<a>" * 1000, "<a b='1' b='2'/>", "\x01"):
        refusal(broken)
        assert read_document("<a>x</a>").text == "x"


def test_bytes_and_text_read_the_same():
    """Also other bytes-like objects are read."""
    document = envelope(payload='<A xmlns="">é😀</A>')
    forms = [document, document.encode(), bytearray(document.encode()), memoryview(document.encode())]
    assert len({canonical(read_document(form)) for form in forms}) == 1
