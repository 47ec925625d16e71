"""Documents at each cap and one beyond it, and the bombs that the caps are for."""

from __future__ import annotations

from tests.xml.corpus.case import ENV, Case, envelope, text
from xpipe_nb.xml import GateLimits

_L = GateLimits()


def _deep(levels: int) -> str:
    return "<a>" * levels + "</a>" * levels


def _attributes(count: int) -> str:
    written = " ".join(f'a{i}=""' for i in range(count - 1))
    return f'<q xmlns="urn:q" {written}/>'


def _declared(count: int) -> str:
    return " ".join(f"xmlns:a{i}='urn:{i}'" for i in range(count))


def _padded(size: int) -> str:
    """A payload of exactly `size` bytes in texts of a hundred thousand."""
    head, tail = "<A>", "</A>"
    room = size - len(head) - len(tail)
    pieces = [f"<B>{'x' * 100_000}</B>"] * (room // 100_007 - 1)
    rest = room - sum(map(len, pieces)) - 7
    return f"{head}{''.join(pieces)}<B>{'x' * rest}</B>{tail}"


_HEADER = "<from>a</from><thread>2f9d3c52-50a5-4b7e-9f0e-6d9a6f0d3b11</thread>"

CASES = [
    Case("size-at-cap", _padded(_L.max_bytes), None),
    Case("size-beyond-cap", _padded(_L.max_bytes + 1), "too-large"),
    Case("size-beyond-cap-bytes", _padded(_L.max_bytes + 1).encode(), "too-large"),
    Case("size-beyond-cap-in-utf-8-only", text("é" * 600_000), "too-large"),
    Case("size-huge", b"<" * 5_000_000, "too-large"),
    Case("size-blank", b" " * 1_000_000, "empty"),
    Case("depth-at-cap", _deep(_L.max_depth), None),
    Case("depth-beyond-cap", _deep(_L.max_depth + 1), "depth"),
    Case("depth-300", _deep(300), "malformed"),
    Case("depth-100000", _deep(100_000), "nodes"),
    Case("depth-unclosed", "<a>" * 300_000, "nodes"),
    Case("depth-siblings", "<a>" + "<b/>" * 5000 + "</a>", None),
    Case("nodes-at-cap", "<a>" + "<b/>" * (_L.max_nodes - 1) + "</a>", None),
    Case("nodes-beyond-cap", "<a>" + "<b/>" * _L.max_nodes + "</a>", "nodes"),
    Case("nodes-250000", "<a>" + "<b/>" * 250_000 + "</a>", "nodes"),
    Case("nodes-comments", "<a>" + "<!---->" * (_L.max_nodes + 1) + "</a>", "nodes"),
    Case("nodes-cdata", "<a>" + "<![CDATA[]]>" * (_L.max_nodes + 1) + "</a>", "nodes"),
    Case("nodes-mixed", "<a>" + "<b/><!---->" * (_L.max_nodes // 2) + "</a>", "nodes"),
    Case("nodes-none-in-cdata", text("<![CDATA[" + "<b/>" * 50_000 + "]]>"), None),
    Case("nodes-none-in-comment", text("<!--" + "<b/>" * 50_000 + "-->"), None),
    Case("nodes-lt", "<" * 1_000_000, "nodes"),
    Case("attributes-at-cap", envelope(_HEADER + _attributes(_L.max_attributes)), None),
    Case("attributes-beyond-cap", envelope(_HEADER + _attributes(_L.max_attributes + 1)), "attributes"),
    Case("attributes-20000", envelope(_HEADER + _attributes(20_000)), "attributes"),
    Case("attributes-20000-bare", _attributes(20_000), "attributes"),
    Case("attributes-namespaces", f"<a {_declared(33)}/>", "attributes"),
    Case("attributes-namespaces-at-cap", f"<a {_declared(32)}/>", None),
    Case("attributes-on-message", f'<message xmlns="{ENV}" {_declared(40)}/>', "attributes"),
    Case("attributes-equals-in-value", f'<a key="{"=" * 500}"/>', None),
    Case("attributes-equals-in-text", text("=" * 100_000), None),
    Case("attributes-tag-in-cdata", text(f"<![CDATA[{_attributes(500)}]]>"), None),
    Case("attributes-tag-in-comment", text(f"<!-- {_attributes(500)} -->"), None),
    Case("attributes-unquoted", "<a " + "b= " * 100_000 + "/>", "attributes"),
    Case("attributes-quotes-open", "<a " + "b=\" '" * 100_000, "attributes"),
    Case("text-at-cap", text("x" * _L.max_text), None),
    Case("text-beyond-cap", text("x" * (_L.max_text + 1)), "text"),
    Case("text-at-cap-in-utf-8", text("é" * (_L.max_text // 2)), None),
    Case("text-beyond-cap-in-utf-8", text("é" * (_L.max_text // 2 + 1)), "text"),
    Case("text-joined-beyond-cap", text("x" * 200_000 + "<!-- -->" + "x" * 200_000), "text"),
    Case("text-cdata-beyond-cap", text("<![CDATA[" + "x" * (_L.max_text + 1) + "]]>"), "text"),
    Case("text-tail-beyond-cap", f"<a><b/>{'x' * (_L.max_text + 1)}</a>", "text"),
    Case("text-attribute-beyond-cap", f'<a key="{"x" * (_L.max_text + 1)}"/>', "text"),
    Case("text-references", text("&#120;" * 100_000), None),
    Case("name-long", f"<{'a' * 60_000}/>", "malformed"),
    Case("declarations-many", "<!" * 500_000, "declaration"),
    Case("instructions-many", "<?x?>" * 200_000, "instruction"),
    Case("ampersands-many", text("&" * 1_000_000), "malformed"),
    Case("cdata-ends-many", text("]]>" * 300_000), "malformed"),
    Case("quotes-many", "<a b=" + "\"'" * 500_000, "malformed"),
]
