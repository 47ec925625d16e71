"""Payloads with attributes or namespaces that a payload does not have."""

from __future__ import annotations

from tests.xml.corpus.case import XSI, Case, envelope

_ATTRIBUTES = {
    "plain": 'id="1"',
    "Key": 'Key="1"',
    "nil-without-prefix": 'nil="true"',
    "xml-lang": 'xml:lang="en"',
    "xml-space": 'xml:space="preserve"',
    "xml-base": 'xml:base="http://127.0.0.1:9/"',
    "xml-id": 'xml:id="x"',
    "xsi-type": f'xmlns:xsi="{XSI}" xsi:type="B"',
    "xsi-other": f'xmlns:xsi="{XSI}" xsi:Nil="true"',
    "foreign": 'xmlns:q="urn:q" q:a="1"',
    "foreign-key": 'xmlns:q="urn:q" q:key="1"',
    "foreign-nil": 'xmlns:xsi="urn:xsi" xsi:nil="true"',
    "onclick": 'onclick="alert(1)"',
    "href": 'href="javascript:alert(1)"',
}
_NAMESPACED = {
    "root": '<A xmlns="urn:a"/>',
    "root-prefixed": '<q:A xmlns:q="urn:a"/>',
    "child": '<A><B xmlns="urn:a"/></A>',
    "child-prefixed": '<A xmlns:q="urn:a"><B/><q:B/></A>',
    "deep": '<A><B><C><D xmlns="urn:a"/></C></B></A>',
    "xsi-element": f'<A><B xmlns="{XSI}"/></A>',
    "xhtml": '<A><script xmlns="http://www.w3.org/1999/xhtml">x</script></A>',
    "svg": '<A><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/></A>',
    "relative": '<A><B xmlns="b"/></A>',
    "relative-unused": '<A xmlns:q="q"/>',
    "xml-namespace": "<A><xml:B/></A>",
}

CASES = [
    *(Case(f"attribute-{name}", f"<A {text}/>", "attribute") for name, text in _ATTRIBUTES.items()),
    *(
        Case(f"attribute-deep-{name}", f"<A><B/><C><B {text}/></C></A>", "attribute")
        for name, text in _ATTRIBUTES.items()
    ),
    *(
        Case(f"attribute-enveloped-{name}", envelope(payload=f'<A xmlns=""><B {text}/></A>'), "attribute")
        for name, text in _ATTRIBUTES.items()
    ),
    *(Case(f"namespace-{name}", text, "namespace") for name, text in _NAMESPACED.items()),
    Case("namespace-unused", '<A xmlns:q="urn:q"><B/></A>', None),
    Case("namespace-unused-deep", '<A><B xmlns:q="urn:q"/></A>', None),
    Case("namespace-bad-uri", '<A xmlns:q="http://["/>', "malformed"),
    Case("namespace-spaces", '<A xmlns:q="a b"/>', "malformed"),
    Case("namespace-xmlns-prefix", '<A xmlns:xmlns="urn:q"/>', "malformed"),
    Case("namespace-xml-rebound", '<A xmlns:xml="urn:q"/>', "malformed"),
    Case("namespace-prefix-undeclared", '<A xmlns:q=""/>', "malformed"),
    Case("namespace-claimed-harmless", """<A xmlns:q='xmlns=""'/>""", "malformed"),
    Case("namespace-harmless-words", '<A xmlns:q="rel">xmlns="" xmlns=""</A>', "namespace"),
]
