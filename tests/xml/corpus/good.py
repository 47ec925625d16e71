"""Documents that must be read as they are."""

from __future__ import annotations

from tests.xml.corpus.case import XSI, Case, envelope, text

CASES = [
    Case("good-envelope", envelope(), None),
    Case("good-envelope-bytes", envelope().encode(), None),
    Case("good-bare", "<Greeting><Name>World</Name></Greeting>", None),
    Case("good-empty-element", "<Greeting/>", None),
    Case("good-crlf", "<Greeting>\r\n  <Name>a\r\nb</Name>\r\n</Greeting>\r\n", None),
    Case("good-unicode-tag", "<Grüße><Straße>x</Straße></Grüße>", None),
    Case("good-nil", f'<A xmlns:xsi="{XSI}"><B xsi:nil="true"/></A>', None),
    Case("good-key", '<A><B key="a &lt; b &quot;">1</B><B key="">2</B></A>', None),
    Case("good-mixed", "<A>a<B>b</B>c</A>", None),
    Case("good-comments", "<!-- a --><A>x<!-- b -->y<B/><!-- c --></A><!-- d -->", None),
    Case("good-cdata", text("<![CDATA[if (a < b && c > d) x[0]=1;]]>"), None),
    Case("good-cdata-split", text("<![CDATA[]]]]><![CDATA[>]]>"), None),
    Case("good-gt", text("a > b"), None),
    Case("good-equals", text("=" * 5000), None),
    Case("good-script-text", text("&lt;script>alert(1)&lt;/script>"), None),
    Case("good-javascript", text("javascript:alert(1)"), None),
    Case("good-sql", text("'; DROP TABLE x; --"), None),
    Case("good-template", text("{{7*7}} ${jndi:ldap://127.0.0.1/a} %s %n"), None),
    Case("good-format", text("{0.__class__}"), None),
    Case("good-path", text("../../etc/passwd"), None),
    Case("good-leading-newlines", "\n\n<A/>", None),
    Case("good-tag-with-dots", "<a.b-c_d/>", None),
    Case("good-code", text("for (i = 0; i &lt; n; i++) { a[i] = b[i] &amp; c; }"), None),
    Case("good-quotes", """<A><B key='"'/><B key="'"/></A>""", None),
    Case("good-gt-in-attribute", '<A><B key="a>b"/></A>', None),
    Case("good-references-in-attribute", '<A><B key="&#9;&#10;&#13;"/></A>', None),
    Case("good-carriage-return", text("a&#13;b"), None),
    Case("good-empty-cdata", text("<![CDATA[]]>"), None),
    Case("good-namespace-undeclared", '<A xmlns=""><B xmlns=""/></A>', None),
    Case("good-spaces-in-tags", '<A ><B key = "1" ></B ></A >', None),
]
