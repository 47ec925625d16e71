"""Bytes that are not UTF-8, declarations that say something else, and characters that XML does not know."""

from __future__ import annotations

from tests.xml.corpus.case import Case, text

_A = "<a/>"
_PLAIN = text("Grüße")
_BAD_BYTES = {
    "lone-continuation": b"\x80",
    "cut": b"\xe2\x82",
    "overlong-slash": b"\xc0\xaf",
    "overlong-lt": b"\xc0\xbc",
    "overlong-three": b"\xe0\x80\xbc",
    "surrogate": b"\xed\xa0\x80",
    "surrogate-pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "too-high": b"\xf4\x90\x80\x80",
    "fe": b"\xfe",
    "ff": b"\xff",
    "five-bytes": b"\xf8\x88\x80\x80\x80",
    "latin-1": "é".encode("latin-1"),
}
_CONTROLS = [*range(1, 9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]
_OTHERS = [
    "ISO-8859-1",
    "UTF-16",
    "UTF-16LE",
    "UTF-7",
    "US-ASCII",
    "windows-1252",
    "EBCDIC-CP-US",
    "UTF8",
    "UCS-4",
    "x",
]


def _declared(encoding: str, *, quote: str = '"') -> str:
    return f"<?xml version={quote}1.0{quote} encoding={quote}{encoding}{quote}?>{_A}"


CASES = [
    *(Case(f"bytes-{name}", b"<a>" + bad + b"</a>", "encoding") for name, bad in _BAD_BYTES.items()),
    *(Case(f"bytes-first-{name}", bad + b"<a/>", "encoding") for name, bad in _BAD_BYTES.items()),
    *(
        Case(f"encoded-{codec}", _PLAIN.encode(codec), "encoding")
        for codec in (
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "utf-32-le",
            "utf-32-be",
            "latin-1",
            "cp1252",
            "cp037",
        )
    ),
    Case("encoded-utf-7", b"+ADw-a/+AD4-", "malformed"),
    Case("encoded-utf-8", _PLAIN.encode(), None),
    Case("encoded-utf-8-bom", _PLAIN.encode("utf-8-sig"), None),
    Case("str-bom", "\ufeff" + _PLAIN, None),
    Case("bom-twice", "\ufeff\ufeff" + _PLAIN, "malformed"),
    Case("bom-only", b"\xef\xbb\xbf", "empty"),
    Case("bom-and-declaration", "\ufeff" + _declared("UTF-8"), None),
    *(Case(f"declared-{name}", _declared(name), "encoding") for name in _OTHERS),
    *(Case(f"declared-bytes-{name}", _declared(name).encode(), "encoding") for name in _OTHERS),
    Case("declared-utf-8", _declared("UTF-8"), None),
    Case("declared-utf-8-lower", _declared("utf-8").encode(), None),
    Case("declared-single-quotes", _declared("utf-8", quote="'"), None),
    Case("declared-empty", _declared(""), "encoding"),
    Case("declared-twice", '<?xml version="1.0" encoding="UTF-8" encoding="UTF-16"?><a/>', "malformed"),
    Case("declared-unquoted", "<?xml version=1.0?><a/>", "malformed"),
    Case("declared-mixed-quotes", """<?xml version="1.0'?><a/>""", "malformed"),
    Case("declared-no-version", '<?xml encoding="UTF-8"?><a/>', "malformed"),
    Case("declared-nothing", "<?xml?><a/>", "malformed"),
    Case("declared-order", '<?xml encoding="UTF-8" version="1.0"?><a/>', "malformed"),
    Case("declared-junk", '<?xml version="1.0" x="y"?><a/>', "malformed"),
    Case("declared-unterminated", '<?xml version="1.0"', "malformed"),
    Case("declared-1.1", '<?xml version="1.1"?><a/>', "encoding"),
    Case("declared-2.0", '<?xml version="2.0"?><a/>', "encoding"),
    Case("declared-version-empty", '<?xml version=""?><a/>', "encoding"),
    Case("declared-standalone", '<?xml version="1.0" standalone="yes"?><a/>', None),
    Case("declared-standalone-no", '<?xml version="1.0" encoding="UTF-8" standalone="no" ?><a/>', None),
    Case("declared-standalone-odd", '<?xml version="1.0" standalone="maybe"?><a/>', "malformed"),
    Case("declared-spaced", '<?xml\tversion = "1.0"\r\nencoding\n=\n"utf-8" ?>\n<a/>', None),
    Case("declared-nbsp", '<?xml\u00a0version="1.0"?><a/>', "instruction"),
    Case("declared-unicode-name", '<?xml version="1.0" encoding="UTF\u20118"?><a/>', "malformed"),
    Case("nul-in-text", b"<a>\0</a>", "encoding"),
    Case("nul-at-end", b"<a/>\0", "encoding"),
    Case("nul-in-str", "<a>\0</a>", "encoding"),
    Case("nul-then-doctype", b"<a/>\0<!DOCTYPE a>", "encoding"),
    Case("surrogate-in-str", "<a>\ud800</a>", "encoding"),
    Case("surrogates-in-str", "<a>\ud83d\ude00</a>", "encoding"),
    *(Case(f"control-{code:x}", text(chr(code)), "malformed") for code in _CONTROLS),
    Case("control-in-attribute", '<a key="\x01"/>', "malformed"),
    Case("control-in-comment", "<!-- \x01 --><a/>", "malformed"),
    Case("control-in-cdata", text("<![CDATA[\x01]]>"), "malformed"),
    Case("control-c1", text("\x85\x9f"), None),
    Case("control-delete", text("\x7f"), None),
    Case("separators", text("\u2028\u2029"), None),
    Case("emoji", text("😀👩‍👩‍👧"), None),
    Case("bidi", text("\u202etxt\u202c"), None),
    Case("bom-inside", text("a\ufeffb"), None),
    Case("last-plane", text("\U0010ffff"), None),
    Case("empty-bytes", b"", "empty"),
    Case("empty-str", "", "empty"),
    Case("blank", " \t\r\n", "empty"),
    Case("nbsp-only", "\u00a0", "malformed"),
]
